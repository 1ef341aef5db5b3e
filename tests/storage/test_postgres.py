"""What only PostgreSQL has: notifications, writers on other machines, refusals at the door, a zone and rights of its own."""

import asyncio
import multiprocessing
import re
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app import settings
from app.domain.actor import SYSTEM, Actor
from app.domain.audit import Action
from app.domain.errors import StorageError, StorageUnavailable
from app.services import keyring
from app.services.audit import verify
from app.storage import instance
from app.storage.database import engine, notices, postgres
from app.storage.work import work
from tests.fixtures.databases import Database, Postgres
from tests.fixtures.postgres import PASSWORD, Server, installed

ROOT = Path(__file__).parents[2]
TARGET = ("registry", "", "")


@pytest.fixture
def kind() -> str:
    """All of this module."""
    return "postgres"


def change(url: str, times: int) -> None:
    """Another process that changes the registry, eight writers at a time."""

    async def once() -> None:
        async with work(SYSTEM) as doing:
            doing.record(Action.REGISTRY_REFRESH, target=TARGET)
            doing.touch()

    async def changing() -> None:
        engine.open(url)
        await keyring.open_ring(keep_environment=True)
        for _ in range(times // 8):
            await asyncio.gather(*(once() for _ in range(8)))
        await engine.close()

    asyncio.run(changing())


async def elsewhere(url: str, times: int, *, processes: int) -> None:
    """Run `change` in processes of their own, and wait for them."""
    context = multiprocessing.get_context("spawn")
    several = [context.Process(target=change, args=(url, times)) for _ in range(processes)]
    for process in several:
        process.start()
    for process in several:
        await asyncio.to_thread(process.join, 60)
    assert [process.exitcode for process in several] == [0] * processes


@pytest.fixture
async def listener(db: Database) -> AsyncIterator[notices.Listener]:
    """One that listens already."""
    made = notices.Listener(postgres.connect_keywords(make_url(settings.current().url)))
    await made.wait(10)  # the first news is that it listens now
    yield made
    await made.close()


async def waited(listener: notices.Listener, seconds: float) -> float:
    started = time.perf_counter()
    await listener.wait(seconds)
    return time.perf_counter() - started


async def test_a_commit_wakes_who_listens(listener: notices.Listener, actor: Actor) -> None:
    hearing = asyncio.create_task(waited(listener, 20))
    async with work(actor) as doing:
        doing.record(Action.REGISTRY_REFRESH, target=TARGET)
        doing.touch()

    assert await hearing < 10


async def test_a_change_that_is_rolled_back_wakes_nobody(listener: notices.Listener, actor: Actor) -> None:
    with pytest.raises(RuntimeError):
        async with engine.writing() as session:
            await engine.announce(session, 99)
            raise RuntimeError

    assert await waited(listener, 0.5) >= 0.5


async def test_a_listener_that_was_cut_off_comes_back(listener: notices.Listener, db: Postgres, actor: Actor) -> None:
    db.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()")

    assert await waited(listener, 20) < 10, "what happened meanwhile is looked for"
    hearing = asyncio.create_task(waited(listener, 20))
    async with work(actor) as doing:
        doing.record(Action.REGISTRY_REFRESH, target=TARGET)
        doing.touch()
    assert await hearing < 10


async def test_two_processes_with_eight_writers_each_leave_one_whole_chain(
    stored: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.open(stored.url)
    await keyring.open_ring(keep_environment=True)
    await elsewhere(stored.url, 40, processes=2)
    verdict = await verify(actor)
    await engine.close()

    assert (verdict.ok, verdict.checked) == (True, 81)  # one for the key
    assert stored.rows("SELECT revision FROM instance") == [(80,)]


async def test_a_writer_that_waits_too_long_says_so_and_changes_nothing(stored: Postgres, vault: object, actor: Actor) -> None:
    engine.open(f"{stored.url}&options=-c%20lock_timeout%3D100")
    with stored.server.connect(stored.name) as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(8700002)")
        with pytest.raises(StorageUnavailable, match="try again"):
            async with work(actor):
                pass
    async with work(actor, audited=False) as doing:
        await instance.stop(doing.session, "nobody")
    await engine.close()


async def test_a_session_for_reading_cannot_write(db: Database) -> None:
    with pytest.raises(StorageUnavailable):
        async with engine.session() as session:
            await (await session.connection()).exec_driver_sql("UPDATE instance SET revision = 7")


async def test_a_session_sees_one_moment(db: Database) -> None:
    async with engine.session() as session:
        before = (await instance.read(session)).revision
        db.run("UPDATE instance SET revision = revision + 1")
        session.expire_all()

        assert (await instance.read(session)).revision == before


async def test_times_are_utc_whatever_the_zone_of_the_server(db: Database) -> None:
    async with engine.session() as session:
        assert (await instance.read(session)).created_at.utcoffset() == timedelta(0)
        assert (await (await session.connection()).exec_driver_sql("SHOW timezone")).scalar() == "UTC"
    assert db.rows("SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'") == [("UTC",)]


async def test_a_right_that_is_missing_is_named(db: Postgres) -> None:
    db.run("CREATE ROLE reader", "GRANT USAGE ON SCHEMA public TO reader")
    try:
        with pytest.raises(StorageError, match=r"docs/postgresql\.md"):
            async with engine.session() as session:
                connection = await session.connection()
                await connection.exec_driver_sql("SET LOCAL ROLE reader")
                await connection.exec_driver_sql("SELECT * FROM provider")
    finally:
        db.run("DROP OWNED BY reader", "DROP ROLE reader")


# At the door


@pytest.fixture
def door(blank: Postgres) -> Iterator[str]:
    """The URL of an empty database, over TCP with a password."""
    yield blank.server.url(blank.name, tcp=True)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param(":pg%20", ":wrong%20", "does not accept this password for the user postgres", id="wrong password"),
        pytest.param("postgres:", "nobody:", "does not accept this password for the user nobody", id="unknown user"),
        pytest.param("/test", "/gone", "There is no database gone", id="no such database"),
        pytest.param("127.0.0.1", "127.0.0.254", "No database responds at 127.0.0.254:", id="nobody answers"),
        pytest.param("127.0.0.1", "no.such.host.invalid", "No database responds at no.such.host.invalid:", id="unknown host"),
        pytest.param("?", "?sslmode=require&", "encrypted connection", id="no TLS there"),
        pytest.param("?", "?pgbouncer=true&", "PATCHBAY_DATABASE_URL is not valid", id="strange option"),
        pytest.param("127.0.0.1:", "127.0.0.1:x", "PATCHBAY_DATABASE_URL is not valid", id="not a port"),
    ],
)
def test_each_refusal_is_one_sentence_without_the_password(door: str, old: str, new: str, sentence: str) -> None:
    url = re.sub(r"/test[^/]*$", "/test", door) + "?connect_timeout=3"
    assert old in url
    with pytest.raises(StorageError) as raised:
        engine.migrate(url.replace(old, new))

    assert sentence in raised.value.message
    assert raised.value.message.count("\n") == 0
    assert not re.search("planted|zx9w", "".join(str(e) for e in (raised.value, raised.value.details, raised.value.__cause__)))


