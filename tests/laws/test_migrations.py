"""Migrations lead to exactly the tables the code knows, and back."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table, create_engine
from sqlmodel import SQLModel

from app.storage import engine, tables


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
