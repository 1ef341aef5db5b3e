"""How long somebody waits after wrong passwords: nothing at first, then twice as long each time."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` attempts without waiting; a pause of `forget` without attempts starts afresh; `cap` failures end the day."""

    free: int
    longest: timedelta
    forget: timedelta
    cap: int

    def wait(self, failures: int) -> timedelta:
        """The wait after this many failures in a row."""
        if failures < self.free:
            return timedelta()
        if failures >= self.cap:
            return self.forget
        return min(timedelta(seconds=2.0 ** min(failures - self.free + 1, 20)), self.longest)


# At most 100 wrong passwords in a row for one account, whoever sends them (NIST SP 800-63B), and as many for each device that has
# signed in to it before: what strangers try does not keep those out.
ACCOUNT = Limit(free=5, longest=timedelta(minutes=15), forget=timedelta(hours=24), cap=100)
DEVICE = ACCOUNT
# One address may be a whole office behind one router.
ADDRESS = Limit(free=30, longest=timedelta(minutes=15), forget=timedelta(hours=1), cap=1_000)


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is remembered of one account, one device or one address."""

    failures: int = 0
    last_at: datetime | None = None
    locked_until: datetime | None = None

    def blocked_for(self, at: datetime) -> float:
        """Seconds until the next attempt is looked at, 0 when it may come now."""
        return max(0.0, (self.locked_until - at).total_seconds()) if self.locked_until else 0.0

    def one_more(self, limit: Limit, at: datetime) -> "Attempts":
        """Counted before the password is looked at: a thousand guesses at once are not looked at a thousand times."""
        is_old = self.last_at is None or at - self.last_at > limit.forget
        failures = (0 if is_old else self.failures) + 1
        wait = limit.wait(failures)
        return Attempts(failures, at, at + wait if wait else None)
