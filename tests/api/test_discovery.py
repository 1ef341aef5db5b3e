"""Searching for local servers over REST."""

import httpx
import pytest

from app import settings
from tests.fixtures.rest import body
from tests.fixtures.upstream import MODELS, Upstream

PATH = "/api/v1/discovery/local"


async def test_a_server_at_an_approved_address_is_listed(admin: httpx.AsyncClient, upstream: Upstream) -> None:
    await admin.post("/api/v1/providers", json=body("mine", base_url=upstream.base_url, auth_type="none", credential=...))

    response = await admin.post(PATH)

    assert response.status_code == 200
    [found] = [item for item in response.json()["items"] if item["base_url"].endswith(f":{upstream.port}/v1")]
    expected = {"preset": None, "label": "", "base_url": f"http://localhost:{upstream.port}/v1", "models": MODELS, "provider": "mine"}
    assert found == expected
    assert response.json()["hosts"][0] == "localhost"


async def test_a_viewer_may_not_search(viewer: httpx.AsyncClient) -> None:
    assert (await viewer.post(PATH)).status_code == 403


async def test_too_many_searches_say_when_to_come_back(admin: httpx.AsyncClient) -> None:
    answers = [await admin.post(PATH) for _ in range(7)]

    assert [a.status_code for a in answers] == [200] * 6 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_where_local_addresses_are_switched_off_it_says_so(admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_EGRESS_LOCAL", "off")
    settings.current.cache_clear()

    response = await admin.post(PATH)

    assert (response.status_code, response.json()["error"]["code"]) == (422, "refused_by_policy")
