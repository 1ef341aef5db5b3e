"""One service call is one transaction: rows, audit entry and revision together, or none of them."""

import asyncio
import logging

import pytest
from sqlmodel import col, select, update

from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.errors import Conflict, StorageError, StorageUnavailable
from app.storage import audit, work
from app.storage.database import engine
from app.storage.tables import EgressApproval, Instance, ProviderRow
from tests.fixtures.databases import Database, only_sqlite

TARGET = ("egress", "http://127.0.0.1:1", "http://127.0.0.1:1")


def approval(origin: str = "http://127.0.0.1:1") -> EgressApproval:
    return EgressApproval(origin=origin, approved_by="Ada")


def kept(db: Database, query: str) -> list[tuple[object, ...]]:
    return db.rows(query)


async def test_a_change_its_entry_and_the_revision_are_committed_together(db: Database, actor: Actor) -> None:
    async with work.work(actor) as doing:
        doing.session.add(approval())
        doing.record(Action.EGRESS_APPROVE, target=TARGET)
        doing.touch()

    assert doing.revision == 1
    assert kept(db, "SELECT origin FROM egress_approval") == [("http://127.0.0.1:1",)]
    assert kept(db, "SELECT seq, action, actor_name FROM audit") == [(1, "egress:origin:approve", "Ada")]
    assert kept(db, "SELECT revision FROM instance") == [(1,)]


async def test_an_exception_leaves_neither_change_nor_entry_nor_gap(db: Database, actor: Actor) -> None:
    with pytest.raises(RuntimeError):
        async with work.work(actor) as doing:
            doing.session.add(approval())
            doing.record(Action.EGRESS_APPROVE, target=TARGET)
            doing.touch()
            await doing.session.flush()
            raise RuntimeError("crash")

    everything = "SELECT (SELECT count(*) FROM egress_approval) + (SELECT count(*) FROM audit) + (SELECT seq FROM audit_head)"
    assert kept(db, everything) == [(0,)]


