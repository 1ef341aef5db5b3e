"""The wizard: what is saved and tested when, where a reload leads, and that there is always a way on."""

import time
from typing import Any

import pytest
from reflex.istate.data import RouterData

from app.domain.actor import Actor, Role, Scope
from app.domain.providers.discovery import Discovery, FoundServer
from app.domain.providers.provider import ProviderPatch
from app.relay import rate_limit
from app.services import client_keys, discovery, models, providers
from app.ui.pages.start.first_key import FirstKey
from app.ui.pages.start.model_test import GuidedTest
from app.ui.pages.start.wizard import Wizard
from app.ui.presets.local_servers_state import LocalServers
from app.ui.provider_form.form import ADD, CUSTOM, ProviderForm
from app.ui.provider_form.found_servers import FoundServers
from app.ui.provider_form.submission import Submission
from app.ui.session.notices import Notices
from tests.fixtures.upstream import MODELS, Upstream, answer

KEY = "sk-planted-0c4d77a1e9f3b5-Zz91"


def typed(house: Upstream, **fields: str) -> dict[str, str]:
    return {"auth_type": "api_key", "base_url": house.base_url, "secret.api_key": KEY, "label": "", "at_root": ""} | fields


async def open_at(tab: Any, query: str = "") -> Any:
    """Open the page at an address, as after a reload."""
    tab.root.router = RouterData.from_router_data({"pathname": "/start", "asPath": f"/start?{query}", "query": {}, "headers": {}})
    await tab.fire(FirstKey.begin)
    await tab.fire(Wizard.load)
    return await tab.state(Wizard)


@pytest.fixture(autouse=True)
def unhurried() -> None:
    rate_limit._recent.clear()


@pytest.fixture
async def wizard(tab: Any) -> Any:
    """At its first step."""
    return await open_at(tab)


@pytest.fixture
async def tested(tab: Any, wizard: Any, house: Upstream) -> Any:
    """After a test that passed."""
    await tab.fire(Wizard.choose, CUSTOM)
    await tab.fire(Wizard.connect, typed(house))
    return wizard


async def test_what_was_typed_is_saved_first_and_the_saved_one_is_tested(tab: Any, tested: Any, house: Upstream, actor: Actor) -> None:
    found, test = await tab.state(Submission), await tab.state(GuidedTest)
    saved = await providers.get(actor, tested.provider)

    assert (tested.step, test.run.outcome, test.testing) == ("test", "ok", False)
    assert (saved.name, saved.label, saved.credentials[0].hint) == ("local-server", "Local server", "Zz91")
    assert saved.last_test is not None
    assert (found.chosen, found.total) == (test.run.model, len(MODELS))
    assert found.found[0] == found.chosen
    assert tested.query == f"provider={saved.name}&step=test"
    assert KEY not in tab.everything()


async def test_one_press_lists_the_models_and_makes_the_chosen_one_default(tab: Any, tested: Any, actor: Actor) -> None:
    assert tested.no_default
    await tab.fire(Submission.pick, MODELS[1])
    await tab.fire(Wizard.use_model)

    saved = await providers.get(actor, tested.provider)
    assert (tested.step, tested.selector) == ("answer", f"{saved.name}/{MODELS[1]}")
    assert (saved.default_model, saved.is_default) == (MODELS[1], True)
    assert [m.identifier for m in await models.list_(actor, saved.name)] == sorted(MODELS)


async def test_whoever_does_not_want_it_as_the_default_provider_says_so(tab: Any, tested: Any, actor: Actor) -> None:
    await tab.fire(Wizard.choose_make_default, False)
    await tab.fire(Wizard.use_model)

    assert not (await providers.get(actor, tested.provider)).is_default


async def test_a_default_that_is_there_is_left_alone(tab: Any, tested: Any, house: Upstream, actor: Actor) -> None:
    await tab.fire(Wizard.use_model)
    await tab.fire(Wizard.start_over)
    await tab.fire(Wizard.choose, CUSTOM)
    await tab.fire(Wizard.connect, typed(house, label="Second"))
    await tab.fire(Wizard.use_model)

    assert [p.name for p in (await providers.list_(actor)).items if p.is_default] == ["local-server"]


