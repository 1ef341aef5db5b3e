"""Four gateways of one host follow every change: how long from the commit until the first request is answered by it, at each.

Prints the figures of docs/gateway-workers.md. What is asserted is only the bound that holds when a notification is lost.
"""

import asyncio
import os
import random
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from app import lifespan, settings
from app.domain.actor import Actor, Scope
from app.domain.providers.provider import ProviderDraft
from app.services import client_keys, models, providers
from app.storage import work
from app.storage.database import engine
from tests.fixtures.postgres import Server
from tests.fixtures.running import Patchbay, free_port

EDITS = int(os.environ.get("EDITS", "200"))
WORKERS = 4
BOUND_SECONDS = 2.0


class Follower:
    """Asks one gateway again and again for its models, on one connection."""

    def __init__(self, url: str, key: str) -> None:
        self._http = aiohttp.ClientSession(url, headers={"authorization": f"Bearer {key}"}, trust_env=False)

    async def sees(self, model: str) -> float:
        """The moment at which the model was listed first."""
        wanted = f'"mine/{model}"'.encode()
        while True:
            async with self._http.get("/v1/models") as reply:
                assert reply.status == 200
                if wanted in await reply.read():
                    return time.perf_counter()
            await asyncio.sleep(0.001)

    async def close(self) -> None:
        await self._http.close()


@pytest.fixture
async def followers(data_dir: Path, actor: Actor, environment: dict[str, str]) -> AsyncIterator[list[Follower]]:
    """One for each of the gateways, which serve what this process edits."""
    await asyncio.to_thread(engine.migrate, settings.current().url)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(lifespan.runtime(serving=False))
        await providers.create(actor, ProviderDraft(name="mine", base_url="http://127.0.0.1:9/v1", auth_type="none"))
        key = (await client_keys.issue(actor, "app", Scope.GATEWAY)).key
        gateways = [Patchbay(data_dir, free_port(), environment=environment, command=("gateway",)) for _ in range(WORKERS)]
        for gateway in gateways:
            stack.callback(gateway.stop)
            await asyncio.to_thread(gateway.start)
        made = [Follower(gateway.url, key) for gateway in gateways]
        for follower in made:
            stack.push_async_callback(follower.close)
        yield made


@pytest.fixture
def environment(way: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    if way == "sqlite":
        return {}
    server: Server = request.getfixturevalue("postgresql")
    name = f"follow_{way}"
    server.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    monkeypatch.setenv("PATCHBAY_DATABASE_URL", server.url(name))
    settings.current.cache_clear()
    return {"PATCHBAY_DATABASE_URL": server.url(name)}


@pytest.mark.soak
@pytest.mark.parametrize("way", ["sqlite", "notified", "unnotified"])
async def test_every_gateway_follows_within_the_bound(
    way: str, followers: list[Follower], actor: Actor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if way == "unnotified":

        async def lost(*_: object) -> None:
            """The notification never arrives."""

        monkeypatch.setattr(engine, "announce", lost)
    took, committed = list[float](), 0.0

    async def durable(_: int) -> None:
        nonlocal committed
        committed = time.perf_counter()

    monkeypatch.setattr(work, "on_commit", [durable, *work.on_commit])
    for number in range(EDITS if way != "unnotified" else EDITS // 5):
        model = f"m{number}"
        await asyncio.sleep(random.uniform(0.05, 0.15))  # noqa: S311 - so that edits meet the workers at any moment
        asking = [asyncio.create_task(follower.sees(model)) for follower in followers]
        await models.sync(actor, "mine", add=[model], remove=[f"m{number - 1}"])
        took += [max(0.0, seen - committed) for seen in await asyncio.gather(*asking)]

    cuts = statistics.quantiles(took, n=100)
    with capsys.disabled():
        print(f"\n{way}: {len(took)} times, p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms, max {max(took) * 1000:.0f} ms")
    assert max(took) < BOUND_SECONDS
