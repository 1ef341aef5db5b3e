"""Sessions that were looked up in the last two seconds: every click asks, the database answers now and then.

What ends a session in this process forgets it here after the commit; other processes learn of it within `SECONDS`.
"""

import time

from app.domain.people.people import Session

SECONDS = 2.0
_MOST = 4_096

_found: dict[str, tuple[float, Session]] = {}
_generation = 0


def get(token_hash: str) -> Session | None:
    """A session that was alive less than two seconds ago."""
    when, session = _found.get(token_hash, (0.0, None))
    return session if time.monotonic() - when < SECONDS else None


def generation() -> int:
    """Ask before reading the database, hand it to `put`: a session that ended meanwhile is not remembered."""
    return _generation


def put(token_hash: str, session: Session, *, read_at: int) -> None:
    if read_at != _generation:
        return
    if len(_found) >= _MOST:
        _found.clear()
    _found[token_hash] = (time.monotonic(), session)


async def forget() -> None:
    """Forget all of them; a hook for `Work.after`."""
    global _generation
    _generation += 1
    _found.clear()
