"""A running server, people who signed in to it, and tabs as a hand-written websocket client opens them."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx
import pytest
import socketio

from tests.fixtures.running import Patchbay, patchbay

PASSWORD = "correct horse battery staple"
STATE = "reflex___state____state."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patchbay]:
    """`patchbay serve` on an empty data folder, with an admin (ada) and a viewer (vera)."""
    with patchbay(tmp_path_factory.mktemp("launch"), is_loaded=False) as running:
        running.run("user", "add", "ada@example.org", "--role", "admin", "--password-stdin", stdin=PASSWORD)
        running.run("user", "add", "vera@example.org", "--role", "viewer", "--password-stdin", stdin=PASSWORD)
        yield running


def sign_in(server: Patchbay, email: str) -> str:
    """The token of a new session."""
    form = {"email": email, "password": PASSWORD}
    answer = httpx.post(f"{server.url}/auth/login", data=form, headers={"origin": server.url})
    assert answer.headers["location"] == "/", answer.headers
    return answer.headers["set-cookie"].split(";")[0].removeprefix("__Host-pb=")


@dataclass
class Tab:
    """A websocket as the browser's script would open it. `updates` is everything the server sent."""

    client: socketio.AsyncClient
    token: str
    updates: list[dict[str, Any]] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def fire(self, name: str, payload: dict[str, Any] | None = None, path: str = "/") -> None:
        """Fire an event handler by its full name."""
        where = {"pathname": path, "asPath": path, "query": {}}
        event = {"name": name, "payload": payload or {}, "router_data": where, "token": self.token}
        await self.client.emit("event", event, namespace="/_event")

    async def wait(self, holds: Any, seconds: float = 10) -> None:
        """Until the updates satisfy `holds`."""
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110 - it is the server that is waited for
                await asyncio.sleep(0.01)

    def redirects(self) -> list[str]:
        """Where the server sent this tab."""
        return [e["payload"]["path"] for u in self.updates for e in u.get("events") or [] if e["name"] == "_redirect"]

    def changed(self) -> dict[str, Any]:
        """Substate → what the server said about it, the newest last."""
        merged: dict[str, Any] = {}
        for update in self.updates:
            for state, variables in (update.get("delta") or {}).items():
                merged.setdefault(state, {}).update(variables)
        return merged


@asynccontextmanager
async def tab(url: str, *, cookie: str = "", token: str = "", origin: str | None = None) -> AsyncIterator[Tab]:
    """An open tab; nothing is hydrated yet."""
    async with aiohttp.ClientSession() as http:
        opened = Tab(socketio.AsyncClient(reconnection=False, http_session=http), token or str(uuid.uuid4()))

        async def heard(update: dict[str, Any]) -> None:
            opened.updates.append(update)

        async def left(*_: object) -> None:
            opened.closed.set()

        opened.client.on("event", heard, namespace="/_event")
        opened.client.on("disconnect", left, namespace="/_event")
        headers = {"Origin": origin or url} | ({"Cookie": f"__Host-pb={cookie}"} if cookie else {})
        address = f"{url}/_event/?token={opened.token}"
        await opened.client.connect(address, headers=headers, socketio_path="_event", namespaces=["/_event"], transports=["websocket"])
        try:
            yield opened
        finally:
            await opened.client.disconnect()
