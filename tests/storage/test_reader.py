"""Reading in one step: one moment, nothing written, nothing left behind by who is cancelled."""

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from app.domain.actor import Actor
from app.domain.errors import StorageError
from app.storage import client_keys as rows
from app.storage.database import engine
from app.storage.work import work
from tests.fixtures.databases import Database, only_postgres, only_sqlite

_REVISION = "SELECT revision FROM instance"


async def save(actor: Actor) -> None:
    async with work(actor, audited=False) as doing:
        doing.touch("somebody")


@only_sqlite
async def test_what_is_read_in_one_step_is_one_transaction(db: Database) -> None:
    def transactions(connection: Connection) -> list[bool]:
        driver: Any = connection.connection.driver_connection
        return [_revision(connection) >= 0 and driver.in_transaction for _ in range(2)]

    assert await engine.read(transactions) == [True, True]


@only_postgres  # on SQLite a commit may have to wait for who reads
async def test_what_is_read_in_one_step_is_of_one_moment(db: Database, actor: Actor) -> None:
    read, saved = threading.Event(), threading.Event()

    def twice(connection: Connection) -> tuple[int, int]:
        first = _revision(connection)
        read.set()
        assert saved.wait(10)
        return first, _revision(connection)

    reading = asyncio.create_task(engine.read(twice))
    await asyncio.to_thread(read.wait, 10)
    await save(actor)
    saved.set()

    first, second = await reading
    assert first == second
    assert await engine.read(_revision) == first + 1


async def test_the_loop_is_left_once_however_much_is_read(db: Database) -> None:
    threads = await engine.read(lambda connection: {_thread_after(connection) for _ in range(9)})

    assert len(threads) == 1
    assert threads != {threading.get_ident()}


async def test_who_is_cancelled_while_reading_leaves_when_it_has_ended(db: Database, actor: Actor) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def long(connection: Connection) -> None:
        connection.exec_driver_sql(_REVISION)
        begun.set()
        assert go_on.wait(10)
        ended.set()

    reading = asyncio.create_task(engine.read(long))
    await asyncio.to_thread(begun.wait, 10)
    reading.cancel()
    await asyncio.sleep(0)
    assert not reading.done()
    go_on.set()
    await asyncio.wait([reading])

    assert reading.cancelled()
    assert ended.is_set()
    async with asyncio.timeout(5), work(actor, audited=False) as doing:
        await rows.used(doing.session, "nobody", at=datetime.now(UTC), model="", status=200, ms=1)


async def test_an_error_of_the_driver_is_told_as_ours_and_the_next_reads(db: Database) -> None:
    with pytest.raises(StorageError):
        await engine.read(lambda connection: connection.exec_driver_sql("SELECT 1 FROM nowhere"))

    assert await engine.read(_revision) >= 0


@only_postgres
async def test_who_reads_cannot_write(db: Database) -> None:
    before = await engine.read(_revision)

    with pytest.raises(StorageError):
        await engine.read(lambda connection: connection.exec_driver_sql("UPDATE instance SET revision = 7000"))

    assert await engine.read(_revision) == before


def _revision(connection: Connection) -> int:
    return connection.exec_driver_sql(_REVISION).scalar_one()


def _thread_after(connection: Connection) -> int:
    connection.exec_driver_sql(_REVISION)
    return threading.get_ident()
