"""What only PostgreSQL needs: how a connection is made, what is asked of the server, and a sentence for each refusal."""

import os
from typing import TypedDict

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.domain.errors import StorageError

OLDEST_VERSION = 14
DRIVER = "postgresql+psycopg"
_SETTING = "PATCHBAY_DATABASE_URL"
# The session's zone is ours: times are handed out in it. Times in ms. A write never waits for the network while it holds
# the writers' lock, so one that stands still for 15 s belongs to a process that hangs.
_LIMITS = (
    "-c timezone=UTC -c statement_timeout=30000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=15000"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)
_PATIENCE = "-c timezone=UTC -c statement_timeout=0 -c lock_timeout=0"
# A machine that vanished is noticed within 25 s instead of two hours.
_ALIVE = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "application_name": "patchbay"}


class _Pool(TypedDict):
    pool_pre_ping: bool
    pool_timeout: int
    pool_recycle: int
    hide_parameters: bool


_POOL: _Pool = {"pool_pre_ping": True, "pool_timeout": 10, "pool_recycle": 1800, "hide_parameters": True}

# What the server or libpq says, in English as most are, → our sentence. The rest is "refused".
_SENTENCES = (
    (("password authentication failed", "no password supplied", "authentication failed"),
     "The database at {where} does not accept this password for the user {user}. Correct {setting}."),
    (('database "',), "There is no database {name} at {where}. Create it, or correct {setting}."),
    (('role "',), "There is no user {user} at the database server {where}. Create it, or correct {setting}."),
    (("pg_hba.conf", "no encryption"),
     "The database server at {where} does not accept {user} from this host. Check its pg_hba.conf, or add ?sslmode=require to {setting}."),
    (("certificate", "ssl", "tls"),
     "The encrypted connection to the database at {where} failed. Check sslmode and sslrootcert in {setting}."),
    (("too many", "connection slots"), "The database at {where} has no connection left. Raise max_connections there."),
    (("starting up", "shutting down"), "The database at {where} is just starting or stopping. Try again in a moment."),
    (("invalid connection option", "invalid uri", "invalid port", "invalid sslmode"),
     "{setting} is not valid: PostgreSQL does not support one of its options."),
    (("refused", "translate host", "timeout", "timed out", "no such file", "no route", "unreachable", "resolve", "not known",
      "closed the connection"),
     "No database responds at {where}. Start it, or correct {setting}."),
)  # fmt: skip


_OLD_SCHEMA = "The tables of the database do not match this version of Patchbay. Restart the server to update them."
# SQLSTATE → what to do.
_FAULTS = {
    "42501": "The database user lacks rights on Patchbay's tables. Grant what docs/postgresql.md lists.",
    "42P01": _OLD_SCHEMA,
    "42703": _OLD_SCHEMA,
}


def connect_arguments(url: URL, *, patient: bool = False) -> dict[str, str | int]:
    """For the driver, on top of the URL, which wins. `patient` waits for locks and long statements: a migration."""
    ours = {name: value for name, value in _ALIVE.items() if name not in url.query}
    given = url.query.get("options", "")
    return {**ours, "options": f"{_PATIENCE if patient else _LIMITS} {given if isinstance(given, str) else ' '.join(given)}".strip()}


def engine(url: URL) -> AsyncEngine:
    """A pool of connections that are looked at before they are used: after a restart of the server the next call works."""
    return create_async_engine(url, connect_args=connect_arguments(url), pool_size=10, max_overflow=10, **_POOL)


def engine_of_one(url: URL) -> Engine:
    """The same with one connection, for a thread."""
    return create_engine(url, connect_args=connect_arguments(url), pool_size=1, max_overflow=0, **_POOL)


def connect_keywords(url: URL) -> dict[str, str | int]:
    """What `psycopg.connect` takes, for a connection outside of the pool."""
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    _, keywords = PGDialect_psycopg().create_connect_args(url)
    return {**keywords, **connect_arguments(url)}


def require(connection: Connection) -> None:
    """Raise `StorageError` when this server cannot be worked with: too old, not UTF-8, a copy that only reads."""
    version, encoding, reads_only = connection.exec_driver_sql(
        "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'), pg_is_in_recovery()"
    ).one()
    if version < OLDEST_VERSION:
        raise StorageError(f"The database is PostgreSQL {version}; Patchbay needs {OLDEST_VERSION} or newer. Upgrade the server.")
    if encoding != "UTF8":
        raise StorageError(f"The database stores text as {encoding}. Create it again with ENCODING 'UTF8'.")
    if reads_only:
        raise StorageError(f"The database is a standby that cannot be written. Point {_SETTING} to the primary.")


def describe(connection: Connection, url: URL) -> str:
    """The server, for an operator: version, place, whether the way to it is encrypted. No password."""
    version = connection.exec_driver_sql("SHOW server_version").scalar_one().split()[0]
    encrypted = connection.exec_driver_sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").scalar()
    way = "a socket of this machine" if _socket(url) else "encrypted" if encrypted else "not encrypted"
    return f"PostgreSQL {version}, database {url.database or url.username} at {where(url)} ({way})."


def refusal(error: DBAPIError, url: URL) -> str:
    """Why the server cannot be used, as one sentence without anything secret."""
    if getattr(error.orig, "sqlstate", None) == "42501":
        return f"The database user {url.username} may not change the schema. Let the owner of the tables start Patchbay once."
    said = str(error.orig).lower()
    sentence = next((text for marks, text in _SENTENCES if any(mark in said for mark in marks)), None)
    sentence = sentence or "The database at {where} refused the connection. Check {setting}."
    return sentence.format(where=where(url), user=url.username or "of this process", name=url.database or url.username, setting=_SETTING)


def fault(error: DBAPIError) -> str | None:
    """What is wrong with the database itself, None when it is not."""
    return _FAULTS.get(getattr(error.orig, "sqlstate", None) or "")


def places(url: URL) -> list[tuple[str, int]]:
    """Every (host, port) this URL may connect to over TCP; several hosts may stand in it. Sockets of this machine are none."""
    keywords = connect_keywords(url)
    hosts = _split(keywords.get("host") or os.environ.get("PGHOST", ""))
    named = [*hosts, *_split(keywords.get("hostaddr") or os.environ.get("PGHOSTADDR", ""))]
    ports = [int(port) for port in _split(keywords.get("port") or os.environ.get("PGPORT", "")) if port.isdigit()] or [5432]
    return [(host, ports[min(i, len(ports) - 1)]) for i, host in enumerate(named) if host and host[0] not in "/@"]


def where(url: URL) -> str:
    """The place of the server as people write it."""
    return ", ".join(f"{host}:{port}" for host, port in places(url)) or _socket(url) or "this machine"


def _socket(url: URL) -> str:
    return next((host for host in _split(connect_keywords(url).get("host", "")) if host[:1] in ("/", "@")), "")


def _split(value: str | int) -> list[str]:
    return str(value).split(",") if value else []
