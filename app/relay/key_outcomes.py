"""What calls taught about keys, kept in memory until a service drains it: the relay never writes to the database."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.domain.credentials.credential import KeyState
from app.domain.secret import Sealed

# A key is reported once until its state changes, so this is more keys than anybody has.
MOST = 20_000


class KeyEvent(Enum):
    REFUSED = 1  # the provider does not take the key
    ACCEPTED = 2  # a key that was out was taken
    COOLING = 3  # the provider wants no more of it for a while


@dataclass(frozen=True, slots=True)
class Learned:
    """One event of one key as it was when it was used: `state`, `since` and `secrets` are those of the snapshot, so that what is
    said of a secret that was replaced meanwhile can be told. `status` is the provider's, None where nothing was answered; `seconds`
    how long a key cools."""

    event: KeyEvent
    provider_id: str
    key_id: str
    state: KeyState
    since: datetime | None
    secrets: Mapping[str, Sealed]
    status: int | None = None
    seconds: float = 0.0


_waiting: deque[Learned] = deque(maxlen=MOST)
# Called on the loop after each event; whoever drains adds itself here.
on_news: list[Callable[[], None]] = []


def note(learned: Learned) -> None:
    """Remember an event. Returns at once."""
    _waiting.append(learned)
    for tell in on_news:
        tell()


def drain() -> list[Learned]:
    """What was noted since the last time, the oldest first; the queue is empty afterwards."""
    return [_waiting.popleft() for _ in range(len(_waiting))]
