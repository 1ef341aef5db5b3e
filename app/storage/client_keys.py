"""Applications' keys: rows found by their public id, records without the hash."""

from datetime import datetime

from sqlmodel import col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.actor import Scope
from app.domain.audit import Action
from app.domain.people import ClientKey, LastCall
from app.storage.audit_tables import AuditRow
from app.storage.tables import ClientKeyRow


def record(row: ClientKeyRow) -> ClientKey:
    """What may be shown: the public id, never the hash."""
    return ClientKey(
        id=row.id, name=row.name, scope=Scope(row.scope), hint=f"pb-{row.public_id}", models=row.models, providers=row.providers,
        requests_per_minute=row.requests_per_minute, expires_at=row.expires_at, created_at=row.created_at,
        created_by=row.created_by, revoked_at=row.revoked_at,
        last_call=_last_call(row),
    )  # fmt: skip


async def by_public_id(session: AsyncSession, public_id: str) -> ClientKeyRow | None:
    return (await session.exec(select(ClientKeyRow).where(ClientKeyRow.public_id == public_id))).first()


async def by_id(session: AsyncSession, key_id: str) -> ClientKeyRow | None:
    return await session.get(ClientKeyRow, key_id)


async def all_keys(session: AsyncSession) -> list[ClientKey]:
    """The newest first, revoked ones included: who looks for a leak wants to see them."""
    query = select(ClientKeyRow).order_by(col(ClientKeyRow.created_at).desc(), col(ClientKeyRow.id).desc())
    return [record(row) for row in (await session.exec(query)).all()]


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
    column = col(ClientKeyRow.last_used_at)
    newer = update(ClientKeyRow).where(col(ClientKeyRow.id) == key_id, or_(column.is_(None), column < at))
    await session.exec(newer.values(last_used_at=at, last_model=model[:260], last_status=status, last_ms=ms))


def _last_call(row: ClientKeyRow) -> LastCall | None:
    if row.last_used_at is None:
        return None
    return LastCall(at=row.last_used_at, model=row.last_model or "", status=row.last_status or 0, ms=row.last_ms or 0)
