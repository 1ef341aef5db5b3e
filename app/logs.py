"""One log on stderr, and no secret in it, whoever wrote the line.

The scrubbing sits where a record is made, so that it holds for every logger and handler of the process, those of Reflex,
granian and asyncio included (REFLEX 5.6: Reflex logs whole events, the Cookie header among them).
"""

import logging
import re
import time
import traceback
from typing import Any

from app.domain.errors import PatchbayError

_HIDDEN = "…"
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# Order matters: what cuts a whole tail first, then single values.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(Event data: |event data: |must be a dictionary, but received |payload for handler [\w.]+: ).*", re.DOTALL),
        rf"\1{_HIDDEN}",
    ),
    (re.compile(r"Event\(name='([\w.]*)'.*", re.DOTALL), rf"Event('\1' {_HIDDEN})"),
    (re.compile(r"(__Host-pb|\bpb)=[^\s;,'\"]+"), rf"\1={_HIDDEN}"),
    (re.compile(r"\bpb-[A-Za-z0-9_-]{12,}"), f"pb-{_HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {_HIDDEN}"),
    (re.compile(r"\b(sk|gsk|xai|hf|pplx|AIza)([-_])[\w-]{12,}"), rf"\1\2{_HIDDEN}"),
    (re.compile(r"(?i)(x-amz-security-token:\s*)[^\s\\]+"), rf"\1{_HIDDEN}"),
    (re.compile(r"([?&]token=|/setup#)[^&\s'\"]+"), rf"\1{_HIDDEN}"),
    (
        re.compile(
            r"(?i)((?:password|api_?key|x-api-key|authorization|cookie|secret\w*|client_secret|header_value|session_token)['\"]?\s*[:=]\s*)"
            r"(['\"]).*?\2"
        ),
        rf"\1\2{_HIDDEN}\2",
    ),
)
# Granian hands its lines to the one log; its start-up chatter stays away.
GRANIAN: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"propagate": True}, "granian.access": {"level": "INFO", "propagate": True}},
    "handlers": {},
    "formatters": {},
}
ACCESS = '%(addr)s "%(method)s %(path)s" %(status)d %(dt_ms).1f ms'  # the path without its query


def scrub(text: str) -> str:
    """The text without anything that looks like a secret, a cookie or the content of a form."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def trace(error: BaseException) -> str:
    """What happened and where, the cause first. The text of an error nobody foresaw stays out: it may hold what was sent."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([*([trace(before), ""] if before else []), "Traceback:", *lines, kind(error)])


def kind(error: BaseException) -> str:
    """The kind of an error, with its text where that is ours or the system's: `FileNotFoundError: No such file or directory`."""
    said = error.message if isinstance(error, PatchbayError) else error.strerror if isinstance(error, OSError) else ""
    name = type(error).__qualname__
    return f"{name}: {scrub(said)}" if said else name


class ScrubbedRecord(logging.LogRecord):
    """A record whose message and traceback are scrubbed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[1]:
            self.exc_text = trace(self.exc_info[1])
        if isinstance(self.args, tuple):
            self.args = tuple(kind(arg) if isinstance(arg, BaseException) else arg for arg in self.args)

    def getMessage(self) -> str:
        """The scrubbed message, on one line: whoever chooses a path or an error text must not write lines of their own."""
        return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], scrub(super().getMessage()))


def configure(level: str) -> None:
    """Set up the log of this process. `level`: DEBUG, INFO, WARNING, ERROR."""
    logging.setLogRecordFactory(ScrubbedRecord)
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("socketio", "engineio", "aiosqlite", "asyncio", "alembic", "botocore", "tungstenite", "tokio_tungstenite"):
        logging.getLogger(chatty).setLevel("WARNING")
