"""REST in process, over a real house. Every answer is held against the OpenAPI document."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from app import lifespan, web
from app.api import application
from app.domain.actor import Role
from app.domain.people.people import NewSession
from tests.fixtures.databases import Database
from tests.fixtures.rest import BASE, Clients, Contract, body, person


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract()


@pytest.fixture(scope="session", autouse=True)
def _one_api() -> Iterator[None]:
    """FastAPI looks into each route at its first request: once a run is enough. The application holds nothing of a test."""
    made = application.make_api()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "make_api", lambda: made)
        yield


@pytest.fixture
async def house(stored: Database) -> AsyncIterator[None]:
    """Database, vault, registry and session of one test."""
    async with lifespan.runtime(serving=False):
        yield


@pytest.fixture
async def client(house: None, contract: Contract) -> AsyncIterator[Clients]:
    """Makes clients of the application. `client(cookie=…, csrf=…)`, or `client(key=…)`, or nobody."""
    opened: list[httpx.AsyncClient] = []

    async def checked(response: httpx.Response) -> None:
        await response.aread()
        contract.check(response)

    def make(*, session: NewSession | None = None, key: str = "", csrf: bool = True) -> httpx.AsyncClient:
        headers = {"sec-fetch-site": "same-origin"} if session else {}
        headers |= {"cookie": f"__Host-pb={session.token}"} if session else {}
        headers |= {"x-csrf-token": session.session.csrf_token} if session and csrf else {}
        headers |= {"authorization": f"Bearer {key}"} if key else {}
        transport = httpx.ASGITransport(web.make_web())
        opened.append(httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers, event_hooks={"response": [checked]}))
        return opened[-1]

    yield make
    for each in opened:
        await each.aclose()


@pytest.fixture
async def admin(client: Clients) -> httpx.AsyncClient:
    return client(session=await person(Role.ADMIN, "ada@example.com"))


@pytest.fixture
async def viewer(client: Clients) -> httpx.AsyncClient:
    return client(session=await person(Role.VIEWER, "vera@example.com"))


@pytest.fixture
async def saved(admin: httpx.AsyncClient) -> dict[str, Any]:
    """A saved provider, as REST shows it."""
    response = await admin.post("/api/v1/providers", json=body())
    assert response.status_code == 201, response.text
    return response.json()
