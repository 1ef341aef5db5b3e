"""The database of the process: durable, explicit, migrated by whoever comes first. What holds on both kinds stands first."""

import asyncio
import multiprocessing
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.errors import StorageError
from app.storage import work
from app.storage.database import engine, inspection, migration
from tests.fixtures.databases import Database, Sqlite, only_sqlite


async def pragma(name: str) -> object:
    async with engine.session() as session:
        return (await (await session.connection()).exec_driver_sql(f"PRAGMA {name}")).scalar()


def tables(url: str) -> set[str]:
    """What stands in a database, by another way than the product's."""
    made = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        return set(inspect(made).get_table_names())
    finally:
        made.dispose()


@only_sqlite
async def test_sqlite_is_opened_durable_and_strict(db: Database) -> None:
    journal = "wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "delete"

    assert {name: await pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "recursive_triggers")} == {
        "journal_mode": journal, "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000, "recursive_triggers": 1,
    }  # fmt: skip


async def test_using_a_database_that_is_not_open_says_so() -> None:
    with pytest.raises(StorageError, match="not open"):
        async with engine.session():
            pass


async def test_opening_twice_is_refused(db: Database) -> None:
    with pytest.raises(StorageError, match="open already"):
        engine.open(db.url)


def test_the_file_is_readable_for_its_owner_alone(tmp_path: Path) -> None:
    engine.migrate(f"sqlite:///{tmp_path}/new/patchbay.db")

    assert stat.S_IMODE((tmp_path / "new" / "patchbay.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


async def test_two_processes_may_migrate_at_once(blank: Database) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=engine.migrate, args=(blank.url,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)

    assert [process.exitcode for process in both] == [0, 0]
    assert blank.rows("SELECT count(*) FROM instance") == [(1,)]


def test_a_database_of_another_version_is_told_apart(stored: Database) -> None:
    engine.require_schema(stored.url)
    cases = {
        "UPDATE alembic_version SET version_num = '0001'": "created by an older version",
        "UPDATE alembic_version SET version_num = '9999'": "by a newer version of Patchbay",
        "DELETE FROM alembic_version": "has not been set up in this database",
    }
    for change, words in cases.items():
        stored.run(change)
        with pytest.raises(StorageError, match=words):
            engine.require_schema(stored.url)
    stored.run(f"INSERT INTO alembic_version VALUES ('{migration.newest()}')")  # noqa: S608 - others use this database after us


def test_a_database_of_a_newer_version_is_not_touched(stored: Database) -> None:
    stored.run("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StorageError, match="by a newer version of Patchbay"):
        engine.migrate(stored.url)

    stored.run(f"UPDATE alembic_version SET version_num = '{migration.newest()}'")  # noqa: S608 - our own word


def test_a_migration_that_fails_leaves_the_old_schema(blank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise StorageError("planted")

    monkeypatch.setattr(migration.triggers, "require", refuse)
    with pytest.raises(StorageError, match="planted"):
        engine.migrate(blank.url)

    assert tables(blank.url) == set()


async def test_the_data_version_tells_of_commits_of_this_and_of_other_processes(db: Database, actor: Actor) -> None:
    first = await engine.data_version()
    assert await engine.data_version() == first

    async with work.work(actor) as doing:
        doing.record(Action.REGISTRY_REFRESH, target=("registry", "", ""))
        doing.touch()
    second = await engine.data_version()
    db.run("UPDATE instance SET revision = 7")

    assert len({first, second, await engine.data_version()}) == 3


@only_sqlite
async def test_the_data_version_does_not_wait_for_a_writer(db: Sqlite) -> None:
    before = await engine.data_version()
    with closing(db.connect()) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert await asyncio.wait_for(engine.data_version(), 1) == before


async def test_reading_goes_on_while_somebody_writes(db: Database, actor: Actor) -> None:
    async with work.work(actor, audited=False), engine.session() as session:
        assert (await (await session.connection()).exec_driver_sql("SELECT revision FROM instance")).scalar() == 0


WEAKER = {
    "sqlite": "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT 1; END",
    "postgres": "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_check_forward()",
}
STRANGER = {
    "sqlite": "CREATE TRIGGER stranger AFTER INSERT ON audit BEGIN SELECT 1; END",
    "postgres": "CREATE TRIGGER stranger AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
}
REMOVED = {"sqlite": "DROP TRIGGER audit_no_update", "postgres": "DROP TRIGGER audit_no_update ON audit"}
DISABLED = {"sqlite": "DROP TRIGGER audit_in_order", "postgres": "ALTER TABLE audit DISABLE TRIGGER audit_in_order"}


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param([REMOVED], id="removed"),
        pytest.param([REMOVED, WEAKER], id="weakened"),
        pytest.param([STRANGER], id="added"),
        pytest.param([DISABLED], id="switched off"),
    ],
)
async def test_changed_triggers_are_noticed(db: Database, damage: list[dict[str, str]]) -> None:
    await inspection.check_triggers()
    db.alter(*(statement[db.kind] for statement in damage))

    with pytest.raises(StorageError, match="not protected"):
        await inspection.check_triggers()
    with pytest.raises(StorageError, match="not protected"):
        engine.migrate(db.url)


async def test_the_schema_version_is_known(db: Database) -> None:
    assert await inspection.schema_version() == migration.newest()
