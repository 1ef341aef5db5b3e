"""Keys for applications: shown once, by a way that leaves no trace in the tab."""

from datetime import UTC, datetime
from typing import Any

from app.domain.actor import Actor, Scope
from app.domain.providers.provider import ProviderDraft
from app.services import client_keys, providers
from app.ui.client_keys.client_keys import SHOWN_ONCE, ClientKeys
from app.ui.client_keys.key_rights import KeyRights
from tests.fixtures.upstream import Upstream


async def test_a_new_key_reaches_the_page_but_no_var(tab: Any, actor: Actor) -> None:
    await tab.fire(ClientKeys.add)
    await tab.fire(ClientKeys.issue, {"name": "Website chat", "expires_at": ""})

    [event] = tab.sent
    told = {str(name): str(value) for name, value in event.args}
    key = told["value"].strip('"')
    assert key.startswith("pb-")
    assert SHOWN_ONCE in told["ref"]
    assert key not in tab.everything()
    assert await client_keys.check(key)


async def test_mistakes_are_marked_and_nothing_is_issued(tab: Any, actor: Actor) -> None:
    await tab.fire(ClientKeys.add)
    await tab.fire(ClientKeys.issue, {"name": " ", "expires_at": ""})
    state = await tab.state(ClientKeys)
    assert set(state.errors) == {"name"}

    await tab.fire(ClientKeys.issue, {"name": "x", "expires_at": "tomorrow"})
    assert set(state.errors) == {"expires_at"}
    assert await client_keys.list_(actor) == []


async def test_a_revoked_key_leaves_the_list(tab: Any, actor: Actor) -> None:
    await tab.fire(ClientKeys.add)
    await tab.fire(ClientKeys.issue, {"name": "Website chat", "expires_at": ""})
    state = await tab.state(ClientKeys)

    await tab.fire(ClientKeys.ask_revoke, state.keys[0].id)
    await tab.fire(ClientKeys.revoke)

    assert (state.keys, state.revoked) == ([], 1)
    await tab.fire(ClientKeys.choose_revoked, True)
    assert [key.status for key in state.keys] == ["revoked"]


async def test_the_snippets_name_our_address_and_leave_the_key_to_the_browser(tab: Any) -> None:
    await tab.fire(ClientKeys.add)
    await tab.fire(ClientKeys.issue, {"name": "Website chat", "expires_at": ""})

    state = await tab.state(ClientKeys)
    assert "/v1" in state.python
    assert all("{key}" in code for code in (state.python, state.javascript, state.curl))


async def test_a_key_is_restricted_shown_in_words_and_changed_later(tab: Any, actor: Actor, house: Upstream) -> None:
    await providers.create(actor, ProviderDraft(name="acme", label="Acme", base_url=house.base_url, auth_type="none", models=["alpha"]))
    await tab.fire(ClientKeys.add)
    rights, state = await tab.state(KeyRights), await tab.state(ClientKeys)
    assert ([tick.label for tick in rights.providers], rights.known) == (["Acme"], ["acme/alpha"])
    await tab.fire(KeyRights.choose_providers, "some")
    await tab.fire(KeyRights.choose_models, "some")

    await tab.fire(ClientKeys.issue, {"name": "Website chat", "expires_at": "", "requests_per_minute": "x"})
    assert set(state.errors) == {"providers", "models"}

    await tab.fire(KeyRights.tick, "acme", True)
    await tab.fire(KeyRights.add_model, {"new_model": " alpha, acme/beta alpha"})
    await tab.fire(ClientKeys.issue, {"name": "Website chat", "expires_at": "", "requests_per_minute": "x"})
    assert set(state.errors) == {"requests_per_minute"}

    await tab.fire(ClientKeys.issue, {"name": "Website chat", "expires_at": "", "requests_per_minute": "30"})
    [line] = state.keys
    assert (line.providers, line.models, line.per_minute) == ("Acme", "acme/beta, alpha", 30)
    assert state.step == "issued"

    await tab.fire(ClientKeys.edit, line.id)
    assert (rights.name, rights.which_providers, rights.models, rights.per_minute) == (
        "Website chat", "some", ["acme/beta", "alpha"], "30",
    )  # fmt: skip
    await tab.fire(KeyRights.choose_providers, "all")
    await tab.fire(KeyRights.drop_model, "alpha")
    await tab.fire(ClientKeys.save, {"name": " ", "expires_at": "", "requests_per_minute": ""})
    assert (set(state.errors), state.step) == ({"name"}, "edit")

    await tab.fire(ClientKeys.save, {"name": "Shop", "expires_at": "", "requests_per_minute": ""})
    [line] = state.keys
    assert (line.name, line.providers, line.models, line.per_minute, await tab.opened()) == ("Shop", "", "acme/beta", 0, "")
    [stored] = await client_keys.list_(actor)
    assert (stored.name, stored.providers, stored.models, stored.requests_per_minute) == ("Shop", None, ["acme/beta"], 0)


async def test_an_end_within_a_day_stays_until_another_day_is_chosen(tab: Any, actor: Actor) -> None:
    end = datetime(2090, 5, 1, 14, 30, tzinfo=UTC)
    key_id = (await client_keys.issue(actor, "app", Scope.READ, expires_at=end)).client_key.id
    await tab.fire(ClientKeys.load)
    await tab.fire(ClientKeys.edit, key_id)
    day = (await tab.state(KeyRights)).expires_at

    await tab.fire(ClientKeys.save, {"name": "App", "expires_at": day})
    assert (await client_keys.get(actor, key_id)).expires_at == end

    await tab.fire(ClientKeys.edit, key_id)
    await tab.fire(ClientKeys.save, {"name": "App", "expires_at": ""})
    assert (await client_keys.get(actor, key_id)).expires_at is None


async def test_a_key_for_scripts_is_not_restricted_to_models(tab: Any, actor: Actor) -> None:
    await tab.fire(ClientKeys.add)
    await tab.fire(KeyRights.choose_models, "some")
    await tab.fire(ClientKeys.choose_scope, "read")
    await tab.fire(ClientKeys.issue, {"name": "Script", "expires_at": ""})

    [stored] = await client_keys.list_(actor)
    assert (stored.scope, stored.models, stored.requests_per_minute) == (Scope.READ, None, 0)


async def test_a_key_that_has_nothing_left_says_so_and_is_not_opened_as_one_for_all(tab: Any, actor: Actor, house: Upstream) -> None:
    await providers.create(actor, ProviderDraft(name="acme", base_url="https://93.184.216.34/v1", auth_type="none"))
    key = (await client_keys.issue(actor, "app", Scope.GATEWAY, providers=["acme"])).client_key
    await providers.delete(actor, "acme")

    await tab.fire(ClientKeys.load)
    await tab.fire(ClientKeys.edit, key.id)

    [line] = (await tab.state(ClientKeys)).keys
    rights = await tab.state(KeyRights)
    assert (line.providers, line.nothing) == ("", True)
    assert (rights.which_providers, rights.which_models) == ("some", "all")
