"""When applications' keys were used last: drained from the relay's memory and written in batches, never by a request."""

import asyncio
import logging
import time
from datetime import UTC, datetime

from app.domain.actor import SYSTEM
from app.domain.errors import PatchbayError
from app.relay import outcomes
from app.relay.outcomes import Outcome
from app.storage import client_keys
from app.storage.work import work

LOOK_SECONDS = 0.25
EVERY_SECONDS = 10.0  # a key that is in constant use is written this often; its first call at once

_log = logging.getLogger(__name__)


class Recorder:
    """Hears of calls from its making on; `start()` … `stop()`; one a process."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._outcomes = outcomes.reader()
        self._waiting: dict[str, Outcome] = {}
        self._written: dict[str, float] = {}  # key id → monotonic time

    def start(self) -> None:
        """Look in the background from now on."""
        self._task = asyncio.create_task(self._run(), name="key use")

    async def stop(self) -> None:
        """End, and write what is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._outcomes.close()
        self._gather()
        try:
            await self._write(list(self._waiting))
        except PatchbayError as error:
            _log.warning("The last use of %d keys was not written: %s", len(self._waiting), error.message)

    async def look(self) -> None:
        """Take what was noted and write what is due."""
        self._gather()
        await self._write(self._due())

    async def _run(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
                failing = False
            except PatchbayError as error:  # kept for the next look
                if not failing:
                    _log.warning("The last use of keys is not written at the moment: %s", error.message)
                failing = True

    def _gather(self) -> None:
        """Of each key only the newest call is worth writing."""
        self._waiting |= {outcome.client_key_id: outcome for outcome in self._outcomes.drain() if outcome.client_key_id}

    def _due(self) -> list[str]:
        at = time.monotonic()
        return [key for key in self._waiting if at - self._written.get(key, -EVERY_SECONDS) >= EVERY_SECONDS]

    async def _write(self, keys: list[str]) -> None:
        if not keys:
            return
        # Not audited: being used is no change of a key.
        async with work(SYSTEM, audited=False) as doing:
            for key in keys:
                used = self._waiting[key]
                named = used.selector or used.model
                model = "".join(c for c in named if c.isprintable())  # a caller may have named anything, NUL included
                at = datetime.fromtimestamp(used.at, UTC)
                await client_keys.used(doing.session, key, at=at, model=model, status=used.status, ms=round(used.began_ms))
        written = time.monotonic()
        for key in keys:
            del self._waiting[key]
            self._written[key] = written
