"""The credential of a provider that is being saved: sealed, rotated, detached or cleared, each with its audit entry."""

from collections.abc import Mapping

from app.domain.audit import Action
from app.domain.credentials.credential import FIRST_LABEL, KeyState
from app.domain.errors import InvalidDraft, Reason, ReentryRequired
from app.domain.ids import uuid7
from app.domain.providers.drafts import Settled
from app.services.kernel import sealing
from app.storage import credentials
from app.storage.credentials import StoredKey
from app.storage.database.columns import now
from app.storage.tables import CredentialRow, ProviderRow
from app.storage.work import Work


async def save(work: Work, row: ProviderRow, keys: list[StoredKey], settled: Settled, *, fields: tuple[str, ...], detach: bool) -> bool:
    """Bring the stored credential in line with a draft that has passed the rules. Returns whether anything changed.

    A secret left out is kept while the origin stays; when the origin moves it has to be entered again or detached.
    An auth type that does not use the stored fields clears them. `row` still holds the old configuration.
    """
    changed = False
    for key in [k for k in keys if k.secrets and not set(k.secrets) <= set(fields)]:
        _record(work, row, Action.CREDENTIAL_CLEAR, key.row, _before(key, op="clear"))
        await credentials.remove(work.session, key)
        keys = [k for k in keys if k is not key]
        changed = True
    if settled.brings_key:
        if len(keys) > 1:
            raise InvalidDraft(
                {"credential": Reason("several_keys", "This provider has several keys. Change the key in the list of keys.")}
            )
        return await _put(work, row, keys, settled)
    moved = [k for k in keys if k.secrets and k.row.origin != settled.destination and k.row.state != KeyState.UNREADABLE]
    if moved and not detach:
        raise ReentryRequired(
            "The address moved to another host, and the saved key belongs to the old one. Enter the key again.",
            field="credential",
            details={"credential_ids": [k.row.id for k in moved], "origin": moved[0].row.origin},
        )
    for key in moved:
        key.row.state, key.row.state_reason, key.row.state_since = KeyState.UNREADABLE, "detached", now()
        work.change(key.row)
        _record(work, row, Action.CREDENTIAL_DETACH, key.row, _before(key, op="detach"))
    label = settled.credential.label if settled.credential else None
    if label and len(keys) == 1 and keys[0].row.label != label:
        changes = {"credential_label": {"before": keys[0].row.label, "after": label}}
        keys[0].row.label = label
        work.change(keys[0].row)
        _record(work, row, Action.PROVIDER_UPDATE, keys[0].row, changes)
        changed = True
    return changed or bool(moved)


async def _put(work: Work, row: ProviderRow, keys: list[StoredKey], settled: Settled) -> bool:
    """Seal what was typed, bound to what it was typed for."""
    destination = settled.destination
    key = keys[0] if keys else StoredKey(CredentialRow(id=uuid7(), provider_id=row.id, label=FIRST_LABEL, origin=destination), {})
    sealed = sealing.seal(key.row, settled)
    work.change(key.row)
    action = Action.CREDENTIAL_ROTATE if key.secrets else Action.CREDENTIAL_SET
    _record(work, row, action, key.row, await credentials.put(work.session, key, sealed, settled.references, destination=destination))
    return True


def _before(key: StoredKey, *, op: str) -> dict[str, dict[str, object]]:
    return {
        field: {"op": op, "fp_before": secret.fingerprint, "fp_after": "", "destination": key.row.origin}
        for field, secret in key.secrets.items()
    }


def _record(work: Work, row: ProviderRow, action: Action, owner: CredentialRow, changes: Mapping[str, object]) -> None:
    """Filed under the provider, so that its history tells the whole story."""
    work.record(action, target=("provider", row.id, row.name), changes={"credential_id": owner.id, **changes})
