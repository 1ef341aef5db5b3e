"""How attempts at providers ended, kept in memory until a service drains it: the path of a request never writes to the database."""

import time
from collections import deque
from collections.abc import Sequence

from app.domain import evidence
from app.domain.credential import COUNTED
from app.domain.errors import UpstreamError
from app.domain.health import KEY_CODES, LIMIT_CODES, Attempt, code_of
from app.domain.snapshot import Endpoint, Key

# Enough for what happens between two looks; under more load than that the oldest are forgotten first.
MOST = 20_000


class Reader:
    """Hears every attempt that ends while it is open. Several readers do not take anything from one another."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Attempt]] = deque(maxlen=MOST)
        _readers.append(self._waiting)

    def drain(self) -> list[tuple[str, Attempt]]:
        """(provider id, attempt), what was noted since the last time, the oldest first."""
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def close(self) -> None:
        """Hear nothing any more. Closing twice is allowed."""
        # By identity: two queues that hold the same, for example nothing, are equal.
        _readers[:] = [waiting for waiting in _readers if waiting is not self._waiting]


_readers: list[deque[tuple[str, Attempt]]] = []


def reader() -> Reader:
    """Hear from now on."""
    return Reader()


def note(provider_id: str, error: UpstreamError | None, seconds: float, keys: str = "") -> None:
    """An attempt at a provider ended: None = it was answered; `seconds` until it began to answer or failed; `keys` as `whose` says. Returns
    at once."""
    code = "" if error is None else code_of(error)
    if code is None:
        return
    attempt = Attempt(time.time(), code, round(seconds * 1_000), keys)
    for waiting in _readers:
        waiting.append((provider_id, attempt))


def whose(provider: Endpoint, error: UpstreamError | None, tried: Sequence[Key]) -> str:
    """Whose evidence an attempt is: an answer that of its key, a refusal or a limit that of every key that met it, the last one last; any
    other failure would have met every key."""
    if error is None:
        return tried[-1].mark if tried else ""
    if not provider.keys or code_of(error) not in KEY_CODES | LIMIT_CODES:
        return ""
    return evidence.of_keys(key.mark for key in tried) if tried else evidence.of_set(in_place(provider))


def in_place(provider: Endpoint) -> frozenset[str]:
    """The marks of the keys that calls may use, as `provider_records` counts them."""
    return frozenset(key.mark for key in provider.keys if key.state in COUNTED and not key.is_held)
