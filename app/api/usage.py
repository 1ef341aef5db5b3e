"""`/usage`: what applications used, by whom and of what it costs."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator

from app.api import errors, guard
from app.api.guard import Caller
from app.domain.record import written
from app.domain.usage import By, Step, UsageReport, UsageSeries
from app.services import usage

router = guard.router("Usage")
Zoned = Annotated[AwareDatetime, BeforeValidator(written)]
Since = Annotated[Zoned | None, Query(alias="from", description="With a time zone; defaults to one day before `to`.")]
Until = Annotated[Zoned | None, Query(alias="to", description="With a time zone; defaults to now.")]
Name = Annotated[str, Query(max_length=50, description="ID of a provider (its `name`); omit it for all providers.")]
KeyId = Annotated[str, Query(max_length=36, description="ID of an app key; omit it for all app keys.")]
Limit = Annotated[int, Query(ge=1, le=1_000)]


@router.get("/usage", responses=errors.documented(404))
async def get_usage(
    caller: Caller,
    by: By = By.PROVIDER,
    since: Since = None,
    until: Until = None,
    provider: Name = "",
    client_key_id: KeyId = "",
    limit: Limit = 500,
) -> UsageReport:
    """Requests, errors, tokens, latency and cost, in whole hours, the busiest first."""
    begin, end = _period(since, until)
    return await usage.report(caller, by, since=begin, until=end, provider=provider, client_key_id=client_key_id, limit=limit)


@router.get("/usage/series", responses=errors.documented(404))
async def get_usage_series(
    caller: Caller, step: Step = Step.HOUR, since: Since = None, until: Until = None, provider: Name = "", client_key_id: KeyId = ""
) -> UsageSeries:
    """The same over time, one item an hour or a day (UTC)."""
    begin, end = _period(since, until)
    return await usage.series(caller, step, since=begin, until=end, provider=provider, client_key_id=client_key_id)


def _period(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    end = until or datetime.now(UTC)
    try:
        return since or end - timedelta(days=1), end
    except OverflowError:
        return end, end
