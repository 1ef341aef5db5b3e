"""Migrations lead to exactly the tables the code knows, and back."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, make_url
from sqlmodel import SQLModel

from app.storage import engine, migration, tables


def differences(database: Path, metadata: MetaData) -> list[object]:
    """What an upgrade would still have to change."""
    with create_engine(f"sqlite:///{database}").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        return list(compare_metadata(context, metadata))


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    database = tmp_path / "migrated.db"
    engine.migrate(f"sqlite+aiosqlite:///{database}")
    return database


def test_the_migrations_lead_to_the_metadata(migrated: Path) -> None:
    assert tables.AuditRow.__tablename__ in SQLModel.metadata.tables
    assert differences(migrated, SQLModel.metadata) == []


def test_a_table_without_a_migration_is_caught(migrated: Path) -> None:
    planted = MetaData()
    for table in SQLModel.metadata.tables.values():
        table.to_metadata(planted)
    Table("planted", planted, Column("id", Integer, primary_key=True))

    assert len(differences(migrated, planted)) == 1


def test_migrating_twice_changes_nothing(migrated: Path) -> None:
    before = migrated.read_bytes()

    engine.migrate(f"sqlite+aiosqlite:///{migrated}")

    assert migrated.read_bytes() == before


def test_keys_of_before_are_kept_and_were_never_used(tmp_path: Path) -> None:
    database = tmp_path / "old.db"
    url = make_url(f"sqlite+aiosqlite:///{database}")
    migration.upgrade(url, engine.prepare_sqlite, "0001")
    with sqlite3.connect(database) as old:
        old.execute(
            "INSERT INTO client_key (id, public_id, name, digest, scope, requests_per_minute, created_at, created_by)"
            " VALUES ('k', 'abc', 'app', x'00', 'gateway', 0, '2026-01-01 00:00:00', 'Ada')"
        )
    old.close()

    migration.upgrade(url, engine.prepare_sqlite)

    with sqlite3.connect(database) as new:
        row = new.execute("SELECT name, last_used_at, last_model, last_status, last_ms FROM client_key").fetchone()
    new.close()
    assert row == ("app", None, None, None, None)
