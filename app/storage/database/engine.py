"""The database of this process: opened explicitly, SQLite or PostgreSQL, and the only place that knows which."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.errors import Conflict, DiskFull, InvalidDraft, StorageDamaged, StorageError, StorageReadOnly, StorageUnavailable
from app.storage.database import faults, migration, notices, postgres
from app.storage.database.reader import Reader
from app.storage.database.shielded_session import ShieldedSession
from app.storage.tables import Instance

# Before 3.51.3 a checkpoint that races a writer can damage a WAL database; the rollback journal is not affected.
_WAL_IS_SAFE = (3, 51, 3)
BUSY_MILLISECONDS = 10_000
# How often other processes' commits are looked for: SQLite answers from its page cache in 70 µs, PostgreSQL tells by itself.
_LOOK_SECONDS = 0.02
_HEAR_SECONDS = 1.0
_ONE_MOMENT: dict[str, str | bool] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
# Advisory lock of PostgreSQL: ours by being unlikely.
_WRITERS = 8_700_002

T = TypeVar("T")


@dataclass(slots=True)
class _Database:
    """What `open` made. `turn` lets one writer of this process at a time reach the database: half the p99 of a busy wait
    on SQLite, and on PostgreSQL no connection of the pool is spent on waiting."""

    url: URL
    reader: AsyncEngine
    writer: AsyncEngine
    aside: Reader
    turn: asyncio.Lock
    watch: sqlite3.Connection | None = None
    seen: int = 0
    unwritable: str = ""
    audit_end: tuple[int, bytes] = (0, b"")
    listener: notices.Listener | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"


_database: _Database | None = None


def open(url: str) -> None:
    """Prepare the pool; no connection is made yet. Raises `StorageError` when a database is open already."""
    global _database
    if _database is not None:
        raise StorageError("The database of this process is open already.")
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        patience = {"timeout": BUSY_MILLISECONDS / 1000}
        engine = create_async_engine(parsed, connect_args=patience, hide_parameters=True)
        prepare_sqlite(engine.sync_engine)
        reader = engine
        aside = create_engine(parsed.set(drivername="sqlite"), connect_args=patience, hide_parameters=True)
        prepare_sqlite(aside)
    else:
        engine = postgres.engine(parsed)
        # As on SQLite: all statements of a session see one moment, and a session for reading cannot write.
        reader = engine.execution_options(**_ONE_MOMENT)
        aside = postgres.engine_of_one(parsed).execution_options(**_ONE_MOMENT)
    writer = engine.execution_options(sqlite_begin="IMMEDIATE")
    _database = _Database(parsed, reader, writer, Reader(aside), asyncio.Lock())


async def close() -> None:
    """Give every connection back. Closing twice is allowed."""
    global _database
    database, _database = _database, None
    if database is not None:
        if database.watch is not None:
            database.watch.close()
        if database.listener is not None:
            await database.listener.close()
        await database.aside.close()
        await database.reader.dispose()


def prepare_sqlite(engine: Engine) -> None:
    """Make each connection durable and each transaction explicit. `begin` is DEFERRED unless the engine says otherwise."""
    journal = "WAL" if sqlite3.sqlite_version_info >= _WAL_IS_SAFE else "DELETE"
    # Without recursive_triggers INSERT OR REPLACE deletes an audit row behind the back of its triggers.
    pragmas = (
        f"busy_timeout={BUSY_MILLISECONDS}",
        f"journal_mode={journal}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "secure_delete=ON",  # what was sealed and is deleted is overwritten, not only unlinked
    )

    def connected(connection: DBAPIConnection, _: object) -> None:
        connection.isolation_level = None  # the driver never emits BEGIN on its own
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN " + connection.get_execution_options().get("sqlite_begin", "DEFERRED"))

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


@asynccontextmanager
async def session() -> AsyncIterator[AsyncSession]:
    """A session for reading. What changes something goes through `storage.work.work`."""
    with translated():
        async with ShieldedSession(_current().reader, expire_on_commit=False) as opened:
            yield opened


async def read(find: Callable[[Connection], T]) -> T:
    """What `find` gives: called once, off the loop, and all of its statements see one moment. For who reads much, often."""
    with translated():
        return await _current().aside.read(find)


@asynccontextmanager
async def writing() -> AsyncIterator[AsyncSession]:
    """A session that holds the right to write from its first statement on. For `storage.work` only."""
    database = _current()
    async with database.turn:
        with _remembered(database), translated():
            async with ShieldedSession(database.writer, expire_on_commit=False) as opened:
                if not database.is_sqlite:
                    # One writer at a time, as BEGIN IMMEDIATE has it: no deadlock, and what was read is true until the commit.
                    await (await opened.connection()).exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")
                yield opened


@contextmanager
def _remembered(database: _Database) -> Iterator[None]:
    """Keep why the newest change could not be written, until one is. Every process writes a heartbeat, so it is never old."""
    try:
        yield
    except (DiskFull, StorageReadOnly, StorageDamaged) as error:
        database.unwritable = error.code
        raise
    database.unwritable = ""


def unwritable() -> str:
    """Code of the error that the newest change met when the database cannot be written: disk_full and the like; "" when it can."""
    return _current().unwritable


async def announce(session: AsyncSession, revision: int) -> None:
    """Wake the registries of other processes when this transaction commits. On SQLite they look at the file themselves."""
    if not _current().is_sqlite:
        await notices.announce(session, revision)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours; statements and values stay out of the message."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict("Another user changed the same data at the same time. Reload and try again.") from error
    except (OperationalError, InterfaceError, InternalError, PoolTimeout) as error:
        raise faults.of(error) from error
    except (DataError, UnicodeEncodeError) as error:
        # NUL and halves of surrogate pairs, numbers beyond 64 bits: PostgreSQL stores none of them.
        raise InvalidDraft({"value": "This contains a character or a number that the database cannot store. Remove it."}) from error
    except ProgrammingError as error:
        if (sentence := postgres.fault(error)) is None:
            raise  # a mistake of ours
        raise StorageError(sentence) from error
    except DatabaseError as error:  # what is left: a file that is damaged, or is no database
        raise faults.of(error) from error


async def wait_for_news() -> None:  # noqa: RET503
    """Return when somebody may have committed: on SQLite after 20 ms, on PostgreSQL when told, at the latest after a second."""
    database = _current()
    if database.is_sqlite:
        return await asyncio.sleep(_LOOK_SECONDS)
    database.listener = database.listener or notices.Listener(postgres.connect_keywords(database.url))
    await database.listener.wait(_HEAR_SECONDS)


async def data_version() -> int:
    """A number that differs when somebody committed, this process included. Cheap enough to ask after each `wait_for_news`."""
    database = _current()
    if not database.is_sqlite:
        async with session() as reading:
            return (await reading.exec(select(Instance.revision))).one()
    if database.watch is None:
        # A connection of its own in autocommit: inside a transaction the number stands still.
        database.watch = sqlite3.connect(database.url.database or "", timeout=0, isolation_level=None, check_same_thread=False)
    with suppress(sqlite3.OperationalError):  # a commit holds the file right now: the next look sees it
        database.seen = database.watch.execute("PRAGMA data_version").fetchone()[0]
    return database.seen


def migrate(url: str) -> None:
    """Bring the schema to the newest version. Blocks; two processes at once are safe, a crash leaves the old schema.

    Raises `StorageError` with a sentence for the operator when the database cannot be reached or used.
    """
    parsed = _parsed(url)
    with translated(), _explained(parsed):
        migration.upgrade(parsed, prepare_sqlite)


def require_schema(url: str) -> None:
    """Raise `StorageError` unless the schema is the one this program was made for. Blocks; changes nothing."""
    parsed = _parsed(url)
    with translated(), _explained(parsed):
        migration.require(parsed)


def describe(url: str) -> str:
    """The server in words, "" for a file. Raises `StorageError` like `migrate`; changes nothing."""
    parsed = _parsed(url)
    with translated(), _explained(parsed):
        return migration.describe(parsed)


def places(url: str) -> list[tuple[str, int]]:
    """(host, port) of the database server, where it has one."""
    parsed = _parsed(url)
    return [] if parsed.get_backend_name() == "sqlite" else postgres.places(parsed)


def audit_end() -> tuple[int, bytes]:
    """(seq, hash) of the newest entry of the audit that this process saw committed; (0, b"") before any."""
    return _current().audit_end


def note_audit_end(end: tuple[int, bytes]) -> None:
    """Remember it, before the next writer has its turn: a database that is set back while this process runs does not know it."""
    _current().audit_end = end


@contextmanager
def _explained(url: URL) -> Iterator[None]:
    """Turn what a server answers to a stranger into a sentence for whoever wrote the URL."""
    try:
        yield
    except DBAPIError as error:
        if url.get_backend_name() == "sqlite":
            raise
        raise StorageUnavailable(postgres.refusal(error, url)) from error


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            parsed = parsed.set(drivername="sqlite+aiosqlite")
        else:
            parsed = parsed.set(drivername=postgres.DRIVER)
            postgres.connect_keywords(parsed)
    except (ArgumentError, ValueError):
        # Not chained: the text of the driver's error may hold the password.
        raise StorageError(
            "PATCHBAY_DATABASE_URL is not valid. Use postgresql://user:password@host:5432/name, with %-escapes for characters "
            "like @ / : in the password."
        ) from None
    return parsed


def _current() -> _Database:
    if _database is None:
        raise StorageError("The database of this process is not open.")
    return _database