def test_a_server_that_is_too_old_is_refused(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "OLDEST_VERSION", 99)
    with pytest.raises(StorageError, match=r"PostgreSQL \d+; Patchbay needs 99"):
        engine.migrate(door)


def test_a_database_that_does_not_store_unicode_is_refused(postgresql: Server) -> None:
    postgresql.run("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        with pytest.raises(StorageError, match="ENCODING 'UTF8'"):
            engine.migrate(postgresql.url("latin"))
    finally:
        postgresql.run("DROP DATABASE latin")


def test_a_user_who_may_not_create_tables_is_told_so(blank: Postgres) -> None:
    blank.server.run("CREATE ROLE guest LOGIN")
    try:
        with pytest.raises(StorageError, match="guest may not change the schema"):
            engine.migrate(blank.url.replace("postgres@", "guest@"))
    finally:
        blank.server.run("DROP ROLE guest")


def test_a_server_is_described_without_the_password(door: str) -> None:
    said = engine.describe(door)

    assert re.fullmatch(r"PostgreSQL \d+\.\d+, database \S+ at 127\.0\.0\.1:\d+ \(not encrypted\)\.", said)
    assert not re.search("planted|zx9w", said)


@pytest.mark.parametrize("spelling", ["postgres://", "postgresql://", "postgresql+psycopg://", "postgresql+asyncpg://"])
def test_every_spelling_of_the_url_is_understood(door: str, monkeypatch: pytest.MonkeyPatch, spelling: str) -> None:
    given = settings.Settings(database_url=door.replace("postgresql://", spelling))

    assert engine.describe(given.url).startswith("PostgreSQL")
    assert PASSWORD not in repr(given)
    assert "zx9w" not in repr(given)


@pytest.mark.parametrize(
    ("url", "places"),
    [
        pytest.param("postgresql://u:p@db.example/x", [("db.example", 5432)], id="the usual port"),
        pytest.param("postgresql://u:p@[::1]:6000/x", [("::1", 6000)], id="v6"),
        pytest.param("postgresql://u@/x?host=a:1&host=b:2", [("a", 1), ("b", 2)], id="several"),
        pytest.param("postgresql://u@/x?host=a,b&port=1,2", [("a", 1), ("b", 2)], id="several as libpq writes them"),
        pytest.param("postgresql://u@/x?host=/run/postgresql", [], id="a socket"),
        pytest.param("postgresql://u@name/x?hostaddr=10.0.0.9", [("name", 5432), ("10.0.0.9", 5432)], id="an address beside the name"),
    ],
)
def test_where_the_database_is_is_known_for_the_guard(url: str, places: list[tuple[str, int]]) -> None:
    assert engine.places(url) == places


# What the documentation says


async def test_a_user_with_the_documented_rights_can_do_everything_but_change_the_audit(
    blank: Postgres, data_dir: Path, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.migrate(blank.url)
    text = (ROOT / "docs" / "postgresql.md").read_text()
    sql = text[text.index("GRANT USAGE") :].split("```")[0]
    blank.server.run("CREATE ROLE patchbay LOGIN")
    try:
        blank.run(*(statement for statement in sql.split(";") if statement.strip()))
        url = blank.url.replace("postgres@", "patchbay@")
        engine.migrate(url)
        engine.open(url)
        await keyring.open_ring(keep_environment=True)
        async with work(actor) as doing:
            doing.record(Action.REGISTRY_REFRESH, target=TARGET)
            doing.touch()
        assert (await verify(actor)).checked == 2
        for forbidden in ("DELETE FROM audit", "UPDATE audit SET reason = ''", "ALTER TABLE audit DISABLE TRIGGER ALL", "DROP TABLE audit"):
            with pytest.raises(StorageError, match="lacks rights"):
                async with engine.writing() as session:
                    await (await session.connection()).exec_driver_sql(forbidden)
        await engine.close()
    finally:
        blank.run("DROP OWNED BY patchbay")
        blank.server.run("DROP ROLE patchbay")


async def test_a_dump_comes_back_whole_under_the_same_key(stored: Postgres, blank: Postgres, data_dir: Path, actor: Actor) -> None:
    engine.open(stored.url)
    await keyring.open_ring(keep_environment=True)
    async with work(actor) as doing:
        doing.record(Action.REGISTRY_REFRESH, target=TARGET)
        doing.touch()
    await engine.close()
    programs, dump = installed() / "bin", data_dir / "patchbay.dump"
    for words in (
        ["pg_dump", "--format=custom", "--schema=public", f"--file={dump}", stored.url],
        ["pg_restore", "--clean", "--if-exists", f"--dbname={blank.url}", str(dump)],
    ):
        await asyncio.to_thread(subprocess.run, [programs / words[0], *words[1:]], check=True)

    engine.migrate(blank.url)
    engine.open(blank.url)
    await keyring.open_ring(keep_environment=True)
    assert (await verify(actor)).checked == 2
    await engine.close()
