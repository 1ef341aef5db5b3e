"""Applications' keys: rows found by their public id, records without the hash."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.actor import Scope
from app.domain.people import ClientKey
from app.storage.tables import ClientKeyRow


def record(row: ClientKeyRow) -> ClientKey:
    """What may be shown: the public id, never the hash."""
    return ClientKey(
        id=row.id, name=row.name, scope=Scope(row.scope), hint=f"pb-{row.public_id}", models=row.models, providers=row.providers,
        expires_at=row.expires_at, created_at=row.created_at, created_by=row.created_by, revoked_at=row.revoked_at,
    )  # fmt: skip


async def by_public_id(session: AsyncSession, public_id: str) -> ClientKeyRow | None:
    return (await session.exec(select(ClientKeyRow).where(ClientKeyRow.public_id == public_id))).first()


async def by_id(session: AsyncSession, key_id: str) -> ClientKeyRow | None:
    return await session.get(ClientKeyRow, key_id)


async def all_keys(session: AsyncSession) -> list[ClientKey]:
    """The newest first, revoked ones included: who looks for a leak wants to see them."""
    query = select(ClientKeyRow).order_by(col(ClientKeyRow.created_at).desc(), col(ClientKeyRow.id).desc())
    return [record(row) for row in (await session.exec(query)).all()]
