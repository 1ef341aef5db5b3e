"""How often one person may have providers called by hand: a test costs money, and it reaches out."""

import time
from collections import deque

from app.domain.errors import TooManyAttempts

PER_MINUTE = 30
_MOST_PEOPLE = 10_000

# Kind and actor id → monotonic times of the calls of the last minute. Per process is enough.
_recent: dict[tuple[str, str], deque[float]] = {}


def count(actor_id: str, *, kind: str = "test", most: int = PER_MINUTE, weight: int = 1) -> None:
    """Count one test or look-up of models, or `weight` of one `kind` of its own. Raises `TooManyAttempts` with the seconds to wait
    when that would be more than `most` in a minute."""
    at = time.monotonic()
    if len(_recent) > _MOST_PEOPLE:
        _recent.clear()
    times = _recent.setdefault((kind, actor_id), deque())
    while times and at - times[0] > 60:
        times.popleft()
    if (excess := len(times) + weight - most) > 0:
        wait = max(1, round(60 - (at - times[min(excess, len(times)) - 1]))) if times else 60
        raise TooManyAttempts(f"Too many tests in a short time. Try again in {wait} seconds.", details={"retry_after": wait})
    times.extend([at] * weight)
