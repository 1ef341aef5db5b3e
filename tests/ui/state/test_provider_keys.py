"""The keys of the provider on the page: listed in zones, added one or many, changed, moved, replaced and removed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from reflex.istate.data import RouterData

from app.domain.actor import Actor
from app.domain.credentials.credential import CredentialDraft, CredentialPatch
from app.domain.providers.provider import ProviderDraft
from app.services import credentials, models, probes, providers
from app.ui.pages.provider.keys.key_form import KeyForm
from app.ui.pages.provider.keys.key_rotation import Rotating
from app.ui.pages.provider.keys.key_rows import Place
from app.ui.pages.provider.keys.provider_keys import STEP, ProviderKeys
from app.ui.pages.provider.provider_page import ProviderPage
from app.ui.probe.probing import Probing
from app.ui.session.notices import Notices
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import MODELS, Upstream, answer

pytestmark = only_sqlite  # nothing here asks the database in words of its own

FIRST, SECOND, THIRD = "sk-planted-first-5d1e9c77a0b3", "sk-planted-second-8e2f9c77a0b3", "sk-planted-third-1c2d3e4f5a6b"


def key(secret: str, **fields: Any) -> CredentialDraft:
    return CredentialDraft.model_validate({"secret": {"api_key": secret}, **fields})


async def open_at(tab: Any, path: str) -> Any:
    tab.root.router = RouterData.from_router_data({"pathname": "/providers/[provider_name]", "asPath": path, "query": {}, "headers": {}})
    await tab.fire(ProviderPage.load)
    return await tab.state(ProviderKeys)


@pytest.fixture
async def keys(tab: Any, house: Upstream, actor: Actor) -> Any:
    """The page of a provider with one key."""
    body = {"name": "lab", "label": "Lab", "base_url": house.base_url, "default_model": MODELS[0], "models": MODELS}
    await providers.create(actor, ProviderDraft.model_validate(body | {"credential": {"label": "Main", "secret": {"api_key": FIRST}}}))
    return await open_at(tab, "/providers/lab?tab=keys")


def shown(rows: list[Any]) -> list[str]:
    return [row.label for row in rows]


async def test_keys_stand_in_their_zones_and_are_counted(tab: Any, keys: Any, actor: Actor) -> None:
    await credentials.add(actor, "lab", key(SECOND, label="Spare", state="standby"))
    await credentials.add(actor, "lab", key(THIRD, label="Resting", state="disabled", expires_at=datetime.now(UTC) + timedelta(days=2)))
    await tab.fire(ProviderPage.follow)

    assert (shown(keys.used), shown(keys.reserve), shown(keys.held)) == (["Main", "Resting"], ["Spare"], [])
    assert keys.summary == ["1 of 3 keys in use", "1 off", "1 reserve"]
    assert [(row.label, row.reminder) for row in keys.ending] == [("Resting", "days")]


async def test_several_lines_are_stored_and_each_says_what_became_of_it(tab: Any, keys: Any) -> None:
    form = await tab.state(KeyForm)
    await tab.fire(KeyForm.add)
    await tab.fire(KeyForm.choose_state, "standby")
    await tab.fire(KeyForm.submit, {"secret.keys": f"{SECOND}\n\n{FIRST}\n{THIRD}\n", "label": "", "weight": "3", "expires_at": ""})

    assert [(r.line, r.hint, r.problem) for r in form.results] == [
        (1, "••••a0b3", ""), (3, "", "This provider already has this key, as “Main”."), (4, "••••5a6b", ""),
    ]  # fmt: skip
    assert form.step == "added"
    assert [(row.label, row.weight) for row in keys.reserve] == [("Key 1", 3), ("Key 2", 3)]
    assert not [secret for secret in (FIRST, SECOND, THIRD) if secret in tab.everything()]


async def test_a_name_for_several_lines_is_the_name_of_each_with_its_number(tab: Any, keys: Any) -> None:
    await tab.fire(KeyForm.add)
    await tab.fire(KeyForm.submit, {"secret.keys": f"{SECOND}\n{THIRD}\n", "label": "Team", "expires_at": ""})

    assert shown(keys.used) == ["Main", "Team 1", "Team 2"]


async def test_a_key_elsewhere_is_named_by_its_place(tab: Any, keys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_SECRET_LAB", SECOND)
    await tab.fire(KeyForm.add)
    await tab.fire(KeyForm.choose_way, "env")
    await tab.fire(KeyForm.submit, {"place.api_key": "PATCHBAY_SECRET_LAB", "label": "Server", "weight": "1", "expires_at": ""})

    row = next(row for row in keys.used if row.label == "Server")
    assert (row.places, row.resolves, row.hint) == ([Place("Environment variable", "PATCHBAY_SECRET_LAB")], "yes", "")
    assert SECOND not in tab.everything()


@pytest.mark.parametrize(
    ("way", "typed", "marked"),
    [
        pytest.param("paste", {"secret.keys": ""}, "secret.keys", id="nothing"),
        pytest.param("paste", {"secret.keys": "sk-••••4f2a"}, "secret.keys", id="a mask"),
        pytest.param("env", {"place.api_key": "not a name"}, "place.api_key", id="no variable"),
        pytest.param("file", {"place.api_key": "/etc/passwd"}, "place.api_key", id="a file elsewhere"),
        pytest.param("paste", {"secret.keys": SECOND, "weight": "many"}, "weight", id="no number"),
        pytest.param("paste", {"secret.keys": SECOND, "expires_at": "2020-01-01"}, "expires_at", id="over already"),
    ],
)
async def test_a_mistake_is_marked_at_its_field(tab: Any, keys: Any, way: str, typed: dict[str, str], marked: str) -> None:
    await tab.fire(KeyForm.add)
    await tab.fire(KeyForm.choose_way, way)
    await tab.fire(KeyForm.submit, {"label": "", "weight": "1", "expires_at": "", **typed})

    assert set((await tab.state(KeyForm)).errors) == {marked}
    assert keys.total == 1


async def test_a_key_moves_within_its_zone_and_no_further(tab: Any, keys: Any, actor: Actor) -> None:
    await credentials.add(actor, "lab", key(SECOND, label="Second"))
    await credentials.add(actor, "lab", key(THIRD, label="Spare", state="standby"))
    await tab.fire(ProviderPage.follow)

    await tab.fire(ProviderKeys.move, keys.used[1].id, True)
    assert shown(keys.used) == ["Second", "Main"]
    await tab.fire(ProviderKeys.move, keys.used[1].id, False)
    assert (shown(keys.used), shown(keys.reserve)) == (["Second", "Main"], ["Spare"])
    assert [c.label for c in await credentials.list_(actor, "lab")] == ["Second", "Main", "Spare"]


async def test_an_edit_changes_what_was_typed_and_nothing_else(tab: Any, keys: Any, actor: Actor) -> None:
    await tab.fire(KeyForm.edit, keys.used[0].id)
    day = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
    await tab.fire(KeyForm.save, {"label": "Team", "weight": "4", "priority": "2", "expires_at": day})

    [row] = keys.used
    assert (row.label, row.weight, row.priority, row.look) == ("Team", 4, 2, "active")
    await tab.fire(KeyForm.edit, row.id)
    assert (await tab.state(KeyForm)).expires_on == day


async def test_the_last_key_is_removed_after_a_warning(tab: Any, keys: Any) -> None:
    await tab.fire(ProviderKeys.ask_remove, keys.used[0].id)
    assert keys.is_last_one
    await tab.fire(ProviderKeys.remove)

    assert (keys.total, await tab.opened(), keys.summary) == (0, "", [])


async def replaced(tab: Any, keys: Any) -> Any:
    """The wizard after its first step."""
    await tab.fire(Rotating.begin, keys.used[0].id)
    await tab.fire(Rotating.submit, {"secret.api_key": SECOND})
    return await tab.state(Rotating)


async def test_a_key_is_replaced_and_the_way_back_is_one_step(tab: Any, keys: Any) -> None:
    wizard = await replaced(tab, keys)
    assert (wizard.step, shown(keys.used), [row.look for row in keys.held]) == ("test", ["Main"], ["rotation"])
    await tab.fire(Probing.test_key, wizard.new_id, "lab", "")
    await tab.fire(Rotating.go_on)
    await tab.fire(Rotating.ask_promote)

    assert (wizard.step, bool(wizard.kept_until), wizard.doubting) == ("done", True, False)
    assert (shown(keys.used), [row.look for row in keys.held]) == (["Main (2)"], ["rollback"])
    await tab.fire(Rotating.roll_back, keys.held[0].id)
    assert (await tab.opened(), shown(keys.used), [row.look for row in keys.held]) == ("", ["Main"], ["rotation"])
    assert SECOND not in tab.everything()


async def test_a_key_that_did_not_pass_is_used_only_after_a_question(tab: Any, keys: Any, house: Upstream) -> None:
    house.on("/models", answer(401, {"error": {"message": "no"}}))
    house.on("/chat/completions", answer(401, {"error": {"message": "no"}}))
    wizard = await replaced(tab, keys)
    await tab.fire(Probing.test_key, wizard.new_id, "lab", "")
    await tab.fire(Rotating.go_on)
    await tab.fire(Rotating.ask_promote)
    assert (wizard.step, wizard.doubting, shown(keys.used)) == ("promote", True, ["Main"])

    await tab.fire(Rotating.promote)
    assert (wizard.step, shown(keys.used)) == ("done", ["Main (2)"])


async def test_who_leaves_in_the_middle_goes_on_later_or_cancels(tab: Any, keys: Any) -> None:
    wizard = await replaced(tab, keys)
    await tab.leave()
    waiting = keys.held[0]
    assert (waiting.look, waiting.replaces) == ("rotation", "Main")

    await tab.fire(Rotating.begin, keys.used[0].id)
    assert (wizard.step, wizard.new_id) == ("test", waiting.id)
    await tab.fire(Rotating.cancel, waiting.id)
    assert (await tab.opened(), keys.held, shown(keys.used)) == ("", [], ["Main"])


async def test_a_provider_that_is_gone_is_said_to_be(tab: Any, keys: Any, actor: Actor) -> None:
    page = await tab.state(ProviderPage)
    assert (page.tab, page.query, page.path) == ("keys", "tab=keys", "/providers/lab")

    await providers.delete(actor, "lab")
    await tab.fire(ProviderPage.follow)

    assert page.gone
    assert (await tab.state(Notices)).level != "error"


async def test_each_tab_reads_what_it_shows(tab: Any, keys: Any) -> None:
    await open_at(tab, "/providers/lab?tab=models")
    page = await tab.state(ProviderPage)
    assert (page.models, page.model_count) == (sorted(MODELS), len(MODELS))
    await tab.fire(ProviderPage.find, "BETA")
    assert (page.models, page.model_count) == (["beta/large"], len(MODELS))

    await tab.fire(ProviderPage.choose_tab, "history")
    assert {entry.what for entry in page.entries} == {"added provider ", "set the key of "}
    await tab.fire(ProviderPage.choose_tab, "nonsense")
    assert page.query == ""


async def test_the_history_names_keys_states_and_times_in_words(tab: Any, keys: Any, actor: Actor) -> None:
    end = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)
    await credentials.update(actor, keys.used[0].id, CredentialPatch.model_validate({"state": "disabled", "expires_at": end}))
    await tab.fire(ProviderPage.choose_tab, "history")

    newest = (await tab.state(ProviderPage)).entries[0]
    assert newest.what == "changed a key of "
    assert {"Key: Main", "Status: In use → Off", "Expiry date: 2031-05-06"} <= set(newest.changes)


async def test_of_a_hundred_keys_a_window_is_drawn_and_any_of_them_is_found(tab: Any, keys: Any, actor: Actor) -> None:
    for number in range(60):
        await credentials.add(actor, "lab", key(f"sk-number-{number:03}-0123456789abcdef", label=f"Desk {number:03}"))
    await tab.fire(ProviderPage.choose_tab, "keys")
    page = await tab.state(ProviderPage)

    assert (len(keys.used), keys.total, keys.matching) == (STEP, 61, 61)
    assert keys.hidden == 61 - STEP
    await tab.fire(ProviderKeys.show_more)
    assert len(keys.used) == 2 * STEP
    await tab.fire(ProviderPage.find, "desk 05")
    assert shown(keys.used) == [f"Desk {number:03}" for number in range(50, 60)]
    assert (keys.matching, keys.hidden) == (10, 0)
    assert page.query == "tab=keys&q=desk+05"
    await tab.fire(ProviderPage.choose_tab, "overview")
    assert (page.search, keys.matching) == ("", 61)


async def test_models_that_a_test_found_and_nobody_listed_are_said_and_can_be_listed(tab: Any, keys: Any, actor: Actor) -> None:
    await models.sync(actor, "lab", remove=[MODELS[1]])
    async for _ in probes.run_saved(actor, "lab", depth="models"):
        pass
    await tab.fire(ProviderPage.choose_tab, "models")
    page = await tab.state(ProviderPage)
    assert (page.model_count, page.unlisted) == (len(MODELS) - 1, 1)

    await tab.fire(ProviderPage.list_found)

    assert (page.model_count, page.unlisted) == (len(MODELS), 0)
