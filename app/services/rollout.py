"""How far a change has come: the heartbeats of all workers against the revision of this process."""

import asyncio
import math
import time
from collections.abc import Callable

from app import registry
from app.domain.errors import PatchbayError
from app.domain.keyring import ALIVE, Spread
from app.domain.snapshot import Snapshot
from app.services.kernel.periodic import Periodic, heard
from app.storage import instance
from app.storage.database import engine
from app.storage.tables import now

LOOK_SECONDS = 1.0
# While a change is on its way. A worker that has not followed after the while is one that died or hangs.
BRISK_SECONDS, WHILE_SECONDS = 0.05, 3.0


class Rollout:
    """Tells `tell` whenever the spread is another. Give `news` to the registry, run `run` as a task."""

    def __init__(self, tell: Callable[[Spread], None]) -> None:
        self.spread = Spread(revision=-1, live=0, of=0)
        self._tell = tell
        self._news = asyncio.Event()
        self._saved_at: float | None = None

    def news(self, _: Snapshot) -> None:
        """A change is effective here, so the others are looked at more often. Returns at once."""
        self._saved_at = time.monotonic()
        self._news.set()

    async def run(self) -> None:
        """Look until cancelled."""
        await Periodic(self._turn, every=LOOK_SECONDS, name="rollout", at_once=True, pause=self._wait).run()

    async def look(self) -> None:
        """Compare now, and tell what has changed."""
        async with engine.session() as session:
            workers = await instance.workers(session, since=now() - ALIVE)
        revision = registry.shared.snapshot.revision
        late = [worker for worker in workers if worker.revision < revision]
        seconds = self.spread.seconds if revision == self.spread.revision else None
        if not late and seconds is None and self._saved_at is not None:
            seconds = math.ceil((time.monotonic() - self._saved_at) * 10) / 10
        found = Spread(revision=revision, live=len(workers) - len(late), of=len(workers), seconds=seconds, late=late)
        if _told(found) != _told(self.spread):
            self._tell(found)
        self.spread = found

    async def _turn(self) -> None:
        try:
            await self.look()
        except PatchbayError:  # nothing is known of the others now, so nothing is said; the registry logs that the database is away
            self._news.clear()

    async def _wait(self, seconds: float) -> None:
        is_under_way = self.spread.late and self._saved_at is not None and time.monotonic() - self._saved_at < WHILE_SECONDS
        await heard(self._news, BRISK_SECONDS if is_under_way else seconds)


def _told(spread: Spread) -> tuple[object, ...]:
    """What readers see of it: a heartbeat that only says that a late worker still lives is no news."""
    return spread.revision, spread.live, spread.of, spread.seconds, [worker.worker_id for worker in spread.late]
