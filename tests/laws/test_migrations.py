"""Migrations lead to exactly the tables the code knows, and back."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, Column, Integer, MetaData, NullPool, Table, create_engine, make_url
from sqlmodel import SQLModel

from app.storage import engine, migration, tables
from tests.fixtures.databases import Database


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

    (row,) = blank.rows("SELECT name, last_used_at, last_model, last_status, last_ms FROM client_key")
    assert row == ("app", None, None, None, None)
