"""The list: one change sends one card, search and filter, switching and deleting in place."""

from typing import Any

import pytest
from reflex.utils.format import json_dumps

from app.domain.actor import Actor, Role
from app.domain.provider import ProviderDraft
from app.domain.secret import Secret
from app.services import people, providers, sessions
from app.ui.state.notices import Notices
from app.ui.state.probing import Probing
from app.ui.state.providers import Providers
from tests.fixtures.upstream import MODELS, Upstream


@pytest.fixture
async def shown(tab: Any, house: Upstream, actor: Actor) -> Any:
    """Twelve providers, listed."""
    for number in range(12):
        draft = ProviderDraft(
            name=f"p-{number:02}", label=f"Provider {number:02}", base_url=house.base_url, auth_type="none", default_model=MODELS[0]
        )
        await providers.create(actor, draft)
    await tab.fire(Providers.load)
    return await tab.state(Providers)


async def test_a_change_of_one_provider_sends_one_card(tab: Any, shown: Any, actor: Actor) -> None:
    tab.root._clean()

    await providers.disable(actor, "p-03")
    await tab.fire(Providers.load)

    delta = json_dumps(await tab.root._get_resolved_delta())
    assert len(delta) <= 1_000
    assert [(card.name, card.status) for card in shown.fresh.values()] == [("p-03", "off")]


async def test_nothing_new_sends_no_card(tab: Any, shown: Any) -> None:
    tab.root._clean()

    await tab.fire(Providers.load)

    assert shown.dirty_vars & {"page", "fresh"} == set()


async def test_search_and_filter_narrow_the_list(tab: Any, shown: Any, actor: Actor) -> None:
    await providers.disable(actor, "p-03")
    await tab.fire(Providers.load)

    await tab.fire(Providers.find, "provider 0")
    assert shown.matching == 10
    await tab.fire(Providers.choose_group, "off")
    assert [card.name for card in shown.page] == ["p-03"]
    await tab.fire(Providers.show_everything)
    assert (shown.matching, shown.total, shown.in_use) == (12, 12, 11)


async def test_switching_off_says_so(tab: Any, shown: Any, actor: Actor) -> None:
    await tab.fire(Providers.switch, "p-00", False)

    assert not (await providers.get(actor, "p-00")).enabled
    assert "is off" in (await tab.state(Notices)).text


async def test_deleting_asks_first(tab: Any, shown: Any, actor: Actor) -> None:
    await tab.fire(Providers.ask_delete, shown.page[0].id)
    assert shown.deleting.name == "p-00"
    assert shown.total == 12

    await tab.fire(Providers.delete)
    await tab.fire(Providers.keep, False)  # the question closes by itself after either answer

    assert (shown.total, shown.deleting) == (11, None)
    assert len((await providers.list_(actor)).items) == 11


async def test_a_test_unfolds_in_its_card_and_changes_its_status(tab: Any, shown: Any) -> None:
    card = shown.page[0]

    await tab.fire(Probing.test, card.id, card.name, card.preset)
    await tab.fire(Providers.load)

    runs = (await tab.state(Probing)).runs
    assert runs[card.id].outcome == "ok"
    assert shown.fresh[card.id].status == "working"
    await tab.fire(Probing.hide, card.id)
    assert (await tab.state(Probing)).runs == {}


async def test_a_provider_that_is_gone_is_answered_in_words(tab: Any, shown: Any) -> None:
    await tab.fire(Providers.switch, "nobody", True)

    notices = await tab.state(Notices)
    assert (notices.level, notices.text) == ("error", "This provider is gone. Somebody may have deleted it.")


async def test_a_viewer_who_fires_the_handler_is_refused_by_the_service(shown: Any, actor: Actor, tab: Any) -> None:
    await people.create(actor, "vi@example.org", "Vi", Role.VIEWER, Secret("another horse battery"))
    viewer = type(tab)((await sessions.sign_in("vi@example.org", Secret("another horse battery"), ip="", agent="tests")).token)

    await viewer.fire(Providers.switch, "p-00", False)

    assert (await providers.get(actor, "p-00")).enabled
    assert (await viewer.state(Notices)).text == "Only an admin can do this."
