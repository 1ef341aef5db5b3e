"""Credentials and their sealed fields: functions on a session. Loading opens nothing."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, delete, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.credentials.credential import Credential, CredentialDraft, KeyState, Reference, state_at
from app.domain.errors import DuplicateKey, InvalidDraft, Reason
from app.domain.keyring import ExposedSecret
from app.domain.probes.probe import LastTest
from app.domain.secret import Binding, SealedField
from app.storage.database.columns import now
from app.storage.tables import CredentialRow, CredentialSecret, ProbeRow, ProviderRow
from app.vault import ring


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A credential with its sealed fields, by field name."""

    row: CredentialRow
    secrets: dict[str, CredentialSecret]

    @property
    def shown(self) -> CredentialSecret | None:
        """The first field stands for the credential: its hint and fingerprint tell keys apart."""
        return next(iter(sorted(self.secrets.values(), key=lambda s: s.field)), None)

    @property
    def fingerprints(self) -> dict[str, str]:
        """Field → fingerprint of what is stored."""
        return {field: secret.fingerprint for field, secret in self.secrets.items()}

    @property
    def references(self) -> dict[str, Reference]:
        """Field → where its value lives. Empty when the row says something that is none; the registry refuses such a key."""
        try:
            return {field: Reference.of(text) for field, text in json.loads(self.row.reference or "{}").items()}
        except (ValueError, TypeError, AttributeError):
            return {}


async def of_providers(session: AsyncSession, provider_ids: Iterable[str]) -> dict[str, list[StoredKey]]:
    """Provider id → its credentials, in the order in which they are tried: by priority, then the heavier, then the older."""
    ids = list(provider_ids)
    order = (col(CredentialRow.priority), col(CredentialRow.weight).desc(), col(CredentialRow.id))
    rows = (await session.exec(select(CredentialRow).where(col(CredentialRow.provider_id).in_(ids)).order_by(*order))).all()
    joined = select(CredentialSecret).join(CredentialRow).where(col(CredentialRow.provider_id).in_(ids))
    fields: dict[str, dict[str, CredentialSecret]] = {}
    for secret in (await session.exec(joined)).all():
        fields.setdefault(secret.credential_id, {})[secret.field] = secret
    found: dict[str, list[StoredKey]] = {i: [] for i in ids}
    for row in rows:
        found[row.provider_id].append(StoredKey(row, fields.get(row.id, {})))
    return found


async def of_provider(session: AsyncSession, provider_id: str) -> list[StoredKey]:
    """The credentials of one provider, in their order."""
    return (await of_providers(session, [provider_id]))[provider_id]


async def fields(session: AsyncSession) -> list[ExposedSecret]:
    """Every sealed field of every credential by name, those of deleted providers too; nothing of the values."""
    query = (
        select(ProviderRow, CredentialRow, CredentialSecret)
        .join(CredentialRow, col(CredentialRow.provider_id) == ProviderRow.id)
        .join(CredentialSecret, col(CredentialSecret.credential_id) == CredentialRow.id)
        .order_by(ProviderRow.name, CredentialRow.label, CredentialRow.id, CredentialSecret.field)
    )
    return [
        ExposedSecret(
            provider=provider.name,
            credential=key.label,
            field=secret.field,
            hint=secret.hint,
            fingerprint=secret.fingerprint,
            is_deleted=provider.deleted_at is not None,
        )
        for provider, key, secret in (await session.exec(query)).all()
    ]


async def find(session: AsyncSession, credential_id: str, *, trashed: bool = False) -> tuple[ProviderRow, StoredKey] | None:
    """A credential and the provider it belongs to; with `trashed` also of one that was deleted."""
    query = select(ProviderRow).join(CredentialRow).where(CredentialRow.id == credential_id)
    if not trashed:
        query = query.where(col(ProviderRow.deleted_at).is_(None))
    if (provider := (await session.exec(query)).first()) is None:
        return None
    return provider, next(key for key in await of_provider(session, provider.id) if key.row.id == credential_id)


async def claim_trial(session: AsyncSession, credential_id: str, *, state: str, seen: datetime | None, until: datetime) -> bool:
    """Put the next trial of a credential off. False when somebody else did so since `seen`: then the trial is theirs."""
    row = CredentialRow
    same = col(row.next_retry_at).is_(None) if seen is None else col(row.next_retry_at) == seen
    changed = update(row).where(col(row.id) == credential_id, col(row.state) == state, same).values(next_retry_at=until)
    return (await session.exec(changed)).rowcount == 1


async def put(
    session: AsyncSession,
    key: StoredKey,
    fields: Mapping[str, SealedField],
    references: Mapping[str, Reference],
    *,
    destination: str,
) -> dict[str, dict[str, object]]:
    """Make these the fields of a credential, bound to this destination; others it had are gone, because an optional one may be bound
    to an address that has moved. Returns for the audit what happened to each field."""
    owner, at = key.row, now()
    owner.origin, owner.updated_at = destination, at
    owner.reference = reference_text(references)
    session.add(owner)
    await session.flush()  # the row comes before the fields that belong to it
    for field, old in key.secrets.items():
        if field not in fields:
            await session.delete(old)
    changes: dict[str, dict[str, object]] = {}
    for field, new in fields.items():
        old = key.secrets.get(field)
        changes[field] = {
            "op": "rotate" if old else "set",
            "fp_before": old.fingerprint if old else "",
            "fp_after": new.fingerprint,
            "destination": destination,
            **({"place": references[field].text} if field in references else {}),
        }
        stored = old or CredentialSecret(credential_id=owner.id, field=field, value=new.value, fingerprint=new.fingerprint)
        stored.value, stored.hint, stored.fingerprint, stored.broken_at, stored.updated_at = new.value, new.hint, new.fingerprint, None, at
        session.add(stored)
    await session.flush()
    return changes


