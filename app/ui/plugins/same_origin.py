"""One bundle for every host and port: the pages talk to the address they came from."""

import re
from pathlib import Path
from typing import Any

from reflex.plugins import Plugin

# The build needs some address; this one cannot exist, so a place that was missed fails loudly.
NO_ADDRESS = "http://same-origin.invalid"

_ADDRESS = re.compile(r"""(['"`])(http|ws)://same-origin\.invalid([^'"`]*)\1""")
_HERE = "(globalThis.location?globalThis.location.origin:`http://localhost`)"


class SameOriginPlugin(Plugin):
    """Replaces the placeholder in the built scripts by "where this page came from"."""

    def post_build(self, **context: Any) -> None:
        """Raises when the placeholder is nowhere, or still somewhere afterwards."""
        changed = sum(rewrite(script) for script in Path(context["static_dir"]).rglob("*.js"))
        if not changed:
            raise RuntimeError("The address placeholder is in no script; Reflex writes it in another way now.")


def rewrite(script: Path) -> int:
    """Replace every address in `script`; return how many there were."""
    source = script.read_text("utf-8")
    text, count = _ADDRESS.subn(_here, source)
    if "same-origin.invalid" in text:
        raise RuntimeError(f"{script.name} still names the placeholder address.")
    if count:
        script.write_text(text, "utf-8")
    return count


def _here(found: re.Match[str]) -> str:
    origin = _HERE + (".replace(/^http/,`ws`)" if found[2] == "ws" else "")
    return f"({origin}+`{found[3]}`)"
