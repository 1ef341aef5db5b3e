"""Keys that heal by themselves: what the relay learned is written down, and a key that was refused gets its trials.

A refused key is `auto_disabled` until a trial with the live provider succeeds: after 1, 5, 15 and then every 60 minutes. A request
makes the trial where there is traffic; otherwise a probe of depth `auth` does. A provider that is off is left alone.
"""

import asyncio
import logging
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial

from app import presets, registry
from app.domain.actor import SYSTEM
from app.domain.audit import Action
from app.domain.credentials.credential import Held, KeyState
from app.domain.errors import PatchbayError
from app.domain.probes.probe import ProbeResult, StepName, Verdict
from app.domain.snapshot import Endpoint, Key, Snapshot
from app.probe import runner
from app.probe.diagnoses import credential
from app.relay import key_outcomes, keys
from app.relay.key_outcomes import KeyEvent, Learned
from app.services.kernel.periodic import Periodic, heard
from app.storage import credentials
from app.storage.credentials import StoredKey
from app.storage.database.columns import now
from app.storage.work import work

TICK_SECONDS = 0.5
HINTS_SECONDS = 1.0  # tabs hear of keys that cool at most this often
USES_SECONDS = 10.0
# Traffic makes a trial as soon as it is due; a probe only once nothing came for this long.
GRACE = timedelta(seconds=3)
_AT_ONCE = 4
REFUSED, REFUSED_RESERVE = "refused", "refused_reserve"  # state_reason; a reserve becomes one again
# How long the key has been out → how long until the next trial: 1, 5, 15 and 60 minutes one after the other.
_STEPS = ((timedelta(minutes=5), timedelta(minutes=5)), (timedelta(minutes=20), timedelta(minutes=15)))
_ONLY_A_CHAT = (credential.KEY_NOT_TRIED.code, credential.LIST_IS_PUBLIC.code)  # tells whether the key is good
FIRST, LONGEST = timedelta(minutes=1), timedelta(minutes=60)

_log = logging.getLogger(__name__)


def next_trial(out_for: timedelta) -> timedelta:
    """How long to wait after a trial that failed, by how long the key has been out."""
    return next((wait for less, wait in _STEPS if out_for < less), LONGEST)


