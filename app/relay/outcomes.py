"""How calls ended that somebody asked for, kept in memory until services drain it: the path of a request never writes to the database."""

from collections import deque
from collections.abc import Callable

import msgspec

# Enough for what happens between two looks of a reader; under more load than that the oldest are forgotten first.
MOST = 20_000


class Outcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call of an application, or of a person or script over REST, when it is over. The garbage collector does not follow it: it
    holds no containers."""

    at: float  # seconds since 1970
    client_key_id: str  # "" = of a person who is signed in
    selector: str  # as the caller named it, at most 200 signs; "" = none given
    provider_id: str = ""  # "" = none was reached
    model: str = ""  # the provider's own name
    credential_id: str = ""  # "" = none was used
    status: int = 200  # what the caller got
    error: str = ""  # our code, "" = fine; a stream that broke has status 200 and an error
    began_ms: float = 0.0  # until the answer began
    total_ms: float = 0.0  # until it was over
    tokens_in: int | None = None  # None = the provider did not report it, as below
    tokens_out: int | None = None
    tokens_cached: int | None = None
    stream: bool = False
    attempts: int = 0  # calls that left for a provider


class Reader:
    """Hears of every call from its making to `close()`. Each reader hears of all of them."""

    __slots__ = ("_hear", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Outcome] = deque(maxlen=MOST)
        self._hear = self._waiting.append
        _hearing.append(self._hear)

    def drain(self) -> list[Outcome]:
        """What was noted since the last time, the oldest first; nothing is kept."""
        drained = list(self._waiting)
        self._waiting.clear()
        return drained

    def close(self) -> None:
        """Hear of nothing more; what waits can still be drained. Closing twice is allowed."""
        if self._hear in _hearing:
            _hearing.remove(self._hear)


_hearing: list[Callable[[Outcome], None]] = []


def note(outcome: Outcome) -> None:
    """Tell every reader of a call that ended. Returns at once."""
    for hear in _hearing:
        hear(outcome)


def reader() -> Reader:
    """A new reader; whoever made it closes it."""
    return Reader()
