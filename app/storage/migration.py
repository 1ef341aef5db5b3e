"""Alembic, run from the program: one transaction for all steps, one process at a time."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from alembic import command
from app.storage import triggers

FOLDER = Path(__file__).parents[2] / "alembic"
_LOCK = 8_700_001  # advisory lock of PostgreSQL: ours by being unlikely


def upgrade(url: URL, prepare_sqlite: Callable[[Any], None], target: str = "head") -> None:
    """Upgrade under a lock that a second process waits for; check the audit's triggers before committing."""
    sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(url.set(drivername="sqlite") if sqlite else url, poolclass=NullPool, hide_parameters=True)
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
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            command.upgrade(configuration(connection), target)
            triggers.require(triggers.found(connection))
            if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise RuntimeError("the migration left a row that refers to nothing")


def configuration(connection: Connection) -> Config:
    """Alembic's configuration bound to a connection that is in a transaction already."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def version(connection: Connection) -> str:
    """The migration this database stands at, "" when it has none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def _claim(path: Path) -> None:
    """Create the file readable for its owner alone before SQLite would create it wider."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


@cache
def newest() -> str:
    """The newest migration this program ships."""
    return ScriptDirectory(str(FOLDER)).get_current_head() or ""
