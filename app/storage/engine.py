"""The database of this process: opened explicitly, SQLite or PostgreSQL, and the only place that knows which."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.errors import Conflict, StorageError, StorageUnavailable
from app.storage import migration, triggers
from app.storage.tables import Instance

# Before 3.51.3 a checkpoint that races a writer can damage a WAL database; the rollback journal is not affected.
_WAL_IS_SAFE = (3, 51, 3)
BUSY_MILLISECONDS = 10_000


@dataclass(slots=True)
class _Database:
    """What `open` made. `turn` lets one writer of this process at a time reach SQLite: half the p99 of a busy wait."""

    url: URL
    reader: AsyncEngine
    writer: AsyncEngine
    turn: asyncio.Lock | None
    watch: sqlite3.Connection | None = None
    seen: int = 0


_database: _Database | None = None


def open(url: str) -> None:
    """Prepare the pool; no connection is made yet. Raises `StorageError` when a database is open already."""
    global _database
    if _database is not None:
        raise StorageError("The database of this process is open already.")
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(parsed, connect_args={"timeout": BUSY_MILLISECONDS / 1000}, hide_parameters=True)
        prepare_sqlite(engine.sync_engine)
        turn = asyncio.Lock()
    else:
        limits = "-c statement_timeout=30000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000"
        engine = create_async_engine(
            parsed, connect_args={"connect_timeout": 5, "options": limits}, pool_pre_ping=True, hide_parameters=True
        )
        turn = None
    _database = _Database(parsed, engine, engine.execution_options(sqlite_begin="IMMEDIATE"), turn)


async def close() -> None:
    """Give every connection back. Closing twice is allowed."""
    global _database
    database, _database = _database, None
    if database is not None:
        if database.watch is not None:
            database.watch.close()
        await database.reader.dispose()


def is_sqlite() -> bool:
    """True on the embedded default."""
    return _current().turn is not None


def prepare_sqlite(engine: Any) -> None:  # Any: a sync Engine, of the running process or of the migration
    """Make each connection durable and each transaction explicit. `begin` is DEFERRED unless the engine says otherwise."""
    journal = "WAL" if sqlite3.sqlite_version_info >= _WAL_IS_SAFE else "DELETE"
    # Without recursive_triggers INSERT OR REPLACE deletes an audit row behind the back of its triggers.
    pragmas = (
        f"busy_timeout={BUSY_MILLISECONDS}",
        f"journal_mode={journal}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
    )

    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver never emits BEGIN on its own
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN " + connection.get_execution_options().get("sqlite_begin", "DEFERRED"))

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


@asynccontextmanager
async def session() -> AsyncIterator[AsyncSession]:
    """A session for reading. What changes something goes through `storage.work.work`."""
    with translated():
        async with AsyncSession(_current().reader, expire_on_commit=False) as opened:
            yield opened


@asynccontextmanager
async def writing() -> AsyncIterator[AsyncSession]:
    """A session that holds the right to write from its first statement on. For `storage.work` only."""
    database = _current()
    turn: AbstractAsyncContextManager[Any] = database.turn or nullcontext()
    async with turn:
        with translated():
            async with AsyncSession(database.writer, expire_on_commit=False) as opened:
                yield opened


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours; statements and values stay out of the message."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict("Somebody changed the same thing at the same moment. Reload and try again.") from error
    except (OperationalError, InterfaceError, InternalError, PoolTimeout) as error:
        raise StorageUnavailable("The database does not answer or cannot be written. Nothing was changed; try again.") from error


async def data_version() -> int:
    """A number that differs when somebody committed, this process included. Cheap enough to ask every `poll_seconds`."""
    database = _current()
    if database.turn is None:
        async with session() as reading:
            return (await reading.exec(select(Instance.revision))).one()
    if database.watch is None:
        # A connection of its own in autocommit: inside a transaction the number stands still.
        database.watch = sqlite3.connect(database.url.database or "", timeout=0, isolation_level=None, check_same_thread=False)
    with suppress(sqlite3.OperationalError):  # a commit holds the file right now: the next look sees it
        database.seen = database.watch.execute("PRAGMA data_version").fetchone()[0]
    return database.seen


def poll_seconds() -> float:
    """How often to ask `data_version`: SQLite answers from its page cache in 70 µs."""
    return 0.02 if is_sqlite() else 1.0


def migrate(url: str) -> None:
    """Bring the schema to the newest version. Blocks; two processes at once are safe, a crash leaves the old schema."""
    parsed = make_url(url)
    with translated():
        migration.upgrade(parsed, prepare_sqlite)


async def check_triggers() -> None:
    """Raise `StorageError` unless the triggers that keep the audit append-only are exactly those we ship."""
    async with session() as reading:
        connection = await reading.connection()
        triggers.require(await connection.run_sync(triggers.found))


async def schema_version() -> str:
    """The migration the database stands at."""
    async with session() as reading:
        return await (await reading.connection()).run_sync(migration.version)


def _current() -> _Database:
    if _database is None:
        raise StorageError("The database of this process is not open.")
    return _database
