"""How much of the log strangers may write: so many lines a minute for a socket, for an address and for all of them together.

Whoever takes a stranger's request or message says so with `caused_by`; every line that is logged on its behalf counts, whoever logs it.
What is left out is counted and told when the minute is over.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

MINUTE = 60.0
PER_SOCKET, PER_ADDRESS, IN_ALL = 10, 30, 300
_MOST_NAMES = 2_000
_STRANGERS = "strangers in all"

_cause: ContextVar[tuple[tuple[str, int], ...]] = ContextVar("log_cause", default=())


def caused_by(address: str, socket: str = "") -> None:
    """What this task, and those it starts, log from now on is caused by a stranger there."""
    own = ((f"one socket of {address} ({socket})", PER_SOCKET),) if socket else ()
    _cause.set((*own, (address or "an unknown address", PER_ADDRESS), (_STRANGERS, IN_ALL)))


def caused_by_us() -> None:
    """What this task logs from now on is caused by a person or a program that is known to us, or by ourselves."""
    _cause.set(())


def is_of_strangers() -> bool:
    """Whether what is logged now is caused by a stranger."""
    return bool(_cause.get())


@dataclass(slots=True)
class _Minute:
    """What one cause has made of its minute."""

    began: float
    lines: int = 0
    left_out: int = 0


class Rate:
    """Which lines are written."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._alone = threading.Lock()
        self._minutes: dict[str, _Minute] = {}

    def admits(self) -> bool:
        """Count a line of the current cause; whether it is written."""
        if not (causes := _cause.get()):
            return True
        with self._alone:
            minutes = [(self._minute(name), most) for name, most in causes]
            if full := next((minute for minute, most in minutes if minute.lines >= most), None):
                full.left_out += 1
                return False
            for minute, _ in minutes:
                minute.lines += 1
            return True

    def told(self) -> list[str]:
        """A sentence for every cause whose minute is over and of which lines were left out."""
        now = self._clock()
        with self._alone:
            over = {name: minute.left_out for name, minute in self._minutes.items() if now - minute.began >= MINUTE}
            for name in over:
                del self._minutes[name]
        return [f"{count} lines caused by {name} were left out within a minute" for name, count in over.items() if count]

    def _minute(self, name: str) -> _Minute:
        if name not in self._minutes and len(self._minutes) >= _MOST_NAMES:
            name = _STRANGERS
        return self._minutes.setdefault(name, _Minute(self._clock()))


class Log(logging.StreamHandler):  # type: ignore[type-arg] # stderr, whatever it is
    """Writes what the rate admits, and how much it left out."""

    def __init__(self, rate: Rate | None = None) -> None:
        super().__init__()
        self._rate = rate or Rate()

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record, unless its cause has had its lines."""
        self.tell()
        return bool(self._rate.admits() and super().handle(record))

    def tell(self) -> None:
        """Write what was left out, of every minute that is over."""
        for sentence in self._rate.told():
            super().handle(logging.getLogRecordFactory()(__name__, logging.WARNING, __file__, 0, sentence, (), None))


def tell_left_out() -> None:
    """Tell what was left out although nobody logs anything more. To be called every now and then."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Log):
            handler.tell()
