"""Aliases in the database: functions on a session, no rules."""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.errors import InvalidDraft
from app.domain.ids import uuid7
from app.domain.providers.alias import Alias, AliasQuery, AliasTarget, TargetProblem
from app.storage.database.columns import bytewise, now
from app.storage.tables import AliasRow, ModelRow, ProviderRow
from app.storage.tables import AliasTarget as TargetRow

Stored = tuple[str, str, int, int]
"""A target as it is written: provider id, model, priority, weight."""


async def by_id(session: AsyncSession, alias_id: str) -> AliasRow | None:
    return await session.get(AliasRow, alias_id)


async def by_name(session: AsyncSession, name: str) -> AliasRow | None:
    return (await session.exec(select(AliasRow).where(AliasRow.name == name))).first()


async def matching(session: AsyncSession, query: AliasQuery, *, limit: int) -> list[AliasRow]:
    """Aliases that match, behind the cursor, by name."""
    found = select(AliasRow).where(*_filters(query))
    if query.cursor:
        found = found.where(bytewise(AliasRow.name) > _decode(query))
    return list((await session.exec(found.order_by(bytewise(AliasRow.name)).limit(limit))).all())


async def count(session: AsyncSession, query: AliasQuery) -> int:
    """How many aliases match, whatever the page."""
    return (await session.exec(select(func.count()).select_from(AliasRow).where(*_filters(query)))).one()


def cursor_after(row: AliasRow, query: AliasQuery) -> str:
    """The cursor that continues behind this row."""
    return base64.urlsafe_b64encode(json.dumps([_asked(query), row.name]).encode()).decode().rstrip("=")


async def put_targets(session: AsyncSession, alias_id: str, targets: Iterable[Stored]) -> None:
    """Have exactly these targets; those of the same priority in this order."""
    await session.exec(delete(TargetRow).where(col(TargetRow.alias_id) == alias_id))
    wanted = list(targets)
    ids = sorted(uuid7() for _ in wanted)  # targets are read in the order of their ids
    for target_id, (provider_id, model, priority, weight) in zip(ids, wanted, strict=True):
        session.add(TargetRow(id=target_id, alias_id=alias_id, provider_id=provider_id, model=model, priority=priority, weight=weight))
    await session.flush()


async def targets_of(session: AsyncSession, alias_id: str) -> list[Stored]:
    """The targets of one alias, in the order in which they are tried."""
    query = select(TargetRow.provider_id, TargetRow.model, TargetRow.priority, TargetRow.weight)
    query = query.where(TargetRow.alias_id == alias_id).order_by(col(TargetRow.priority), col(TargetRow.id))
    return [(provider_id, model, priority, weight) for provider_id, model, priority, weight in (await session.exec(query)).all()]


async def remove(session: AsyncSession, row: AliasRow) -> None:
    """Delete an alias with its targets."""
    await session.exec(delete(TargetRow).where(col(TargetRow.alias_id) == row.id))
    await session.delete(row)


async def forget_provider(session: AsyncSession, provider_id: str) -> None:
    """Take the targets at a provider out of every alias; the aliases count as changed."""
    leading = select(TargetRow.alias_id).where(TargetRow.provider_id == provider_id)
    changed = update(AliasRow).where(col(AliasRow.id).in_(leading)).values(version=col(AliasRow.version) + 1, updated_at=now())
    await session.exec(changed)
    await session.exec(delete(TargetRow).where(col(TargetRow.provider_id) == provider_id))


async def provider_ids(session: AsyncSession, alias_id: str = "") -> dict[str, str]:
    """Name → id of the live providers; where one is in the trash and the alias leads there already, of that one too."""
    live = select(ProviderRow.name, ProviderRow.id).where(col(ProviderRow.deleted_at).is_(None))
    gone = select(ProviderRow.name, ProviderRow.id).join(TargetRow, col(TargetRow.provider_id) == col(ProviderRow.id))
    gone = gone.where(TargetRow.alias_id == alias_id, col(ProviderRow.deleted_at).is_not(None))
    kept = dict((await session.exec(gone)).all()) if alias_id else {}
    return kept | dict((await session.exec(live)).all())


