"""One bundle for every host, port and path: the pages talk to the address they came from."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from reflex.plugins import Plugin
from reflex_base.plugins.base import PostBuildContext

# The build needs some address; this one cannot exist, so a place that was missed fails loudly.
NO_ADDRESS = "http://same-origin.invalid"

_ADDRESS = re.compile(r"""(['"`])(http|ws)://same-origin\.invalid([^'"`]*)\1""")
_HERE = "(globalThis.location?globalThis.location.origin:`http://localhost`)"
# The path below which the page is served, as the router knows it.
_BELOW = "(globalThis.__reactRouterContext?.basename??``).replace(/\\/$/,``)"
# Hosts for which Reflex drops the port under https, because it takes a balancer on port 443 for granted.
_WITHOUT_PORT = re.compile(r"""\[(['"`])localhost\1,(['"`])0\.0\.0\.0\2,(['"`])::\3,(['"`])0:0:0:0:0:0:0:0\4\]""")
# How the socket is opened: the address names its namespace as well, so the path goes in front of the other alone.
_SOCKET = re.compile(r"\b([\w$]+)\.href,\{path:\1\.pathname,")


class SameOriginPlugin(Plugin):
    """Replaces the placeholder in the built scripts by "where this page came from", its port and its path."""

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """Raises when one of the places is nowhere, or still somewhere afterwards."""
        scripts = list(Path(context["static_dir"]).rglob("*.js"))
        for what, change in (("the placeholder address", rewrite), ("the hosts without a port", keep_port), ("the socket", place_socket)):
            if not sum([change(script) for script in scripts]):
                raise RuntimeError(f"No script has {what}; Reflex writes it in another way now.")


def rewrite(script: Path) -> int:
    """Replace every address in `script`; return how many there were."""
    count = _replace(script, _ADDRESS, _here)
    if "same-origin.invalid" in script.read_text("utf-8"):
        raise RuntimeError(f"{script.name} still names the placeholder address.")
    return count


def keep_port(script: Path) -> int:
    """Let no host lose its port in `script`; return how many lists of such hosts there were."""
    return _replace(script, _WITHOUT_PORT, lambda _: "[]")


def place_socket(script: Path) -> int:
    """Open the socket below the path of the page; return how many places of `script` open one."""
    return _replace(script, _SOCKET, lambda found: f"{found[1]}.href,{{path:{_BELOW}+{found[1]}.pathname,")


def _here(found: re.Match[str]) -> str:
    if found[2] == "ws":
        return f"({_HERE}.replace(/^http/,`ws`)+`{found[3]}`)"
    return f"({_HERE}+{_BELOW}+`{found[3]}`)"


def _replace(script: Path, pattern: re.Pattern[str], by: Callable[[re.Match[str]], str]) -> int:
    text, count = pattern.subn(by, script.read_text("utf-8"))
    if count:
        script.write_text(text, "utf-8")
    return count
