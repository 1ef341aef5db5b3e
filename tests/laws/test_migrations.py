"""Migrations lead to exactly the tables the code knows, and back."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, Column, Integer, MetaData, NullPool, Table, create_engine, make_url
from sqlmodel import SQLModel

from app.storage import tables
from app.storage.database import engine, migration
from tests.fixtures.databases import Database, inserted, literal

AT = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)


def differences(database: Database, metadata: MetaData) -> list[object]:
    """What an upgrade would still have to change."""
    made = create_engine(address(database, "postgresql+psycopg"), poolclass=NullPool)
    with made.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        return list(compare_metadata(context, metadata))


def address(database: Database, driver: str) -> URL:
    url = make_url(database.url)
    return url if database.kind == "sqlite" else url.set(drivername=driver)


@pytest.fixture
def migrated(blank: Database) -> Database:
    engine.migrate(blank.url)
    return blank


def test_the_migrations_lead_to_the_metadata(migrated: Database) -> None:
    assert tables.AuditRow.__tablename__ in SQLModel.metadata.tables
    assert differences(migrated, SQLModel.metadata) == []


def test_a_table_without_a_migration_is_caught(migrated: Database) -> None:
    planted = MetaData()
    for table in SQLModel.metadata.tables.values():
        table.to_metadata(planted)
    Table("planted", planted, Column("id", Integer, primary_key=True))

    assert len(differences(migrated, planted)) == 1


def test_migrating_twice_changes_nothing(migrated: Database) -> None:
    before = migrated.dump()

    engine.migrate(migrated.url)

    assert migrated.dump() == before


def test_keys_of_before_are_kept_and_were_never_used(blank: Database) -> None:
    url = address(blank, "postgresql+psycopg")
    migration.upgrade(url, engine.prepare_sqlite, "0001")
    blank.run(
        "INSERT INTO client_key (id, public_id, name, digest, scope, requests_per_minute, created_at, created_by)"
        " VALUES ('k', 'abc', 'app', '', 'gateway', 0, '2026-01-01 00:00:00', 'Ada')"
    )

    migration.upgrade(url, engine.prepare_sqlite)

    assert blank.rows("SELECT name FROM client_key") == [("app",)]
    assert blank.rows("SELECT * FROM client_key_use") == []


def test_what_use_changed_moves_out_of_the_rows(blank: Database) -> None:
    url = address(blank, "postgresql+psycopg")
    migration.upgrade(url, engine.prepare_sqlite, "0006")
    person = {"name": "", "role": "viewer", "password_hash": "-", "is_active": True, "created_at": AT, "updated_at": AT}
    key = {"name": "app", "digest": "", "scope": "gateway", "requests_per_minute": 0, "created_at": AT, "created_by": "Ada"}
    blank.run(
        inserted("user_account", id="ada", email="ada@example.com", last_login_at=AT, **person),
        inserted("user_account", id="bo", email="bo@example.com", last_login_at=None, **person),
        inserted(
            "user_session", id="s", user_id="ada", token_hash="t", csrf_token="c", ip="", user_agent="", created_at=AT, seen_at=AT,
            expires_at=AT,
        ),
        inserted("client_key", id="k", public_id="abc", last_used_at=AT, last_model="m", last_status=200, last_ms=7, **key),
        inserted("client_key", id="l", public_id="abd", **key),
    )  # fmt: skip

    migration.upgrade(url, engine.prepare_sqlite, "0007")

    assert [(user, times(at)) for user, at in blank.rows("SELECT * FROM user_account_use")] == [("ada", AT)]
    assert [(session, times(at)) for session, at in blank.rows("SELECT * FROM user_session_use")] == [("s", AT)]
    assert [(row[0], times(row[1]), *row[2:]) for row in blank.rows("SELECT * FROM client_key_use")] == [("k", AT, "m", 200, 7)]
    assert len(blank.rows("SELECT id FROM user_account")) == len(blank.rows("SELECT id FROM client_key")) == 2


def test_names_that_a_key_was_restricted_to_become_ids(blank: Database) -> None:
    url = address(blank, "postgresql+psycopg")
    migration.upgrade(url, engine.prepare_sqlite, "0007")
    later = AT + timedelta(days=1)
    blank.run(
        *(provider(id=id_, name=name, deleted_at=gone) for id_, name, gone in (
            ("old", "acme", AT), ("live", "acme", None), ("older", "gone", AT), ("newer", "gone", later),
        )),
        inserted("alias", id="fast", name="fast", description="", enabled=True, version=1, created_at=AT, updated_at=AT, created_by=""),
        *(client_key(id=id_, public_id=id_, models=models, providers=providers) for id_, models, providers in (
            ("all", None, None),
            ("json", "null", "null"),
            ("providers", None, '["acme", "gone", "never"]'),
            ("models", '["fast", "gpt", "acme/a/b", "gone/x", "never/x", "acme/"]', None),
            ("nothing", '["never/x"]', '["never"]'),
        )),
    )  # fmt: skip

    migration.upgrade(url, engine.prepare_sqlite, "0008")

    flags = {
        id_: (bool(models), bool(providers))
        for id_, models, providers in blank.rows("SELECT id, all_models, all_providers FROM client_key")
    }
    assert flags == {
        "all": (True, True),
        "json": (True, True),
        "providers": (True, False),
        "models": (False, True),
        "nothing": (False, False),
    }
    granted = blank.rows("SELECT client_key_id, provider_id, alias_id, model FROM client_key_grant")
    assert sorted(granted, key=str) == sorted(
        [
            ("providers", "live", None, None),
            ("providers", "newer", None, None),
            ("models", None, "fast", None),
            ("models", None, None, "fast"),
            ("models", None, None, "gpt"),
            ("models", "live", None, "a/b"),
            ("models", "newer", None, "x"),
        ],
        key=str,
    )


def test_a_key_of_before_ends_with_who_made_it(blank: Database) -> None:
    url = address(blank, "postgresql+psycopg")
    migration.upgrade(url, engine.prepare_sqlite, "0007")
    made = (
        ("hers", "user", "ada"),
        ("made", "client_key", "hers"),
        ("again", "client_key", "made"),
        ("cli", "cli", "root"),
        ("gone", "user", "gus"),
    )
    blank.run(
        *(client_key(id=id_, public_id=id_) for id_, _, _ in (*made, ("untold", "", ""))),
    )
    blank.run(*(statement for who in made for statement in issued(*who)))

    migration.upgrade(url, engine.prepare_sqlite, "0008")

    owners = dict(blank.rows("SELECT id, owner_user_id FROM client_key"))
    assert owners == {"hers": "ada", "made": "ada", "again": "ada", "cli": None, "gone": "gus", "untold": None}


def test_rows_wait_for_their_macs_and_sessions_end(blank: Database) -> None:
    url = address(blank, "postgresql+psycopg")
    migration.upgrade(url, engine.prepare_sqlite, "0009")
    person = {"name": "", "role": "admin", "password_hash": "-", "is_active": True, "created_at": AT, "updated_at": AT}
    flags = {"all_models": False, "all_providers": True}
    blank.run(
        inserted("user_account", id="ada", email="ada@example.com", **person),
        inserted("user_account_use", user_id="ada", signed_in_at=AT),
        inserted(
            "user_session", id="s", user_id="ada", token_hash="t", csrf_token="c", ip="", user_agent="", created_at=AT, expires_at=AT
        ),
        inserted("user_session_use", session_id="s", seen_at=AT),
        client_key(id="k", public_id="k", owner_user_id="ada", **flags),
        inserted("client_key_grant", id="g", client_key_id="k", model="gpt"),
        inserted("egress_approval", origin="http://127.0.0.1:1", approved_by="Ada", approved_at=AT),
    )  # fmt: skip

    migration.upgrade(url, engine.prepare_sqlite)

    assert blank.rows("SELECT * FROM user_session") == blank.rows("SELECT * FROM user_session_use") == []
    for table in ("user_account", "client_key", "client_key_grant", "egress_approval", "audit_head"):
        assert blank.rows(f"SELECT mac FROM {table}") == [(None,)]  # noqa: S608 - our own names
    assert len(blank.rows("SELECT * FROM user_account_use")) == 1


def provider(**fields: object) -> str:
    texts = dict.fromkeys(("label", "description", "type", "base_url", "origin", "auth_type", "created_by"), "")
    bags = dict.fromkeys(("auth", "network", "limits", "capabilities"), "{}") | {"tags": "[]"}
    rest = {
        "only_listed_models": False,
        "enabled": True,
        "is_system": False,
        "version": 1,
        "revision": 0,
        "created_at": AT,
        "updated_at": AT,
    }
    return inserted("provider", **{**texts, **bags, **rest, **fields})


def client_key(**fields: object) -> str:
    rest = {"name": "app", "digest": "", "scope": "gateway", "requests_per_minute": 0, "created_at": AT, "created_by": ""}
    return inserted("client_key", **{**rest, **fields})


def issued(key: str, kind: str, maker: str) -> tuple[str, str]:
    """An entry of the audit, as far as a migration reads one and the triggers let it in."""
    named = {"actor_type": kind, "actor_id": maker, "action": "client_key:secret:issue", "target_type": "client_key", "target_id": key}
    texts = dict.fromkeys(("actor_name", "ip", "session_id_hash", "request_id", "target_name", "reason"), "")
    fields = {**named, **texts, "ts": 0, "outcome": "ok", "changes": "{}"}
    names, values = ", ".join(fields), ", ".join(map(literal, fields.values()))
    entry = f"INSERT INTO audit (seq, prev_hash, hash, seal, {names}) SELECT seq + 1, hash, hash, hash, {values} FROM audit_head"  # noqa: S608
    return entry, "UPDATE audit_head SET seq = seq + 1"


def times(found: object) -> datetime:
    """A time as either kind hands it out."""
    return found if isinstance(found, datetime) else datetime.fromisoformat(str(found)).replace(tzinfo=UTC)
