"""Rotating the master key while everything goes on: add, activate, rewrap, retire. Each step may be killed and asked for again."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app import settings
from app.domain.actor import Actor
from app.domain.audit import Action, Outcome
from app.domain.errors import AlreadyCreated, Conflict, InUse, InvalidDraft, KeyMissing, SecretUnreadable, VaultError
from app.domain.keyring import ALIVE, AddedKey, ExposedSecret, MasterKeyState, RetiredKey, Rewrapped, Worker
from app.domain.secret import Secret
from app.storage import credentials, crypto, instance
from app.storage.crypto import SealedColumn, SealedValue
from app.storage.database import engine
from app.storage.tables import CryptoKey, now
from app.storage.work import Work, work
from app.vault import envelope, keyfile, ring

BATCH = 200


async def add(actor: Actor, given: Secret | None = None) -> AddedKey:
    """Stage a master key: one that was put into the key source already, the given one, or a new one.

    In the key file of the data folder it is made durable first. Sources that are not ours to write (the environment, a file
    that was named) have to be changed by hand: then nothing is staged and the answer says what to do.
    Raises `InvalidDraft` for a text that is no master key, `Conflict` for a key that is known already.
    """
    actor.must_admin()
    found = _source()
    async with engine.session() as session:
        known = {row.kid: row for row in await crypto.keys(session)}
    waiting = next((kid for kid in found.keys if kid not in known), None)
    kid, key, text = waiting, found.keys[waiting] if waiting else b"", None
    if given is not None or waiting is None:
        text = given.reveal() if given else keyfile.make()
        kid, key = _read(text)
    assert kid is not None  # noqa: S101 - for the type checker
    if (row := known.get(kid)) and row.state != MasterKeyState.RETIRED:
        raise AlreadyCreated(f"The master key {kid} is already known; it is {row.state.replace('_', ' ')}.")
    if kid not in found.keys:
        if not found.is_ours or found.file is None:
            return AddedKey(kid=kid, is_staged=False, key=None if given else text, advice=_advice(found))
        keyfile.append(found.file, key)
    await _stage(actor, kid, key)
    return AddedKey(kid=kid, is_staged=True)


async def activate(actor: Actor, kid: str | None = None) -> str:
    """Seal with this key from now on; without an id, with the only one that is staged. Returns its id.

    Raises `Conflict` while a process that serves does not hold the key, or when it is not clear which one is meant.
    """
    actor.must_admin()
    async with work(actor) as doing:
        await instance.lock(doing.session)
        known = await crypto.keys(doing.session)
        chosen = _chosen(known, kid, MasterKeyState.STAGED, "activate")
        if chosen.state == MasterKeyState.ACTIVE:
            return chosen.kid
        if chosen.state == MasterKeyState.RETIRED:
            raise Conflict(f"The master key {chosen.kid} was retired. Add it again with patchbay master-key create.")
        alive = await instance.workers(doing.session, since=now() - ALIVE)
        _must_hold(alive, chosen.kid)
        before = [row for row in known if row.state == MasterKeyState.ACTIVE]
        for row in before:
            row.state = MasterKeyState.DECRYPT_ONLY
            doing.session.add(row)
        await doing.session.flush()  # two active keys at once would be refused
        chosen.state, chosen.activated_at = MasterKeyState.ACTIVE, now()
        doing.session.add(chosen)
        doing.touch()  # every process hears of it by the revision
        changes = {"master_key": {"before": ", ".join(row.kid for row in before), "after": chosen.kid}, "workers": len(alive)}
        doing.record(Action.MASTER_KEY_ACTIVATE, target=_target(chosen.kid), changes=changes)
    ring.current().turn_to(chosen.kid)
    return chosen.kid


async def rewrap(actor: Actor) -> Rewrapped:
    """Bring every sealed value under the active key, in small transactions; who is killed or asked again goes on where it stood.

    A value that somebody saves meanwhile stays as saved. Values that no key opens are marked, left out and counted.
    Raises `KeyMissing` when values need a known key that is not loaded; what was rewrapped before stays so.
    """
    actor.must_admin()
    counted = _Counted()
    try:
        while await _pass(actor, counted):
            pass  # a value that was saved under the old key behind our back is found by the next pass
    except VaultError as error:
        await _note(actor, counted, left=await _left(), outcome=Outcome.FAILED, reason=error.message)
        raise
    left = await _left()
    if counted.rewrapped or counted.broken:
        await _note(actor, counted, left=left)
    return Rewrapped(kid=ring.current().active, rewrapped=counted.rewrapped, broken=counted.broken, left=left)


async def retire(actor: Actor, kid: str | None = None) -> RetiredKey:
    """Take a key that nothing needs any more out of use and out of our key file; without an id, the only one that just opens.

    Raises `Conflict` while it is active, while a value needs it or a process still seals with it.
    """
    actor.must_admin()
    async with work(actor) as doing:
        await instance.lock(doing.session)
        known = await crypto.keys(doing.session)
        unfinished = _unfinished(known) if kid is None else None
        chosen = _chosen(known, unfinished or kid, MasterKeyState.DECRYPT_ONLY, "retire")
        if chosen.state != MasterKeyState.RETIRED:
            await _must_be_free(doing, chosen)
            chosen.state, chosen.retired_at = MasterKeyState.RETIRED, now()
            doing.session.add(chosen)
            doing.record(Action.MASTER_KEY_RETIRE, target=_target(chosen.kid), changes={"values": 0})
    # Only now, and again when the first try was killed here: the file loses a key that nothing asks for any more.
    found = _source()
    keep = "Keep a copy of it for as long as you keep backups from before today: they can only be decrypted with this key."
    if found.is_ours and found.file is not None:
        if chosen.kid in found.keys:
            keyfile.remove(found.file, chosen.kid)
        return RetiredKey(kid=chosen.kid, advice=f"It is no longer in {found.file}. {keep}")
    left = f"Remove it from {_place(found)} at the next restart. " if chosen.kid in found.keys else ""
    return RetiredKey(kid=chosen.kid, advice=left + keep)


async def exposed(actor: Actor) -> list[ExposedSecret]:
    """Every stored provider credential: what has to be issued anew when a master key and a copy of the database became known."""
    actor.must_admin()
    async with engine.session() as session:
        return await credentials.fields(session)


@dataclass(slots=True)
class _Counted:
    rewrapped: int = 0
    broken: int = 0


async def _pass(actor: Actor, counted: _Counted) -> int:
    """Once through every sealed column. Returns how many values were rewrapped."""
    before = counted.rewrapped
    for column in crypto.resealable():
        after = None
        while True:
            started = time.monotonic()
            # Audited once a run, with its counts: a batch changes no secret and nothing that anybody decided.
            async with work(actor, audited=False) as doing:
                batch = await _batch(doing, column, after, counted)
            if len(batch) < BATCH:
                break
            after = batch[-1].row
            await asyncio.sleep(time.monotonic() - started)  # half of the time belongs to whoever wants to write meanwhile
    return counted.rewrapped - before


async def _batch(doing: Work, column: SealedColumn, after: tuple[object, ...] | None, counted: _Counted) -> Sequence[SealedValue]:
    held = ring.current()
    known = {row.kid: row.state for row in await crypto.keys(doing.session)}
    active = next(kid for kid, state in known.items() if state == MasterKeyState.ACTIVE)
    if active != held.active:
        _must_be_loaded(held, {active: 1})
        held.turn_to(active)
    values = await crypto.under_other_keys(doing.session, column, active=active, after=after, limit=BATCH)
    _must_be_loaded(held, {v.value.kid: 1 for v in values if v.value.kid in known})
    for value in values:
        try:
            new = held.reseal(value.value)
        except SecretUnreadable:
            counted.broken += await crypto.mark_broken(doing.session, column, value, at=now())
        else:
            counted.rewrapped += await crypto.replace_value(doing.session, column, value, new)
    return values


async def _left() -> int:
    async with engine.session() as session:
        used = await crypto.kids_in_use(session)
        active = {row.kid for row in await crypto.keys(session) if row.state == MasterKeyState.ACTIVE}
    return sum(count for kid, count in used.items() if kid not in active)


async def _note(actor: Actor, counted: _Counted, *, left: int, outcome: Outcome = Outcome.OK, reason: str = "") -> None:
    """One entry a run, with its counts."""
    kid = ring.current().active
    changes = {"rewrapped": counted.rewrapped, "broken": counted.broken, "left": left}
    async with work(actor) as doing:
        doing.record(Action.MASTER_KEY_REWRAP, target=_target(kid), changes=changes, outcome=outcome, reason=reason)


async def _stage(actor: Actor, kid: str, key: bytes) -> None:
    """The row and its canary; a command that was faster wins."""
    async with work(actor) as doing:
        place = await instance.lock(doing.session)
        row = next((row for row in await crypto.keys(doing.session) if row.kid == kid), None)
        if row is not None and row.state != MasterKeyState.RETIRED:
            return
        alone = ring.Ring(place.instance_id, {kid: key}, active=kid)
        canary = envelope.seal(alone, Secret(f"canary:{place.instance_id}"), ring.canary_binding(kid))
        staged = row or CryptoKey(kid=kid, state=MasterKeyState.STAGED, canary=canary)
        staged.state, staged.canary, staged.retired_at = MasterKeyState.STAGED, canary, None
        doing.session.add(staged)
        doing.touch()  # processes that serve look at their key file when they hear of a revision
        doing.record(Action.MASTER_KEY_ADD, target=_target(kid), changes={"state": {"before": None, "after": "staged"}})


async def _must_be_free(doing: Work, chosen: CryptoKey) -> None:
    """Raise `InUse` while anything needs the key."""
    if chosen.state == MasterKeyState.ACTIVE:
        raise InUse(f"The master key {chosen.kid} is active. Activate another one first.")
    if count := (await crypto.kids_in_use(doing.session)).get(chosen.kid, 0):
        raise InUse(f"{count} saved secrets still need the master key {chosen.kid}. Run patchbay master-key rewrap first.")
    alive = await instance.workers(doing.session, since=now() - ALIVE)
    if sealing := [w for w in alive if w.kids[:1] == [chosen.kid]]:
        raise InUse(f"{_names(sealing)} still encrypts with the master key {chosen.kid}. Try again in a minute.")


def _unfinished(known: Sequence[CryptoKey]) -> str | None:
    """A key whose retiring was killed before the file was written: it is retired and still there."""
    found = _source()
    if not found.is_ours or any(row.state == MasterKeyState.DECRYPT_ONLY for row in known):
        return None
    return next((row.kid for row in known if row.state == MasterKeyState.RETIRED and row.kid in found.keys), None)


def _chosen(known: Sequence[CryptoKey], kid: str | None, state: MasterKeyState, verb: str) -> CryptoKey:
    """The key that is meant: the one of this id, or the only one in this state."""
    found = [row for row in known if (row.kid == kid if kid else row.state == state)]
    if len(found) == 1:
        return found[0]
    if kid:
        raise Conflict(f"There is no master key {kid}. patchbay master-key list shows those there are.", suggestions=[r.kid for r in known])
    if found:
        raise Conflict(f"There are several master keys. Choose one: patchbay master-key {verb} ID.", suggestions=[row.kid for row in found])
    first = " Start with patchbay master-key create." if state == MasterKeyState.STAGED else ""
    raise Conflict(f"There is no master key to {verb}.{first}")


def _must_hold(alive: Sequence[Worker], kid: str) -> None:
    """Raise unless this process and every one that serves can open what will be sealed with this key."""
    _must_be_loaded(ring.current(), {kid: 1})
    if lacking := [worker for worker in alive if kid not in worker.kids]:
        raise Conflict(
            f"{_names(lacking)} does not have the master key {kid} yet. With a key file it is read within ten seconds; a process that "
            "takes its keys from the environment has to be restarted with the new one. One that ended is forgotten after a minute.",
            details={"workers": [worker.worker_id for worker in lacking]},
        )


def _must_be_loaded(held: ring.Ring, needed: Mapping[str, int]) -> None:
    if missing := sorted(needed.keys() - held.kids):
        raise KeyMissing(
            f"The master key {', '.join(missing)} is needed and not loaded. Add it to the key source and run this again; "
            "what is done already stays done.",
            details={"expected": missing},
        )


def _source() -> keyfile.Found:
    if (found := keyfile.find(settings.current())) is None:
        raise KeyMissing("There is no key source. Start Patchbay with its key file or key variable.")
    return found


def _read(text: str) -> tuple[str, bytes]:
    try:
        return keyfile.read_key(text, "what was given")
    except VaultError as error:
        raise InvalidDraft({"key": error.message}) from None


def _place(found: keyfile.Found) -> str:
    return str(found.file) if found.file else "PATCHBAY_MASTER_KEYS"


def _advice(found: keyfile.Found) -> str:
    """How a key gets into a source that we do not write."""
    if found.file:
        return (
            f"Nothing is staged yet. Add this key as a new line to {found.file} behind the present one, on every server; "
            "then run patchbay master-key create again. Running servers read the file automatically."
        )
    return (
        "Nothing is staged yet. Set PATCHBAY_MASTER_KEYS to the present key, a comma and this key, on every server, and restart them; "
        "then run patchbay master-key create again with the same variable."
    )


def _names(workers: Sequence[Worker]) -> str:
    return ", ".join(f"{worker.kind} on {worker.host} (process {worker.pid})" for worker in workers)


def _target(kid: str) -> tuple[str, str, str]:
    return ("master_key", kid, kid)
