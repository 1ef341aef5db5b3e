"""Applications' keys: rows found by their public id, records without the hash."""

from datetime import datetime

from sqlalchemy import Integer, String, bindparam, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.actor import Scope
from app.domain.audit import Action
from app.domain.people import ClientKey, LastCall
from app.storage.audit_tables import AuditRow
from app.storage.columns import UtcTime
from app.storage.tables import ClientKeyRow, ClientKeyUse

# Where there is no such key any more, there is nothing to write.
_USED = text(
    "INSERT INTO client_key_use (client_key_id, at, model, status, ms)"
    " SELECT id, :at, :model, :status, :ms FROM client_key WHERE id = :key_id"
    " ON CONFLICT (client_key_id) DO UPDATE SET at = excluded.at, model = excluded.model, status = excluded.status, ms = excluded.ms"
    " WHERE client_key_use.at < excluded.at"
).bindparams(
    bindparam("at", type_=UtcTime()), bindparam("model", type_=String()), bindparam("status", type_=Integer()),
    bindparam("ms", type_=Integer()), bindparam("key_id", type_=String()),
)  # fmt: skip


def record(row: ClientKeyRow, use: ClientKeyUse | None = None) -> ClientKey:
    """What may be shown: the public id, never the hash."""
    return ClientKey(
        id=row.id, name=row.name, scope=Scope(row.scope), hint=f"pb-{row.public_id}", models=row.models, providers=row.providers,
        requests_per_minute=row.requests_per_minute, expires_at=row.expires_at, created_at=row.created_at,
        created_by=row.created_by, revoked_at=row.revoked_at,
        last_call=LastCall(at=use.at, model=use.model, status=use.status, ms=use.ms) if use else None,
    )  # fmt: skip


async def by_public_id(session: AsyncSession, public_id: str) -> ClientKeyRow | None:
    return (await session.exec(select(ClientKeyRow).where(ClientKeyRow.public_id == public_id))).first()


async def by_id(session: AsyncSession, key_id: str) -> ClientKeyRow | None:
    return await session.get(ClientKeyRow, key_id)


async def all_keys(session: AsyncSession) -> list[ClientKey]:
    """The newest first, revoked ones included: who looks for a leak wants to see them."""
    query = select(ClientKeyRow, ClientKeyUse).join(ClientKeyUse, col(ClientKeyUse.client_key_id) == col(ClientKeyRow.id), isouter=True)
    query = query.order_by(col(ClientKeyRow.created_at).desc(), col(ClientKeyRow.id).desc())
    return [record(row, use) for row, use in (await session.exec(query)).all()]


async def shown(session: AsyncSession, row: ClientKeyRow) -> ClientKey:
    """The record of one row, with its last use."""
    return record(row, await session.get(ClientKeyUse, row.id))


async def live_of(session: AsyncSession, user_id: str) -> list[ClientKeyRow]:
    """Keys that a person made, or that were made with one of these keys, as far as they still work; as the audit tells."""
    found: dict[str, ClientKeyRow] = {}
    makers = {user_id}
    while makers:
        made = select(AuditRow.target_id).where(AuditRow.action == Action.CLIENT_KEY_ISSUE.value, col(AuditRow.actor_id).in_(makers))
        rows = (await session.exec(select(ClientKeyRow).where(col(ClientKeyRow.id).in_(made)))).all()
        makers = {row.id for row in rows} - found.keys()
        found |= {row.id: row for row in rows}
    return [row for row in found.values() if row.revoked_at is None]


async def used(session: AsyncSession, key_id: str, *, at: datetime, model: str, status: int, ms: int) -> None:
    """Write the last use of a key, unless another process wrote a later one."""
    await session.exec(_USED.bindparams(key_id=key_id, at=at, model=model[:260], status=status, ms=ms))  # type: ignore[call-overload] # sqlmodel types no text
