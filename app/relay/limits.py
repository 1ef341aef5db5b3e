"""How many calls are let through: per client key, and per provider (P10). Each process counts for itself, in memory."""

import math

from app.domain.error_kind import OwnLimit
from app.domain.errors import LimitReached
from app.domain.snapshot import ClientKeyEntry, Endpoint
from app.domain.window import Window

_BUSY_SECONDS = 1  # nobody knows when a call that runs will end

_recent = Window()  # by client key and by provider; whoever changes a limit does not set the count back
_running: dict[str, int] = {}  # provider id → calls that hold one of its places


def admit(entry: ClientKeyEntry) -> None:
    """Count a call of an application. Raises `LimitReached` where its key has had its calls of the last minute."""
    most = entry.requests_per_minute
    if most and not _recent.hit(entry.id, most):
        wait = max(1, _seconds_until_free(most, entry.id))
        raise LimitReached(
            f"This API key is limited to {_count(most, 'request')} per minute. Try again in {_count(wait, 'second')}.",
            details={"limit": OwnLimit.KEY_RPM, "most": most, "retry_after": wait},
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
            details={"limit": OwnLimit.PROVIDER_CONCURRENT, "most": limits.concurrent, "retry_after": _BUSY_SECONDS},
        )
    most = limits.requests_per_minute
    if most and not _recent.hit(endpoint.id, most):
        wait = max(1, _seconds_until_free(most, endpoint.id))
        raise LimitReached(
            f"The provider {endpoint.name!r} is limited to {_count(most, 'request')} per minute. Try again in {_count(wait, 'second')}.",
            details={"limit": OwnLimit.PROVIDER_RPM, "most": most, "retry_after": wait},
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
    return _seconds_until_free(most, entry.id) if most else 0


def wait_of_provider(endpoint: Endpoint) -> float:
    """Seconds until another call to a provider is let through, 0 = now. Counts nothing."""
    limits = endpoint.limits
    if limits.concurrent and _running.get(endpoint.id, 0) >= limits.concurrent:
        return _BUSY_SECONDS
    most = limits.requests_per_minute
    return _seconds_until_free(most, endpoint.id) if most else 0


def forget() -> None:
    """Know nothing of any call: a process (a test) begins anew."""
    _recent.clear()
    _running.clear()


def _seconds_until_free(most: int, owner: str) -> int:
    """Whole seconds, as Retry-After can say them; 0 = now."""
    return math.ceil(_recent.wait(owner, most))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
