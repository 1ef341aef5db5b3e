"""When client keys were used last: calls of the gateway from the relay's memory, requests of scripts as they are told here; written in
batches, never by a request."""

import logging
import time
from datetime import UTC, datetime
from typing import NamedTuple

from app.domain.actor import SYSTEM
from app.domain.errors import PatchbayError
from app.relay import outcomes
from app.relay.feed import Feed
from app.relay.outcomes import Outcome
from app.services.kernel.periodic import Periodic
from app.storage import client_keys
from app.storage.work import work

LOOK_SECONDS = 0.25
EVERY_SECONDS = 10.0  # a key that is in constant use is written this often; its first call at once

_log = logging.getLogger(__name__)


class Use(NamedTuple):
    """One call with a key. `at`: seconds since 1970, when it began; `model` "" = it named none."""

    at: float
    key_id: str
    model: str
    status: int
    ms: int


_requests: Feed[Use] = Feed()


def note(key_id: str, *, at: float, status: int, ms: float) -> None:
    """Tell every recorder of a request under `/api` that was answered. Returns at once."""
    _requests.publish(Use(at, key_id, "", status, round(ms)))


class Recorder:
    """Hears of calls from its making on; `start()` … `stop()`; one a process."""

    def __init__(self) -> None:
        self._loop = Periodic(self.look, every=LOOK_SECONDS, name="key use", trouble="The last use of keys is not written")
        self._outcomes = outcomes.reader()
        self._requests = _requests.reader()
        self._waiting: dict[str, Use] = {}
        self._written: dict[str, float] = {}  # key id → monotonic time

    def start(self) -> None:
        """Look in the background from now on."""
        self._loop.start()

    async def stop(self) -> None:
        """End, and write what is left."""
        await self._loop.stop()
        self._outcomes.close()
        self._requests.close()
        self._gather()
        try:
            await self._write(list(self._waiting))
        except PatchbayError as error:
            _log.warning("The last use of %d keys was not written: %s", len(self._waiting), error.message)

    async def look(self) -> None:
        """Take what was noted and write what is due."""
        self._gather()
        await self._write(self._due())

    def _gather(self) -> None:
        """Of each key only the newest call is worth writing. A chat over REST is told twice, and the later of the two names its model."""
        for use in [*(_use(outcome) for outcome in self._outcomes.drain() if outcome.client_key_id), *self._requests.drain()]:
            known = self._waiting.get(use.key_id)
            if known is None or known.at <= use.at:
                self._waiting[use.key_id] = use

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
                model = "".join(c for c in used.model if c.isprintable())  # a caller may have named anything, NUL included
                at = datetime.fromtimestamp(used.at, UTC)
                await client_keys.used(doing.session, key, at=at, model=model, status=used.status, ms=used.ms)
        written = time.monotonic()
        for key in keys:
            del self._waiting[key]
            self._written[key] = written


def _use(outcome: Outcome) -> Use:
    return Use(outcome.at, outcome.client_key_id, outcome.selector or outcome.model, outcome.status, round(outcome.began_ms))
