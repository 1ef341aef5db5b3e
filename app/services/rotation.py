"""Replacing a key without a gap: the new one waits beside the old, takes its place when somebody says so, and the old one is kept for
a while to go back to. At every moment exactly one of the two is traffic's to use; a request that runs ends with the key it began with."""

from datetime import timedelta

from app.domain.actor import SYSTEM, Actor
from app.domain.audit import Action
from app.domain.credentials.credential import Credential, CredentialDraft, Held, KeyState
from app.domain.errors import InvalidDraft, Reason, RotationConflict, UnknownCredential
from app.domain.ids import uuid7
from app.services.kernel import lookup, sealing
from app.services.kernel.periodic import Periodic
from app.storage import credentials, provider_records
from app.storage.credentials import StoredKey
from app.storage.database import engine
from app.storage.database.columns import now
from app.storage.tables import CredentialRow, ProviderRow
from app.storage.work import Work, work

KEEP_HOURS = 24
LONGEST_KEEP_HOURS = 720
LOOK_SECONDS = 30.0
_IN_USE = (KeyState.ACTIVE, KeyState.AUTO_DISABLED, KeyState.UNREADABLE)


async def start(actor: Actor, name: str, draft: CredentialDraft, *, replaces: str | None = None, version: int | None = None) -> Credential:
    """Store the new key beside the one it is to replace; it can be tested, traffic does not use it. `replaces` may be left out where a
    provider has one key. Weight, priority and state of the draft do not count: the new key takes those of the old one.

    Raises `UnknownProvider`, `UnknownCredential`, `Stale` for another `version` of the old key, `InvalidDraft`.
    """
    actor.must_admin()
    async with work(actor) as doing:
        row = await lookup.provider(doing.session, name, suggests=False)
        keys = await credentials.of_provider(doing.session, row.id)
        old = _replaced(keys, replaces)
        await lookup.expect_version(doing.session, old.row, version)
        sealing.must_fit(keys, draft)
        new = CredentialRow(
            id=uuid7(), provider_id=row.id, label=draft.label or _next_label(old.row.label, keys), origin="", replaces=old.row.id,
            weight=old.row.weight, priority=old.row.priority, expires_at=draft.expires_at,
        )  # fmt: skip
        _hold(new, Held.ROTATION)
        changes = await sealing.fill(doing, row, StoredKey(new, {}), keys, draft, names_field=False)
        sealing.record(doing, row, Action.KEY_ADD, new, {**changes, "replaces": {"before": None, "after": old.row.label}})
        return await _done(doing, row, new)


async def promote(actor: Actor, credential_id: str, *, keep_hours: int = KEEP_HOURS, version: int | None = None) -> Credential:
    """Put the new key in the old one's place; the old one is kept this long, then deleted by itself (0 = within a minute).

    Raises `UnknownCredential`, `Stale`, `RotationConflict`, `InvalidDraft`.
    """
    actor.must_admin()
    if not 0 <= keep_hours <= LONGEST_KEEP_HOURS:
        raise InvalidDraft({"keep_hours": Reason("keep_hours", "Keep the old key for 0 to {most} hours.", most=LONGEST_KEEP_HOURS)})
    async with work(actor) as doing:
        row, keys, new = await _known(doing, credential_id, version)
        if new.row.state != KeyState.STANDBY or new.row.state_reason != Held.ROTATION:
            raise RotationConflict("This key is not a new key that waits to be used. Reload the list.")
        changes: dict[str, object] = {}
        if (old := keys.get(new.row.replaces or "")) is not None:
            new.row.weight, new.row.priority = old.row.weight, old.row.priority
            if old.row.state != KeyState.UNREADABLE:  # an unreadable key is nothing to go back to, but goes as quietly
                _hold(old.row, Held.ROLLBACK)
            old.row.retire_at = now() + timedelta(hours=keep_hours)
            doing.change(old.row)
            changes = {"replaces": {"before": None, "after": old.row.label}, "retire_at": {"before": None, "after": old.row.retire_at}}
        _use(new.row)
        doing.change(new.row)
        sealing.record(doing, row, Action.KEY_PROMOTE, new.row, changes)
        return await _done(doing, row, new.row)


