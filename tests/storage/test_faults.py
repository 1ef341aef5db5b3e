"""What stands in the way of a database, in a sentence: full, read-only, damaged, locked, or with rows that refer to nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.errors import DiskFull, StorageDamaged, StorageError, StorageReadOnly, StorageUnavailable
from app.services import readiness
from app.storage.database import engine, faults, inspection
from app.storage.work import work
from tests.fixtures import databases
from tests.fixtures.databases import Database


async def change(actor: Actor, name: str) -> None:
    async with work(actor) as doing:
        for number in range(40):  # more than fits into what is free inside the file
            changes = {"note": {"before": None, "after": f"{number}" * 400}}
            doing.record(Action.EGRESS_APPROVE, target=("origin", name, name), changes=changes)


def limit(pages: int) -> None:
    """Let the file grow to this many pages, as a disk would that has no more room."""
    database = engine._current()

    def narrowed(connection: sqlite3.Connection, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count={pages}")
        cursor.close()

    event.listen(database.reader.sync_engine, "checkout", narrowed)


@databases.only_sqlite
async def test_a_full_disk_is_named_and_not_ready_until_there_is_room(db: Database, actor: Actor) -> None:
    await change(actor, "before")
    limit(1)  # of fewer than there are SQLite makes the number there is

    with pytest.raises(DiskFull, match="disk of the database is full"):
        await change(actor, "full")
    assert engine.unwritable() == "disk_full"
    assert not (await readiness.look()).checks["writes"]

    limit(1_000_000)
    await change(actor, "after")
    assert engine.unwritable() == ""
    assert (await readiness.look()).checks["writes"]


@databases.only_sqlite
async def test_reading_goes_on_while_the_disk_is_full(db: Database, actor: Actor) -> None:
    limit(1)
    with pytest.raises(DiskFull):
        await change(actor, "full")

    assert await inspection.schema_version()
    assert (await readiness.look()).checks["database"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_FULL", DiskFull),
        ("SQLITE_READONLY_DIRECTORY", StorageReadOnly),
        ("SQLITE_CANTOPEN", StorageReadOnly),
        ("SQLITE_IOERR_WRITE", StorageReadOnly),
        ("SQLITE_CORRUPT_INDEX", StorageDamaged),
        ("SQLITE_NOTADB", StorageDamaged),
        ("SQLITE_BUSY_SNAPSHOT", StorageUnavailable),
        ("SQLITE_INTERRUPT", StorageUnavailable),
    ],
)
def test_what_sqlite_says_is_told_apart(name: str, kind: type[StorageError]) -> None:
    original = sqlite3.OperationalError("secret statement")
    original.sqlite_errorname = name

    found = faults.of(OperationalError("INSERT secret", {"p": "secret"}, original))

    assert type(found) is kind
    assert "secret" not in found.message


@pytest.mark.parametrize(
    ("state", "kind"), [("53100", DiskFull), ("25006", StorageReadOnly), ("XX001", StorageDamaged), ("57P01", StorageUnavailable)]
)
def test_what_postgresql_says_is_told_apart(state: str, kind: type[StorageError]) -> None:
    original = type("DriverError", (Exception,), {"sqlstate": state})("secret")

    assert type(faults.of(OperationalError("INSERT secret", {}, original))) is kind


def test_a_row_that_refers_to_nothing_is_named_with_its_table_and_column(migrated: Path, tmp_path: Path) -> None:
    file = tmp_path / "patchbay.db"
    file.write_bytes(migrated.read_bytes())
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO credential_secret (credential_id, field, value, hint, fingerprint, updated_at) VALUES ('no', 'a', '', '', '', 0)"
        )

    with pytest.raises(StorageDamaged, match=r"credential_secret row \d+ \(credential_id names no credential\)") as refused:
        engine.migrate(f"sqlite+aiosqlite:///{file}")

    assert "restore it from a backup" in refused.value.message


@pytest.mark.parametrize("content", [b"this is no database, although it has its name" * 200, b"SQLite format 3\0" + b"\xff" * 9_000])
def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "patchbay.db").write_bytes(content)

    with pytest.raises(StorageDamaged, match="damaged"):
        engine.migrate(f"sqlite+aiosqlite:///{tmp_path / 'patchbay.db'}")
