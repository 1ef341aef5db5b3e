"""What calls taught about providers, one row each, merged from every process that serves."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.probes import evidence
from app.domain.providers.health import Attempt, merged
from app.storage.health_tables import HealthRow


@dataclass(frozen=True, slots=True)
class Configured:
    """The digest of a provider's configuration as it is stored, when the provider was saved last, and the marks of its keys."""

    digest: str
    saved_at: datetime
    in_place: frozenset[str]


async def of_providers(session: AsyncSession, provider_ids: Iterable[str]) -> dict[str, HealthRow]:
    """Provider id → its row; those that were never called have none."""
    query = select(HealthRow).where(col(HealthRow.provider_id).in_(list(provider_ids)))
    return {row.provider_id: row for row in (await session.exec(query)).all()}


async def changed_after(session: AsyncSession, seq: int) -> list[HealthRow]:
    """Rows written after `seq`, in the order in which they were."""
    return list((await session.exec(select(HealthRow).where(HealthRow.seq > seq).order_by(col(HealthRow.seq)))).all())


async def add(
    session: AsyncSession, news: Mapping[str, Sequence[Attempt]], configured: Mapping[str, Configured]
) -> dict[str, list[Attempt]]:
    """Merge attempts into the rows; returns provider id → what is stored now. Providers that are not `configured` are left out.

    Safe with any number of writers: `work()` lets one at a time read and write."""
    rows = await of_providers(session, configured)
    seq = ((await session.exec(select(func.max(HealthRow.seq)))).one() or 0) + 1
    kept: dict[str, list[Attempt]] = {}
    for provider_id, found in configured.items():
        row = rows.get(provider_id) or HealthRow(provider_id=provider_id, configuration="", attempts=[], seq=seq)
        attempts = list(news[provider_id])
        if row.configuration != found.digest:
            # What is still under way from before the change says nothing of what is stored now.
            attempts = [attempt for attempt in attempts if attempt.at >= found.saved_at.timestamp()]
        kept[provider_id] = merged(attempts_of(row, found.digest, found.in_place), attempts)
        row.configuration, row.attempts, row.seq = found.digest, [list(attempt) for attempt in kept[provider_id]], seq
        session.add(row)
    return kept


def attempts_of(row: HealthRow | None, configuration: str, in_place: Collection[str]) -> list[Attempt]:
    """What a row says of this configuration and the keys that are in place; of another one it says nothing."""
    found = (Attempt(*attempt) for attempt in row.attempts) if row and row.configuration == configuration else ()
    return [attempt for attempt in found if evidence.holds(attempt.keys, in_place)]


def every_attempt(row: HealthRow) -> list[Attempt]:
    """What was written, whatever it still says."""
    return [Attempt(*attempt) for attempt in row.attempts]