async def rollback(actor: Actor, credential_id: str, *, version: int | None = None) -> Credential:
    """Use the old key again; the new one waits beside it, to be promoted once more or cancelled. Either of the two may be named.
    Answers with the old key.

    Raises `UnknownCredential`, `Stale`, `RotationConflict`.
    """
    actor.must_admin()
    async with work(actor) as doing:
        row, keys, named = await _known(doing, credential_id, version)
        if named.row.state_reason == Held.ROLLBACK:
            old, new = named, next((key for key in keys.values() if key.row.replaces == named.row.id), None)
        else:
            old, new = keys.get(named.row.replaces or ""), named
        if old is None or old.row.state_reason != Held.ROLLBACK:
            raise RotationConflict("There is no old key to roll back to. It may have been deleted; reload the list.")
        _use(old.row)
        old.row.retire_at = None
        doing.change(old.row)
        if new is not None:
            _hold(new.row, Held.ROTATION)
            doing.change(new.row)
        sealing.record(
            doing, row, Action.KEY_ROLLBACK, old.row, {"instead": {"before": new.row.label if new else None, "after": old.row.label}}
        )
        return await _done(doing, row, old.row)


async def cancel(actor: Actor, credential_id: str, *, version: int | None = None) -> None:
    """Delete the new key before it was promoted. Raises `UnknownCredential`, `Stale`, `RotationConflict`."""
    actor.must_admin()
    async with work(actor) as doing:
        row, _, new = await _known(doing, credential_id, version)
        if new.row.state_reason != Held.ROTATION:
            raise RotationConflict("This key is not a new key that waits to be used. Reload the list.")
        await _delete(doing, row, new, Action.KEY_REMOVE)


async def retire() -> list[str]:
    """Delete the old keys whose time is over; ids of those that this call deleted. Of several processes one does it."""
    async with engine.session() as session:
        over = await credentials.due(session, now())
    gone = []
    for credential_id in over:
        async with work(SYSTEM) as doing:  # holds the right to write: what is read here is true until the commit
            found = await credentials.find(doing.session, credential_id, trashed=True)
            if found is None or found[1].row.retire_at is None or found[1].row.retire_at > now():
                continue
            await _delete(doing, *found, Action.KEY_RETIRE)
            gone.append(credential_id)
    return gone


def retirement() -> Periodic:
    """Retires what is due, until it is stopped; one a serving process."""
    return Periodic(retire, every=LOOK_SECONDS, name="retirement of keys", trouble="Replaced keys are not deleted", at_once=True)


def _replaced(keys: list[StoredKey], wanted: str | None) -> StoredKey:
    """The key that is to be replaced. Raises `InvalidDraft` where it cannot be, `UnknownCredential`."""
    free = [key for key in keys if key.row.state_reason not in (Held.ROTATION, Held.ROLLBACK)]
    if wanted is None:
        if len(free) != 1:
            raise InvalidDraft({"replaces": Reason("which_key", "Choose the key to replace.")})
        [old] = free
    else:
        old = next((key for key in keys if key.row.id == wanted), None)
    if old is None:
        raise UnknownCredential("This provider has no key with this ID.")
    if old not in free or old.row.state not in _IN_USE:
        raise InvalidDraft(
            {"replaces": Reason("not_in_use", "Only a key in use can be replaced step by step. Change this one in its row.")}
        )
    halves = {key.row.id for key in keys if key.row.state_reason == Held.ROLLBACK}
    if old.row.replaces in halves or any(key.row.replaces == old.row.id for key in keys if key.row.state_reason == Held.ROTATION):
        reason = Reason("being_replaced", "This key is already being replaced. Finish that first.")
        raise InvalidDraft({"replaces": reason})
    return old


def _use(key: CredentialRow) -> None:
    key.state, key.state_reason, key.state_since = KeyState.ACTIVE, "", now()
    key.next_retry_at = None


def _hold(key: CredentialRow, why: Held) -> None:
    key.state, key.state_reason, key.state_since = KeyState.STANDBY, why, now()
    key.next_retry_at = None


async def _delete(doing: Work, row: ProviderRow, key: StoredKey, action: Action) -> None:
    sealing.record(doing, row, action, key.row, credentials.cleared(key))
    await credentials.remove(doing.session, key)
    doing.touch(row.id)


async def _known(doing: Work, credential_id: str, version: int | None) -> tuple[ProviderRow, dict[str, StoredKey], StoredKey]:
    """(provider, all its keys by id, this key)."""
    row, key = await lookup.key(doing.session, credential_id, version=version)
    keys = {k.row.id: k for k in await credentials.of_provider(doing.session, row.id)}
    return row, keys, keys[key.row.id]


def _next_label(label: str, keys: list[StoredKey]) -> str:
    """`Key 1` → `Key 1 (2)`: the new one of a pair is told from the old."""
    taken, stem = {key.row.label for key in keys}, label[:72].rsplit(" (", 1)[0]
    return next(made for number in range(2, len(keys) + 3) if (made := f"{stem} ({number})") not in taken)


async def _done(doing: Work, row: ProviderRow, key: CredentialRow) -> Credential:
    doing.touch(row.id)
    await doing.session.flush()
    return next(c for c in (await provider_records.one(doing.session, row)).credentials if c.id == key.id)
