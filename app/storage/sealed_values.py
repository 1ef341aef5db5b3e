"""Every sealed value with the place it belongs to: the keys of providers, our own keys, the check values of the master keys."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.secret import Binding, Sealed
from app.storage.tables import CredentialRow, CredentialSecret, CryptoKey, ProviderRow, SystemSecret
from app.vault import ring


@dataclass(frozen=True, slots=True)
class Placed:
    """A value and where it belongs. `provider` and `credential` by name, for a key of a provider; `is_deleted`: it is in the trash."""

    value: Sealed
    binding: Binding
    provider: str = ""
    credential: str = ""
    is_deleted: bool = False


async def all_placed(session: AsyncSession) -> list[Placed]:
    """All of them; nothing is opened."""
    return [placed for find in OF.values() for placed in await find(session)]


async def _credential_secrets(session: AsyncSession) -> list[Placed]:
    secret, row, provider = CredentialSecret, CredentialRow, ProviderRow
    named = (col(provider.name), col(row.label), col(row.id), col(secret.field))
    query = (
        columns(*named, col(secret.value), col(row.origin), col(provider.deleted_at))
        .join(row, col(row.id) == col(secret.credential_id))
        .join(provider, col(provider.id) == col(row.provider_id))
        .order_by(*named)
    )
    return [
        Placed(value, Binding("credential_secret", row_id, field, origin), name, label, deleted_at is not None)
        for name, label, row_id, field, value, origin, deleted_at in (await session.exec(query)).all()  # type: ignore[call-overload] # sqlmodel types four
    ]


async def _system_secrets(session: AsyncSession) -> list[Placed]:
    rows = (await session.exec(select(SystemSecret).order_by(SystemSecret.name))).all()
    return [Placed(row.value, ring.system_binding(row.name)) for row in rows]


async def _canaries(session: AsyncSession) -> list[Placed]:
    rows = (await session.exec(select(CryptoKey).order_by(CryptoKey.kid))).all()
    return [Placed(row.canary, ring.canary_binding(row.kid)) for row in rows]


# Table with sealed values → what reads them. A test holds it against the tables themselves.
OF: dict[str, Callable[[AsyncSession], Awaitable[list[Placed]]]] = {
    "credential_secret": _credential_secrets,
    "system_secret": _system_secrets,
    "crypto_key": _canaries,
}
