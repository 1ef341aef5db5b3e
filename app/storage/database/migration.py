"""Alembic, run from the program: one transaction for all steps, one process at a time.

Alembic itself is imported only where a schema is changed: it brings every dialect and a template engine along, half a second
and 15 MB that a serving process has no use for.
"""

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, inspect
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from app.domain.errors import StorageDamaged, StorageError
from app.storage.database import postgres, triggers

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parents[3] / "alembic"
_NAMED = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)
_MOST_NAMED = 3  # rows that refer to nothing; the rest is known to be there
_LOCK = 8_700_001  # advisory lock of PostgreSQL: ours by being unlikely


def upgrade(url: URL, prepare_sqlite: Callable[[Engine], None], target: str = "head") -> None:
    """Upgrade under a lock that a second process waits for; check the audit's triggers before committing."""
    sqlite = url.get_backend_name() == "sqlite"
    engine = _engine(url)
    if sqlite:
        _claim(Path(url.database or ""))
        prepare_sqlite(engine)
        engine = engine.execution_options(sqlite_begin="IMMEDIATE")
    with engine.connect() as connection:
        if sqlite:
            # Rebuilding a table drops and recreates it; references are checked once at the end instead.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr] # sqlite3
        with connection.begin():
            if not sqlite:
                postgres.require(connection)
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            require_ours(connection)
            if target != "head" or version(connection) != newest():
                from alembic import command

                command.upgrade(configuration(connection), target)
            triggers.require(triggers.found(connection))
            if sqlite and (orphan := orphans(connection)):
                raise StorageDamaged(f"{orphan} Stop whatever writes to the database beside Patchbay, and restore it from a backup.")


def orphans(connection: Connection) -> str:
    """Which rows of a SQLite database refer to rows that do not exist, as a sentence; "" when none do. PostgreSQL lets none be."""
    found = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(_MOST_NAMED + 1)
    if not found:
        return ""
    named = [_orphan(connection, *row) for row in found[:_MOST_NAMED]]
    more = ", and more" if len(found) > _MOST_NAMED else ""
    return f"The database has rows that refer to nothing: {', '.join(named)}{more}. They were made by another program."


def _orphan(connection: Connection, table: str, row: int | None, parent: str, number: int) -> str:
    keys = connection.exec_driver_sql(f'PRAGMA foreign_key_list("{table}")').all()  # a name that SQLite itself told
    column = next((key[3] for key in keys if key[0] == number), "?")
    return f"{table} row {row if row is not None else '?'} ({column} names no {parent})"


def require(url: URL) -> None:
    """Raise `StorageError` unless the database stands at the newest migration. For processes that leave the schema to the console."""
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise StorageError(f"There is no database {url.database}. Start patchbay serve on this data folder first.")
    with _engine(url).connect() as connection:
        found = version(connection)
    _not_newer(found)
    if not found:
        raise StorageError("Patchbay has not been set up in this database. Start patchbay serve on it first.")
    if found != newest():
        raise StorageError("The database was created by an older version. Start patchbay serve of this version to update it.")


def require_ours(connection: Connection) -> None:
    """Raise `StorageError` unless this is an empty database, or one of ours that is not newer than we are."""
    found = version(connection)
    _not_newer(found)
    taken = set() if found else set(inspect(connection).get_table_names()) & set(SQLModel.metadata.tables)
    if taken:
        raise StorageError(
            f"The database holds tables that are not Patchbay's ({', '.join(sorted(taken)[:3])}). Choose another data folder with "
            "--data-dir, or point PATCHBAY_DATABASE_URL to an empty database."
        )


def _not_newer(found: str) -> None:
    if found and found not in _told():
        raise StorageError("The database was updated by a newer version of Patchbay. Install that version here too.")


def describe(url: URL) -> str:
    """Look at the server as `upgrade` would, and say what it is; "" for a file."""
    if url.get_backend_name() == "sqlite":
        return ""
    with _engine(url).connect() as connection:
        postgres.require(connection)
        return postgres.describe(connection, url)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return create_engine(url.set(drivername="sqlite"), poolclass=NullPool, hide_parameters=True)
    return create_engine(url, connect_args=postgres.connect_arguments(url, patient=True), poolclass=NullPool, hide_parameters=True)


def configuration(connection: Connection) -> "Config":
    """Alembic's configuration bound to a connection that is in a transaction already."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def version(connection: Connection) -> str:
    """The migration this database stands at, "" when it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""


def _claim(path: Path) -> None:
    """Create the file readable for its owner alone before SQLite would create it wider."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


@cache
def newest() -> str:
    """The newest migration this program ships: the one that no other builds upon."""
    older = {names.get("down_revision") for names in _told().values()}
    return next((revision for revision in _told() if revision not in older), "")


@cache
def _told() -> dict[str, dict[str, str]]:
    """Migration → what its file says of itself."""
    told = [dict(_NAMED.findall(file.read_text("utf-8"))) for file in (FOLDER / "versions").glob("[0-9]*.py")]
    return {names["revision"]: names for names in told}
