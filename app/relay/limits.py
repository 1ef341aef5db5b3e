"""How many calls are let through: per client key, and per provider (P10). Each process counts for itself, in memory.

The window moves: at no moment do the last sixty seconds hold more than is allowed, so nobody gets twice as much around the turn of a
minute, and the time to wait that a refusal names is exact. The library decides; its own memory storage is not used, because it
starts a thread for every hit that finds none running (0.3 ms, at worst 20 ms, instead of the 2 µs of a hit here).
"""

import math
import time
from collections import defaultdict, deque
from functools import lru_cache

from limits import RateLimitItemPerMinute
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter

from app.domain.errors import LimitReached
from app.domain.snapshot import ClientKeyEntry, Endpoint

_BUSY_SECONDS = 1  # nobody knows when a call that runs will end


class _PerMinute(RateLimitItemPerMinute):
    """Counted under the id alone: whoever changes a limit does not set the count back."""

    def key_for(self, *identifiers: bytes | str | float) -> str:
        return str(identifiers[0])


class _Memory(Storage, MovingWindowSupport):
    """The times of the calls of the last window, for each id. Used by one event loop, so without locks and without a thread."""

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._next_sweep = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a call, unless that would be one too many."""
        calls = self._current(key, expiry)
        if len(calls) + amount > limit:
            return False
        calls.extend([time.monotonic()] * amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """(time of the call that has to leave the window before another one fits, calls in the window)."""
        calls = self._current(key, expiry)
        return (calls[max(0, len(calls) - limit)] if calls else time.monotonic()), len(calls)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        self.acquire_entry(key, 2**31, expiry, amount)
        return self.get(key)

    def get(self, key: str) -> int:
        return len(self._calls.get(key, ()))

    def get_expiry(self, key: str) -> float:
        calls = self._calls.get(key)
        return calls[0] if calls else time.monotonic()

    def check(self) -> bool:
        return True

    def clear(self, key: str) -> None:
        self._calls.pop(key, None)

    def reset(self) -> int:
        known = len(self._calls)
        self._calls.clear()
        self._next_sweep = 0.0
        return known

    def _current(self, key: str, expiry: int) -> deque[float]:
        over = time.monotonic() - expiry
        if over > self._next_sweep:
            self._sweep(over, expiry)
        calls = self._calls[key]
        while calls and calls[0] <= over:
            calls.popleft()
        return calls

    def _sweep(self, over: float, expiry: int) -> None:
        """Once a window: keep nothing of ids that made no call in it."""
        self._next_sweep = over + expiry
        for key in [key for key, calls in self._calls.items() if not calls or calls[-1] <= over]:
            del self._calls[key]


_limiter = MovingWindowRateLimiter(_Memory())
_running: dict[str, int] = {}  # provider id → calls that hold one of its places
_item = lru_cache(1_000)(_PerMinute)


def admit(entry: ClientKeyEntry) -> None:
    """Count a call of an application. Raises `LimitReached` where its key has had its calls of the last minute."""
    most = entry.requests_per_minute
    if most and not _limiter.hit(_item(most), entry.id):
        wait = _seconds_until_free(most, entry.id)
        raise LimitReached(
            f"This API key is limited to {_count(most, 'request')} per minute. Try again in {_count(wait, 'second')}.",
            details={"limit": "key_rpm", "most": most, "retry_after": wait},
        )


def enter(endpoint: Endpoint) -> None:
    """Count a call to a provider and take one of its places. Raises `LimitReached`, and then nothing was taken.

    Whoever gets in calls `leave` with the same record, however the call ends.
    """
    limits = endpoint.limits
    if limits.concurrent and _running.get(endpoint.id, 0) >= limits.concurrent:
        raise LimitReached(
            f"The provider {endpoint.name!r} is limited to {_count(limits.concurrent, 'request')} at a time. "
            f"Try again in {_count(_BUSY_SECONDS, 'second')}.",
            details={"limit": "provider_concurrent", "most": limits.concurrent, "retry_after": _BUSY_SECONDS},
        )
    most = limits.requests_per_minute
    if most and not _limiter.hit(_item(most), endpoint.id):
        wait = _seconds_until_free(most, endpoint.id)
        raise LimitReached(
            f"The provider {endpoint.name!r} is limited to {_count(most, 'request')} per minute. Try again in {_count(wait, 'second')}.",
            details={"limit": "provider_rpm", "most": most, "retry_after": wait},
        )
    if limits.concurrent:
        _running[endpoint.id] = _running.get(endpoint.id, 0) + 1


def leave(endpoint: Endpoint) -> None:
    """Free the place that `enter` took: for every ending of a call, once."""
    if endpoint.limits.concurrent:
        left = _running.get(endpoint.id, 0) - 1
        if left > 0:
            _running[endpoint.id] = left
        else:
            _running.pop(endpoint.id, None)


def wait_of_key(entry: ClientKeyEntry) -> float:
    """Seconds until another call of an application is let through, 0 = now. Counts nothing."""
    most = entry.requests_per_minute
    return 0 if not most or _limiter.test(_item(most), entry.id) else _seconds_until_free(most, entry.id)


def wait_of_provider(endpoint: Endpoint) -> float:
    """Seconds until another call to a provider is let through, 0 = now. Counts nothing."""
    limits = endpoint.limits
    if limits.concurrent and _running.get(endpoint.id, 0) >= limits.concurrent:
        return _BUSY_SECONDS
    most = limits.requests_per_minute
    return 0 if not most or _limiter.test(_item(most), endpoint.id) else _seconds_until_free(most, endpoint.id)


def forget() -> None:
    """Know nothing of any call: a process (a test) begins anew."""
    _limiter.storage.reset()
    _running.clear()


def _seconds_until_free(most: int, owner: str) -> int:
    """Whole seconds, at least one: what Retry-After can say."""
    free_at = _limiter.get_window_stats(_item(most), owner).reset_time
    return max(1, math.ceil(free_at - time.monotonic()))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
