"""From calls that ended to counters in the database: added up in memory, written in batches, never by a request.

Each batch carries its writer's number, kept in the same transaction as the counters. So a batch whose end was not heard of (the
connection broke during the commit) is looked up before it is written again: it is neither lost nor added twice. A process that is
killed loses what it had not written: the calls of the last two seconds, or since the database went away.
"""

import asyncio
import logging
import time
from array import array
from bisect import bisect_left
from dataclasses import dataclass

from app import registry
from app.domain.actor import SYSTEM
from app.domain.errors import InvalidDraft, PatchbayError
from app.domain.ids import uuid7
from app.domain.snapshot import Endpoint, Snapshot
from app.relay import outcomes
from app.relay.outcomes import Outcome
from app.services.kernel.periodic import Periodic
from app.services.usage.prices import Price, Prices
from app.storage import usage as rows
from app.storage.usage import Slot
from app.storage.usage_tables import EDGES, LISTED, SUMS
from app.storage.work import work

EVERY_SECONDS = 2.0
KEEP_DAYS = 90
HOUR, DAY = 3_600, 86_400
LEFT = "caller_left"  # whoever hangs up has not met an error
_SLICE = 500  # calls added up before others have their turn: under a millisecond
_MODELS = 200  # names of models that a provider may fill rows with in an hour; callers may name anything
_SLOTS = 20_000  # rows kept in memory while the database is away
_LONGEST = 86_400_000

_AT = {name: index for index, name in enumerate(SUMS)}
_REQUESTS, _ERRORS, _REPORTED, _IN, _OUT, _CACHED, _PRICED, _COST, _BEGAN, _TOTAL = range(10)
_BEGAN_CLASS, _TOTAL_CLASS = _AT["began_0"], _AT["total_0"]

_log = logging.getLogger(__name__)


