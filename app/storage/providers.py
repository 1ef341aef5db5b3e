"""Providers in the database: functions on a session, no rules."""

import base64
import binascii
import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, or_
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.errors import InvalidDraft
from app.domain.providers.provider import ProviderQuery
from app.storage import revisions
from app.storage.database.columns import bytewise
from app.storage.tables import CredentialRow, Instance, ProviderRow

_SORTS: dict[str, Any] = {  # Any: functions and columns share no type that has both comparisons and order
    "label": bytewise(func.lower(ProviderRow.label)),
    "name": bytewise(ProviderRow.name),
    "created_at": col(ProviderRow.created_at),
    "updated_at": col(ProviderRow.updated_at),
}


async def get(session: AsyncSession, name: str) -> ProviderRow | None:
    """The live provider of this name."""
    return (await session.exec(select(ProviderRow).where(ProviderRow.name == name, col(ProviderRow.deleted_at).is_(None)))).first()


async def labels(session: AsyncSession) -> dict[str, str]:
    """Short name → label of every provider, the deleted ones too; where a name was given again, of the one that has it now."""
    rows = (await session.exec(select(ProviderRow.name, ProviderRow.label, ProviderRow.deleted_at))).all()
    return {name: label for name, label, _ in sorted(rows, key=lambda row: row[2] is None)}


async def trashed(session: AsyncSession, name: str) -> ProviderRow | None:
    """The provider of this name that was deleted last."""
    query = select(ProviderRow).where(ProviderRow.name == name, col(ProviderRow.deleted_at).is_not(None))
    return (await session.exec(query.order_by(col(ProviderRow.deleted_at).desc()).limit(1))).first()


async def in_trash(session: AsyncSession) -> list[ProviderRow]:
    """Every provider that was deleted, the newest first."""
    query = select(ProviderRow).where(col(ProviderRow.deleted_at).is_not(None))
    return list((await session.exec(query.order_by(col(ProviderRow.deleted_at).desc(), col(ProviderRow.id)))).all())


async def of_id(session: AsyncSession, provider_id: str) -> ProviderRow | None:
    """The provider with this id, in the trash or not."""
    return (await session.exec(select(ProviderRow).where(ProviderRow.id == provider_id))).first()


async def purge(session: AsyncSession, provider_id: str) -> None:
    """Delete a provider for good; what belongs to it goes with it, by the foreign keys, which the notes of versions have not."""
    keys = (await session.exec(select(CredentialRow.id).where(CredentialRow.provider_id == provider_id))).all()
    for resource_id in (provider_id, *keys):
        await revisions.forget(session, resource_id)
    await session.exec(delete(ProviderRow).where(col(ProviderRow.id) == provider_id))


async def names(session: AsyncSession) -> list[str]:
    """Names of the live providers, sorted."""
    query = select(ProviderRow.name).where(col(ProviderRow.deleted_at).is_(None)).order_by(bytewise(ProviderRow.name))
    return list((await session.exec(query)).all())