class KeyRecovery:
    """`start()` … `stop()`; one a process."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        pause = partial(heard, self._news)
        self._loop = Periodic(
            self._look, every=TICK_SECONDS, name="key recovery", trouble="The states of keys are not written", pause=pause
        )
        self._waiting: list[Learned] = []
        self._hints: list[float] = []  # monotonic times at which tabs should look again
        self._hinted = self._wrote_uses = 0.0
        self._uses: dict[str, float] = {}
        self._trials: dict[str, asyncio.Task[None]] = {}
        self._unprovable: set[tuple[str, datetime | None]] = set()  # keys that only a chat can prove
        self._seen: Snapshot | None = None
        self._out: list[tuple[Endpoint, Key]] = []

    def start(self) -> None:
        """Listen and look from now on."""
        key_outcomes.on_news.append(self._news.set)
        self._loop.start()

    async def stop(self) -> None:
        """End, and write what is left."""
        if self._news.set in key_outcomes.on_news:
            key_outcomes.on_news.remove(self._news.set)
        await self._loop.stop()
        ending = list(self._trials.values())
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)
        try:
            await self.flush()
            await self._write_uses()
        except PatchbayError as error:
            _log.warning("What was learned of keys was not written: %s", error.message)

    async def flush(self) -> None:
        """Write what was learned since the last time, and tell tabs of keys that cool."""
        self._waiting += key_outcomes.drain()
        while self._waiting:
            await self._apply(self._waiting[0])
            del self._waiting[0]
        self._hint()

    async def retry_due(self) -> None:
        """Start the trials that nobody made, and write the last uses when it is time."""
        for endpoint, key in self._refused():
            is_old = key.next_retry_at is None or key.next_retry_at + GRACE <= datetime.now(UTC)
            is_free = key.id not in self._trials and len(self._trials) < _AT_ONCE and (key.id, key.state_since) not in self._unprovable
            if is_old and is_free and keys.is_due(key):
                task = self._trials[key.id] = asyncio.create_task(self._try(endpoint, key), name="trial of a key")
                task.add_done_callback(lambda _, key_id=key.id: self._trials.pop(key_id, None))
        if time.monotonic() - self._wrote_uses >= USES_SECONDS:
            await self._write_uses()

    async def _look(self) -> None:
        try:
            await self.flush()
            await self.retry_due()
        except PatchbayError:
            await asyncio.sleep(TICK_SECONDS)  # news that keeps coming must not have it try without a pause
            raise

    async def _apply(self, learned: Learned) -> None:
        if learned.event is KeyEvent.COOLING:
            at = time.monotonic()
            self._hints += [at, at + learned.seconds + 0.01]
        elif learned.event is KeyEvent.ACCEPTED:
            await _recover(learned)
        elif learned.state is KeyState.AUTO_DISABLED:
            await _postpone(learned.key_id, learned.since)
        else:
            await _take_out(learned)

    def _hint(self) -> None:
        at = time.monotonic()
        if at - self._hinted >= HINTS_SECONDS and any(moment <= at for moment in self._hints):
            self._hinted, self._hints = at, [moment for moment in self._hints if moment > at]
            registry.shared.hint()

    def _refused(self) -> list[tuple[Endpoint, Key]]:
        """Refused keys of providers that are on, sought once a snapshot."""
        held = registry.shared.snapshot
        if held is not self._seen:
            self._seen = held
            found = ((endpoint, key) for endpoint in held.endpoints.values() if endpoint.enabled for key in endpoint.keys)
            self._out = [(endpoint, key) for endpoint, key in found if key.state is KeyState.AUTO_DISABLED]
        return self._out

    async def _try(self, endpoint: Endpoint, key: Key) -> None:
        """One trial by a probe, by whichever process claims it. The relay reports a clear answer; any other counts as a failure."""
        alone = keys.alone(endpoint, key.id)
        try:
            # Not audited: a trial changes nothing unless it succeeds, and that is an entry of its own.
            async with work(SYSTEM, audited=False) as doing:
                until = now() + FIRST
                is_ours = await credentials.claim_trial(doing.session, key.id, state=key.state, seen=key.next_retry_at, until=until)
            keys.put_off(key)
            if not is_ours or alone is None:
                return
            result: ProbeResult | None = None
            async with aclosing(runner.run(alone, depth="auth", preset=presets.find(endpoint.preset))) as steps:
                async for step in steps:
                    result = step if isinstance(step, ProbeResult) else None
            if result is None or StepName.CREDENTIAL in result.proven or result.verdict is Verdict.AUTH_FAILED:
                return
            if any(step.message in _ONLY_A_CHAT for step in result.steps):
                self._unprovable.add((key.id, key.state_since))  # a request will have to try it
                keys.allow(key)
                return
            await _postpone(key.id, key.state_since)
        except PatchbayError as error:
            _log.warning("The trial of a key of %s could not be made: %s", endpoint.name, error.message)

    async def _write_uses(self) -> None:
        self._wrote_uses = time.monotonic()
        self._uses |= keys.drain_uses()
        if not self._uses:
            return
        # Not audited: being used is no change of a key.
        async with work(SYSTEM, audited=False) as doing:
            for key_id, at in self._uses.items():
                await credentials.used(doing.session, key_id, datetime.fromtimestamp(at, UTC))
        self._uses.clear()


async def _take_out(learned: Learned) -> None:
    """A key that traffic may use was refused. Whoever says it first writes the entry."""
    async with work(SYSTEM) as doing:
        found = await credentials.find(doing.session, learned.key_id)
        if found is None or not _is_same(learned, found[1]):
            return
        provider, stored = found
        row = stored.row
        is_reserve = row.state == KeyState.STANDBY and row.state_reason not in tuple(Held)
        if row.state != KeyState.ACTIVE and not is_reserve:
            return
        changes = {
            "credential_id": row.id,
            "state": {"before": row.state, "after": KeyState.AUTO_DISABLED},
            "reason": {"before": None, "after": f"refused ({learned.status})" if learned.status else "refused"},
        }
        at = now()
        row.state, row.state_reason, row.state_since = KeyState.AUTO_DISABLED, REFUSED_RESERVE if is_reserve else REFUSED, at
        row.next_retry_at = at + FIRST
        doing.change(row)
        doing.record(Action.KEY_AUTO_DISABLE, target=("provider", provider.id, provider.name), changes=changes)
        doing.touch(provider.id)


async def _recover(learned: Learned) -> None:
    """A key that was out was taken: back to what it was."""
    async with work(SYSTEM) as doing:
        found = await credentials.find(doing.session, learned.key_id)
        if found is None or found[1].row.state != KeyState.AUTO_DISABLED or not _is_same(learned, found[1]):
            return
        provider, row = found[0], found[1].row
        state = KeyState.STANDBY if row.state_reason == REFUSED_RESERVE else KeyState.ACTIVE
        changes = {"credential_id": row.id, "state": {"before": row.state, "after": state}}
        row.state, row.state_reason, row.state_since, row.next_retry_at = state, "", now(), None
        doing.change(row)
        doing.record(Action.KEY_RECOVER, target=("provider", provider.id, provider.name), changes=changes)
        doing.touch(provider.id)


async def _postpone(key_id: str, since: datetime | None) -> None:
    """A trial failed: the next one comes later. Not audited, for nothing changed but the time."""
    async with work(SYSTEM, audited=False) as doing:
        found = await credentials.find(doing.session, key_id)
        if found is None or (row := found[1].row).state != KeyState.AUTO_DISABLED or row.state_since != since:
            return
        at = now()
        due = at + next_trial(at - (row.state_since or at))
        if row.next_retry_at is None or row.next_retry_at < due - GRACE:
            row.next_retry_at = due
            doing.session.add(row)
            doing.touch(found[0].id)


def _is_same(learned: Learned, stored: StoredKey) -> bool:
    """Whether what was learned speaks of the secret that is stored now."""
    return {field: secret.value for field, secret in stored.secrets.items()} == dict(learned.secrets)