async def test_a_wrong_key_can_be_typed_again(tab: Any, wizard: Any, house: Upstream, actor: Actor) -> None:
    house.on("/models", answer(401, {"error": {"message": "no"}}))
    await tab.fire(Wizard.choose, CUSTOM)
    await tab.fire(Wizard.connect, typed(house))
    test, form = await tab.state(GuidedTest), await tab.state(ProviderForm)
    assert (wizard.step, test.run.outcome, test.refused) == ("test", "failed", True)

    await tab.fire(Wizard.edit)
    assert (wizard.step, form.replacing, await tab.opened()) == ("connect", True, "")
    assert wizard.query == "provider=local-server&step=connect"
    del house.scripts["/models"]
    await tab.fire(Wizard.connect, typed(house, **{"secret.api_key": "sk-another-1234567890-aB3d"}))

    assert (await tab.state(GuidedTest)).run.outcome == "ok"
    (saved,) = (await providers.list_(actor)).items
    assert saved.credentials[0].hint == "aB3d"


async def test_correcting_a_provider_leaves_the_rest_of_it_alone(tab: Any, tested: Any, house: Upstream, actor: Actor) -> None:
    await providers.update(actor, tested.provider, ProviderPatch(description="ask Bob", only_listed_models=False, tags=["office"]))
    await tab.fire(Wizard.edit)

    await tab.fire(Wizard.connect, typed(house, label="Renamed", **{"secret.api_key": ""}))

    saved = await providers.get(actor, tested.provider)
    assert (saved.label, saved.description, saved.tags, saved.credentials[0].hint) == ("Renamed", "ask Bob", ["office"], "Zz91")


async def test_mistakes_are_marked_and_nothing_is_saved(tab: Any, wizard: Any, house: Upstream, actor: Actor) -> None:
    await tab.fire(Wizard.choose, CUSTOM)
    await tab.fire(Wizard.connect, typed(house, base_url="ftp://x"))

    form = await tab.state(ProviderForm)
    assert (wizard.step, wizard.saving, set(form.errors)) == ("connect", False, {"base_url"})
    assert (await providers.list_(actor)).items == []


async def test_somebody_else_s_save_in_between_is_told_and_the_next_press_counts(
    tab: Any, tested: Any, house: Upstream, actor: Actor
) -> None:
    await tab.fire(Wizard.edit)
    await providers.update(actor, tested.provider, ProviderPatch(description="theirs"))
    again = typed(house, label="Mine", **{"secret.api_key": ""})

    await tab.fire(Wizard.connect, again)
    assert (tested.step, (await tab.state(Notices)).level) == ("connect", "error")

    await tab.fire(Wizard.connect, again)
    assert (await providers.get(actor, tested.provider)).label == "Mine"


async def test_an_address_that_the_test_proposes_is_put_into_the_field(tab: Any, wizard: Any, house: Upstream) -> None:
    for path in ("/api/models", "/api/chat/completions"):
        house.on(path, answer(404, {"error": {"message": "no"}}))
    await tab.fire(Wizard.choose, CUSTOM)
    await tab.fire(Wizard.connect, typed(house, base_url=f"{house.origin}/api", default_model="x"))
    await tab.fire(Wizard.test, {"model": "x"})
    test = await tab.state(GuidedTest)
    assert test.run.fix_value == f"{house.origin}/api/v1"

    await tab.fire(Wizard.repair)

    form = await tab.state(ProviderForm)
    assert (wizard.step, form.base_url) == ("connect", f"{house.origin}/api/v1")


async def test_a_provider_without_a_list_is_asked_by_the_name_somebody_types(tab: Any, wizard: Any, house: Upstream, actor: Actor) -> None:
    house.on("/models", answer(404, {"error": {"message": "no"}}))
    await tab.fire(Wizard.choose, CUSTOM)
    await tab.fire(Wizard.connect, typed(house))
    test = await tab.state(GuidedTest)
    assert (test.run.outcome, test.run.model) == ("partly", "")

    await tab.fire(Wizard.test, {"model": " special-1 "})
    assert test.run.model == "special-1"
    await tab.fire(Wizard.use_model)

    assert wizard.selector == "local-server/special-1"
    assert [m.identifier for m in await models.list_(actor, "local-server")] == ["special-1"]


async def test_what_does_not_work_is_no_dead_end(tab: Any, wizard: Any, house: Upstream) -> None:
    house.on("/chat/completions", answer(500, {"error": {"message": "oops"}}))
    await tab.fire(Wizard.choose, CUSTOM)
    await tab.fire(Wizard.connect, typed(house))
    assert (await tab.state(GuidedTest)).run.outcome == "failed"

    await tab.fire(Wizard.go_on)
    assert wizard.step == "app"
    await tab.fire(Wizard.start_over)
    assert (wizard.step, wizard.provider, wizard.query) == ("choose", "", "")


