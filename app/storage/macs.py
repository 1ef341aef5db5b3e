"""MACs of the rows that let somebody in or allow something. Whoever can only write to the database can neither make one nor change what
one covers: such a row lets nobody in.

    mac   = HMAC-SHA-256 under our own key `row_mac`, for the purpose "row/1/<table>"
    over  = for each column but `mac`, by name, where there is a value: uint32 big-endian length || name, length || value with its type

Every column is covered, so a new one cannot be forgotten. One without a value leaves no trace: rows that were written before a column
existed stay good, as long as the new column is null in them.
"""

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, event, inspect, type_coerce
from sqlalchemy import update as changed
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.types import NullType
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.errors import RowRefused
from app.storage.database.columns import MacRow, UtcTime
from app.vault import ring

Row = TypeVar("Row", bound=MacRow)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Values(Protocol):
    """The values of a row by the names of its columns: a mapping of ours, or a row as SQLAlchemy reads it."""

    def __getitem__(self, name: str, /) -> object: ...


def of(table: Table, values: Values) -> bytes:
    """The MAC of a row of this table: column → value, `mac` itself left out."""
    parts = [_framed(name) + _framed(encoded) for name, encoded in _texts(table, values)]
    return ring.current().mac(f"row/1/{table.name}", b"".join(parts))


def fits(table: Table, values: Values, mac: bytes | None) -> bool:
    """Whether this is the MAC of these values. A value of a type that no column of ours has fits none."""
    try:
        return mac is not None and hmac.compare_digest(of(table, values), bytes(mac))
    except TypeError:
        return False


def holds(row: MacRow) -> bool:
    """Whether a row is as we wrote it."""
    return fits(table_of(row), values_of(row), row.mac)


def genuine(row: Row | None) -> Row | None:
    """The row, None when it is not as we wrote it: for whoever would let somebody in by it."""
    return row if row is not None and holds(row) else None


def must_hold(row: MacRow, what: str) -> None:
    """Raise `RowRefused` for a row that is not as we wrote it. `what` begins the sentence."""
    if not holds(row):
        raise RowRefused(f"{what} was changed outside Patchbay and is refused. patchbay doctor says what to do.")


def stamped(session: SyncSession) -> None:
    """Have every row with a MAC that is written in this session carry the right one. A row that was changed outside is not written at
    all: its new MAC would make the foreign change ours. Raises `RowRefused` then."""
    event.listen(session, "before_flush", _stamp)
    event.listen(session, "do_orm_execute", _no_bulk)


def plainly(table: Table) -> list[ColumnElement[Any]]:
    """The columns of a table for `Connection.execute`, times as the driver has them: one that is none spoils its own row, not the query."""
    return [type_coerce(c, NullType()).label(c.name) if isinstance(c.type, UtcTime) else c for c in table.columns]


def read(table: Table, row: Values) -> dict[str, Any]:
    """A row that was read plainly, with its times; what is no time is left as it is, and no MAC fits that."""
    return {c.name: _time(row[c.name]) if isinstance(c.type, UtcTime) else row[c.name] for c in table.columns}


def tables() -> list[Table]:
    """Every table whose rows carry a MAC."""
    return [table for table in SQLModel.metadata.sorted_tables if "mac" in table.columns and table.name != "audit_head"]


async def adopt(session: AsyncSession) -> None:
    """Give every row a MAC as it stands. Once in the life of a database, when it comes from a version without MACs."""
    connection = await session.connection()
    await connection.run_sync(_adopt)


def table_of(row: MacRow) -> Table:
    return inspect(type(row)).local_table  # type: ignore[return-value] # a mapped class of ours has one table


def values_of(row: MacRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in names(table_of(row))}


@cache
def names(table: Table) -> tuple[str, ...]:
    """The columns that a MAC covers, in the order in which it does."""
    return tuple(sorted(column.name for column in table.columns if column.name != "mac"))


def _texts(table: Table, values: Values) -> Iterable[tuple[bytes, bytes]]:
    for name in names(table):
        if (value := values[name]) is not None:
            yield name.encode(), _encoded(value)


def _encoded(value: object) -> bytes:
    """A value with its type: two that differ never look the same."""
    match value:
        case bool():
            return b"b1" if value else b"b0"
        case int():
            return b"i%d" % value
        case str():
            return b"s" + value.encode("utf-8", "surrogatepass")
        case bytes():
            return b"y" + value
        case datetime() if value.tzinfo is not None:
            return b"t%d" % ((value - _EPOCH) // _MICROSECOND)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a row with a MAC")


def _time(value: object) -> object:
    """SQLite has texts in UTC, PostgreSQL times with a zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return object()
    return found.replace(tzinfo=UTC) if isinstance(found, datetime) and found.tzinfo is None else found


def _framed(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


def _stamp(session: SyncSession, *_: object) -> None:
    for row in session.new:
        if isinstance(row, MacRow):
            row.mac = of(table_of(row), values_of(row))
    for row in session.dirty:
        if isinstance(row, MacRow) and session.is_modified(row):
            _restamp(row)


def _restamp(row: MacRow) -> None:
    table, values = table_of(row), values_of(row)
    before = inspect(row).committed_state
    if not fits(table, {name: before.get(name, value) for name, value in values.items()}, before.get("mac", row.mac)):
        raise RowRefused(f"A row of {table.name} was changed outside Patchbay and is refused. patchbay doctor says what to do.")
    row.mac = of(table, values)


def _no_bulk(state: ORMExecuteState) -> None:
    """A statement that writes many rows knows none of their MACs."""
    table = getattr(state.statement, "table", None)
    if (state.is_update or state.is_insert) and table is not None and "mac" in table.columns:
        raise TypeError(f"rows of {table.name} are written one by one: each carries a MAC")


def _adopt(connection: Connection) -> None:
    for table in tables():
        keys = tuple(table.primary_key.columns)
        for row in connection.execute(table.select()).mappings().all():
            same = [key == row[key.name] for key in keys]
            connection.execute(changed(table).where(*same).values(mac=of(table, row)))
