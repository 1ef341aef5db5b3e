"""Master keys as the database knows them, our own sealed keys, and every column that holds sealed values."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, String, Table, func, tuple_, update
from sqlalchemy import select as columns
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.secret import SEALED_PREFIX, Sealed
from app.storage.database.columns import SealedText
from app.storage.tables import CryptoKey, SystemSecret

_KID_LENGTH = 10


async def keys(session: AsyncSession) -> list[CryptoKey]:
    """All keys ever registered, the oldest first."""
    return list((await session.exec(select(CryptoKey).order_by(col(CryptoKey.created_at)))).all())


async def system_secrets(session: AsyncSession) -> dict[str, Sealed]:
    """Our own keys, still sealed, by name."""
    return {row.name: row.value for row in (await session.exec(select(SystemSecret))).all()}


async def replace_system_secret(session: AsyncSession, old: str, name: str, value: Sealed) -> None:
    """Put one of our own keys in the place of another."""
    if (row := await session.get(SystemSecret, old)) is not None:
        await session.delete(row)
    session.add(SystemSecret(name=name, value=value))
    await session.flush()


def sealed_columns() -> list[tuple[Table, Column[Sealed]]]:
    """Every column that holds sealed values, read from the tables themselves: a new one cannot be forgotten."""
    return [(table, column) for table in SQLModel.metadata.sorted_tables for column in table.columns if isinstance(column.type, SealedText)]


async def kids_in_use(session: AsyncSession) -> dict[str, int]:
    """Master key id → number of sealed values that need it; the canaries and values marked as broken left out."""
    found: Counter[str] = Counter()
    for column in resealable():
        kid = _kid(column.column)
        query = select(kid, func.count()).where(*column.is_whole()).group_by(kid)
        found.update(dict((await session.exec(query)).all()))
    return dict(found)


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column that a rotation rewraps. `keys`: the primary key of its table, in order."""

    table: Table
    column: Column[Sealed]

    @property
    def keys(self) -> tuple[Column[object], ...]:
        return tuple(self.table.primary_key.columns)

    def is_whole(self) -> list[ColumnElement[bool]]:
        """A value that cannot be opened by any key is marked where its table has a place for that."""
        return [self.table.c.broken_at.is_(None)] if "broken_at" in self.table.c else []


@dataclass(frozen=True, slots=True)
class SealedValue:
    """One stored value and the primary key of its row."""

    row: tuple[object, ...]
    value: Sealed


def resealable() -> list[SealedColumn]:
    """Every sealed column but the canaries: each of those belongs to its own master key for ever."""
    return [SealedColumn(table, column) for table, column in sealed_columns() if table.name != "crypto_key"]


async def under_other_keys(
    session: AsyncSession, column: SealedColumn, *, active: str, after: tuple[object, ...] | None, limit: int
) -> list[SealedValue]:
    """The next values that are not under the active key, in the order of their rows: this question is the record of progress."""
    query = columns(*column.keys, column.column).where(_kid(column.column) != active, *column.is_whole())
    if after is not None:
        query = query.where(tuple_(*column.keys) > after)
    rows = (await session.exec(query.order_by(*column.keys).limit(limit))).all()  # pyright: ignore[reportCallIssue, reportArgumentType]
    return [SealedValue(tuple(row[:-1]), row[-1]) for row in rows]


async def replace_value(session: AsyncSession, column: SealedColumn, old: SealedValue, new: Sealed) -> bool:
    """Swap a value for its rewrapped self unless somebody saved another one meanwhile. Returns whether it was swapped."""
    return await _change(session, column, old, {column.column.name: new})


async def mark_broken(session: AsyncSession, column: SealedColumn, value: SealedValue, *, at: datetime) -> bool:
    """Note that no key opens this value. False where the table has no place for that, or somebody saved another one meanwhile."""
    return "broken_at" in column.table.c and await _change(session, column, value, {"broken_at": at})


async def _change(session: AsyncSession, column: SealedColumn, old: SealedValue, values: dict[str, Sealed | datetime]) -> bool:
    same = [key == part for key, part in zip(column.keys, old.row, strict=True)]
    done = await session.exec(update(column.table).where(*same, column.column == old.value).values(values))
    return done.rowcount == 1


def _kid(column: Column[Sealed]) -> ColumnElement[str]:
    return func.substr(column, len(SEALED_PREFIX) + 1, _KID_LENGTH, type_=String())