async def test_a_test_that_was_left_is_dropped(tab: Any, wizard: Any, house: Upstream) -> None:
    async def leave_meanwhile(line: Any, heard: Any) -> None:
        await tab.fire(Wizard.start_over)
        await answer(body={"data": []})(line, heard)

    house.on("/models", leave_meanwhile)
    await tab.fire(Wizard.choose, CUSTOM)
    await tab.fire(Wizard.connect, typed(house))

    test = await tab.state(GuidedTest)
    assert (wizard.step, test.run.lines, test.testing) == ("choose", [], False)


@pytest.mark.parametrize(
    ("query", "step"),
    [
        pytest.param("provider=local-server&step=connect", "connect", id="connect"),
        pytest.param("provider=local-server&step=test", "test", id="test"),
        pytest.param("provider=local-server&step=answer", "answer", id="answer"),
        pytest.param("provider=local-server&step=app", "app", id="app"),
        pytest.param("provider=local-server&step=nonsense", "choose", id="no such step"),
        pytest.param("provider=gone&step=test", "choose", id="a provider that is gone"),
        pytest.param("preset=groq&step=connect", "connect", id="a vendor"),
        pytest.param("preset=nonsense&step=connect", "choose", id="no such vendor"),
        pytest.param("step=answer", "choose", id="nothing to answer"),
    ],
)
async def test_an_address_leads_back_to_where_it_was_written(tab: Any, tested: Any, query: str, step: str) -> None:
    await tab.fire(Wizard.use_model)

    wizard = await open_at(tab, query)

    assert wizard.step == step
    if step in ("connect", "test", "answer", "app"):
        assert wizard.query == query


async def test_coming_back_to_the_test_shows_what_it_found(tab: Any, tested: Any, house: Upstream) -> None:
    asked = len(house.heard)

    await open_at(tab, tested.query)

    assert (await tab.state(GuidedTest)).run.outcome == "ok"
    assert (await tab.state(Submission)).found[0] == MODELS[0]
    assert len(house.heard) == asked  # a link to the page calls nobody


async def test_without_a_model_there_is_no_first_answer_to_come_back_to(tab: Any, tested: Any) -> None:
    assert (await open_at(tab, f"provider={tested.provider}&step=answer")).step == "test"


@pytest.fixture
def nearby(monkeypatch: pytest.MonkeyPatch, house: Upstream) -> list[FoundServer]:
    """What a search finds; the search itself has tests of its own."""
    servers: list[FoundServer] = []

    async def find(_: Actor) -> Discovery:
        return Discovery(tuple(servers), ("localhost",))

    monkeypatch.setattr(discovery, "find", find)
    return servers


async def test_a_server_found_nearby_that_needs_no_key_is_saved_and_tested_with_one_press(
    tab: Any, wizard: Any, house: Upstream, nearby: list[FoundServer], actor: Actor
) -> None:
    nearby.append(FoundServer("ollama", "Ollama", house.base_url, tuple(MODELS), None))
    await tab.fire(LocalServers.look)
    near = await tab.state(LocalServers)
    assert ([s.models for s in near.servers], near.hosts, near.looking) == ([len(MODELS)], "localhost", False)

    await tab.fire(Wizard.take_found, house.base_url)

    (saved,) = (await providers.list_(actor)).items
    assert (saved.label, saved.preset, saved.auth_type) == ("Ollama", "ollama", "none")
    assert (wizard.step, (await tab.state(GuidedTest)).run.outcome) == ("test", "ok")


async def test_one_that_wants_a_key_asks_for_it_with_its_address_filled_in(
    tab: Any, wizard: Any, house: Upstream, nearby: list[FoundServer]
) -> None:
    nearby.append(FoundServer("litellm", "LiteLLM", house.base_url, (), None))
    await tab.fire(LocalServers.look)

    await tab.fire(Wizard.take_found, house.base_url)

    form = await tab.state(ProviderForm)
    assert (wizard.step, form.base_url, form.auth_type) == ("connect", house.base_url, "api_key")


async def test_one_that_is_set_up_already_is_taken_as_it_is(
    tab: Any, tested: Any, house: Upstream, nearby: list[FoundServer], actor: Actor
) -> None:
    nearby.append(FoundServer(None, "", house.base_url, tuple(MODELS), tested.provider))
    await tab.fire(Wizard.start_over)
    await tab.fire(LocalServers.look)

    await tab.fire(Wizard.take_found, house.base_url)

    assert (tested.step, tested.provider, len((await providers.list_(actor)).items)) == ("test", "local-server", 1)


