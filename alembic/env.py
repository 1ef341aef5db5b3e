"""Alembic's entry. The program passes a connection; the `alembic` command line makes one from the settings."""

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from alembic import context
from app import settings
from app.storage import tables  # noqa: F401 - fills the metadata


def run(connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transactional_ddl=True,  # SQLite too: the caller's BEGIN IMMEDIATE covers every step
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    url = make_url(settings.current().url)
    engine = create_engine(url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url)
    with engine.begin() as made:
        run(made)
