"""The keys of a provider: several of them, each with a state, a weight and a priority of its own. One verb = one transaction."""

from collections.abc import Sequence

from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.credentials.credential import Credential, CredentialDraft, CredentialPatch, Held, KeyLine, KeyState, in_order, must_be_ahead
from app.domain.errors import DuplicateKey, InvalidDraft, Reason, RotationConflict
from app.domain.ids import uuid7
from app.domain.providers.drafts import FILL_IN
from app.domain.secret import Secret
from app.relay import overlay
from app.services.kernel import lookup, sealing
from app.storage import credentials, provider_records
from app.storage.credentials import StoredKey
from app.storage.database import engine
from app.storage.database.columns import now
from app.storage.tables import CredentialRow, ProviderRow
from app.storage.work import Work, work


async def list_(actor: Actor, name: str) -> list[Credential]:
    """The keys of a provider in the order in which they are tried, with where else they are stored and whether references resolve.

    Raises `UnknownProvider`.
    """
    actor.must_view()
    async with engine.session() as session:
        return await _shown(session, await lookup.provider(session, name, suggests=False))


async def get(actor: Actor, credential_id: str) -> Credential:
    """One key. Raises `UnknownCredential`."""
    actor.must_view()
    async with engine.session() as session:
        row, key = await lookup.key(session, credential_id)
        return await _one(session, row, key)


async def provider_of(actor: Actor, credential_id: str) -> str:
    """Name of the provider that a key belongs to. Raises `UnknownCredential`."""
    actor.must_view()
    async with engine.session() as session:
        return (await lookup.key(session, credential_id))[0].name


async def add(actor: Actor, name: str, draft: CredentialDraft) -> Credential:
    """Store one more key. `also_at` of the answer names other providers that have the same one.

    Raises `UnknownProvider`, `InvalidDraft`, `DuplicateKey`.
    """
    actor.must_admin()
    async with work(actor) as doing:
        row = await lookup.provider(doing.session, name, suggests=False)
        key = await _add(doing, row, await credentials.of_provider(doing.session, row.id), draft)
        doing.touch(row.id)
        return await _one(doing.session, row, key)


async def add_many(actor: Actor, name: str, text: Secret) -> list[KeyLine]:
    """Store one key a line. A line that cannot be stored says why and keeps no other from being stored; empty ones are left out.

    Raises `UnknownProvider`, `InvalidDraft` where a key has more than one part or nothing was typed.
    """
    actor.must_admin()
    lines = [(number, line) for number, line in enumerate(text.reveal().splitlines(), 1) if line.strip()]
    if not lines:
        raise InvalidDraft({"keys": FILL_IN})
    async with work(actor) as doing:
        row = await lookup.provider(doing.session, name, suggests=False)
        [field, *more] = lookup.auth_type(row).secret_fields or ("",)
        if not field or more:
            raise InvalidDraft({"keys": Reason("one_by_one", "Keys of this provider have several parts, or none. Add them one at a time.")})
        keys, stored = await credentials.of_provider(doing.session, row.id), []
        for number, line in lines:
            try:
                key = await _add(doing, row, keys, CredentialDraft(secret={field: Secret(line)}))
            except (InvalidDraft, DuplicateKey) as refused:
                code = getattr(refused.message, "code", refused.code)
                stored.append(KeyLine(line=number, credential=None, reason=refused.message, code=code))
            else:
                keys.append(key)
                stored.append(KeyLine(line=number, credential=credentials.record(key, last_test=None)))
        if any(line.credential for line in stored):
            doing.touch(row.id)
        shown = {credential.id: credential for credential in await _shown(doing.session, row)}
        return [line.model_copy(update={"credential": shown[line.credential.id]}) if line.credential else line for line in stored]


async def update(actor: Actor, credential_id: str, patch: CredentialPatch, *, version: int | None = None) -> Credential:
    """Change what the patch sets. A new secret or reference makes a key that could not be used usable again.

    Raises `UnknownCredential`, `Stale`, `InvalidDraft`, `RotationConflict` for the state of a key that is half of a rotation.
    """
    actor.must_admin()
    async with work(actor) as doing:
        row, key = await lookup.key(doing.session, credential_id, version=version)
        changes = await _refill(doing, row, key, patch)
        if patch.state not in (None, KeyState.DISABLED) and key.row.origin != lookup.auth_type(row).destination(row.origin, row.auth):
            raise _enter_again()  # it was detached, and switched off since
        if patch.label not in (None, key.row.label):
            others = [k for k in await credentials.of_provider(doing.session, row.id) if k.row.id != key.row.id]
            credentials.must_be_named_apart(others, patch.label)
        changes |= _settings(key.row, patch)
        if changes:
            doing.change(key.row)
            sealing.record(doing, row, Action.KEY_CHANGE, key.row, changes)
            doing.touch(row.id)
            await doing.session.flush()
        return await _one(doing.session, row, key)


