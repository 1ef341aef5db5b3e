"""What the open database says of itself: its schema, its triggers, rows that refer to nothing."""

from app.storage.database import migration, triggers
from app.storage.database.engine import session


async def check_triggers() -> None:
    """Raise `StorageError` unless the triggers that keep the audit append-only are exactly those we ship."""
    async with session() as reading:
        connection = await reading.connection()
        triggers.require(await connection.run_sync(triggers.found))


async def schema_version() -> str:
    """The migration the database stands at."""
    async with session() as reading:
        return await (await reading.connection()).run_sync(migration.version)


async def check_schema() -> None:
    """Raise `StorageError` unless the next start can bring this database up to date."""
    async with session() as reading:
        await (await reading.connection()).run_sync(migration.require_ours)


async def orphans() -> str:
    """Which rows refer to rows that do not exist, as a sentence; "" when none do."""
    async with session() as reading:
        connection = await reading.connection()
        return await connection.run_sync(migration.orphans) if connection.dialect.name == "sqlite" else ""
