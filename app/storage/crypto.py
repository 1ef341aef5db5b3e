"""Master keys as the database knows them, our own sealed keys, and every column that holds sealed values."""

from collections import Counter

from sqlalchemy import Column, Table, func
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.secret import SEALED_PREFIX, Sealed
from app.storage.columns import SealedText
from app.storage.tables import CryptoKey, SystemSecret

_KID_LENGTH = 10


async def keys(session: AsyncSession) -> list[CryptoKey]:
    """All keys ever registered, the oldest first."""
    return list((await session.exec(select(CryptoKey).order_by(col(CryptoKey.created_at)))).all())


async def system_secrets(session: AsyncSession) -> dict[str, Sealed]:
    """Our own keys, still sealed, by name."""
    return {row.name: row.value for row in (await session.exec(select(SystemSecret))).all()}


def sealed_columns() -> list[tuple[Table, Column[Sealed]]]:
    """Every column that holds sealed values, read from the tables themselves: a new one cannot be forgotten."""
    return [(table, column) for table in SQLModel.metadata.sorted_tables for column in table.columns if isinstance(column.type, SealedText)]


async def kids_in_use(session: AsyncSession, *, table: str | None = None) -> dict[str, int]:
    """Master key id → number of sealed values that need it, the canaries left out."""
    found: Counter[str] = Counter()
    for where, column in sealed_columns():
        if where.name == "crypto_key" or (table is not None and where.name != table):
            continue
        kid = func.substr(column, len(SEALED_PREFIX) + 1, _KID_LENGTH, type_=None)
        found.update(dict((await session.exec(select(kid, func.count()).group_by(kid))).all()))
    return dict(found)
