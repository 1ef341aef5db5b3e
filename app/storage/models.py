"""Models of providers: functions on a session."""

from collections.abc import Iterable

from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.providers.provider import Model, ModelDraft
from app.storage.database.columns import bytewise, now
from app.storage.tables import ModelRow, ProbeRow

SOURCE = "identifier"  # key in `sources` that says where the model itself came from


async def of_provider(session: AsyncSession, provider_id: str) -> list[ModelRow]:
    """The models of one provider, by identifier."""
    query = select(ModelRow).where(ModelRow.provider_id == provider_id).order_by(bytewise(ModelRow.identifier))
    return list((await session.exec(query)).all())


async def counts(session: AsyncSession, provider_ids: Iterable[str]) -> dict[str, int]:
    """Provider id → number of models; a provider without models is left out."""
    query = select(ModelRow.provider_id, func.count()).where(col(ModelRow.provider_id).in_(list(provider_ids)))
    return dict((await session.exec(query.group_by(col(ModelRow.provider_id)))).all())


async def put(session: AsyncSession, provider_id: str, drafts: Iterable[ModelDraft], *, source: str) -> list[str]:
    """Add what is new and relabel what was given a label. Returns the identifiers that were added."""
    known = {row.identifier: row for row in await of_provider(session, provider_id)}
    added = []
    for draft in drafts:
        row = known.get(draft.identifier)
        if row is None:
            added.append(draft.identifier)
            session.add(ModelRow(provider_id=provider_id, identifier=draft.identifier, label=draft.label or "", sources={SOURCE: source}))
        elif draft.label and row.label != draft.label:
            row.label, row.updated_at = draft.label, now()
            session.add(row)
    return added


async def remove(session: AsyncSession, provider_id: str, identifiers: Iterable[str]) -> list[str]:
    """Delete these models and what was found when they were tested. Returns the identifiers that were there."""
    wanted = set(identifiers)
    gone = [row for row in await of_provider(session, provider_id) if row.identifier in wanted]
    if not gone:
        return []
    tests = delete(ProbeRow).where(col(ProbeRow.provider_id) == provider_id, col(ProbeRow.model).in_([row.identifier for row in gone]))
    await session.exec(tests)
    for row in gone:
        await session.delete(row)
    return [row.identifier for row in gone]


def record(row: ModelRow) -> Model:
    """What the edges show of a model."""
    return Model(id=row.id, identifier=row.identifier, label=row.label or row.identifier, source=row.sources.get(SOURCE, "declared"))