class Durations:
    """The first durations of a row, until the answers began and until they were over, in ms."""

    def __init__(self) -> None:
        self.began, self.total = array("I"), array("I")

    def add(self, began: int, total: int) -> None:
        """One more, while they say more than their classes."""
        if len(self.total) < LISTED:
            self.began.append(began)
            self.total.append(total)


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written in one transaction."""

    number: int
    sums: dict[Slot, list[int]]
    durations: dict[Slot, Durations]


class Recorder:
    """Hears of calls from its making on; `start()` … `stop()`; one a process."""

    def __init__(self) -> None:
        self._outcomes = outcomes.reader()
        self._loop = Periodic(self._turn, every=EVERY_SECONDS, name="usage", trouble="Usage is not written")
        self._writer = uuid7()
        self._heard: list[Outcome] = []
        self._sums: dict[Slot, list[int]] = {}
        self._durations: dict[Slot, Durations] = {}
        self._models: dict[str, set[str]] = {}  # provider id → models named in rows of this hour
        self._hour = 0
        self._batch: Batch | None = None  # being written, or to be written again
        self._tried = self._number = 0
        self._named: dict[str, tuple[str, int]] = {}  # id → name and day under which it was written
        self._prices = Prices()
        self._pruned = 0

    def start(self) -> None:
        """Add up and write in the background from now on."""
        self._loop.start()

    async def stop(self) -> None:
        """End, and write what is left."""
        await self._loop.stop()
        self._outcomes.close()
        try:
            await self.look()
            await self.look()  # the first may have written an older batch
        except PatchbayError as error:
            lost = sum(sums[_REQUESTS] for sums in [*self._sums.values(), *(self._batch.sums.values() if self._batch else ())])
            _log.warning("The usage of the last %d requests was not written: %s", lost, error.message)

    async def look(self) -> None:
        """Add up what was noted and write it; or write again what could not be written before. Raises `StorageError`."""
        await self._gather()
        if self._batch is None and self._sums:
            self._number += 1
            self._batch = Batch(self._number, self._sums, self._durations)
            self._sums, self._durations = {}, {}
        if self._batch is not None:
            await self._write(self._batch)
            self._batch = None

    async def _turn(self) -> None:
        try:
            await self.look()
            await self._prune()
        except InvalidDraft as error:
            _log.error("A batch of usage cannot be stored and is left out: %s", error.message)
            self._batch = None

    async def _gather(self) -> None:
        self._heard += self._outcomes.drain()
        while self._heard:
            some, self._heard = self._heard[:_SLICE], self._heard[_SLICE:]
            endpoints = _by_id(registry.shared.snapshot)
            for outcome in some:
                self._add(outcome, endpoints)
            await asyncio.sleep(0)

    def _add(self, outcome: Outcome, endpoints: dict[str, Endpoint]) -> None:
        is_error = bool(outcome.error) and outcome.error != LEFT
        if not outcome.provider_id and not is_error:
            return  # a list of models was read: nobody was asked
        hour = int(outcome.at) // HOUR * HOUR
        slot = (hour, outcome.provider_id, self._model(outcome, hour, endpoints), outcome.credential_id, outcome.client_key_id)
        sums = self._sums.get(slot)
        if sums is None:
            if len(self._sums) >= _SLOTS:
                slot = (hour, outcome.provider_id, "", "", "")
            sums = self._sums.setdefault(slot, [0] * len(SUMS))
        sums[_REQUESTS] += 1
        if outcome.tokens_in is not None or outcome.tokens_out is not None:
            sums[_REPORTED] += 1
            sums[_IN] += outcome.tokens_in or 0
            sums[_OUT] += outcome.tokens_out or 0
            sums[_CACHED] += outcome.tokens_cached or 0
        sums[_ERRORS] += is_error
        if outcome.error:
            return
        began, total = min(outcome.began_ms, _LONGEST), min(outcome.total_ms, _LONGEST)
        self._durations.setdefault(slot, Durations()).add(round(began), round(total))
        sums[_BEGAN] += round(began)
        sums[_TOTAL] += round(total)
        sums[_BEGAN_CLASS + bisect_left(EDGES, began)] += 1
        sums[_TOTAL_CLASS + bisect_left(EDGES, total)] += 1

    def _model(self, outcome: Outcome, hour: int, endpoints: dict[str, Endpoint]) -> str:
        """The name a row gets. One that nobody listed counts once it was answered; beyond `_MODELS` of them they count together."""
        if hour > self._hour:
            self._hour = hour
            self._models.clear()
        name = outcome.model[:200]
        known = self._models.setdefault(outcome.provider_id, set())
        if name in known or not name or not outcome.provider_id:
            return name if outcome.provider_id else ""
        endpoint = endpoints.get(outcome.provider_id)
        is_listed = endpoint is not None and name in endpoint.models
        if not is_listed and (outcome.error or len(known) >= _MODELS):
            return ""
        if not name.isprintable():  # no database takes every sign
            return ""
        known.add(name)
        return name

    async def _write(self, batch: Batch) -> None:
        snapshot = registry.shared.snapshot
        endpoints = _by_id(snapshot)
        asked = [(endpoints[slot[1]], slot[2]) for slot, sums in batch.sums.items() if sums[_REPORTED] and slot[1] in endpoints]
        known = await self._prices.of(asked, snapshot.revision)
        none = Durations()
        counted = {
            slot: rows.Counted(_with_cost(sums, known.get(slot[1:3])), kept.began, kept.total)
            for slot, sums, kept in ((slot, sums, batch.durations.get(slot, none)) for slot, sums in batch.sums.items())
        }
        hour = int(time.time()) // HOUR * HOUR
        names = self._new_names(batch, snapshot, hour)
        was_tried, self._tried = self._tried == batch.number, batch.number
        # Not audited: being used is no change of anything.
        async with work(SYSTEM, audited=False) as doing:
            if was_tried and await rows.number_of(doing.session, self._writer) >= batch.number:
                return
            await rows.add(doing.session, counted)
            if names:
                await rows.keep_names(doing.session, names, hour)
            await rows.finish(doing.session, self._writer, batch.number, hour)
        self._named |= {id_: (name, hour // DAY) for id_, name in names.items()}

    def _new_names(self, batch: Batch, snapshot: Snapshot, hour: int) -> dict[str, str]:
        """Id → name of what was used and is not written under this name today."""
        used = {
            id_ for slot in batch.sums for id_ in (slot[1], slot[3], slot[4]) if id_ and self._named.get(id_, ("", 0))[1] != hour // DAY
        }
        if not used:
            return {}
        named = {entry.id: entry.name for entry in snapshot.client_keys.values() if entry.id in used}
        for endpoint in snapshot.endpoints.values():
            if endpoint.id in used:
                named[endpoint.id] = endpoint.label
                named |= {key.id: key.label for key in endpoint.keys if key.id in used}
        return named

    async def _prune(self) -> None:
        """Once an hour: forget what is older than is kept."""
        hour = int(time.time()) // HOUR * HOUR
        if hour != self._pruned:
            # Not audited: what is kept is written in the documentation.
            async with work(SYSTEM, audited=False) as doing:
                await rows.forget(doing.session, before=hour - KEEP_DAYS * DAY, batches_before=hour - DAY)
            self._pruned = hour


def _with_cost(sums: list[int], price: Price | None) -> list[int]:
    if price is None or not sums[_REPORTED]:
        return sums
    counted = sums.copy()
    counted[_PRICED], counted[_COST] = sums[_REPORTED], price.of(sums[_IN], sums[_OUT], sums[_CACHED])
    return counted


def _by_id(snapshot: Snapshot) -> dict[str, Endpoint]:
    return {endpoint.id: endpoint for endpoint in snapshot.endpoints.values()}
