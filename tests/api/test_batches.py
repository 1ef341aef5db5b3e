"""Many tests in one call over REST: what is asked, what comes back, who may, how much."""

from typing import Any

import httpx
import pytest

from app.services.probes import batches
from tests.fixtures import databases
from tests.fixtures.rest import SECRET, body
from tests.fixtures.upstream import Heard, Line, Upstream, answer, completion

pytestmark = databases.only_sqlite
V1 = "/api/v1"


async def picky(line: Line, heard: Heard) -> None:
    """A provider that does not know the model `ghost`."""
    missing = answer(404, {"error": {"message": f"no ghost for {SECRET}", "code": "model_not_found"}})
    await (missing if heard.json["model"] == "ghost" else answer(body=completion(heard.json["model"])))(line, heard)


@pytest.fixture
async def here(admin: httpx.AsyncClient, upstream: Upstream) -> Upstream:
    """Two providers that are on, `one` with three models, and one that is off."""
    upstream.on("/chat/completions", picky)
    for name, model, more in (
        ("one", "m-1", {"models": ["m-1", "m-2", "ghost"]}),
        ("two", "ghost", {}),
        ("off", "m-1", {"enabled": False}),
    ):
        made = await admin.post(f"{V1}/providers", json=body(name, base_url=upstream.base_url, default_model=model, **more))
        assert made.status_code == 201, made.text
    return upstream


def verdicts(answered: httpx.Response) -> dict[str, str]:
    assert answered.status_code == 200, answered.text
    return {item["model"] or item["provider"]: item["result"]["verdict"] for item in answered.json()["items"]}


async def test_every_provider_that_is_on_is_tested_with_one_request(admin: httpx.AsyncClient, here: Upstream) -> None:
    tested = await admin.post(f"{V1}/providers/test-all")

    found = tested.json()
    assert {item["provider"]: item["result"]["verdict"] for item in found["items"]} == {"one": "ok", "two": "model_not_found"}
    assert (found["tested"], found["passed"]) == (2, 1)
    assert len(here.heard) == 2
    assert SECRET not in tested.text
    statuses = {p["name"]: p["status"] for p in (await admin.get(f"{V1}/providers")).json()["items"]}
    assert statuses == {"one": "working", "two": "attention", "off": "off"}


async def test_those_that_are_named_are_tested_also_one_that_is_off(admin: httpx.AsyncClient, here: Upstream) -> None:
    found = (await admin.post(f"{V1}/providers/test-all", json={"providers": ["off"], "concurrency": 1})).json()

    assert [(item["provider"], item["result"]["ok"]) for item in found["items"]] == [("off", True)]


async def test_the_models_of_a_provider_are_tested_all_or_those_named(admin: httpx.AsyncClient, here: Upstream) -> None:
    assert verdicts(await admin.post(f"{V1}/providers/one/models/test")) == {"m-1": "ok", "m-2": "ok", "ghost": "model_not_found"}
    assert verdicts(await admin.post(f"{V1}/providers/one/models/test", json={"models": ["not-listed"]})) == {"not-listed": "ok"}


@pytest.mark.parametrize(
    ("path", "sent", "status", "code"),
    [
        pytest.param("test-all", {"providers": ["nobody"]}, 404, "provider_not_found", id="unknown provider"),
        pytest.param("nobody/models/test", {}, 404, "provider_not_found", id="unknown provider, models"),
        pytest.param("test-all", {"concurrency": 33}, 422, "invalid", id="too many at once"),
        pytest.param("test-all", {"seconds": 0}, 422, "invalid", id="no time"),
        pytest.param("test-all", {"depth": "all"}, 422, "invalid", id="unknown depth"),
        pytest.param("test-all", {"stop": True}, 422, "invalid", id="unknown field"),
        pytest.param("test-all", {"providers": []}, 422, "invalid", id="nothing"),
        pytest.param("one/models/test", {"models": [f"m-{n}" for n in range(501)]}, 422, "invalid", id="too many"),
    ],
)
async def test_what_cannot_be_tested_is_refused_before_the_first_call(
    admin: httpx.AsyncClient, here: Upstream, path: str, sent: dict[str, Any], status: int, code: str
) -> None:
    refused = await admin.post(f"{V1}/providers/{path}", json=sent)

    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert here.heard == []


async def test_more_than_fits_into_a_minute_is_told_to_wait(
    admin: httpx.AsyncClient, here: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PER_MINUTE", 3)
    await admin.post(f"{V1}/providers/one/models/test")
    heard = len(here.heard)

    refused = await admin.post(f"{V1}/providers/test-all")

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_attempts")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert len(here.heard) == heard


@pytest.mark.parametrize("path", ["test-all", "one/models/test"])
async def test_only_an_admin_spends_requests(
    admin: httpx.AsyncClient, viewer: httpx.AsyncClient, client: Any, here: Upstream, path: str
) -> None:
    assert (await viewer.post(f"{V1}/providers/{path}")).status_code == 403
    assert (await client().post(f"{V1}/providers/{path}")).status_code == 401
    assert here.heard == []
