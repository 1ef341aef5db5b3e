"""The page of routes in a tab: what is asked, as whom, and that it follows what changes."""

from typing import Any

import pytest

from app.domain.actor import Scope
from app.domain.providers.provider import ProviderDraft
from app.services import client_keys, providers
from app.ui.pages.routes.routes import Routes
from tests.fixtures import make
from tests.fixtures.databases import only_sqlite

pytestmark = only_sqlite


@pytest.fixture
async def acme(tab: Any, actor: Any) -> None:
    draft = {"name": "acme", "label": "Acme", "base_url": "https://acme.example/v1", "models": ["alpha", "beta"]}
    draft |= {"credential": {"label": "Main", "secret": {"api_key": make.SECRET}}}
    await providers.create(actor, ProviderDraft.model_validate(draft))


async def test_before_a_question_nothing_is_shown(tab: Any, acme: None) -> None:
    await tab.fire(Routes.load)
    await tab.fire(Routes.follow)

    shown = await tab.state(Routes)
    assert (shown.asked, shown.targets, shown.kind) == (False, [], "")


async def test_a_name_leads_to_a_provider_and_a_key(tab: Any, acme: None) -> None:
    await tab.fire(Routes.ask, {"selector": " acme/alpha "})

    shown = await tab.state(Routes)
    assert (shown.kind, shown.provider, shown.model, shown.key, shown.error) == ("provider", "Acme", "alpha", "Main", "")
    (target,) = shown.targets
    assert (target.place, target.percent, target.skipped) == (1, 100, "")
    assert [(key.label, key.percent) for key in target.key_steps] == [("Main", 100)]


async def test_what_will_become_of_the_call_is_said_with_its_reason(tab: Any, acme: None) -> None:
    await tab.fire(Routes.ask, {"selector": "acme/alpha"})
    shown = await tab.state(Routes)
    assert (shown.outlook, shown.next_provider, shown.targets[0].concerns) == ("unknown", "", ["not_tried"])
    assert shown.targets[0].status == "not_tested"

    await tab.fire(Routes.ask, {"selector": "acme/nonsense"})

    assert (shown.outlook, shown.error, shown.targets[0].concerns) == ("doubtful", "", ["not_tried", "model_not_listed"])


async def test_it_follows_what_changes(tab: Any, acme: None, actor: Any) -> None:
    await tab.fire(Routes.ask, {"selector": "acme/alpha"})
    await providers.disable(actor, "acme")

    await tab.fire(Routes.follow)

    shown = await tab.state(Routes)
    assert (shown.error, shown.provider) == ("provider_disabled", "")


async def test_a_mistaken_name_is_offered_better_ones(tab: Any, acme: None) -> None:
    await tab.fire(Routes.ask, {"selector": "acme/alpah"})
    await tab.fire(Routes.ask, {"selector": "alpah"})
    offered = list((await tab.state(Routes)).suggestions)

    await tab.fire(Routes.take, offered[0])

    shown = await tab.state(Routes)
    assert (offered, shown.error, shown.selector) == (["acme/alpha"], "", "acme/alpha")


async def test_it_is_asked_for_one_application(tab: Any, acme: None, actor: Any) -> None:
    narrow = await client_keys.issue(actor, "narrow", Scope.GATEWAY, models=["beta"])
    await client_keys.issue(actor, "script", Scope.READ)
    await tab.fire(Routes.load)
    await tab.fire(Routes.ask, {"selector": "acme/alpha"})

    await tab.fire(Routes.choose_app, narrow.client_key.id)

    shown = await tab.state(Routes)
    assert [app.name for app in shown.apps] == ["narrow"]
    assert (shown.error, shown.provider) == ("model_not_found", "")
