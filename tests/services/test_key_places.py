"""A key that is read from a place where there is nothing: wherever keys are counted, it is not one of those in use."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor
from app.domain.credentials.credential import CredentialDraft, KeyState
from app.domain.providers.explanation import SkipCode
from app.domain.providers.health import Health, Source
from app.domain.providers.provider import ProviderDraft, Status
from app.probe import requests
from app.relay import availability, circuit, keys
from app.relay.pipeline import call
from app.services import credentials, probes, providers, routes
from app.ui import i18n
from app.ui.pages.provider.keys.key_rows import rows, summary
from app.ui.provider.card import card
from app.upstream import references
from tests.fixtures.upstream import MODELS, Upstream

TYPED, PLACED = "sk-planted-typed-0d41f77b0e29", "sk-planted-placed-77b0e29c8a"
HERE, NOWHERE, EMPTY = "PATCHBAY_SECRET_HERE", "PATCHBAY_SECRET_NOWHERE", "PATCHBAY_SECRET_EMPTY"


@pytest.fixture(autouse=True)
async def house(db: Any, upstream: Upstream, outgoing: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    circuit.forget(), keys.forget(), references.forget()
    monkeypatch.setenv(HERE, PLACED)
    monkeypatch.setenv(EMPTY, " ")
    await registry.shared.start(watch=False)
    yield
    await registry.shared.stop()
    circuit.forget(), keys.forget(), references.forget()


async def add(actor: Actor, upstream: Upstream, *given: str) -> None:
    """A provider with these keys, named by what they are: typed, or the variable they are read from."""
    fields = {"name": "mine", "base_url": upstream.base_url, "default_model": MODELS[0]}
    await providers.create(actor, ProviderDraft.model_validate(fields))
    for label in given:
        key = {"secret": {"api_key": TYPED}} if label == "typed" else {"reference": {"api_key": {"env": label}}}
        await credentials.add(actor, "mine", CredentialDraft.model_validate({"label": label, **key}))


async def test_everything_that_counts_keys_counts_the_same(actor: Actor, upstream: Upstream) -> None:
    await add(actor, upstream, "typed", HERE, NOWHERE, EMPTY)
    expected = {"typed": KeyState.ACTIVE, HERE: KeyState.ACTIVE, NOWHERE: KeyState.UNRESOLVED, EMPTY: KeyState.UNRESOLVED}

    provider = await providers.get(actor, "mine")
    [listed] = (await providers.list_(actor)).items
    [changed] = (await providers.changes(actor)).items
    of_the_page = await credentials.list_(actor, "mine")
    explained = (await routes.explain(actor, "mine/x")).targets[0].keys

    for shown in (provider.credentials, listed.credentials, changed.credentials, of_the_page):
        assert {key.label: key.state for key in shown} == expected
        assert {key.label: key.resolves for key in shown} == {"typed": None, HERE: True, NOWHERE: False, EMPTY: False}
    assert (card(provider, None, "en").keys_used, card(provider, None, "en").key_count) == (2, 4)
    assert [row.label for row in rows(of_the_page, "en", {}) if row.look == KeyState.ACTIVE] == ["typed", HERE]
    assert summary(of_the_page, "en")[0] == i18n.say("en", "keys.in_use", used=2, n=4)
    assert {step.label: (step.skipped.code if step.skipped else "", step.share) for step in explained} == {
        "typed": ("", 0.5),
        HERE: ("", 0.5),
        NOWHERE: (SkipCode.KEY_UNRESOLVED, 0.0),
        EMPTY: (SkipCode.KEY_UNRESOLVED, 0.0),
    }


async def test_a_reserve_without_a_value_stays_a_reserve(actor: Actor, upstream: Upstream) -> None:
    await add(actor, upstream, "typed")
    reserve = {"label": NOWHERE, "reference": {"api_key": {"env": NOWHERE}}, "state": KeyState.STANDBY}
    await credentials.add(actor, "mine", CredentialDraft.model_validate(reserve))

    shown = {row.label: (row.zone, row.look) for row in rows(await credentials.list_(actor, "mine"), "en", {})}

    assert shown == {"typed": ("used", KeyState.ACTIVE), NOWHERE: ("reserve", KeyState.UNRESOLVED)}


async def test_what_is_said_to_be_used_is_what_calls_use(actor: Actor, upstream: Upstream) -> None:
    await add(actor, upstream, NOWHERE, HERE, EMPTY, "typed")
    endpoint = registry.shared.endpoint("mine")
    promised = {found.key.label for found in availability.of_keys(endpoint) if found.obstruction is None}

    for _ in range(40):
        async with call(endpoint, requests.question("m")) as reply:
            await reply.read()

    assert promised == {"typed", HERE}
    assert {heard.headers["authorization"] for heard in upstream.heard} == {f"Bearer {TYPED}", f"Bearer {PLACED}"}


async def test_a_provider_whose_only_key_is_nowhere_is_down_until_it_is_there(
    actor: Actor, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(actor, upstream, NOWHERE)
    monkeypatch.setenv(NOWHERE, PLACED)
    async for _ in probes.run_saved(actor, "mine"):
        pass
    assert (await providers.get(actor, "mine")).status is Status.WORKING

    monkeypatch.delenv(NOWHERE)
    references.forget()
    provider, found = await providers.get(actor, "mine"), await providers.health_of(actor, "mine")
    explained = await routes.explain(actor, "mine/x")

    assert (provider.status, found.status) == (Status.ATTENTION, Status.ATTENTION)
    assert (found.health, found.source, found.reason) == (Health.DOWN, Source.KEYS, "key_place_empty")
    assert card(provider, None, "en").problem
    assert explained.chosen is None
    assert [step.skipped and step.skipped.code for step in explained.targets] == [SkipCode.NO_KEY]

    monkeypatch.setenv(NOWHERE, PLACED)
    assert (await providers.get(actor, "mine")).status is Status.WORKING
    assert (await routes.explain(actor, "mine/x")).chosen is not None
