"""The default provider is never lost without a word: who takes its place is asked before it is switched off or deleted."""

from typing import Any

import pytest

from app.domain.actor import Actor
from app.domain.providers.provider import ProviderDraft
from app.services import providers
from app.ui.pages.provider.provider_page import ProviderPage
from app.ui.provider.next_default_state import KEEP, NONE, NextDefault
from app.ui.provider.providers import Providers
from tests.fixtures.databases import only_sqlite

pytestmark = only_sqlite


@pytest.fixture
async def three(tab: Any, actor: Actor) -> Any:
    """The default, another one, and one that is off."""
    for name, on in (("one", True), ("two", True), ("off", False)):
        draft = {"name": name, "label": name.title(), "base_url": f"https://{name}.example/v1", "auth_type": "none", "enabled": on}
        await providers.create(actor, ProviderDraft.model_validate(draft))
    await providers.set_default(actor, "one")
    await tab.fire(Providers.load)
    return await tab.state(NextDefault)


async def now(actor: Actor) -> dict[str, tuple[bool, bool]]:
    return {p.name: (p.enabled, p.is_default) for p in (await providers.list_(actor)).items}


@pytest.mark.parametrize("loaded", [True, False], ids=["in the list", "on its page"])
async def test_the_switch_of_the_default_asks_and_changes_nothing(tab: Any, three: Any, actor: Actor, loaded: bool) -> None:
    if not loaded:
        (await tab.state(Providers)).reset()
    tab.sent.clear()

    await tab.fire(Providers.switch, "one", False)

    assert "ask" in str(tab.sent[-1].handler.fn.__qualname__)
    assert (await now(actor))["one"] == (True, True)


async def test_another_provider_is_switched_off_without_a_question(tab: Any, three: Any, actor: Actor) -> None:
    await tab.fire(Providers.switch, "two", False)

    assert (three.name, (await now(actor))["two"]) == ("", (False, False))


@pytest.mark.parametrize(
    ("chosen", "one", "two"),
    [
        pytest.param(KEEP, (False, True), (True, False), id="kept"),
        pytest.param(NONE, (False, False), (True, False), id="cleared"),
        pytest.param("two", (False, False), (True, True), id="handed over"),
        pytest.param("off", (False, True), (True, False), id="one that was not offered"),
    ],
)
async def test_what_is_chosen_is_done(
    tab: Any, three: Any, actor: Actor, chosen: str, one: tuple[bool, bool], two: tuple[bool, bool]
) -> None:
    await tab.fire(NextDefault.ask, "one")
    assert (three.label, three.others, three.chosen) == ("One", [["two", "Two"]], KEEP)

    await tab.fire(NextDefault.choose, chosen)
    await tab.fire(NextDefault.confirm)

    found = await now(actor)
    assert (found["one"], found["two"], await tab.opened()) == (one, two, "")


async def test_who_thinks_better_of_it_keeps_everything(tab: Any, three: Any, actor: Actor) -> None:
    await tab.fire(NextDefault.ask, "one")
    await tab.leave()
    await tab.fire(NextDefault.confirm)

    assert (await now(actor))["one"] == (True, True)


@pytest.mark.parametrize("chosen", ["two", NONE])
@pytest.mark.parametrize("where", ["list", "page"])
async def test_a_deletion_hands_the_default_over_as_chosen(tab: Any, three: Any, actor: Actor, where: str, chosen: str) -> None:
    if where == "list":
        listed = await tab.state(Providers)
        await tab.fire(Providers.ask_delete, next(card.id for card in listed.page if card.name == "one"))
        state: Any = Providers
    else:
        page = await tab.state(ProviderPage)
        page.name = "one"
        await page._look()
        await tab.fire(ProviderPage.ask_delete)
        state = ProviderPage
    await tab.fire(NextDefault.choose, chosen)
    await tab.fire(state.type_name, "one")

    await tab.fire(state.delete)

    assert await now(actor) == {"two": (True, chosen == "two"), "off": (False, False)}
