"""Rows with a MAC that are not as we wrote them: named, and removed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.audit import RefusedRow
from app.storage import macs
from app.storage.tables import ClientKeyRow, UserRow

ACCOUNT = "account"
REMOVE = "Remove it with: patchbay audit remove-refused"
_KINDS: Mapping[str, tuple[str, str]] = {
    "user_account": (
        ACCOUNT,
        f"It cannot be used to sign in. If you do not know it, a stranger can write to your database: change its password. {REMOVE}; "
        "then add the person again.",
    ),
    "user_session": ("session", f"It is not accepted. The person signs in again. {REMOVE}"),
    "client_key": ("client key", f"It is not accepted. {REMOVE}; then create a new key for the application."),
    "client_key_grant": ("grant of a client key", f"It allows nothing. {REMOVE}; then save what the key may use again."),
    "egress_approval": ("approval of a local address", f"It allows no call. {REMOVE}; then test the provider at this address again."),
}


async def all_refused(session: AsyncSession) -> list[RefusedRow]:
    """Every such row, of all tables."""
    emails, keys = await _names(session)
    found = []
    for table in macs.tables():
        kind, advice = _KINDS[table.name]
        for row in await _refused(session, table):
            match table.name:
                case "user_session":
                    name = emails.get(row["user_id"], "")
                case "client_key_grant":
                    name = keys.get(row["client_key_id"], "")
                case _:
                    name = row.get("email") or row.get("name") or row.get("origin") or ""
            found.append(RefusedRow(kind=kind, id=str(row.get("id") or row.get("origin")), name=str(name)[:254], advice=advice))
    return found


async def remove(session: AsyncSession, table: Table) -> None:
    """Delete the rows of this table that are refused."""
    key = next(iter(table.primary_key.columns))
    ids = [row[key.name] for row in await _refused(session, table)]
    await session.exec(delete(table).where(key.in_(ids)))  # type: ignore[call-overload] # sqlmodel types its own statements


async def _refused(session: AsyncSession, table: Table) -> list[dict[str, Any]]:
    found = (await session.exec(select(*macs.plainly(table)))).mappings().all()  # type: ignore[call-overload] # as above
    rows = [macs.read(table, row) for row in found]
    return [row for row in rows if not macs.fits(table, row, row["mac"])]


async def _names(session: AsyncSession) -> tuple[dict[str, str], dict[str, str]]:
    """E-mail of each account and name of each client key, by id."""
    people = (await session.exec(select(UserRow.id, UserRow.email))).all()  # type: ignore[call-overload] # as above
    keys = (await session.exec(select(ClientKeyRow.id, ClientKeyRow.name))).all()  # type: ignore[call-overload] # as above
    return dict(people), dict(keys)
