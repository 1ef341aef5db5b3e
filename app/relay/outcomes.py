"""How calls of applications ended, kept in memory until a service drains it: the path of a request never writes to the database."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

# Enough for what happens between two looks; under more load than that the oldest are forgotten first.
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call with a client key. `model` is the selector (`provider/model`), "" where none was named; `ms` = until the answer began."""

    client_key_id: str
    at: datetime
    model: str
    status: int
    ms: int


_waiting: deque[Outcome] = deque(maxlen=MOST)


def note(client_key_id: str, *, model: str, status: int, seconds: float) -> None:
    """Remember a call that ended. Returns at once."""
    _waiting.append(Outcome(client_key_id, datetime.now(UTC), model, status, round(seconds * 1_000)))


def drain() -> list[Outcome]:
    """What was noted since the last time, the oldest first; the queue is empty afterwards."""
    return [_waiting.popleft() for _ in range(len(_waiting))]
