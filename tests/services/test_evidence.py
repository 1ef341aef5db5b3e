"""A change of one key takes nothing from what the others have proven, and brings nothing back that they have disproved."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor, ActorType, Role
from app.domain.credentials.credential import CredentialDraft, CredentialPatch, KeyState
from app.domain.errors import PatchbayError
from app.domain.ids import uuid7
from app.domain.probes.probe import ProbeResult, Verdict
from app.domain.providers.provider import Provider, ProviderDraft, Status
from app.domain.snapshot import Route, Target
from app.probe import requests
from app.relay import circuit, failover, keys
from app.services import credentials, probes, providers, rotation
from app.services.health import Recorder
from app.services.probes import Batch
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import MODELS, REFUSE, Upstream, answer, by_key, completion

FIRST, LOW, NEW = "sk-planted-first-0d41f77b", "sk-planted-low-8a36c29b0e", "sk-planted-new-5d0a93be7"
FINE, SPENT = answer(body=completion(MODELS[0])), answer(402, {"error": {"message": "no credit"}})
Change = Callable[[Actor, str], Awaitable[Any]]

pytestmark = only_sqlite


@pytest.fixture
async def mine(db: Any, upstream: Upstream, outgoing: None, actor: Actor) -> AsyncIterator[Provider]:
    """A provider with a key that is used and one that waits behind it."""
    circuit.forget(), keys.forget()
    await registry.shared.start(watch=False)
    fields = {"name": "mine", "base_url": upstream.base_url, "default_model": MODELS[0]}
    await providers.create(actor, ProviderDraft.model_validate(fields))
    for secret, label, priority in ((FIRST, "first", 1), (LOW, "low", 9)):
        given = {"secret": {"api_key": secret}, "label": label, "priority": priority}
        await credentials.add(actor, "mine", CredentialDraft.model_validate(given))
    yield await providers.get(actor, "mine")
    await registry.shared.stop()
    circuit.forget(), keys.forget()


@pytest.fixture
def actor() -> Actor:
    """An admin who has not tested anything yet."""
    return Actor(ActorType.USER, uuid7(), "Ada", Role.ADMIN)


def id_of(provider: Provider, label: str) -> str:
    return next(key.id for key in provider.credentials if key.label == label)


async def probed(actor: Actor, label: str = "") -> ProbeResult:
    """Test the provider, or one key of it."""
    provider = await providers.get(actor, "mine")
    found = [step async for step in probes.run_saved(actor, "mine", credential_id=id_of(provider, label) if label else None)]
    assert isinstance(found[-1], ProbeResult)
    return found[-1]


async def called(times: int = 1) -> None:
    """Requests of an application, as they are noted and written."""
    recorder = Recorder()
    for _ in range(times):
        endpoint = registry.shared.endpoint("mine")
        trying = failover.Trying(Route((Target(endpoint, MODELS[0]),)), lambda _: requests.question(MODELS[0]))
        with suppress(PatchbayError):
            async with trying as reply:
                await reply.read()
    await recorder.stop()


async def status(actor: Actor) -> Status:
    return (await providers.get(actor, "mine")).status


async def replaced(actor: Actor, key_id: str) -> None:
    await credentials.update(actor, key_id, CredentialPatch.model_validate({"secret": {"api_key": NEW}}))


async def rotated(actor: Actor, key_id: str) -> None:
    new = await rotation.start(actor, "mine", CredentialDraft.model_validate({"secret": {"api_key": NEW}}), replaces=key_id)
    await rotation.promote(actor, new.id)


async def switched_off(actor: Actor, key_id: str) -> None:
    await credentials.update(actor, key_id, CredentialPatch(state=KeyState.DISABLED))


async def removed(actor: Actor, key_id: str) -> None:
    await credentials.remove(actor, key_id)


async def joined(actor: Actor, key_id: str) -> None:
    await credentials.add(actor, "mine", CredentialDraft.model_validate({"secret": {"api_key": NEW}}))


CHANGES = [replaced, rotated, switched_off, removed]
every_change = pytest.mark.parametrize("change", [*CHANGES, joined], ids=lambda change: change.__name__)
what_ends_a_key = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)


@pytest.mark.parametrize("proof", ["a test", "a batch", "calls"])
@every_change
async def test_a_change_of_another_key_leaves_what_was_proven(mine: Provider, actor: Actor, change: Change, proof: str) -> None:
    match proof:
        case "a test":
            await probed(actor)
        case "a batch":
            _ = [item async for item in probes.run_batch(actor, await probes.providers_of(actor), Batch())]
        case _:
            await called()
    assert await status(actor) is Status.WORKING

    await change(actor, id_of(mine, "low"))

    assert await status(actor) is Status.WORKING


@pytest.mark.parametrize("proof", ["a test", "calls"])
@what_ends_a_key
async def test_what_a_key_has_proven_ends_with_it(mine: Provider, actor: Actor, change: Change, proof: str) -> None:
    await (probed(actor) if proof == "a test" else called())

    await change(actor, id_of(mine, "first"))

    assert await status(actor) is Status.NOT_TESTED


@what_ends_a_key
async def test_what_another_key_has_proven_by_itself_stands_in(mine: Provider, actor: Actor, change: Change) -> None:
    assert (await probed(actor, "low")).ok
    assert (await probed(actor)).ok

    await change(actor, id_of(mine, "first"))

    assert await status(actor) is Status.WORKING


@every_change
@pytest.mark.parametrize("proof", ["a test", "calls"])
async def test_what_every_key_was_refused_stays_so_while_one_of_them_is_there(
    mine: Provider, upstream: Upstream, actor: Actor, change: Change, proof: str
) -> None:
    await probed(actor)
    await called(3)
    upstream.on("/chat/completions", SPENT)
    keys.forget()
    await (probed(actor) if proof == "a test" else called(3))
    keys.forget()  # the pause is over
    before = await status(actor)

    await change(actor, id_of(mine, "low"))

    assert (before, await status(actor)) == (Status.LIMITED, Status.LIMITED)


async def test_a_new_key_in_place_of_all_that_were_refused_is_not_tested(mine: Provider, upstream: Upstream, actor: Actor) -> None:
    await removed(actor, id_of(mine, "low"))
    upstream.on("/chat/completions", by_key({NEW: FINE}))
    await probed(actor)
    assert await status(actor) is Status.ATTENTION

    await replaced(actor, id_of(mine, "first"))

    assert await status(actor) is Status.NOT_TESTED


async def test_a_test_without_the_list_forgets_no_list(mine: Provider, actor: Actor) -> None:
    await probed(actor)
    _ = [item async for item in probes.run_batch(actor, await probes.providers_of(actor), Batch())]

    last = (await providers.get(actor, "mine")).last_test

    assert last is not None
    assert last.result.models == MODELS


async def test_a_refused_key_that_was_changed_in_its_place_is_not_refused_any_more(
    mine: Provider, upstream: Upstream, actor: Actor
) -> None:
    upstream.on("", REFUSE)
    assert not (await probed(actor, "low")).ok

    await replaced(actor, id_of(mine, "low"))

    shown = await credentials.list_(actor, "mine")
    assert next(key for key in shown if key.label == "low").last_test is None


async def shown_tests(actor: Actor) -> dict[str, Any]:
    """Label of each key → the verdict of the last test that speaks of it."""
    return {key.label: key.last_test and key.last_test.result.verdict for key in await credentials.list_(actor, "mine")}


async def test_a_test_of_the_provider_is_one_of_the_key_it_went_out_with(mine: Provider, actor: Actor) -> None:
    await probed(actor)

    assert await shown_tests(actor) == {"first": Verdict.OK, "low": None}


async def test_the_newer_of_two_tests_speaks_of_a_key(mine: Provider, upstream: Upstream, actor: Actor) -> None:
    await probed(actor)
    upstream.on("", REFUSE)
    await probed(actor, "first")

    assert await shown_tests(actor) == {"first": Verdict.AUTH_FAILED, "low": None}


async def test_a_failed_test_that_may_have_been_any_key_speaks_of_none(mine: Provider, upstream: Upstream, actor: Actor) -> None:
    upstream.on("", REFUSE)
    await probed(actor)

    assert await shown_tests(actor) == {"first": None, "low": None}