def apply(owner: CredentialRow, given: CredentialDraft, *, at: datetime) -> None:
    """Write to a row what was given of its key beside the secret, which is a new one: an old end that is over is not that of the new."""
    for field in ("label", "weight", "priority", "expires_at"):
        if field in given.model_fields_set and (field == "expires_at" or getattr(given, field) is not None):
            setattr(owner, field, getattr(given, field))
    if "expires_at" not in given.model_fields_set:
        end_with_the_old(owner, at)
    owner.state, owner.state_reason, owner.state_since = given.state, "", at
    owner.next_retry_at, owner.retire_at = None, None


def end_with_the_old(owner: CredentialRow, at: datetime) -> bool:
    """Forget an end that is over, where another secret takes the place of the one that had it. Returns whether there was one."""
    has_ended = owner.expires_at is not None and owner.expires_at <= at
    owner.expires_at = None if has_ended else owner.expires_at
    return has_ended


def reference_text(references: Mapping[str, Reference]) -> str | None:
    """The references of a key as its row says them."""
    return json.dumps({f: r.text for f, r in references.items()}, separators=(",", ":")) if references else None


async def remove(session: AsyncSession, key: StoredKey) -> None:
    """Delete a credential, everything sealed in it and what was found when it was tested."""
    for secret in key.secrets.values():
        await session.delete(secret)
    await session.flush()  # the fields go before the row they belong to
    await session.exec(delete(ProbeRow).where(col(ProbeRow.credential_id) == key.row.id))
    await session.delete(key.row)


async def homes(session: AsyncSession, fingerprints: Iterable[str]) -> dict[str, set[tuple[str, str]]]:
    """Fingerprint → (id, name) of the live providers that have a key of it."""
    query = (
        select(CredentialSecret.fingerprint, ProviderRow.id, ProviderRow.name)
        .join(CredentialRow, col(CredentialRow.id) == CredentialSecret.credential_id)
        .join(ProviderRow, col(ProviderRow.id) == CredentialRow.provider_id)
        .where(col(CredentialSecret.fingerprint).in_(list(fingerprints)), col(ProviderRow.deleted_at).is_(None))
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for fingerprint, provider_id, name in (await session.exec(query)).all():
        found.setdefault(fingerprint, set()).add((provider_id, name))
    return found


async def due(session: AsyncSession, at: datetime) -> list[str]:
    """Ids of the credentials whose time to be retired has come, those of trashed providers included."""
    return list((await session.exec(select(CredentialRow.id).where(col(CredentialRow.retire_at) <= at))).all())


async def used(session: AsyncSession, credential_id: str, at: datetime) -> None:
    """Remember the last use, never an earlier one than is known."""
    older = or_(col(CredentialRow.last_used_at).is_(None), col(CredentialRow.last_used_at) < at)
    await session.exec(update(CredentialRow).where(col(CredentialRow.id) == credential_id, older).values(last_used_at=at))


def must_be_new(keys: Iterable[StoredKey], fields: Mapping[str, SealedField]) -> None:
    """Raise `DuplicateKey` when one of these keys is what is to be stored. The first field stands for a key."""
    first = min(fields)
    for key in keys:
        if (same := key.secrets.get(first)) and same.fingerprint == fields[first].fingerprint:
            reason = Reason("duplicate_key", "This provider already has this key, as “{label}”.", label=key.row.label)
            raise DuplicateKey(reason, field=f"secret.{first}")


def must_be_named_apart(keys: Iterable[StoredKey], label: str) -> None:
    """Raise `InvalidDraft` when one of these keys has this name, in capitals or small letters: people tell keys apart by it."""
    if any(key.row.label.casefold() == label.casefold() for key in keys):
        raise InvalidDraft({"label": Reason("key_name_taken", "Another key of this provider has this name. Choose another one.")})


def cleared(key: StoredKey) -> dict[str, dict[str, object]]:
    """For the audit: what was stored in a key that is deleted."""
    return {
        field: {"op": "clear", "fp_before": secret.fingerprint, "fp_after": "", "destination": key.row.origin}
        for field, secret in key.secrets.items()
    }


def record(key: StoredKey, *, last_test: LastTest | None) -> Credential:
    """What may be shown of a credential right now."""
    row, shown = key.row, key.shown
    stored = KeyState.UNREADABLE if _is_unreadable(key) else KeyState(row.state)
    return Credential(
        id=row.id,
        label=row.label,
        is_set=shown is not None,
        hint=shown.hint if shown else "",
        fingerprint=shown.fingerprint if shown else "",
        state=state_at(stored, row.expires_at, now()),
        state_reason=row.state_reason,
        state_since=row.state_since,
        next_retry_at=row.next_retry_at,
        weight=row.weight,
        priority=row.priority,
        expires_at=row.expires_at,
        retire_at=row.retire_at,
        replaces=row.replaces,
        reference=key.references,
        resolves=None,
        also_at=[],
        origin=row.origin,
        last_used_at=row.last_used_at,
        version=row.version,
        last_test=last_test,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _is_unreadable(key: StoredKey) -> bool:
    """Whether a field cannot be opened: what a page says of a key is what a call would meet. The plaintext goes nowhere."""
    held, row = ring.current(), key.row
    return any(
        s.broken_at or held.examine(s.value, Binding("credential_secret", row.id, s.field, row.origin)) for s in key.secrets.values()
    )
