"""`/providers/health`, `/providers/{name}/health`: how providers do, and looking again. Before `/providers/{name}` in the order of
routes."""

from contextlib import aclosing
from typing import Annotated

from fastapi import Body, Request
from pydantic import Field

from app.api import errors, guard
from app.api.guard import Caller
from app.services import probes, providers

router = guard.router("Health")


class Recheck(probes.Batch):
    """`names` left out = all that are on; one that is off is tested when it is named. Depths `auth` and `models` send no prompt, so
    they cost nothing at the provider, but prove less."""

    names: Annotated[list[str], Field(max_length=500)] | None = None


@router.get("/providers/health")
async def list_health(caller: Caller) -> providers.HealthList:
    """How every provider does, from its newest calls and its last test."""
    return await providers.health_of_all(caller)


@router.post("/providers/health/recheck", responses=errors.documented(404, 429))
async def recheck(caller: Caller, request: Request, how: Annotated[Recheck | None, Body()] = None) -> providers.HealthList:
    """Test providers now. What a test finds counts more than all calls before it. Whoever hangs up stops the rest."""
    how = how or Recheck()
    targets = await probes.providers_of(caller, how.names)
    async with aclosing(probes.run_batch(caller, targets, how)) as tests:
        async for _ in tests:
            if await request.is_disconnected():
                break
    found = await providers.health_of_all(caller)
    return found.only({target.subject.name for target in targets})


@router.get("/providers/{name}/health", responses=errors.documented(404))
async def get_health(caller: Caller, name: str) -> providers.HealthInFull:
    """How one provider does, with its newest calls."""
    return await providers.health_of(caller, name)
