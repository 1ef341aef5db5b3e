"""A second provider like one that exists."""

from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.credentials.credential import KeyState
from app.domain.errors import InvalidDraft, Reason, SecretUnreadable
from app.domain.ids import uuid7
from app.domain.names import check_slug
from app.domain.providers.drafts import free_name, settle
from app.domain.providers.provider import Provider
from app.domain.record import LONGEST_LABEL
from app.domain.secret import Binding, SealedField
from app.services.kernel import lookup
from app.services.providers.reading import name_is_free, preset_of, taken_names
from app.services.providers.saving import insert
from app.storage import credentials, models, provider_records
from app.storage.credentials import StoredKey
from app.storage.database.columns import now
from app.storage.tables import CredentialRow, CredentialSecret, ProviderRow
from app.storage.work import Work, work
from app.vault import envelope, ring
from app.vault.fields import TABLE

COPIED = {KeyState.ACTIVE, KeyState.STANDBY, KeyState.DISABLED}


async def duplicate(actor: Actor, name: str, *, new_name: str | None = None, label: str | None = None, with_keys: bool = False) -> Provider:
    """Copy everything but history, tests and, unless `with_keys`, the keys. The copy is off, so that a model that both list does not
    become ambiguous for whoever calls it by its bare name; its address is the same, so copied keys go nowhere new.

    Without a name it takes the next free one. Raises `UnknownProvider`, `NameTaken`, `InvalidDraft`.
    """
    actor.must_admin()
    if label is not None and len(label) > LONGEST_LABEL:
        raise InvalidDraft({"label": Reason("too_long", "Use at most {most} characters.", most=LONGEST_LABEL)})
    async with work(actor) as doing:
        session = doing.session
        row = await lookup.provider(session, name)
        draft = provider_records.draft_of(row, await models.of_provider(session, row.id))
        if new_name is not None:
            await name_is_free(session, check_slug(new_name))
        chosen = new_name or free_name(name, await taken_names(session))
        draft = draft.model_copy(update={"name": chosen, "label": label or f"{row.label[: LONGEST_LABEL - 4]} (2)", "enabled": False})
        settled = settle(draft, preset=preset_of(draft, stored=True), types=lookup.auth_types())
        made = await insert(doing, settled, local=[])
        copied = await _copy_keys(doing, row, made) if with_keys else 0
        changes = {"of": {"before": None, "after": name}, "keys": {"before": None, "after": copied}}
        doing.record(Action.PROVIDER_DUPLICATE, target=("provider", made.id, made.name), changes=changes)
        return await provider_records.one(session, await lookup.provider(session, made.name))


async def _copy_keys(doing: Work, row: ProviderRow, made: Provider) -> int:
    """Seal every key that can be opened for its new row. One that cannot be is left out: its copy could not be used either."""
    copied = 0
    for key in await credentials.of_provider(doing.session, row.id):
        if not key.secrets or key.row.state not in COPIED or key.row.state_reason:
            continue  # one half of a rotation, or one that the vendor refused
        owner = CredentialRow(
            id=uuid7(), provider_id=made.id, label=key.row.label, state=key.row.state, weight=key.row.weight, priority=key.row.priority,
            origin=key.row.origin, expires_at=key.row.expires_at, state_since=now(),
        )  # fmt: skip
        try:
            sealed = {field: _field(owner, secret) for field, secret in key.secrets.items()}
        except SecretUnreadable:
            continue
        changes = await credentials.put(doing.session, StoredKey(owner, {}), sealed, key.references, destination=owner.origin)
        doing.record(Action.KEY_ADD, target=("provider", made.id, made.name), changes={"credential_id": owner.id, **changes})
        copied += 1
    return copied


def _field(owner: CredentialRow, stored: CredentialSecret) -> SealedField:
    held = Binding(TABLE, stored.credential_id, stored.field, owner.origin)
    value = envelope.rebind(ring.current(), stored.value, held, Binding(TABLE, owner.id, stored.field, owner.origin))
    return SealedField(value, stored.hint, stored.fingerprint)
