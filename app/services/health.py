"""Calls become health: what they taught is written in batches by each process that makes them, and read by the one with the pages."""

import logging
import time
from collections.abc import Mapping, Sequence

from app import registry
from app.domain.actor import SYSTEM
from app.domain.errors import PatchbayError
from app.domain.providers import health
from app.domain.providers.health import Attempt, Health
from app.relay import health_changes, provider_outcomes
from app.services.kernel.periodic import Periodic
from app.storage import health as rows
from app.storage import probes, provider_records
from app.storage.database import engine
from app.storage.work import work

LOOK_SECONDS = 1.0
# Calls that change nothing of the verdict are written this often: while they fail, for a test may have said otherwise, and while not.
FAILING_SECONDS, EVERY_SECONDS = 2.0, 10.0
QUIET_SECONDS = 30.0  # and pages hear of them this often
AGE_SECONDS = 15.0  # verdicts that only time changes are looked for this often

Verdict = tuple[Health, str, float]  # with its reason, and the time of the test that it is younger than
_log = logging.getLogger(__name__)


class Recorder:
    """Writes what this process saw. `start()` … `stop()`; one a process."""

    def __init__(self) -> None:
        self._reader = provider_outcomes.reader()
        self._loop = Periodic(self.look, every=LOOK_SECONDS, name="health", trouble="What calls say of providers is not written")
        self._waiting: dict[str, list[Attempt]] = {}
        self._stored: dict[str, list[Attempt]] = {}
        self._written: dict[str, float] = {}  # provider id → monotonic time

    def start(self) -> None:
        """Look in the background from now on."""
        self._loop.start()

    async def stop(self) -> None:
        """End, and write what is left."""
        await self._loop.stop()
        self._gather()
        self._reader.close()
        try:
            await self._write(self._waiting)
        except PatchbayError as error:
            _log.warning("What calls said of %d providers was not written: %s", len(self._waiting), error.message)

    async def look(self) -> None:
        """Take what was noted and write what is due: a verdict that changed at once, everything else now and then."""
        self._gather()
        await self._write({provider_id: self._waiting[provider_id] for provider_id in self._waiting if self._is_due(provider_id)})

    def _gather(self) -> None:
        found: dict[str, list[Attempt]] = {}
        for provider_id, attempt in self._reader.drain():
            found.setdefault(provider_id, []).append(attempt)
        for provider_id, attempts in found.items():
            self._waiting[provider_id] = health.merged(self._waiting.get(provider_id, ()), attempts)

    def _is_due(self, provider_id: str) -> bool:
        before = self._stored.get(provider_id, [])
        verdict = _verdict(health.merged(before, self._waiting[provider_id]))
        wait = EVERY_SECONDS if verdict[0] is Health.HEALTHY else FAILING_SECONDS
        return verdict != _verdict(before) or time.monotonic() - self._written.get(provider_id, -wait) >= wait

    async def _write(self, due: Mapping[str, Sequence[Attempt]]) -> None:
        if not due:
            return
        # Not audited, and no new revision: that a provider was called is no change of it.
        async with work(SYSTEM, audited=False) as doing:
            stored = await rows.add(doing.session, due, await provider_records.configured(doing.session, due))
        at = time.monotonic()
        self._stored |= stored
        for provider_id in list(due):
            del self._waiting[provider_id]
            self._written[provider_id] = at


class Watch:
    """Tells the tabs of this process when a provider does differently, whichever process saw it."""

    def __init__(self) -> None:
        self._seq = -1
        self._known: dict[str, list[Attempt]] = {}
        self._tested: dict[str, float] = {}  # provider id → seconds since 1970
        self._told: dict[str, Verdict] = {}
        self._quiet: set[str] = set()  # called since pages heard of it, to the same end
        self._aged_at = self._quiet_at = time.monotonic()

    async def run(self) -> None:
        """Look until cancelled."""
        await Periodic(self.look, every=LOOK_SECONDS, name="health", trouble="The health of providers is not read").run()

    async def look(self) -> None:
        """Read what was written since the last time, and say what it changes."""
        is_first = self._seq < 0
        async with engine.session() as session:
            found = await rows.changed_after(session, self._seq)
            tested = await probes.of_providers(session, [row.provider_id for row in found]) if found else {}
        self._seq = found[-1].seq if found else max(self._seq, 0)
        self._known |= {row.provider_id: rows.every_attempt(row) for row in found}
        self._tested |= {provider_id: probe.checked_at.timestamp() for provider_id, probe in tested.items()}
        changed = self._judge([row.provider_id for row in found])
        self._quiet |= {row.provider_id for row in found} - changed
        at = time.monotonic()
        if at - self._aged_at >= AGE_SECONDS:
            self._aged_at = at
            changed |= self._judge(list(self._known))
        if at - self._quiet_at >= QUIET_SECONDS:
            self._quiet_at = at
            changed |= self._quiet
        if changed and not is_first:  # what was there before is what pages read first
            health_changes.publish(changed)
            self._quiet -= changed
            registry.shared.hint()

    def _judge(self, provider_ids: Sequence[str]) -> set[str]:
        """Ids of those whose verdict is another one than what was told last."""
        verdicts = {i: _verdict(self._known[i], self._tested.get(i, 0.0)) for i in provider_ids}
        changed = {provider_id for provider_id, verdict in verdicts.items() if self._told.get(provider_id) != verdict}
        self._told |= verdicts
        return changed


def _verdict(attempts: Sequence[Attempt], since: float = 0.0) -> Verdict:
    found = health.of_calls(attempts, since=since, now=time.time())
    return (found.health, found.reason, since) if found else (Health.UNKNOWN, "", since)
