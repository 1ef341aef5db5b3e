"""Credentials and their sealed fields: functions on a session. Loading opens nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.storage.tables import CredentialRow, CredentialSecret, ProviderRow


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A credential with its sealed fields, by field name."""

    row: CredentialRow
    secrets: dict[str, CredentialSecret]


async def of_providers(session: AsyncSession, provider_ids: Iterable[str]) -> dict[str, list[StoredKey]]:
    """Provider id → its credentials, the first one first."""
    ids = list(provider_ids)
    rows = (await session.exec(select(CredentialRow).where(col(CredentialRow.provider_id).in_(ids)).order_by(CredentialRow.id))).all()
    joined = select(CredentialSecret).join(CredentialRow).where(col(CredentialRow.provider_id).in_(ids))
    fields: dict[str, dict[str, CredentialSecret]] = {}
    for secret in (await session.exec(joined)).all():
        fields.setdefault(secret.credential_id, {})[secret.field] = secret
    found: dict[str, list[StoredKey]] = {i: [] for i in ids}
    for row in rows:
        found[row.provider_id].append(StoredKey(row, fields.get(row.id, {})))
    return found


async def of_provider(session: AsyncSession, provider_id: str) -> list[StoredKey]:
    """The credentials of one provider, the first one first."""
    return (await of_providers(session, [provider_id]))[provider_id]


async def fields(session: AsyncSession) -> list[dict[str, Any]]:
    """Every sealed field of every credential by name, those of deleted providers too; nothing of the values."""
    query = (
        select(ProviderRow, CredentialRow, CredentialSecret)
        .join(CredentialRow, col(CredentialRow.provider_id) == ProviderRow.id)
        .join(CredentialSecret, col(CredentialSecret.credential_id) == CredentialRow.id)
        .order_by(ProviderRow.name, CredentialRow.label, CredentialRow.id, CredentialSecret.field)
    )
    return [
        {
            "provider": provider.name,
            "credential": key.label,
            "field": secret.field,
            "hint": secret.hint,
            "fingerprint": secret.fingerprint,
            "is_deleted": provider.deleted_at is not None,
        }
        for provider, key, secret in (await session.exec(query)).all()
    ]


async def remove(session: AsyncSession, key: StoredKey) -> None:
    """Delete a credential and everything sealed in it."""
    for secret in key.secrets.values():
        await session.delete(secret)
    await session.flush()  # the fields go before the row they belong to
    await session.delete(key.row)
