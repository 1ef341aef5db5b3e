"""The credential of a provider that is being saved: sealed, rotated, detached or cleared, each with its audit entry."""

from typing import Any

from app.domain.audit import Action
from app.domain.drafts import Settled
from app.domain.errors import InvalidDraft, ReentryRequired
from app.domain.ids import uuid7
from app.domain.provider import KeyState
from app.domain.secret import Binding, Secret
from app.domain.secret_rules import hint_of
from app.storage import credentials
from app.storage.columns import now
from app.storage.credentials import StoredKey
from app.storage.tables import CredentialRow, CredentialSecret, ProviderRow
from app.storage.work import Work
from app.vault import envelope, ring

TABLE = "credential_secret"
FIRST_LABEL = "Key 1"


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
    if settled.secrets:
        if len(keys) > 1:
            raise InvalidDraft({"credential": "This provider has several keys. Replace each of them by its id."})
        return await _put(work, row, keys, settled)
    moved = [k for k in keys if k.secrets and k.row.origin != settled.destination and k.row.state != KeyState.UNREADABLE]
    if moved and not detach:
        raise ReentryRequired(
            "The address points to another host, and the stored key was entered for the old one. Enter the key again to use it there.",
            field="credential",
            details={"credential_ids": [k.row.id for k in moved], "origin": moved[0].row.origin},
        )
    for key in moved:
        key.row.state, key.row.state_reason, key.row.state_since = KeyState.UNREADABLE, "detached", now()
        work.session.add(key.row)
        _record(work, row, Action.CREDENTIAL_DETACH, key.row, _before(key, op="detach"))
    label = settled.credential_label
    if label and len(keys) == 1 and keys[0].row.label != label:
        changes = {"credential_label": {"before": keys[0].row.label, "after": label}}
        keys[0].row.label, keys[0].row.updated_at = label, now()
        work.session.add(keys[0].row)
        _record(work, row, Action.PROVIDER_UPDATE, keys[0].row, changes)
        changed = True
    return changed or bool(moved)


async def _put(work: Work, row: ProviderRow, keys: list[StoredKey], settled: Settled) -> bool:
    """Seal what was typed, bound to what it was typed for."""
    origin, at = settled.destination, now()
    key = keys[0] if keys else None
    owner = key.row if key else CredentialRow(id=uuid7(), provider_id=row.id, label=FIRST_LABEL, origin=origin)
    owner.label = settled.credential_label or owner.label
    owner.origin, owner.state, owner.state_reason, owner.state_since, owner.updated_at = origin, KeyState.ACTIVE, "", at, at
    work.session.add(owner)
    await work.session.flush()  # the row comes before the fields that belong to it
    stored = key.secrets if key else {}
    for field, old in stored.items():
        if field not in settled.secrets:  # an optional field bound to an address that may have moved
            await work.session.delete(old)
    changes = {field: _seal(work, owner, field, secret, stored.get(field)) for field, secret in settled.secrets.items()}
    _record(work, row, Action.CREDENTIAL_ROTATE if stored else Action.CREDENTIAL_SET, owner, changes)
    return True


def _seal(work: Work, owner: CredentialRow, field: str, secret: Secret, old: CredentialSecret | None) -> dict[str, Any]:
    """Store one sealed field and say for the audit what happened to it."""
    keys = ring.current()
    fingerprint = keys.fingerprint(secret)
    change = {
        "op": "rotate" if old else "set",
        "fp_before": old.fingerprint if old else "",
        "fp_after": fingerprint,
        "destination": owner.origin,
    }
    sealed = envelope.seal(keys, secret, Binding(TABLE, owner.id, field, owner.origin))
    stored = old or CredentialSecret(credential_id=owner.id, field=field, value=sealed, fingerprint=fingerprint)
    stored.value = sealed
    stored.hint, stored.fingerprint, stored.broken_at, stored.updated_at = hint_of(secret), fingerprint, None, now()
    work.session.add(stored)
    return change


def _before(key: StoredKey, *, op: str) -> dict[str, Any]:
    return {
        field: {"op": op, "fp_before": secret.fingerprint, "fp_after": "", "destination": key.row.origin}
        for field, secret in key.secrets.items()
    }


def _record(work: Work, row: ProviderRow, action: Action, owner: CredentialRow, changes: dict[str, Any]) -> None:
    """Filed under the provider, so that its history tells the whole story; `version` is the one this save makes."""
    made = row.version + 1 if row.revision else row.version  # a row without a revision is being created
    changes = {"credential_id": owner.id, **changes, "version": {"before": made - 1, "after": made}}
    work.record(action, target=("provider", row.id, row.name), changes=changes)
