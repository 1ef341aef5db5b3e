"""How often something was done within the last minute."""

import time
from collections import deque
from collections.abc import Hashable

MINUTE = 60.0


class Window:
    """Counts, for each of many, what was done in the last `seconds`. In memory and per process; used by one event loop, so without locks.

    The window moves: at no moment do the last seconds hold more than was allowed, so nobody gets twice as much around the turn of a
    minute, and the time to wait is exact.
    """

    def __init__(self, seconds: float = MINUTE) -> None:
        self._seconds = seconds
        self._times: dict[Hashable, deque[float]] = {}  # monotonic
        self._next_sweep = 0.0

    def hit(self, who: Hashable, most: int, weight: int = 1) -> bool:
        """Count `weight` times, unless that would be more than `most`; whether it was counted."""
        times = self._current(who)
        if len(times) + weight > most:
            return False
        times.extend([time.monotonic()] * weight)
        return True

    def wait(self, who: Hashable, most: int, weight: int = 1) -> float:
        """Seconds until `weight` times more are let through, 0 = now. Counts nothing."""
        times = self._current(who)
        excess = len(times) + weight - most
        if excess <= 0:
            return 0.0
        return self._seconds - (time.monotonic() - times[min(excess, len(times)) - 1]) if times else self._seconds

    def clear(self) -> None:
        """Know nothing of anybody."""
        self._times.clear()
        self._next_sweep = 0.0

    def __len__(self) -> int:
        """Of how many something is remembered."""
        return len(self._times)

    def _current(self, who: Hashable) -> deque[float]:
        over = time.monotonic() - self._seconds
        if over > self._next_sweep:
            self._sweep(over)
        times = self._times.setdefault(who, deque())
        while times and times[0] <= over:
            times.popleft()
        return times

    def _sweep(self, over: float) -> None:
        """Once a window: keep nothing of those who did nothing in it."""
        self._next_sweep = over + self._seconds
        for who in [who for who, times in self._times.items() if not times or times[-1] <= over]:
            del self._times[who]
