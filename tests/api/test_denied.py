"""Every door by which an admin can make Patchbay call an address, and every network that is never called: nothing gets through, and no
door approves what it refuses."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlmodel import select

from app.relay import rate_limit
from app.storage.database import engine
from app.storage.tables import EgressApproval
from app.upstream import unauthenticated_get
from tests.fixtures import databases, denied
from tests.fixtures.rest import body

V1 = "/api/v1"
HOSTS = [*denied.hosts(), *(f"[{address}]" for address in denied.carried("169.254.170.23"))]
Door = Callable[[httpx.AsyncClient, str], Awaitable[str]]


def refused(response: httpx.Response, field: str) -> str:
    """What is wrong with this answer; "" when it refuses that field."""
    error: dict[str, Any] = response.json().get("error") or {}
    faults = [(fault["field"], fault["code"]) for fault in error.get("details", {}).get("errors", ())]
    is_right = (response.status_code, error.get("code"), faults) == (422, "invalid", [(field, "refused_by_policy")])
    return "" if is_right else response.text


def not_called(response: httpx.Response) -> str:
    verdict = response.json().get("verdict")
    return "" if verdict == "refused_by_policy" else response.text


async def saving(admin: httpx.AsyncClient, host: str) -> str:
    draft = body(name="other", base_url=f"http://{host}/v1", auth_type="none", credential=...)
    return refused(await admin.post(f"{V1}/providers", json=draft), "base_url")


async def changing(admin: httpx.AsyncClient, host: str) -> str:
    response = await admin.patch(f"{V1}/providers/mine", json={"base_url": f"http://{host}/v1"})
    return refused(response, "base_url")


async def probing(admin: httpx.AsyncClient, host: str) -> str:
    rate_limit._recent.clear()  # more of them in a minute than a person may ask for
    draft = body(name="other", base_url=f"http://{host}/v1", auth_type="none", credential=...)
    return not_called(await admin.post(f"{V1}/providers/test", json=draft))


async def signing_in(admin: httpx.AsyncClient, host: str) -> str:
    auth = {"client_id": "patchbay", "token_url": f"http://{host}/token"}
    draft = body(auth_type="oauth", auth=auth, credential={"secret": {"client_secret": "client-secret-3b9e61f07d"}})
    return refused(await admin.post(f"{V1}/providers", json=draft), "auth.token_url")


@databases.only_sqlite
@pytest.mark.parametrize("door", [saving, changing, probing, signing_in])
async def test_no_door_lets_a_denied_address_in(admin: httpx.AsyncClient, saved: dict[str, Any], door: Door) -> None:
    wrong = {host: said for host in HOSTS if (said := await door(admin, host))}

    assert wrong == {}
    async with engine.session() as session:
        assert (await session.exec(select(EgressApproval))).all() == []


async def test_the_search_for_local_servers_asks_none_of_them() -> None:
    asked = [address for address in denied.NEVER if not unauthenticated_get.LocalOnlyPolicy(f"http://{address}").judge(address, 80)]

    assert asked == []
