"""Testing many at once: all models of a provider, or all providers, a few at a time, each result as it comes."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from app import presets, registry
from app.domain.actor import Actor
from app.domain.errors import InvalidDraft, Reason, UnknownProvider
from app.domain.probes.probe import Depth, ProbeResult
from app.domain.providers.provider import ProviderQuery
from app.domain.record import Closed
from app.domain.snapshot import Endpoint, KeyUse, Timeouts
from app.probe import diagnoses, runner
from app.relay import rate_limit
from app.services.probes import results
from app.services.probes.results import Subject
from app.storage import credentials, models, providers
from app.storage.database import engine
from app.storage.tables import ProviderRow

MOST_AT_ONCE = 32
MOST = 500  # tests in one batch
PER_MINUTE = 1_000  # tests of batches, for one person
KEEP_AFTER = 25  # results that are written together


class Batch(Closed):
    """How a batch is run: so many at a time, and no call of it longer than so many seconds."""

    concurrency: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = 8  #: How many tests run at the same time.
    seconds: Annotated[float, Field(ge=1, le=600)] = 30  #: Most seconds that one call may take.
    depth: Depth = "chat"  #: How far to test.


@dataclass(frozen=True, slots=True)
class Probed:
    """One test of a batch: `result` None = it has begun. `model` "" = the one the test chooses."""

    provider: str
    model: str
    result: ProbeResult | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be tested."""

    subject: Subject
    model: str
    preset: str | None


News = asyncio.Queue[tuple[Target, ProbeResult | None] | None]  # None instead of a pair = the end


async def models_of(actor: Actor, name: str, wanted: Sequence[str] | None = None) -> list[Target]:
    """The listed models of a provider, or those named. Raises `UnknownProvider`, `InvalidDraft` when there is none or too many."""
    actor.must_admin()
    async with engine.session() as session:
        row, keys = await results.stored(session, name)
        listed = [m.identifier for m in await models.of_provider(session, row.id)] if wanted is None else list(dict.fromkeys(wanted))
    digest = results.digest_of(row, keys)
    return _counted([Target(Subject(row.id, name, digest, model=model), model, row.preset) for model in listed])


async def providers_of(actor: Actor, wanted: Iterable[str] | None = None) -> list[Target]:
    """Every provider that is on, or those named, whether on or off. Raises `NotFound` for a name that is none, `InvalidDraft`."""
    actor.must_admin()
    async with engine.session() as session:
        rows = {row.name: row for row in await providers.matching(session, ProviderQuery(), limit=None)}
        keys = await credentials.of_providers(session, [row.id for row in rows.values()])
    if wanted is None:
        chosen: list[ProviderRow] = [row for row in rows.values() if row.enabled]
    else:
        unknown = [name for name in wanted if name not in rows]
        if unknown:
            raise UnknownProvider("One of these providers does not exist. It may have been deleted.", field="providers")
        chosen = [rows[name] for name in dict.fromkeys(wanted)]
    return _counted(
        [Target(Subject(row.id, row.name, results.digest_of(row, keys[row.id])), row.default_model or "", row.preset) for row in chosen]
    )


async def run_batch(actor: Actor, targets: Sequence[Target], how: Batch, *, of: str = "") -> AsyncGenerator[Probed]:
    """Test them, `how.concurrency` at a time. Yields each when it begins and when it is done. Whoever stops reading stops the rest
    at once; what was found until then is kept. `of`: the provider whose models these are.

    Raises `TooManyAttempts`, `UnknownProvider` before the first call. Every test counts, against a limit of its own.
    """
    actor.must_admin()
    rate_limit.count(actor.id, kind="batch", most=PER_MINUTE, weight=len(targets))
    await _up_to_date()
    endpoints = {name: replace(registry.shared.endpoint(name), use=KeyUse.TEST) for name in {target.subject.name for target in targets}}
    news: News = asyncio.Queue()
    running = asyncio.create_task(_all(targets, endpoints, how, news))
    found: list[tuple[ProbeResult, Subject]] = []
    try:
        while (item := await news.get()) is not None:
            target, result = item
            if result is not None:
                result, subject = _own_limit(result, target.subject, endpoints[target.subject.name], how.seconds)
                found.append((result, subject))
                if len(found) >= KEEP_AFTER:
                    await _write(actor, found, of)
            yield Probed(target.subject.name, target.model, result)
        await running
    finally:
        running.cancel()
        await asyncio.wait({running})
        await _write(actor, found, of)


async def _up_to_date() -> None:
    async with engine.session() as session:
        revision = await providers.revision(session)
    await registry.shared.refresh(revision)


async def _write(actor: Actor, found: list[tuple[ProbeResult, Subject]], of: str) -> None:
    due = list(found)
    found.clear()
    if due:
        await results.store_many(actor, due, name=of)


async def _all(targets: Sequence[Target], endpoints: Mapping[str, Endpoint], how: Batch, news: News) -> None:
    """A few workers take one target after the other."""
    left = iter(targets)

    async def work() -> None:
        for target in left:
            news.put_nowait((target, None))
            news.put_nowait((target, await _one(target, endpoints[target.subject.name], how)))

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(how.concurrency, len(targets))):
                workers.create_task(work())
    finally:
        news.put_nowait(None)


async def _one(target: Target, endpoint: Endpoint, how: Batch) -> ProbeResult:
    steps = runner.run(
        replace(endpoint, timeouts=_within(endpoint.timeouts, how.seconds)),
        model=target.model or None,
        depth=how.depth,
        preset=presets.find(target.preset),
        is_direct=True,
    )
    async with aclosing(steps):
        found = [step async for step in steps if isinstance(step, ProbeResult)]
    return found[-1]


def _within(limits: Timeouts, seconds: float) -> Timeouts:
    return Timeouts(
        connect=min(limits.connect, seconds),
        first_byte=min(limits.first_byte, seconds),
        idle=min(limits.idle, seconds),
        total=min(limits.total, seconds),
    )


def _own_limit(result: ProbeResult, subject: Subject, endpoint: Endpoint, seconds: float) -> tuple[ProbeResult, Subject]:
    """A test that the shorter limit of its batch ended says nothing of the provider: no repair, and nothing is kept of it."""
    field = diagnoses.limit_of(result.error.code) if result.error else ""
    if result.error is None or not field or getattr(endpoint.timeouts, field.removesuffix("_seconds")) <= seconds:
        return result, subject
    return result.model_copy(update={"error": result.error.model_copy(update={"fix": None})}), replace(subject, digest="")


def _counted(targets: list[Target]) -> list[Target]:
    if not targets:
        raise InvalidDraft({"targets": Reason("nothing_to_test", "There is nothing to test.")})
    if len(targets) > MOST:
        raise InvalidDraft({"targets": Reason("too_many_tests", "Test at most {most} at a time.", most=MOST)})
    return targets
