"""The list: one change sends one card, search and filter, switching and deleting in place."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from reflex.utils.format import json_dumps

from app.domain.actor import Actor, Role
from app.domain.providers.alias import AliasDraft
from app.domain.providers.provider import ProviderDraft
from app.domain.secret import Secret
from app.services import aliases, people, providers, sessions
from app.storage.database import engine
from app.storage.tables import ProviderRow
from app.ui.probe.probing import Probing
from app.ui.provider.dependants import DELETE, Warned
from app.ui.provider.providers import Providers
from app.ui.session.notices import Notices
from tests.fixtures.upstream import MODELS, Heard, Line, Upstream, usual


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


@pytest.fixture
async def many(tab: Any, db: Any) -> Any:
    """Five hundred providers, listed."""
    async with engine.writing() as session:
        for number in range(500):
            name, label = f"p-{number:03}", f"Provider {number:03}"
            tags = ["prod"] if number % 2 else []
            kind, auth = ("openai", "api_key") if number % 5 == 0 else ("custom", "none")
            address = {"base_url": f"https://api-{number}.example.org/v1", "origin": f"https://api-{number}.example.org:443"}
            made = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
            row = ProviderRow(name=name, label=label, type=kind, auth_type=auth, tags=tags, created_at=made, **address)
            row.enabled = number % 50 != 49
            session.add(row)
        await session.commit()
    await tab.fire(Providers.load)
    return await tab.state(Providers)


def window(shown: Any) -> list[str]:
    return [card.name for card in shown.page]


async def test_a_change_of_one_of_five_hundred_providers_sends_a_few_fields(tab: Any, many: Any, actor: Actor) -> None:
    await tab.fire(Providers.show_more)
    tab.root._clean()

    for name in ("p-003", "p-011"):
        await providers.disable(actor, name)
        await tab.fire(Providers.follow)

        sent = json_dumps(await tab.root._get_resolved_delta())
        tab.root._clean()
        assert len(sent) <= 1_000
        assert name not in sent  # the browser knows the rest of the card
        assert [(change["status"], change["enabled"]) for change in many.fresh] == [("off", False)]
    assert (many.fresh_seq, len(many.page)) == (2, 50)


async def test_a_change_out_of_view_sends_counts_only(tab: Any, many: Any, actor: Actor) -> None:
    tab.root._clean()

    await providers.disable(actor, "p-498")
    await tab.fire(Providers.follow)

    assert many.dirty_vars & {"page", "fresh"} == set()
    assert (many.in_use, many.total) == (489, 500)


async def test_nothing_new_sends_no_card(tab: Any, shown: Any) -> None:
    tab.root._clean()

    await tab.fire(Providers.follow)

    assert await tab.root._get_resolved_delta() == {}


async def test_only_what_changed_is_read(tab: Any, many: Any, actor: Actor) -> None:
    await providers.disable(actor, "p-003")

    changed = await providers.changes(actor, since=many._revision)

    assert [p.name for p in changed.items] == ["p-003"]


async def test_what_others_add_and_delete_moves_no_card(tab: Any, many: Any, house: Upstream, actor: Actor) -> None:
    before = window(many)
    await providers.delete(actor, "p-000")
    await providers.create(actor, ProviderDraft(name="aaa", label="AAA", base_url=house.base_url, auth_type="none"))
    await tab.fire(Providers.follow)

    assert window(many) == [*before, "aaa"]
    assert [card.name for card in many.page if card.gone] == ["p-000"]
    assert many.total == 500
    await tab.fire(Providers.show_everything)
    assert window(many)[:2] == ["aaa", "p-001"]


async def test_a_card_that_no_longer_matches_stays_until_the_reader_looks_anew(tab: Any, many: Any, actor: Actor) -> None:
    await tab.fire(Providers.choose, "status", "off")
    [first, *rest] = window(many)
    await providers.enable(actor, first)
    await tab.fire(Providers.follow)

    assert window(many) == [first, *rest]
    await tab.fire(Providers.choose, "status", "off")
    assert window(many) == rest


async def test_another_default_moves_the_mark(tab: Any, shown: Any, actor: Actor) -> None:
    for name in ("p-01", "p-02"):
        await providers.set_default(actor, name)
        await tab.fire(Providers.follow)

        await tab.fire(Providers.load)
        assert [card.name for card in shown.page if card.is_default] == [name]


@pytest.mark.parametrize(
    ("handler", "wish", "matching", "first"),
    [
        pytest.param(Providers.find, ("PROVIDER 12",), 10, "p-120", id="search by label"),
        pytest.param(Providers.find, ("api-499.example",), 1, "p-499", id="search by address"),
        pytest.param(Providers.find, ("prod",), 250, "p-001", id="search by tag"),
        pytest.param(Providers.choose, ("status", "off"), 10, "p-049", id="status"),
        pytest.param(Providers.choose, ("auth", "api_key"), 100, "p-000", id="sign-in"),
        pytest.param(Providers.choose, ("type", "custom"), 400, "p-001", id="type"),
        pytest.param(Providers.choose, ("tag", "prod"), 250, "p-001", id="tag"),
        pytest.param(Providers.choose, ("sort", "newest"), 500, "p-499", id="newest first"),
        pytest.param(Providers.choose, ("sort", "nonsense"), 500, "p-000", id="an order that does not exist"),
    ],
)
async def test_five_hundred_can_be_searched_filtered_and_sorted(
    tab: Any, many: Any, handler: Any, wish: tuple[str, ...], matching: int, first: str
) -> None:
    await tab.fire(handler, *wish)

    assert (many.matching, window(many)[0], many.total) == (matching, first, 500)


async def test_the_list_grows_in_steps_and_starts_over_with_a_search(tab: Any, many: Any) -> None:
    await tab.fire(Providers.show_more)
    assert len(many.page) == 50

    await tab.fire(Providers.find, "provider")
    assert (len(many.page), many.matching) == (25, 500)


async def test_a_switch_moves_before_the_change_is_saved_and_back_when_it_is_refused(tab: Any, shown: Any, actor: Actor) -> None:
    steps = type(shown).event_handlers["switch"].fn(shown, "p-00", False)
    await anext(steps)
    assert [change["enabled"] for change in shown.fresh] == [False]

    await providers.delete(actor, "p-00")
    async for _ in steps:
        pass

    assert shown.fresh[0]["enabled"] is True
    assert (await tab.state(Notices)).level == "error"


async def test_search_and_filter_narrow_the_list(tab: Any, shown: Any, actor: Actor) -> None:
    await providers.disable(actor, "p-03")
    await tab.fire(Providers.load)

    await tab.fire(Providers.find, "provider 0")
    assert shown.matching == 10
    await tab.fire(Providers.choose, "status", "off")
    assert [card.name for card in shown.page] == ["p-03"]
    await tab.fire(Providers.show_everything)
    assert (shown.matching, shown.total, shown.in_use) == (12, 12, 11)


async def test_switching_off_says_so(tab: Any, shown: Any, actor: Actor) -> None:
    await tab.fire(Providers.switch, "p-00", False)

    assert not (await providers.get(actor, "p-00")).enabled
    assert "is off" in (await tab.state(Notices)).text


async def test_deleting_asks_first(tab: Any, shown: Any, actor: Actor) -> None:
    target = {"provider": "p-00", "model": "alpha"}
    await aliases.create(actor, AliasDraft.model_validate({"name": "alone", "targets": [target]}))
    both = [target, {**target, "provider": "p-01"}]
    await aliases.create(actor, AliasDraft.model_validate({"name": "shared", "targets": both}))
    await tab.fire(Providers.ask_delete, shown.page[0].id)
    assert shown.deleting.name == "p-00"
    assert (shown.warned.alone, shown.warned.shared) == ("alone", "shared")
    assert (shown.warned.to_type, shown.sure) == ("p-00", False)
    assert await tab.opened() == DELETE
    await tab.fire(Providers.delete)
    await tab.fire(Providers.type_name, "p-0")
    await tab.fire(Providers.delete)
    assert shown.total == 12

    await tab.fire(Providers.type_name, " p-00 ")
    assert shown.sure
    await tab.fire(Providers.delete)

    assert (shown.total, await tab.opened()) == (11, "")
    assert len((await providers.list_(actor)).items) == 11


async def test_a_test_unfolds_in_its_card_and_changes_its_status(tab: Any, shown: Any) -> None:
    card = shown.page[0]

    await tab.fire(Probing.test, card.id, card.name, card.preset)
    await tab.fire(Providers.follow)

    runs = (await tab.state(Probing)).runs
    assert runs[card.id].outcome == "ok"
    assert {change["id"]: change["status"] for change in shown.fresh} == {card.id: "working"}
    await tab.fire(Probing.hide, card.id)
    assert (await tab.state(Probing)).runs == {}


async def test_a_late_answer_of_a_test_that_was_hidden_is_dropped(tab: Any, shown: Any, house: Upstream) -> None:
    card, probing = shown.page[0], await tab.state(Probing)

    async def hide_meanwhile(line: Line, heard: Heard) -> None:
        await tab.fire(Probing.hide, card.id)
        await usual(line, heard)

    house.on("/models", hide_meanwhile)

    await tab.fire(Probing.test, card.id, card.name, card.preset)

    assert probing.runs == {}


async def test_a_provider_that_is_gone_is_answered_in_words(tab: Any, shown: Any) -> None:
    await tab.fire(Providers.switch, "nobody", True)

    notices = await tab.state(Notices)
    assert (notices.level, notices.text) == ("error", "This provider no longer exists. Another user may have deleted it.")


async def test_a_viewer_who_fires_the_handler_is_refused_by_the_service(shown: Any, actor: Actor, tab: Any) -> None:
    await people.create(actor, "vi@example.org", "Vi", Role.VIEWER, Secret("another horse battery"))
    viewer = type(tab)((await sessions.sign_in("vi@example.org", Secret("another horse battery"), ip="", agent="tests")).token)

    await viewer.fire(Providers.switch, "p-00", False)

    assert (await providers.get(actor, "p-00")).enabled
    assert (await viewer.state(Notices)).text == "Only an admin can do this."


async def test_no_name_is_asked_for_where_nothing_would_break(tab: Any, shown: Any) -> None:
    await tab.fire(Providers.ask_delete, shown.page[0].id)
    assert (shown.warned, shown.sure) == (Warned(), True)

    await tab.fire(Providers.delete)
    assert shown.total == 11