async def test_an_address_that_was_not_found_is_not_taken(tab: Any, wizard: Any, nearby: list[FoundServer], actor: Actor) -> None:
    await tab.fire(LocalServers.look)
    await tab.fire(Wizard.take_found, "http://127.0.0.1:1/v1")
    await tab.fire(FoundServers.add, "http://127.0.0.1:1/v1")

    assert (wizard.step, (await providers.list_(actor)).items) == ("choose", [])
    assert await tab.opened() == ""


async def test_the_dialog_takes_a_found_server_too(tab: Any, house: Upstream, nearby: list[FoundServer]) -> None:
    nearby.append(FoundServer(None, "", house.base_url, tuple(MODELS), None))
    await tab.fire(LocalServers.look)

    await tab.fire(FoundServers.add, house.base_url)

    form = await tab.state(ProviderForm)
    assert (await tab.opened(), form.base_url, form.auth_type) == (ADD, house.base_url, "none")


async def test_a_search_that_is_refused_says_why(tab: Any, wizard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_EGRESS_LOCAL", "off")
    from app import settings

    settings.current.cache_clear()
    await tab.fire(LocalServers.look)

    near = await tab.state(LocalServers)
    assert (near.looked, near.looking, near.problem != "") == (False, False, True)


async def test_the_key_travels_once_and_stands_in_no_var(tab: Any, tested: Any, actor: Actor) -> None:
    await tab.fire(Wizard.use_model)
    await tab.fire(FirstKey.issue)

    [event] = tab.sent
    key = {str(name): str(value) for name, value in event.args}["value"].strip('"')
    (issued,) = await client_keys.list_(actor)
    shown = await tab.state(FirstKey)
    assert await client_keys.check(key)
    assert key not in tab.everything()
    assert (tested.step, tested.key_id, shown.shown) == ("app", issued.id, issued.id)
    assert tested.query == f"provider=local-server&step=app&key={issued.id}"
    assert all("{key}" in code and tested.selector in code for code in (shown.python, shown.javascript, shown.curl))
    assert issued.scope is Scope.GATEWAY


@pytest.mark.parametrize(
    ("model", "status", "arrived"),
    [
        pytest.param("acme/alpha", 200, "call", id="a call"),
        pytest.param("", 200, "list", id="the list of models"),
        pytest.param("acme/none", 404, "failed", id="a wrong model"),
    ],
)
async def test_the_first_call_with_the_key_is_seen(tab: Any, tested: Any, actor: Actor, model: str, status: int, arrived: str) -> None:
    from app.relay import outcomes
    from app.relay.outcomes import Outcome
    from app.services import key_use

    await tab.fire(Wizard.use_model)
    await tab.fire(FirstKey.issue)
    await tab.fire(FirstKey.look)
    shown = await tab.state(FirstKey)
    assert shown.arrived == ""

    recorder = key_use.Recorder()
    outcomes.note(Outcome(at=time.time(), client_key_id=tested.key_id, selector=model, status=status, began_ms=412.0))
    await recorder.look()
    await recorder.stop()
    await tab.fire(FirstKey.look)

    assert (shown.arrived, shown.model, shown.ms, shown.status) == (arrived, model, 412, status)


async def test_after_a_reload_the_key_is_gone_and_the_watch_goes_on(tab: Any, tested: Any) -> None:
    await tab.fire(Wizard.use_model)
    await tab.fire(FirstKey.issue)
    query = tested.query

    wizard = await open_at(tab, query)

    assert (wizard.step, wizard.query, (await tab.state(FirstKey)).shown) == ("app", query, "")


async def test_a_key_that_is_not_there_is_not_watched_for(tab: Any, tested: Any) -> None:
    wizard = await open_at(tab, f"provider={tested.provider}&step=app&key=nonsense")
    await tab.fire(FirstKey.look)

    assert wizard.key_id == ""


def test_everything_that_changes_something_is_for_admins() -> None:
    from app.ui import permission

    names = ("choose", "take_found", "connect", "test", "edit", "repair", "use_model")
    handlers = [Wizard.event_handlers[name] for name in names] + [FirstKey.event_handlers["issue"], LocalServers.event_handlers["look"]]
    assert {permission.role_of(handler.fn) for handler in handlers} == {Role.ADMIN}
