"""Where the audit ends is under a MAC: a tail that was cut is seen, then and ever after."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app import lifespan, settings
from app.domain.actor import SYSTEM, Actor
from app.domain.audit import Action, Outcome
from app.services.audit import verify
from app.storage.database import engine
from app.storage.work import work
from tests.fixtures.databases import Database, blob

ROWS = 7
MOVED = "UPDATE audit_head SET seq = 5, hash = (SELECT hash FROM audit WHERE seq = 5)"
CUT = "DELETE FROM audit WHERE seq > 5"


async def fill(actor: Actor, count: int = ROWS) -> None:
    for _ in range(count):
        async with work(actor) as doing:
            doing.record(Action.PROVIDER_UPDATE, target=("provider", "id", "groq"))


async def restarted() -> None:
    """As another process would see the database: one that remembers nothing."""
    await engine.close()
    engine.open(settings.current().url)


def actions(db: Database) -> list[str]:
    return [action for (action,) in db.rows("SELECT action FROM audit ORDER BY seq")]


@pytest.mark.parametrize(
    "mac", [pytest.param("", id="its MAC as it was"), pytest.param("NULL", id="none"), pytest.param("zeros", id="another")]
)
@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_tail_that_was_cut_together_with_the_head_is_seen(db: Database, actor: Actor, mac: str, is_restarted: bool) -> None:
    await fill(actor)
    spelled = blob(db, bytes(32)) if mac == "zeros" else mac
    db.tamper(CUT, MOVED + (f", mac = {spelled}" if mac else ""))
    if is_restarted:
        await restarted()

    verdict = await verify(actor)

    assert (verdict.ok, verdict.checked, verdict.first_bad) == (False, 5, 6)


async def test_what_is_written_behind_a_cut_does_not_hide_it(db: Database, actor: Actor) -> None:
    await fill(actor)
    db.tamper(CUT, MOVED)
    await restarted()

    await fill(actor, 2)
    await restarted()
    verdict = await verify(actor)

    assert (verdict.ok, verdict.checked, verdict.first_bad) == (False, 8, 6)
    assert actions(db)[5:] == [Action.AUDIT_BREAK, Action.PROVIDER_UPDATE, Action.PROVIDER_UPDATE]
    assert db.rows("SELECT actor_type, outcome FROM audit WHERE seq = 6") == [(SYSTEM.type.value, Outcome.FAILED.value)]


async def test_a_head_of_before_is_seen_by_a_process_that_saw_more(db: Database, actor: Actor) -> None:
    await fill(actor, 5)
    (seq, hash_, mac) = db.rows("SELECT seq, hash, mac FROM audit_head")[0]
    await fill(actor, 2)
    back = f"UPDATE audit_head SET seq = {seq}, hash = {blob(db, hash_)}, mac = {blob(db, mac)}"  # noqa: S608 - our own text
    db.tamper(CUT, back)

    assert "set back" in (await verify(actor)).reason
    await fill(actor, 1)

    assert actions(db)[5:] == [Action.AUDIT_BREAK, Action.PROVIDER_UPDATE]
    assert (await verify(actor)).first_bad == 6


async def test_a_chain_that_was_set_back_and_went_on_elsewhere_is_seen_too(db: Database, actor: Actor) -> None:
    await fill(actor, 5)
    (seq, hash_, mac) = db.rows("SELECT seq, hash, mac FROM audit_head")[0]
    await fill(actor, 2)
    seen = engine.audit_end()
    back = f"UPDATE audit_head SET seq = {seq}, hash = {blob(db, hash_)}, mac = {blob(db, mac)}"  # noqa: S608 - our own text
    db.tamper(CUT, back)
    await restarted()
    await fill(actor, 4)  # by a process that saw nothing
    assert (await verify(actor)).ok  # what remains, as SECURITY.md says

    await restarted()
    engine.note_audit_end(seen)  # by one that saw another entry at this place

    assert "set back" in (await verify(actor)).reason


async def test_several_processes_that_write_in_turn_are_no_break(db: Database, actor: Actor) -> None:
    await fill(actor, 2)
    seen = engine.audit_end()
    await restarted()
    await fill(actor, 2)
    await restarted()
    engine.note_audit_end(seen)

    await fill(actor, 1)

    assert (await verify(actor)).ok
    assert Action.AUDIT_BREAK not in actions(db)


async def test_a_change_that_is_rolled_back_leaves_no_memory(db: Database, actor: Actor) -> None:
    await fill(actor, 2)
    with pytest.raises(RuntimeError):
        async with work(actor) as doing:
            doing.record(Action.PROVIDER_UPDATE, target=("provider", "id", "groq"))
            raise RuntimeError
    await fill(actor, 1)

    assert (await verify(actor)).ok


@pytest.fixture
async def begun(stored: Database) -> AsyncIterator[Database]:
    """A database in which a master key was registered."""
    async with lifespan.runtime(serving=False):
        yield stored


@pytest.mark.parametrize("goes_on", [False, True])
async def test_an_audit_that_was_emptied_is_seen(begun: Database, actor: Actor, goes_on: bool) -> None:
    assert (await verify(actor)).ok
    await fill(actor, 3)
    begun.tamper("DELETE FROM audit", f"UPDATE audit_head SET seq = 0, hash = {blob(begun, bytes(32))}, mac = NULL")  # noqa: S608 - our own text
    await restarted()
    if goes_on:
        await fill(actor, 2)

    verdict: Any = await verify(actor)

    assert (verdict.ok, verdict.first_bad) == (False, 1)
