"""A serving process says that it lives, which keys it holds and which revision it serves, every ten seconds."""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from app import __version__
from app.domain.actor import SYSTEM, Actor
from app.domain.audit import Action
from app.domain.ids import uuid7
from app.domain.keyring import ALIVE, Worker
from app.services.kernel.periodic import Periodic, heard
from app.storage import audit, instance, people
from app.storage.database import engine, inspection
from app.storage.tables import now
from app.storage.work import work
from app.vault import ring

EVERY_SECONDS = 10.0
# After news: long enough that the others have read the change before our writing could make them wait, and at most five times a second.
BREATH_SECONDS, APART_SECONDS = 0.03, 0.2
_KEEP = timedelta(days=1)
_FORGET_EVERY = 360  # beats: once an hour

_forwarded: list[tuple[datetime, str]] = []  # the newest one, when there is one


class Heartbeat:
    """`start()` … `stop()`; `news()` when the registry has a new revision, so that others learn of it at once."""

    def __init__(self, kind: str, revision: Callable[[], int], follow: Callable[[], Awaitable[None]] | None = None) -> None:
        """`follow` is awaited before each beat: it brings the keys of this process up to date, so that the beat tells the truth."""
        self._revision = revision
        self._follow = follow
        self._news = asyncio.Event()
        self._loop = Periodic(self._beat, every=EVERY_SECONDS, name="heartbeat", trouble="Heartbeats are not written", pause=self._wait)
        self._beats, self._last = 0, 0.0
        at = now()
        self._worker = Worker(
            worker_id=uuid7(), kind=kind, host=socket.gethostname()[:255], pid=os.getpid(), started_at=at, seen_at=at,
            kids=_kids(), revision=revision(),
        )  # fmt: skip

    async def start(self) -> None:
        """Record the start (and the migration, if the schema is newer than at the last one), then beat in the background."""
        schema, held = await inspection.schema_version(), ring.current()
        async with work(SYSTEM) as doing:
            last = await audit.newest(doing.session, Action.INSTANCE_MIGRATE)
            before = last.changes.get("schema", {}).get("after") if last else None
            target = ("instance", held.instance_id, "Patchbay")
            if before != schema:
                doing.record(Action.INSTANCE_MIGRATE, target=target, changes={"schema": {"before": before, "after": schema}})
            facts = {"kind": self._worker.kind, "version": __version__, "master_key": held.active}
            doing.record(Action.INSTANCE_BOOT, target=target, changes=facts)
            await instance.beat(doing.session, self._worker)
        self._loop.start()

    def news(self) -> None:
        """Beat now."""
        self._news.set()

    async def stop(self) -> None:
        """Say goodbye: whoever waits for all processes need not wait for this one."""
        if self._loop.has_started:
            await self._loop.stop()
            # Not audited: a process that ends is no change of anybody.
            async with work(SYSTEM, audited=False) as doing:
                await instance.stop(doing.session, self._worker.worker_id)

    async def _wait(self, seconds: float) -> None:
        if await heard(self._news, seconds):
            await asyncio.sleep(max(BREATH_SECONDS, self._last + APART_SECONDS - time.monotonic()))
            self._news.clear()  # what came meanwhile is in this beat
        else:
            self._beats += 1
        self._last = time.monotonic()

    async def _beat(self) -> None:
        if self._follow is not None:
            await self._follow()
        at = now()
        self._worker = self._worker.model_copy(update={"seen_at": at, "revision": self._revision(), "kids": _kids(), **_seen()})
        # Not audited: being alive is no change, and neither is forgetting what ended long ago.
        async with work(SYSTEM, audited=False) as doing:
            await instance.beat(doing.session, self._worker)
            if self._beats % _FORGET_EVERY == 0:
                await instance.forget_workers(doing.session, before=at - _KEEP)
                await people.forget_old(doing.session, before=at - _KEEP)


def forwarded(peer: str) -> None:
    """X-Forwarded-For arrived of a peer that is no proxy we were told of. The next heartbeat says so, for `patchbay doctor`."""
    _forwarded[:] = [(now(), peer[:64])]


def _seen() -> dict[str, object]:
    return {"forwarded_at": _forwarded[0][0], "forwarded_by": _forwarded[0][1]} if _forwarded else {}


def _kids() -> list[str]:
    """The keys this process holds, the one it seals with first."""
    held = ring.current()
    return [held.active, *sorted(held.kids - {held.active})]


async def alive(actor: Actor) -> list[Worker]:
    """Processes seen within a minute, the longest running first."""
    actor.must_view()
    async with engine.session() as session:
        return await instance.workers(session, since=now() - ALIVE)
