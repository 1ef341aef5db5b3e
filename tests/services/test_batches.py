"""Testing many at once: a few at a time, each result as it comes, stopped at once, kept for what it speaks of."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor, ActorType, Role
from app.domain.credentials.credential import CredentialDraft
from app.domain.errors import InvalidDraft, NotFound, TooManyAttempts
from app.domain.ids import uuid7
from app.domain.probes.probe import ProbeStep, StepName, Verdict
from app.domain.providers.provider import ProviderDraft, ProviderPatch, Status
from app.domain.secret import Secret
from app.services import credentials, models, probes, providers
from app.services.probes import Batch, Probed, batches
from app.storage.audit_tables import AuditRow
from app.storage.tables import ProbeRow
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import Heard, Line, Upstream, answer, completion
from tests.services.test_probes import rows

KEY = "sk-planted-77aa01c4e2b9-Qw"


async def of_models(provider_id: str) -> dict[str, ProbeRow]:
    """Model → what its last test left at this provider."""
    return {row.model: row for row in await rows(ProbeRow) if row.provider_id == provider_id and row.model}


@pytest.fixture
async def house(db: Any, upstream: Upstream, outgoing: None) -> AsyncIterator[None]:
    await registry.shared.start(watch=False)
    yield
    await registry.shared.stop()


pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def me() -> Actor:
    """An admin who has not tested anything yet."""
    return Actor(ActorType.USER, uuid7(), "Ada", Role.ADMIN)


async def provider(me: Actor, upstream: Upstream, name: str = "mine", **fields: Any) -> None:
    whole = {"name": name, "base_url": upstream.base_url, "credential": {"secret": {"api_key": KEY}}, "default_model": "m-1", **fields}
    await providers.create(me, ProviderDraft.model_validate(whole))


async def found(steps: AsyncIterator[Probed]) -> list[Probed]:
    return [test async for test in steps if test.result is not None]


class Gate:
    """Holds every chat until it is opened, and counts who waits."""

    def __init__(self) -> None:
        self.waiting, self.most, self.asked = 0, 0, 0
        self.open, self.full = asyncio.Event(), asyncio.Event()
        self.room = 0

    async def __call__(self, line: Line, heard: Heard) -> None:
        self.asked += 1
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting == self.room:
            self.full.set()
        try:
            await self.open.wait()
        finally:
            self.waiting -= 1
        await answer(body=completion(heard.json["model"]))(line, heard)


@only_sqlite
async def test_two_hundred_are_tested_as_many_at_a_time_as_asked_with_one_call_each(me: Actor, upstream: Upstream) -> None:
    gate = Gate()
    gate.room = 32
    upstream.on("/chat/completions", gate)
    await provider(me, upstream, models=[f"m-{n}" for n in range(200)])
    targets = await probes.models_of(me, "mine")
    running = asyncio.ensure_future(found(probes.run_batch(me, targets, Batch(concurrency=32), of="mine")))

    async with asyncio.timeout(20):
        await gate.full.wait()
        assert (gate.waiting, gate.asked) == (32, 32)
        gate.open.set()
        tested = await running

    assert (len(tested), gate.most) == (200, 32)
    assert {test.model for test in tested} == {f"m-{n}" for n in range(200)}
    assert all(test.result and test.result.ok and StepName.CHAT in test.result.proven for test in tested)
    assert len(upstream.heard) == 200


async def test_results_of_models_are_kept_apart_from_that_of_the_provider_and_go_with_its_configuration(
    me: Actor, upstream: Upstream
) -> None:
    async def picky(line: Line, heard: Heard) -> None:
        known = heard.json["model"] == "m-1"
        missing = {"error": {"message": "no", "code": "model_not_found"}}
        await (answer(body=completion("m-1")) if known else answer(404, missing))(line, heard)

    upstream.on("/chat/completions", picky)
    await provider(me, upstream, models=["m-1", "m-2"])

    tested = await found(probes.run_batch(me, await probes.models_of(me, "mine"), Batch(), of="mine"))

    assert {t.model: t.result.verdict for t in tested if t.result} == {"m-1": Verdict.OK, "m-2": Verdict.MODEL_NOT_FOUND}
    one = await providers.get(me, "mine")
    assert one.status is Status.NOT_TESTED
    kept = await of_models(one.id)
    assert {model: row.result["verdict"] for model, row in kept.items()} == {"m-1": "ok", "m-2": "model_not_found"}
    [entry] = [row for row in await rows(AuditRow) if row.action == "provider:batch:test"]
    assert entry.changes == {"tested": 2, "passed": 1, "not_passed": ["m-2"]}

    await providers.update(me, "mine", ProviderPatch.model_validate({"network": {"total_seconds": 30}}))
    assert await of_models(one.id) == {}


async def test_what_was_found_of_a_model_or_a_key_goes_with_it(me: Actor, upstream: Upstream) -> None:
    await provider(me, upstream, models=["m-1", "m-2"])
    one = await providers.get(me, "mine")
    await found(probes.run_batch(me, await probes.models_of(me, "mine"), Batch(), of="mine"))
    spare = await credentials.add(me, "mine", CredentialDraft(secret={"api_key": Secret(f"{KEY}-spare")}))
    for key in (one.credentials[0].id, spare.id):
        async for _ in probes.run_saved(me, "mine", credential_id=key):
            pass

    await models.sync(me, "mine", remove=["m-2"])
    await credentials.remove(me, spare.id)

    assert set(await of_models(one.id)) == {"m-1"}
    assert {(row.credential_id, row.model) for row in await rows(ProbeRow)} == {("", "m-1"), (one.credentials[0].id, "")}


async def test_a_key_that_is_removed_while_it_is_tested_leaves_nothing_behind(me: Actor, upstream: Upstream) -> None:
    await provider(me, upstream)
    spare = await credentials.add(me, "mine", CredentialDraft(secret={"api_key": Secret(f"{KEY}-spare")}))

    async for step in probes.run_saved(me, "mine", credential_id=spare.id):
        if isinstance(step, ProbeStep) and step.name is StepName.HTTP:
            await credentials.remove(me, spare.id)

    assert await rows(ProbeRow) == []


async def test_all_providers_means_those_that_are_on_and_one_that_is_off_is_tested_when_it_is_named(me: Actor, upstream: Upstream) -> None:
    for name in ("one", "two", "off"):
        await provider(me, upstream, name)
    await providers.disable(me, "off")

    tested = await found(probes.run_batch(me, await probes.providers_of(me), Batch()))
    assert {t.provider for t in tested} == {"one", "two"}
    assert {(await providers.get(me, name)).status for name in ("one", "two")} == {Status.WORKING}

    named = await found(probes.run_batch(me, await probes.providers_of(me, ["off", "off"]), Batch()))
    assert [(t.provider, t.result and t.result.ok) for t in named] == [("off", True)]
    assert not (await providers.get(me, "off")).enabled


async def test_whoever_stops_reading_stops_the_rest_at_once_and_keeps_what_is_there(me: Actor, upstream: Upstream) -> None:
    left: list[str] = []

    async def one_answers(line: Line, heard: Heard) -> None:
        if heard.json["model"] != "m-1":
            try:
                await asyncio.Event().wait()
            finally:
                left.append(heard.json["model"])
        await answer(body=completion(heard.json["model"]))(line, heard)

    upstream.on("/chat/completions", one_answers)
    await provider(me, upstream, models=[f"m-{n}" for n in range(1, 10)])
    steps = probes.run_batch(me, await probes.models_of(me, "mine"), Batch(concurrency=2), of="mine")

    async with asyncio.timeout(10):
        async for test in steps:
            if test.result is not None:
                break
        await steps.aclose()

        while len(left) < len(upstream.heard) - 1:  # noqa: ASYNC110 - a list of another task
            await asyncio.sleep(0.01)

    assert len(upstream.heard) <= 3
    assert set(await of_models((await providers.get(me, "mine")).id)) == {"m-1"}


async def test_a_limit_of_the_batch_is_said_and_not_held_against_the_provider(me: Actor, upstream: Upstream) -> None:
    async def silent(line: Line, _: Heard) -> None:
        await line.gone.wait()

    upstream.on("/chat/completions", silent)
    await provider(me, upstream)

    [test] = await found(probes.run_batch(me, await probes.providers_of(me), Batch(seconds=1)))

    assert test.result is not None
    assert test.result.error is not None
    assert (test.result.error.code, test.result.error.values["seconds"], test.result.error.fix) == ("total_timeout", 1, None)
    assert (await providers.get(me, "mine")).status is Status.NOT_TESTED


async def test_every_test_of_a_batch_counts_and_single_tests_stay_possible(
    me: Actor, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PER_MINUTE", 3)
    await provider(me, upstream, models=["m-1", "m-2"])
    targets = await probes.models_of(me, "mine")
    await found(probes.run_batch(me, targets, Batch(), of="mine"))
    heard = len(upstream.heard)

    with pytest.raises(TooManyAttempts) as caught:
        await found(probes.run_batch(me, targets, Batch(), of="mine"))

    assert 0 < caught.value.details["retry_after"] <= 60  # type: ignore[operator] - a number
    assert len(upstream.heard) == heard
    assert [step async for step in probes.run_saved(me, "mine")]


async def test_nothing_too_much_and_unknown_names_are_refused_before_the_first_call(me: Actor, upstream: Upstream) -> None:
    with pytest.raises(InvalidDraft):
        await probes.providers_of(me)
    await provider(me, upstream, default_model=None)
    with pytest.raises(InvalidDraft):
        await probes.models_of(me, "mine")
    with pytest.raises(InvalidDraft):
        await probes.models_of(me, "mine", [f"m-{n}" for n in range(501)])
    with pytest.raises(NotFound):
        await probes.providers_of(me, ["mine", "nobody"])
    assert upstream.connections == 0


async def test_models_to_choose_from_are_the_recommended_then_the_listed_then_what_else_is_offered(me: Actor, upstream: Upstream) -> None:
    await provider(me, upstream, models=["m-1", "beta/large"])
    async for _ in probes.run_saved(me, "mine", depth="models"):
        pass
    await models.sync(me, "mine", add=["m-2"])

    found = await probes.choices(me, "mine")

    assert [(c.model, c.group) for c in found] == [
        ("beta/large", "listed"),
        ("m-1", "listed"),
        ("m-2", "listed"),
        ("alpha-small", "offered"),
        ("text-embed-1", "offered"),
    ]
