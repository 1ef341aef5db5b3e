"""The database of the process: durable, explicit, migrated by whoever comes first."""

import asyncio
import multiprocessing
import sqlite3
import stat
from pathlib import Path

import pytest

from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.errors import StorageError
from app.storage import engine, work


def url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def pragma(name: str) -> object:
    async with engine.session() as session:
        return (await (await session.connection()).exec_driver_sql(f"PRAGMA {name}")).scalar()


async def test_sqlite_is_opened_durable_and_strict(db: Path) -> None:
    journal = "wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "delete"

    assert {name: await pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "recursive_triggers")} == {
        "journal_mode": journal, "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000, "recursive_triggers": 1,
    }  # fmt: skip


async def test_using_a_database_that_is_not_open_says_so() -> None:
    with pytest.raises(StorageError, match="not open"):
        async with engine.session():
            pass


async def test_opening_twice_is_refused(db: Path) -> None:
    with pytest.raises(StorageError, match="open already"):
        engine.open(url(db))


def test_the_file_is_readable_for_its_owner_alone(tmp_path: Path) -> None:
    engine.migrate(url(tmp_path / "new" / "patchbay.db"))

    assert stat.S_IMODE((tmp_path / "new" / "patchbay.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_two_processes_may_migrate_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=engine.migrate, args=(url(tmp_path / "patchbay.db"),)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)

    assert [process.exitcode for process in both] == [0, 0]
    with sqlite3.connect(tmp_path / "patchbay.db") as connection:
        assert connection.execute("SELECT count(*) FROM instance").fetchone() == (1,)
    connection.close()


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise StorageError("planted")

    monkeypatch.setattr(engine.triggers, "require", refuse)
    with pytest.raises(StorageError, match="planted"):
        engine.migrate(url(tmp_path / "patchbay.db"))

    with sqlite3.connect(tmp_path / "patchbay.db") as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()


async def test_the_data_version_tells_of_commits_of_this_and_of_other_processes(db: Path, actor: Actor) -> None:
    first = await engine.data_version()
    assert await engine.data_version() == first

    async with work.work(actor) as doing:
        doing.record(Action.REGISTRY_REFRESH, target=("registry", "", ""))
        doing.touch()
    second = await engine.data_version()
    other = sqlite3.connect(db)
    other.execute("UPDATE instance SET revision = 7")
    other.commit()
    other.close()

    assert len({first, second, await engine.data_version()}) == 3


async def test_the_data_version_does_not_wait_for_a_writer(db: Path) -> None:
    before = await engine.data_version()
    other = sqlite3.connect(db, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    assert await asyncio.wait_for(engine.data_version(), 1) == before

    other.execute("ROLLBACK")
    other.close()


async def test_reading_goes_on_while_somebody_writes(db: Path, actor: Actor) -> None:
    async with work.work(actor, audited=False), engine.session() as session:
        assert (await (await session.connection()).exec_driver_sql("SELECT revision FROM instance")).scalar() == 0


WEAKER = "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT 1; END"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("DROP TRIGGER audit_no_update", id="removed"),
        pytest.param(f"DROP TRIGGER audit_no_update; {WEAKER}", id="weakened"),
        pytest.param("CREATE TRIGGER stranger AFTER INSERT ON audit BEGIN SELECT 1; END", id="added"),
    ],
)
async def test_changed_triggers_are_noticed(db: Path, damage: str) -> None:
    await engine.check_triggers()
    other = sqlite3.connect(db)
    other.executescript(damage)
    other.close()

    with pytest.raises(StorageError, match="not protected"):
        await engine.check_triggers()
    with pytest.raises(StorageError, match="not protected"):
        engine.migrate(url(db))


async def test_the_schema_version_is_known(db: Path) -> None:
    assert await engine.schema_version() == "0002"
