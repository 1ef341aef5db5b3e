"""When a key was used last is written soon, rarely, and never backwards."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.actor import Actor, Scope
from app.domain.people.people import LastCall
from app.relay import outcomes
from app.relay.outcomes import Outcome
from app.services import client_keys, key_use
from app.storage import client_keys as rows
from app.storage.work import work
from tests.fixtures.databases import Database

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


async def last(actor: Actor) -> LastCall | None:
    return (await client_keys.list_(actor))[0].last_call


def note(key_id: str, *, selector: str, status: int = 200, began_ms: float = 100.0) -> None:
    outcomes.note(Outcome(at=time.time(), client_key_id=key_id, selector=selector, status=status, began_ms=began_ms))


@pytest.fixture
async def key_id(db: Database, actor: Actor) -> str:
    return (await client_keys.issue(actor, "app", Scope.GATEWAY)).client_key.id


async def test_a_key_that_was_never_used_says_so(key_id: str, actor: Actor) -> None:
    assert await last(actor) is None


async def test_a_first_call_is_seen_within_a_moment(key_id: str, actor: Actor) -> None:
    recorder = key_use.Recorder()
    recorder.start()
    note(key_id, selector="acme/alpha", began_ms=412.3)

    async with asyncio.timeout(3):
        while (seen := await last(actor)) is None:  # noqa: ASYNC110 - only the database tells
            await asyncio.sleep(0.02)
    await recorder.stop()

    assert (seen.model, seen.status, seen.ms) == ("acme/alpha", 200, 412)


async def test_a_busy_key_is_written_once_and_the_newest_call_at_the_end(key_id: str, actor: Actor) -> None:
    recorder = key_use.Recorder()
    for number in range(50):
        note(key_id, selector=f"acme/{number}")
        await recorder.look()

    held = await last(actor)
    await recorder.stop()

    assert held is not None
    assert held.model == "acme/0"
    assert (ended := await last(actor)) is not None
    assert ended.model == "acme/49"


async def test_what_another_process_wrote_later_stays(key_id: str, actor: Actor) -> None:
    for minutes, model in ((5, "later"), (0, "earlier")):
        async with work(actor, audited=False) as doing:
            await rows.used(doing.session, key_id, at=AT + timedelta(minutes=minutes), model=model, status=200, ms=1)

    assert (seen := await last(actor)) is not None
    assert seen.model == "later"


async def test_a_name_that_no_database_takes_is_cleaned(key_id: str, actor: Actor) -> None:
    recorder = key_use.Recorder()
    note(key_id, selector="ac\0me/\n\ud800x" + "y" * 400, status=404)
    await recorder.stop()

    assert (seen := await last(actor)) is not None
    assert seen.model == ("acme/x" + "y" * 400)[:260]


async def test_a_chat_over_rest_keeps_the_name_of_its_model(key_id: str, actor: Actor) -> None:
    recorder = key_use.Recorder()
    began = time.time()
    note(key_id, selector="acme/alpha")
    key_use.note(key_id, at=began, status=200, ms=90.0)
    await recorder.stop()

    assert (seen := await last(actor)) is not None
    assert seen.model == "acme/alpha"


async def test_a_key_that_is_gone_is_not_written(db: Database, actor: Actor) -> None:
    recorder = key_use.Recorder()
    key_use.note("gone", at=time.time(), status=200, ms=1.0)
    await recorder.stop()

    assert db.rows("SELECT * FROM client_key_use") == []
