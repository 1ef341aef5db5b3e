"""The gateway on a real socket, over a real database, in front of a recording provider."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import openai
import pytest

from app import registry
from app.domain.actor import Actor, Scope
from app.domain.providers.provider import ProviderDraft
from app.gateway import gateway_app, streams
from app.services import client_keys, providers
from tests.fixtures import bridge, make
from tests.fixtures.databases import Database
from tests.fixtures.upstream import Upstream

# Loopback speaks plain HTTP; loading every issuer of the system for each client would take most of a test.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class Gateway:
    """`key` may call everything. `sdk` and `http` carry it already."""

    url: str
    key: str
    sdk: openai.AsyncOpenAI
    http: httpx.AsyncClient


@pytest.fixture
async def house(db: Database, outgoing: None) -> AsyncIterator[None]:
    """A registry over an empty database."""
    await registry.shared.start(watch=False)
    yield
    await registry.shared.stop()


@pytest.fixture
def add(house: None, actor: Actor) -> Callable[..., Awaitable[Any]]:
    """Save a provider as an admin would."""

    async def adding(name: str, base_url: str, **changes: Any) -> Any:
        fields: dict[str, Any] = {"auth_type": "api_key", "credential": {"secret": {"api_key": make.SECRET}}, "models": ["alpha"]}
        return await providers.create(actor, ProviderDraft.model_validate({"name": name, "base_url": base_url, **fields, **changes}))

    return adding


@pytest.fixture
async def acme(upstream: Upstream, add: Callable[..., Awaitable[Any]]) -> Upstream:
    """A provider `acme` that lists `alpha` and `beta/large`."""
    await add("acme", upstream.base_url, models=["alpha", "beta/large"], default_model="alpha")
    return upstream


@pytest.fixture
async def gateway(house: None, actor: Actor) -> AsyncIterator[Gateway]:
    """Served, with a client key."""
    key = (await client_keys.issue(actor, "app", Scope.GATEWAY)).key
    async with (
        bridge.serve(gateway_app) as url,
        httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {key}"}, verify=NO_TLS) as http,
    ):
        sdk = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, http_client=httpx.AsyncClient(verify=NO_TLS))
        yield Gateway(url, key, sdk, http)
        await sdk.close()
    streams.reopen()
