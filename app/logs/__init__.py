"""One log on stderr, and no secret in it, whoever wrote the line.

The scrubbing sits where a record is made, so that it holds for every logger and handler of the process, those of Reflex,
granian and asyncio included (REFLEX 5.6: Reflex logs whole events, the Cookie header among them).
"""

import logging
import time
import traceback
from typing import Any

from app.domain.errors import PatchbayError
from app.logs import rate
from app.logs.rules import on_one_line, scrub

# Granian hands its lines to the one log; its start-up chatter stays away.
GRANIAN: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"propagate": True}, "granian.access": {"level": "INFO", "propagate": True}},
    "handlers": {},
    "formatters": {},
}
_MOST_FRAMES = 60
ACCESS = '%(addr)s "%(method)s %(path)s" %(status)d %(dt_ms).1f ms'  # the path without its query


def trace(error: BaseException) -> str:
    """What happened and where, the cause first. The text of an error nobody foresaw stays out: it may hold what was sent."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    if len(lines) > _MOST_FRAMES:  # a recursion that went too deep, into what a stranger nested
        lines[_MOST_FRAMES // 2 : -_MOST_FRAMES // 2] = ["  …"]
    return "\n".join([*([trace(before), ""] if before else []), "Traceback:", *lines, kind(error)])


def kind(error: BaseException) -> str:
    """The kind of an error, with its text where that is ours or the system's: `FileNotFoundError: No such file or directory`."""
    said = error.message if isinstance(error, PatchbayError) else error.strerror if isinstance(error, OSError) else ""
    name = type(error).__qualname__
    return f"{name}: {on_one_line(scrub(said))}" if said else name


class ScrubbedRecord(logging.LogRecord):
    """A record whose message and traceback are scrubbed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[1]:
            self.exc_text = trace(self.exc_info[1])
        if isinstance(self.args, tuple):
            self.args = tuple(kind(arg) if isinstance(arg, BaseException) else arg for arg in self.args)

    def getMessage(self) -> str:
        """The scrubbed message, on one line."""
        return on_one_line(scrub(super().getMessage()))


def configure(level: str) -> None:
    """Set up the log of this process. `level`: DEBUG, INFO, WARNING, ERROR."""
    logging.setLogRecordFactory(ScrubbedRecord)
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler = rate.Log()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("socketio", "engineio", "aiosqlite", "asyncio", "alembic", "botocore", "tungstenite", "tokio_tungstenite"):
        logging.getLogger(chatty).setLevel("WARNING")
