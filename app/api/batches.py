"""`/providers/test-all`, `/providers/{name}/models/test`: many tests in one call. Whoever hangs up stops the rest."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import Body, Request
from pydantic import Field

from app.api import errors, guard
from app.api.guard import Caller
from app.domain.probes.probe import ProbeResult
from app.domain.record import Identifier, Record
from app.services import probes

router = guard.router("Providers")


class ProvidersToTest(probes.Batch):
    """`providers` left out = all that are on; one that is off is tested when it is named."""

    #: IDs of the providers to test (`name`); omit it for all that are on.
    providers: Annotated[list[str], Field(max_length=500)] | None = None


class ModelsToTest(probes.Batch):
    """`models` left out = all that are listed."""

    #: Identifiers of the models to test; omit it for all that are listed.
    models: Annotated[list[Identifier], Field(max_length=500)] | None = None


class BatchItem(Record):
    """One test of a batch. `model` null = the one the test chose, which its result names."""

    provider: str  #: ID of the provider (its `name`).
    model: str | None  #: Model that was asked for; null = the one the test chose.
    result: ProbeResult  #: What the test found.


class BatchResult(Record):
    """What was found, in the order in which the answers came."""

    items: list[BatchItem]  #: The tests, in the order in which they ended.
    tested: int  #: How many tests ran to the end.
    passed: int  #: How many of them are `ok`.


@router.post("/providers/test-all", responses=errors.documented(404, 429))
async def test_providers(caller: Caller, request: Request, how: Annotated[ProvidersToTest | None, Body()] = None) -> BatchResult:
    """Send one short request to each provider that is on. A provider that does not answer is a result, not an error."""
    how = how or ProvidersToTest()
    targets = await probes.providers_of(caller, how.providers)
    return await _gathered(request, probes.run_batch(caller, targets, how))


@router.post("/providers/{name}/models/test", responses=errors.documented(404, 429))
async def test_models(caller: Caller, request: Request, name: str, how: Annotated[ModelsToTest | None, Body()] = None) -> BatchResult:
    """Send one short request to each listed model of a provider."""
    how = how or ModelsToTest()
    targets = await probes.models_of(caller, name, how.models)
    return await _gathered(request, probes.run_batch(caller, targets, how, of=name))


async def _gathered(request: Request, batch: AsyncGenerator[probes.Probed]) -> BatchResult:
    items: list[BatchItem] = []
    async with aclosing(batch) as tests:
        async for test in tests:
            if test.result is not None:
                items.append(BatchItem(provider=test.provider, model=test.model or None, result=test.result))
            if await request.is_disconnected():
                break
    return BatchResult(items=items, tested=len(items), passed=sum(item.result.ok for item in items))