async def test_a_crash_between_change_and_entry_leaves_neither(db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(audit, "append", crash)
    with pytest.raises(OSError, match="power cut"):
        async with work.work(actor) as doing:
            doing.session.add(approval())
            doing.record(Action.EGRESS_APPROVE, target=TARGET)

    assert kept(db, "SELECT (SELECT count(*) FROM egress_approval) + (SELECT count(*) FROM audit)") == [(0,)]


async def test_a_changed_row_without_an_entry_is_refused(db: Database, actor: Actor) -> None:
    with pytest.raises(StorageError, match="without an audit entry"):
        async with work.work(actor) as doing:
            doing.session.add(approval())

    assert kept(db, "SELECT count(*) FROM egress_approval") == [(0,)]


async def test_a_statement_or_an_early_flush_without_an_entry_is_refused_too(db: Database, actor: Actor) -> None:
    with pytest.raises(StorageError, match="without an audit entry"):
        async with work.work(actor) as doing:
            await doing.session.exec(update(Instance).where(col(Instance.id) == 1).values(default_provider_id="x"))
    with pytest.raises(StorageError, match="without an audit entry"):
        async with work.work(actor) as doing:
            doing.session.add(approval())
            await doing.session.flush()

    assert kept(db, "SELECT default_provider_id FROM instance") == [(None,)]


async def test_touching_stamps_the_providers_that_changed(db: Database, actor: Actor) -> None:
    one, other = (ProviderRow(name=n, label=n, type="custom", base_url="u", origin="o", auth_type="none") for n in ("one", "other"))
    async with work.work(actor) as doing:
        doing.session.add_all([one, other])
        doing.record(Action.PROVIDER_CREATE, target=("provider", one.id, "one"))
        doing.touch(one.id, other.id)

    async with work.work(actor) as doing:
        doing.record(Action.PROVIDER_UPDATE, target=("provider", one.id, "one"))
        doing.touch(one.id)

    async with engine.session() as session:
        assert dict((await session.exec(select(ProviderRow.name, ProviderRow.revision))).all()) == {"one": 2, "other": 1}


async def test_effects_happen_after_the_commit_and_only_then(db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    async def changed(revision: int) -> None:
        seen.append((revision, kept(db, "SELECT revision FROM instance")[0][0]))

    async def hook() -> None:
        seen.append("hook")

    monkeypatch.setattr(work, "on_commit", [changed])
    async with work.work(actor) as doing:
        doing.record(Action.REGISTRY_REFRESH, target=TARGET)
        doing.touch()
        doing.after(hook)
        assert seen == []
    with pytest.raises(RuntimeError):
        async with work.work(actor) as doing:
            doing.after(hook)
            doing.touch()
            raise RuntimeError

    assert seen == [(1, 1), "hook"]


async def test_an_effect_that_fails_does_not_make_the_save_look_failed(
    db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: int) -> None:
        raise ValueError("registry")

    monkeypatch.setattr(work, "on_commit", [broken])
    with caplog.at_level(logging.ERROR):
        async with work.work(actor) as doing:
            doing.record(Action.REGISTRY_REFRESH, target=TARGET)
            doing.touch()

    assert doing.revision == 1
    assert "An effect after a commit failed" in caplog.text


async def test_a_caller_that_goes_away_during_the_commit_leaves_it_whole(
    db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, seen, append = asyncio.Event(), [], audit.append

    async def slow(*arguments: object) -> None:
        started.set()
        await asyncio.sleep(0.05)
        await append(*arguments)  # type: ignore[arg-type] # forwarded as given

    async def changed(revision: int) -> None:
        seen.append(revision)

    async def save() -> None:
        async with work.work(actor) as doing:
            doing.session.add(approval())
            doing.record(Action.EGRESS_APPROVE, target=TARGET)
            doing.touch()

    monkeypatch.setattr(audit, "append", slow)
    monkeypatch.setattr(work, "on_commit", [changed])
    saving = asyncio.create_task(save())
    await started.wait()
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving

    assert kept(db, "SELECT (SELECT count(*) FROM egress_approval), (SELECT count(*) FROM audit)") == [(1, 1)]
    assert seen == [1]


async def test_twenty_writers_at_once_all_succeed_in_one_chain(db: Database, actor: Actor) -> None:
    async def save(number: int) -> None:
        async with work.work(actor) as doing:
            doing.session.add(approval(f"http://127.0.0.1:{number}"))
            doing.record(Action.EGRESS_APPROVE, target=TARGET)
            doing.touch()

    await asyncio.gather(*(save(number) for number in range(1, 21)))

    assert kept(db, "SELECT count(*), max(seq), (SELECT revision FROM instance) FROM audit") == [(20, 20, 20)]


async def test_two_writers_with_one_name_are_a_conflict(db: Database, actor: Actor) -> None:
    for expected in (None, Conflict):
        raised = None
        try:
            async with work.work(actor) as doing:
                doing.session.add(approval())
                doing.record(Action.EGRESS_APPROVE, target=TARGET)
        except Conflict as error:
            raised = type(error)
        assert raised is expected


@only_sqlite
async def test_a_full_disk_is_one_sentence_without_the_statement(db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine.session() as session:
        await (await session.connection()).exec_driver_sql("PRAGMA max_page_count=1")
    with pytest.raises(StorageUnavailable) as raised:
        async with work.work(actor) as doing:
            await (await doing.session.connection()).exec_driver_sql("PRAGMA max_page_count=1")
            doing.session.add_all([approval(f"http://127.0.0.1:{n}/{'x' * 250}") for n in range(200)])
            doing.record(Action.EGRESS_APPROVE, target=TARGET)

    assert "INSERT" not in str(raised.value)
    assert kept(db, "SELECT count(*) FROM egress_approval") == [(0,)]