async def reorder(actor: Actor, name: str, ids: Sequence[str]) -> list[Credential]:
    """Have the keys tried in this order. `ids` names every key once. Raises `UnknownProvider`, `InvalidDraft`."""
    actor.must_admin()
    async with work(actor) as doing:
        row = await lookup.provider(doing.session, name, suggests=False)
        keys = {key.row.id: key.row for key in await credentials.of_provider(doing.session, row.id)}
        if sorted(ids) != sorted(keys):
            raise InvalidDraft({"ids": Reason("order_incomplete", "List every key of this provider once. Reload the list and try again.")})
        was, has_changed = list(keys), False
        for key_id, (priority, weight) in in_order(list(ids)).items():
            key = keys[key_id]
            before, after = (key.priority, key.weight), (priority, weight or key.weight)
            if before != after:
                key.priority, key.weight = after
                doing.change(key)
                has_changed = True
        if has_changed:
            order = {"before": [keys[i].label for i in was], "after": [keys[i].label for i in ids]}
            doing.record(Action.KEY_CHANGE, target=("provider", row.id, row.name), changes={"order": order})
            doing.touch(row.id)
            await doing.session.flush()
        return await _shown(doing.session, row)


async def remove(actor: Actor, credential_id: str, *, version: int | None = None) -> None:
    """Delete a key, the last one too.

    Raises `UnknownCredential`, `Stale`, `RotationConflict` while the key it replaced waits for a roll-back."""
    actor.must_admin()
    async with work(actor) as doing:
        row, key = await lookup.key(doing.session, credential_id, version=version)
        siblings = {k.row.id: k.row for k in await credentials.of_provider(doing.session, row.id)}
        old = siblings.get(key.row.replaces or "")
        if old is not None and old.state_reason == Held.ROLLBACK:
            raise RotationConflict("This key replaced one that is kept for a rollback. Roll back, or remove the old key first.")
        sealing.record(doing, row, Action.KEY_REMOVE, key.row, credentials.cleared(key))
        await credentials.remove(doing.session, key)
        doing.touch(row.id)


async def _add(doing: Work, row: ProviderRow, keys: Sequence[StoredKey], draft: CredentialDraft) -> StoredKey:
    sealing.must_fit(keys, draft)
    owner = CredentialRow(
        id=uuid7(), provider_id=row.id, label=draft.label or _free_label(keys), origin="", weight=draft.weight, priority=draft.priority,
        state=draft.state, state_since=now(), expires_at=draft.expires_at,
    )  # fmt: skip
    key = StoredKey(owner, {})
    sealing.record(doing, row, Action.KEY_ADD, owner, await sealing.fill(doing, row, key, keys, draft))
    return next(k for k in await credentials.of_provider(doing.session, row.id) if k.row.id == owner.id)


async def _refill(doing: Work, row: ProviderRow, key: StoredKey, patch: CredentialPatch) -> dict[str, dict[str, object]]:
    """Replace what is stored, if something was given; a key that the vendor had refused or nobody could read is used again."""
    if not any((patch.secret or {}).values()) and not patch.reference:
        return {}
    changes = await sealing.fill(doing, row, key, await credentials.of_provider(doing.session, row.id), patch)
    owner, ended = key.row, key.row.expires_at
    if "expires_at" not in patch.model_fields_set and credentials.end_with_the_old(owner, now()):
        changes["expires_at"] = {"before": ended, "after": None}
    if owner.state in (KeyState.UNREADABLE, KeyState.AUTO_DISABLED):
        owner.state, owner.state_reason, owner.state_since, owner.next_retry_at = KeyState.ACTIVE, "", now(), None
        owner.retire_at = None
    return changes


def _settings(owner: CredentialRow, patch: CredentialPatch) -> dict[str, dict[str, object]]:
    """Everything of a patch but the secret, written to the row; field → before and after."""
    wanted = {f: getattr(patch, f) for f in ("label", "weight", "priority", "state", "expires_at") if f in patch.model_fields_set}
    wanted = {f: v for f, v in wanted.items() if (v is not None or f == "expires_at") and v != getattr(owner, f)}
    changes = {f: {"before": getattr(owner, f), "after": v} for f, v in wanted.items()}
    if "expires_at" in wanted:
        must_be_ahead(wanted["expires_at"], now())
    if "state" in wanted:
        if owner.state_reason in (Held.ROTATION, Held.ROLLBACK):
            raise RotationConflict("This key is being replaced. Promote it, roll back, or remove it.")
        if owner.state == KeyState.UNREADABLE and wanted["state"] != KeyState.DISABLED:
            raise _enter_again()
        owner.state_reason, owner.state_since, owner.next_retry_at = "", now(), None
    for field, value in wanted.items():
        setattr(owner, field, value)
    return changes


def _enter_again() -> InvalidDraft:
    return InvalidDraft({"state": Reason("enter_again", "This key cannot be read. Enter it again to use it.")})


async def _shown(session: engine.AsyncSession, row: ProviderRow) -> list[Credential]:
    """The keys with what only a look around tells: who else has them, and whether references lead anywhere."""
    shown = [overlay.of_key(c, row.auth_type) for c in (await provider_records.one(session, row)).credentials]
    homes = await credentials.homes(session, {c.fingerprint for c in shown if c.fingerprint})
    also_at = {c.id: sorted(name for home, name in homes.get(c.fingerprint, ()) if home != row.id) for c in shown}
    return [c.model_copy(update={"also_at": also_at[c.id]}) for c in shown]


async def _one(session: engine.AsyncSession, row: ProviderRow, key: StoredKey) -> Credential:
    return next(c for c in await _shown(session, row) if c.id == key.row.id)


def _free_label(keys: Sequence[StoredKey]) -> str:
    taken = {key.row.label.casefold() for key in keys}
    return next(label for number in range(1, len(keys) + 2) if (label := f"Key {number}").casefold() not in taken)
