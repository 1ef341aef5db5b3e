"""Which scripts a page may run: its own files, and the few inline ones that the build itself wrote, by hash."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from reflex.plugins import Plugin

_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
_HEAD = re.compile(r"<head[^>]*>")


class PolicyPlugin(Plugin):
    """Writes the script policy into every page, right behind `<head>` so that it rules all that follows."""

    def post_build(self, **context: Any) -> None:
        """Raises when a page has no head to put the policy in."""
        for page in Path(context["static_dir"]).rglob("*.html"):
            page.write_text(guarded(page.read_text("utf-8")), "utf-8")


def guarded(html: str) -> str:
    """The page with the policy of its own scripts."""
    hashes = sorted({f"'sha256-{digest(script)}'" for script in _INLINE.findall(html)})
    rest = "script-src-attr 'none'; default-src 'self' data: blob:; style-src 'self' 'unsafe-inline'"
    policy = f"script-src 'self' {' '.join(hashes)}; {rest}"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>'
    text, count = _HEAD.subn(lambda head: head[0] + meta, html, count=1)
    if not count:
        raise RuntimeError("A page has no head.")
    return text


def digest(script: str) -> str:
    """Base64 SHA-256 of an inline script, as a policy names it."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
