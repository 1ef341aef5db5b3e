"""Lines that nothing explains: of the browser's console, of its requests, of the server's log."""

import re

from tests.walk.seen import Seen

_TROUBLE = re.compile(r" (WARNING|ERROR|CRITICAL) |Traceback|^\s*File \"|Error:")


def console(seen: Seen) -> list[str]:
    """Errors of the browser and of the page."""
    return [f"console: {line}" for line in seen.console if not seen.step.does_explain(line)]


def requests(seen: Seen) -> list[str]:
    """Requests that failed or were refused."""
    return [f"request: {line}" for line in seen.requests if not seen.step.does_explain(line)]


def log(seen: Seen) -> list[str]:
    """Lines of WARNING and above, and tracebacks."""
    return [f"log: {line}" for line in seen.log if _TROUBLE.search(line) and not seen.step.does_explain(line)]
