"""Many tests in one table: what is ticked, rows that fill, a stop, a late answer, what can be done with the result."""

import asyncio
from typing import Any

import pytest

from app.domain.actor import Actor
from app.domain.providers.provider import ProviderDraft, ProviderPatch
from app.services import models, providers
from app.ui import i18n
from app.ui.kit.dialogs import Dialogs
from app.ui.probe.batches import Batches
from app.ui.probe.probe_options import TRY, Trial
from app.ui.session.notices import Notices
from tests.fixtures.upstream import Heard, Line, Upstream, answer, completion


@pytest.fixture
async def table(tab: Any, house: Upstream, actor: Actor) -> Any:
    """Two providers that are on, `one` listing two models that answer and one that does not exist, and one that is off."""

    async def picky(line: Line, heard: Heard) -> None:
        missing = answer(404, {"error": {"message": "no", "code": "model_not_found"}})
        await (missing if heard.json["model"] == "ghost" else answer(body=completion(heard.json["model"])))(line, heard)

    house.on("/chat/completions", picky)
    for name, model, more in (
        ("one", "m-1", {"models": ["m-1", "m-2", "ghost"]}),
        ("two", "ghost", {}),
        ("off", "m-1", {"enabled": False}),
    ):
        whole = {"name": name, "label": name.title(), "base_url": house.base_url, "auth_type": "none", "default_model": model, **more}
        await providers.create(actor, ProviderDraft.model_validate(whole))
    return await tab.state(Batches)


def states(table: Any) -> dict[str, str]:
    return {row.key: row.state for row in table.rows}


async def test_all_but_those_that_are_off_are_ticked_and_nothing_is_sent_yet(tab: Any, table: Any, house: Upstream) -> None:
    await tab.fire(Batches.open_providers)

    assert {row.key: row.on for row in table.rows} == {"off": False, "one": True, "two": True}
    assert (table.stage, table.ticked, table.owners) == ("ask", 2, 2)
    await tab.fire(Batches.tick_all, False)
    assert table.ticked == 0
    await tab.fire(Batches.start)
    assert (table.stage, house.heard) == ("ask", [])
    await tab.fire(Batches.tick_all, True)
    assert table.ticked == 2


async def test_rows_fill_and_what_passed_is_turned_on_and_what_failed_off(tab: Any, table: Any, actor: Actor) -> None:
    await tab.fire(Batches.open_providers)
    await tab.fire(Batches.tick, 0, True)

    await tab.fire(Batches.start)

    assert (table.stage, states(table)) == ("done", {"off": "ok", "one": "ok", "two": "failed"})
    assert (table.ended, table.passed, table.to_enable, table.to_disable) == (3, 2, 1, 1)
    for what in ("on", "off"):
        await tab.fire(Batches.ask, what)
        await tab.fire(Batches.apply)
    assert {p.name: p.enabled for p in (await providers.list_(actor)).items} == {"off": True, "one": True, "two": False}
    assert (table.asking, table.to_enable, table.to_disable) == ("", 0, 0)


async def test_models_that_passed_stay_listed_and_the_others_go(tab: Any, table: Any, actor: Actor) -> None:
    await tab.fire(Batches.open_models, "one", "One")
    await tab.fire(Batches.start)
    assert states(table) == {"m-1": "ok", "m-2": "ok", "ghost": "failed"}

    await tab.fire(Batches.ask, "keep")
    await tab.fire(Batches.apply)

    assert [m.identifier for m in await models.list_(actor, "one")] == ["m-1", "m-2"]
    assert (await tab.state(Notices)).text == "One lists 2 models that passed."


async def test_a_default_model_that_goes_with_the_failed_ones_is_named(tab: Any, table: Any, actor: Actor) -> None:
    await providers.update(actor, "one", ProviderPatch(default_model="ghost"))
    await tab.fire(Batches.open_models, "one", "One")
    await tab.fire(Batches.start)

    await tab.fire(Batches.ask, "keep")
    await tab.fire(Batches.apply)

    assert (await providers.get(actor, "one")).default_model is None
    said = await tab.state(Notices)
    assert (said.level, said.text) == ("warning", i18n.say("en", "batch.default_gone", model="ghost", name="One"))


@pytest.mark.parametrize("leave", [Batches.stop, None])
async def test_a_late_answer_of_a_batch_that_was_left_never_shows_in_the_next(tab: Any, table: Any, house: Upstream, leave: Any) -> None:
    asked, free = asyncio.Event(), asyncio.Event()

    async def slow(line: Line, heard: Heard) -> None:
        asked.set()
        await free.wait()
        await answer(body=completion(heard.json["model"]))(line, heard)

    house.on("/chat/completions", slow)
    await tab.fire(Batches.open_providers)
    async with asyncio.timeout(10):
        running = asyncio.ensure_future(tab.fire(Batches.start))
        await asked.wait()
        await (tab.fire(leave) if leave else tab.leave())
        await tab.fire(Batches.open_models, "one", "One")
        free.set()
        await running

    assert (table.stage, table.name, set(states(table).values())) == ("ask", "one", {""})


async def test_a_provider_that_is_gone_by_then_is_told_and_nothing_is_sent(tab: Any, table: Any, house: Upstream, actor: Actor) -> None:
    await tab.fire(Batches.open_providers)
    await providers.delete(actor, "two")

    await tab.fire(Batches.start)

    assert (table.stage, set(states(table).values()), house.heard) == ("ask", {""}, [])
    assert (await tab.state(Dialogs)).problem


async def test_the_dialog_of_one_test_offers_what_is_listed(tab: Any, table: Any) -> None:
    await tab.fire(Trial.open_, "id-of-one", "one", "One", "")

    trial = await tab.state(Trial)
    assert (await tab.opened(), trial.name) == (TRY, "one")
    assert [(m.model, m.group) for m in trial.models] == [("ghost", "listed"), ("m-1", "listed"), ("m-2", "listed")]
    await tab.leave()
    assert await tab.opened() == ""
