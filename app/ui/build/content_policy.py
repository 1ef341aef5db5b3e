"""Which scripts a page may run: its own files, and the few inline ones that it was built with, by hash."""

import base64
import hashlib
import re

_INLINE = re.compile(r"<script(?![^<>]*\bsrc=)[^<>]*>([^<]*(?:<(?!/?script)[^<]*)*)</script>")
_HEAD = re.compile(r"<head[^<>]*>")
_WRITTEN = re.compile(r'<meta http-equiv="Content-Security-Policy" content="[^"]*"/>')


def guarded(html: str) -> str:
    """The page with the policy of its own scripts, right behind `<head>` so that it rules all that follows. Raises when there is none."""
    html = _WRITTEN.sub("", html)
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