async def names_of(session: AsyncSession, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Id → (name, label), of deleted ones too."""
    query = select(ProviderRow.id, ProviderRow.name, ProviderRow.label).where(col(ProviderRow.id).in_(ids))
    return {found: (name, label) for found, name, label in (await session.exec(query)).all()}


async def addresses(session: AsyncSession) -> list[tuple[str, str]]:
    """(name, origin) of the live providers."""
    query = select(ProviderRow.name, ProviderRow.origin).where(col(ProviderRow.deleted_at).is_(None)).order_by(bytewise(ProviderRow.name))
    return list((await session.exec(query)).all())


async def matching(session: AsyncSession, query: ProviderQuery, *, limit: int | None) -> list[ProviderRow]:
    """Live providers that match, behind the cursor, in the asked order. `status` is derived and not looked at here."""
    by = _SORTS[query.sort]
    found = select(ProviderRow).where(*_filters(query))
    if query.cursor:
        value, last = _decode(query)
        found = found.where(
            or_(by > value, and_(by == value, col(ProviderRow.id) > last))
            if query.order == "asc"
            else or_(by < value, and_(by == value, col(ProviderRow.id) < last))
        )
    key = col(ProviderRow.id)
    found = found.order_by(by.asc(), key.asc()) if query.order == "asc" else found.order_by(by.desc(), key.desc())
    return list((await session.exec(found.limit(limit) if limit else found)).all())


async def changed_after(session: AsyncSession, revision: int, *, and_of: Collection[str] = ()) -> list[ProviderRow]:
    """What changed after a registry revision, those that were deleted since included, and the providers with these ids. -1 = all
    that live."""
    changed = or_(col(ProviderRow.revision) > revision, col(ProviderRow.id).in_(and_of)) if and_of else col(ProviderRow.revision) > revision
    of_interest = col(ProviderRow.deleted_at).is_(None) if revision < 0 else changed
    return list((await session.exec(select(ProviderRow).where(of_interest))).all())


async def of_ids(session: AsyncSession, provider_ids: Collection[str]) -> list[ProviderRow]:
    """The providers with these ids, those in the trash included."""
    return list((await session.exec(select(ProviderRow).where(col(ProviderRow.id).in_(provider_ids)))).all())


async def revision(session: AsyncSession) -> int:
    """The registry's revision."""
    return (await session.exec(select(Instance.revision).where(Instance.id == 1))).one()


async def count(session: AsyncSession, query: ProviderQuery) -> int:
    """How many live providers match, whatever the page and the status."""
    return (await session.exec(select(func.count()).select_from(ProviderRow).where(*_filters(query)))).one()


async def cursor_after(session: AsyncSession, row: ProviderRow, query: ProviderQuery) -> str:
    """The cursor that continues behind this row. Each database has its own idea of lower case, so it is asked."""
    value = (await session.exec(select(_SORTS[query.sort]).where(ProviderRow.id == row.id))).one()
    value = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([_asked(query), value, row.id]).encode()).decode().rstrip("=")


async def default_id(session: AsyncSession) -> str | None:
    """Id of the default provider."""
    return (await session.exec(select(Instance.default_provider_id).where(Instance.id == 1))).first()


async def set_default(session: AsyncSession, provider_id: str | None) -> None:
    """Make this provider the default, or none."""
    instance = (await session.exec(select(Instance).where(Instance.id == 1))).one()
    instance.default_provider_id = provider_id
    session.add(instance)


def _filters(query: ProviderQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [col(ProviderRow.deleted_at).is_(None)]
    if query.type:
        found.append(col(ProviderRow.type) == query.type.value)
    if query.auth_type:
        found.append(col(ProviderRow.auth_type) == query.auth_type)
    if query.tag:
        # JSON as text works on every database; the quotes keep "prod" from matching "production".
        found.append(cast(col(ProviderRow.tags), String).contains(json.dumps(query.tag), autoescape=True))
    if query.search:
        places = (ProviderRow.name, ProviderRow.label, ProviderRow.description, ProviderRow.base_url)
        found.append(or_(*(col(place).icontains(query.search, autoescape=True) for place in places)))
    return found


def _asked(query: ProviderQuery) -> dict[str, object]:
    """What a cursor belongs to."""
    return query.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)


def _decode(query: ProviderQuery) -> tuple[str | datetime, str]:
    wrong = InvalidDraft({"cursor": "This cursor does not belong to this list. Start from the first page."})
    try:
        text = base64.urlsafe_b64decode((query.cursor or "") + "==")
        asked, value, last = json.loads(text)
        if asked != _asked(query) or not isinstance(value, str) or not isinstance(last, str):
            raise wrong
        (value + last).encode()  # half of a surrogate pair: no database stores it
        return (datetime.fromisoformat(value) if query.sort.endswith("_at") else value), last
    except (ValueError, TypeError, binascii.Error) as error:
        raise wrong from error
