"""A registry over a real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor
from app.domain.providers.provider import ProviderDraft
from app.registry import Registry
from app.services import providers
from app.storage.database import engine
from tests.fixtures import make
from tests.fixtures.databases import Database


@pytest.fixture
async def live(db: Database, outgoing: None) -> AsyncIterator[Registry]:
    """The shared registry, started without a watcher."""
    await registry.shared.start(watch=False)
    yield registry.shared
    await registry.shared.stop()


@pytest.fixture
def add(actor: Actor) -> Callable[..., Awaitable[Any]]:
    """Save a provider as an admin would."""

    async def adding(name: str, **changes: Any) -> Any:
        fields = {"base_url": f"https://{name}.example.com/v1", "auth_type": "api_key", "models": ["alpha"]}
        secret = {"credential": {"secret": {"api_key": make.SECRET}}}
        given = {"name": name, **fields, **secret, **changes}
        return await providers.create(actor, ProviderDraft.model_validate({k: v for k, v in given.items() if v is not None}))

    return adding


@pytest.fixture
def damage(db: Database) -> Callable[[str], Awaitable[None]]:
    """Change rows behind everybody's back, as somebody with the file can."""

    async def damaging(statement: str) -> None:
        if db.kind == "postgres":  # it checks that JSON is JSON, and knows truth from numbers
            statement = statement.replace("'{nope'", "'\"nope\"'").replace("enabled = 0", "enabled = false")
        async with engine.writing() as session:
            await (await session.connection()).exec_driver_sql(statement)
            await session.commit()

    return damaging