async def load(session: AsyncSession, rows: Sequence[AliasRow]) -> list[Alias]:
    """The records of these rows, in their order; two queries, whatever their number."""
    targets = await _targets(session, [row.id for row in rows])
    return [
        Alias(
            id=row.id, name=row.name, description=row.description, enabled=row.enabled, targets=targets.get(row.id, []),
            version=row.version, created_at=row.created_at, updated_at=row.updated_at, created_by=row.created_by,
        )
        for row in rows
    ]  # fmt: skip


async def one(session: AsyncSession, row: AliasRow) -> Alias:
    """The record of one row."""
    return (await load(session, [row]))[0]


async def heads(session: AsyncSession) -> dict[str, str]:
    """What stands before the first `/` of an alias's name → such a name, the first of them."""
    query = select(AliasRow.name).where(col(AliasRow.name).contains("/")).order_by(bytewise(AliasRow.name).desc())
    return {name.partition("/")[0]: name for name in (await session.exec(query)).all()}


async def leading_to(session: AsyncSession, provider_id: str) -> list[tuple[str, bool]]:
    """(name, whether every target of it is at this provider) of the aliases with a target there, by name."""
    mine = select(TargetRow.alias_id).where(TargetRow.provider_id == provider_id)
    query = select(AliasRow.name, TargetRow.provider_id).join(TargetRow, col(TargetRow.alias_id) == col(AliasRow.id))
    found: dict[str, bool] = {}
    for name, leads_to in (await session.exec(query.where(col(AliasRow.id).in_(mine)).order_by(bytewise(AliasRow.name)))).all():
        found[name] = found.get(name, True) and leads_to == provider_id
    return list(found.items())


async def _targets(session: AsyncSession, alias_ids: Sequence[str]) -> dict[str, list[AliasTarget]]:
    """Alias id → its targets, in the order in which they are tried."""
    listed = select(ModelRow.id).where(
        ModelRow.provider_id == TargetRow.provider_id, ModelRow.identifier == TargetRow.model, ModelRow.status != "inactive"
    )
    query = (
        select(TargetRow, ProviderRow, listed.exists())
        .join(ProviderRow, col(ProviderRow.id) == col(TargetRow.provider_id))
        .where(col(TargetRow.alias_id).in_(alias_ids))
        .order_by(col(TargetRow.priority), col(TargetRow.id))
    )
    found: dict[str, list[AliasTarget]] = {}
    for target, provider, is_listed in (await session.exec(query)).all():
        shown = AliasTarget(
            provider=provider.name, provider_label=provider.label, model=target.model, priority=target.priority, weight=target.weight,
            problem=_problem(provider, is_listed=is_listed),
        )  # fmt: skip
        found.setdefault(target.alias_id, []).append(shown)
    return found


def _problem(provider: ProviderRow, *, is_listed: bool) -> TargetProblem | None:
    if provider.deleted_at is not None:
        return TargetProblem.DELETED
    if not provider.enabled:
        return TargetProblem.DISABLED
    return TargetProblem.NOT_LISTED if provider.only_listed_models and not is_listed else None


def _filters(query: AliasQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.search:
        places = (AliasRow.name, AliasRow.description)
        found.append(or_(*(col(place).icontains(query.search, autoescape=True) for place in places)))
    if query.provider:
        leads = select(TargetRow.alias_id).join(ProviderRow, col(ProviderRow.id) == col(TargetRow.provider_id))
        found.append(col(AliasRow.id).in_(leads.where(ProviderRow.name == query.provider, col(ProviderRow.deleted_at).is_(None))))
    return found


def _asked(query: AliasQuery) -> list[str | None]:
    """What a cursor belongs to."""
    return ["name", query.search, query.provider]


def _decode(query: AliasQuery) -> str:
    wrong = InvalidDraft({"cursor": "This cursor does not belong to this list. Start from the first page."})
    try:
        asked, name = json.loads(base64.urlsafe_b64decode((query.cursor or "") + "=="))
        if asked != _asked(query) or not isinstance(name, str):
            raise wrong
        name.encode()  # half of a surrogate pair: no database stores it
    except (ValueError, TypeError, binascii.Error) as error:
        raise wrong from error
    return name
