"""`/providers/health`, `/providers/{name}/health`, `…/stats`: how providers do, and looking again. These routes come before
`/providers/{name}`."""

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Body, Query, Request
from pydantic import Field

from app.api import errors, guard
from app.api.guard import Caller
from app.api.lists import Paging, page
from app.api.schemas import HealthList
from app.domain.usage import Figures
from app.services import probes, providers, usage

router = guard.router("Health")


class Stats(Figures):
    """What calls through the gateway added up to, in whole hours from the one of `since`. An attempt that another provider made good
    counts there; a failure here shows in the health."""

    name: str  #: ID of the provider (its `name`).
    since: datetime  #: Begin of the period, a whole hour.


class Recheck(probes.Batch):
    """`names` left out = all that are on; one that is off is tested when it is named. Depths `auth` and `models` send no prompt, so
    they cost nothing at the provider, but prove less."""

    names: Annotated[list[str], Field(max_length=500)] | None = None  #: IDs of the providers to test (`name`); omit it for all that are on.


@router.get("/providers/health")
async def list_health(caller: Caller, query: Annotated[Paging, Query()]) -> HealthList:
    """How every provider does, from its newest calls and its last test."""
    found = await providers.health_of_all(caller)
    return page(HealthList, found.items, query, key=lambda one: one.name, counts=found.counts)


@router.post("/providers/health/recheck", responses=errors.documented(404, 429))
async def recheck_health(caller: Caller, request: Request, how: Annotated[Recheck | None, Body()] = None) -> HealthList:
    """Test providers now. What a test finds counts more than all calls before it. Whoever hangs up stops the rest."""
    how = how or Recheck()
    targets = await probes.providers_of(caller, how.names)
    async with aclosing(probes.run_batch(caller, targets, how)) as tests:
        async for _ in tests:
            if await request.is_disconnected():
                break
    found = await providers.health_of_all(caller)
    tested = found.only({target.subject.name for target in targets})
    return HealthList(items=tested.items, counts=tested.counts, next_cursor=None, total=len(tested.items))


@router.get("/providers/{name}/health", responses=errors.documented(404))
async def get_health(caller: Caller, name: str) -> providers.HealthInFull:
    """How one provider does, with its newest calls."""
    return await providers.health_of(caller, name)


@router.get("/providers/{name}/stats", responses=errors.documented(404))
async def get_stats(caller: Caller, name: str) -> Stats:
    """Requests, errors, tokens, cost and latency (p50, p95) of one provider within the last 24 hours."""
    provider = await providers.get(caller, name)
    since = datetime.now(UTC) - timedelta(days=1)
    found = await usage.summary(caller, provider.id, since)
    return Stats(**found.model_dump(), name=provider.name, since=since.replace(minute=0, second=0, microsecond=0))
