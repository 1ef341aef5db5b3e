"""The last probe of each provider, and for a while those of drafts that may be saved next."""

import time
from collections import OrderedDict
from collections.abc import Iterable

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.probes.probe import LastTest, ProbeResult, StepName
from app.storage.tables import ProbeRow

DRAFTS = 200
DRAFT_SECONDS = 900

# A draft that was tested and is then saved unchanged keeps its verdict. Keyed by the configuration's digest, which
# holds a keyed fingerprint of the secret; lives in this process only, because a draft is nobody's row.
_drafts: OrderedDict[str, tuple[float, LastTest]] = OrderedDict()


async def of_providers(session: AsyncSession, provider_ids: Iterable[str]) -> dict[str, ProbeRow]:
    """Provider id → its last probe with the configuration it was made for."""
    query = select(ProbeRow).where(col(ProbeRow.provider_id).in_(list(provider_ids)), ProbeRow.credential_id == "", ProbeRow.model == "")
    return {row.provider_id: row for row in (await session.exec(query)).all()}


async def of_keys(session: AsyncSession, provider_ids: Iterable[str]) -> dict[str, ProbeRow]:
    """Credential id → its last probe. It speaks of the key while the configuration and the key are those it was made for."""
    query = select(ProbeRow).where(col(ProbeRow.provider_id).in_(list(provider_ids)), ProbeRow.credential_id != "", ProbeRow.model == "")
    return {row.credential_id: row for row in (await session.exec(query)).all()}


async def save(
    session: AsyncSession, provider_id: str, *, configuration: str, test: LastTest, credential_id: str = "", model: str = ""
) -> None:
    """Keep this result as the last of its provider, or of one key or one model of it."""
    row = await session.get(ProbeRow, (provider_id, credential_id, model)) or ProbeRow(
        provider_id=provider_id,
        credential_id=credential_id,
        model=model,
        configuration="",
        result={},
        checked_at=test.result.checked_at,
    )
    result = test.result
    if row.configuration == configuration and not any(step.name is StepName.MODELS for step in result.steps):
        result = result.model_copy(update={"models": row.result.get("models", [])})  # a test that did not ask for the list forgets none
    row.configuration, row.tested_by = configuration, test.tested_by
    row.result, row.checked_at = result.model_dump(mode="json"), result.checked_at
    session.add(row)


async def clear(session: AsyncSession, provider_id: str) -> None:
    """Forget the results of a provider and of its models. Those of its keys each know the configuration they were made for."""
    for row in (await session.exec(select(ProbeRow).where(ProbeRow.provider_id == provider_id, ProbeRow.credential_id == ""))).all():
        await session.delete(row)


def record(row: ProbeRow) -> LastTest:
    """What the edges show of a probe."""
    return LastTest(result=ProbeResult.model_validate(row.result), tested_by=row.tested_by)


def remember_draft(configuration: str, test: LastTest) -> None:
    """Keep the result of a draft for a quarter of an hour; the oldest make room."""
    _drafts[configuration] = (time.monotonic(), test)
    _drafts.move_to_end(configuration)
    while len(_drafts) > DRAFTS:
        _drafts.popitem(last=False)


def of_draft(configuration: str) -> LastTest | None:
    """The result of a draft of exactly this configuration, if it is fresh."""
    at, test = _drafts.get(configuration, (0.0, None))
    return test if test and time.monotonic() - at < DRAFT_SECONDS else None
