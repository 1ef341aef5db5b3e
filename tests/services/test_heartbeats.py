"""A serving process is seen while it lives, and its start is on record."""

import asyncio

import pytest

from app.domain.actor import ANONYMOUS, Actor
from app.domain.errors import Forbidden, StorageUnavailable
from app.services import heartbeats
from app.storage import instance
from tests.fixtures.databases import Database, at


def sql(db: Database, statement: str) -> list[tuple[object, ...]]:
    return db.rows(statement)


async def test_a_process_is_seen_from_its_start_to_its_end(db: Database, actor: Actor) -> None:
    beating = heartbeats.Heartbeat("serve", lambda: 7)
    await beating.start()
    (worker,) = await heartbeats.alive(actor)
    await beating.stop()

    assert (worker.kind, worker.revision, len(worker.kids)) == ("serve", 7, 1)
    assert await heartbeats.alive(actor) == []


async def test_a_start_is_on_record_and_a_migration_once(db: Database, actor: Actor) -> None:
    for _ in range(2):
        beating = heartbeats.Heartbeat("serve", lambda: 0)
        await beating.start()
        await beating.stop()

    assert [row[0] for row in sql(db, "SELECT action FROM audit ORDER BY seq")] == [
        "instance:schema:migrate", "instance:process:boot", "instance:process:boot",
    ]  # fmt: skip


async def test_news_are_told_at_once(db: Database, actor: Actor) -> None:
    revision = 1
    beating = heartbeats.Heartbeat("serve", lambda: revision)
    await beating.start()
    revision = 2
    beating.news()
    async with asyncio.timeout(20):
        while (await heartbeats.alive(actor))[0].revision != 2:  # noqa: ASYNC110 - only the database tells
            await asyncio.sleep(0.01)
    await beating.stop()


async def test_a_beat_that_fails_does_not_end_the_beating(db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    beating = heartbeats.Heartbeat("serve", lambda: 0)
    await beating.start()
    first, tries, write = (await heartbeats.alive(actor))[0].seen_at, 0, instance.beat

    async def fails_once(*arguments: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise StorageUnavailable("no")
        await write(*arguments)  # type: ignore[arg-type] # forwarded as given

    monkeypatch.setattr(instance, "beat", fails_once)
    beating.news()
    async with asyncio.timeout(20):
        while (await heartbeats.alive(actor))[0].seen_at == first:
            await asyncio.sleep(0.01)
            beating.news()
    await beating.stop()

    assert tries >= 2


async def test_news_that_comes_with_the_end_does_not_keep_the_end_away(db: Database) -> None:
    for _ in range(20):
        beating = heartbeats.Heartbeat("serve", lambda: 0)
        await beating.start()
        await asyncio.sleep(0)
        beating.news()

        async with asyncio.timeout(20):
            await beating.stop()


async def test_what_ended_long_ago_is_forgotten(db: Database, actor: Actor) -> None:
    old = at(minutes=-3_000_000)
    columns = "worker_id, kind, host, pid, started_at, seen_at, kids, revision"
    db.run(f"INSERT INTO worker_heartbeat ({columns}) VALUES ('w', 'serve', 'h', 1, {old}, {old}, '[]', 0)")  # noqa: S608
    db.run(f"INSERT INTO login_throttle VALUES ('ip:192.0.2.1', 3, {old}, NULL)")  # noqa: S608
    beating = heartbeats.Heartbeat("serve", lambda: 0)
    await beating.start()
    beating.news()
    async with asyncio.timeout(20):
        while sql(db, "SELECT count(*) FROM login_throttle") != [(0,)]:  # noqa: ASYNC110 - only the database tells
            await asyncio.sleep(0.01)
    await beating.stop()

    assert sql(db, "SELECT count(*) FROM worker_heartbeat") == [(0,)]


async def test_a_process_that_was_killed_is_not_alive(db: Database, actor: Actor) -> None:
    old = at(minutes=-3_000_000)
    columns = "worker_id, kind, host, pid, started_at, seen_at, kids, revision"
    db.run(f"INSERT INTO worker_heartbeat ({columns}) VALUES ('w', 'serve', 'h', 1, {old}, {old}, '[]', 0)")  # noqa: S608

    assert await heartbeats.alive(actor) == []
    with pytest.raises(Forbidden):
        await heartbeats.alive(ANONYMOUS)


async def test_that_an_unknown_proxy_was_seen_is_written_with_the_next_beat(
    db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "_forwarded", [])
    beating = heartbeats.Heartbeat("serve", lambda: 0)
    await beating.start()
    (before,) = await heartbeats.alive(actor)
    heartbeats.forwarded("192.0.2.80")
    await beating._beat()
    (after,) = await heartbeats.alive(actor)
    await beating.stop()

    assert (before.forwarded_at, before.forwarded_by) == (None, "")
    assert after.forwarded_at is not None
    assert after.forwarded_by == "192.0.2.80"
