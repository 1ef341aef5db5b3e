"""The health of providers over REST: all, one, and looking again."""

import time
from typing import Any

import httpx
import pytest

from app.domain.errors import Unreachable
from app.relay import outcomes, provider_outcomes
from app.relay.outcomes import Outcome
from app.services import usage
from app.services.health import Recorder
from tests.fixtures import databases
from tests.fixtures.rest import SECRET, Clients, body
from tests.fixtures.upstream import Upstream, answer, by_key, completion

pytestmark = databases.only_sqlite
V1 = "/api/v1"
AWAY = Unreachable("Nothing listens there.")


@pytest.fixture
async def here(admin: httpx.AsyncClient, upstream: Upstream) -> Upstream:
    """Two providers that are on and answer, and one that is off."""
    upstream.on("/chat/completions", answer(body=completion("m-1")))
    for name, more in (("one", {}), ("two", {}), ("off", {"enabled": False})):
        made = await admin.post(f"{V1}/providers", json=body(name, base_url=upstream.base_url, default_model="m-1", **more))
        assert made.status_code == 201, made.text
    return upstream


async def called(admin: httpx.AsyncClient, name: str, *errors: Unreachable | None) -> None:
    """Calls that ended so."""
    provider_id = (await admin.get(f"{V1}/providers/{name}")).json()["id"]
    recorder = Recorder()
    for error in errors:
        provider_outcomes.note(provider_id, error, 0.5)
    await recorder.stop()


async def health(admin: httpx.AsyncClient) -> dict[str, str]:
    return {item["name"]: item["health"] for item in (await admin.get(f"{V1}/providers/health")).json()["items"]}


async def test_all_at_a_glance(admin: httpx.AsyncClient, here: Upstream) -> None:
    await called(admin, "one", None)
    await called(admin, "two", AWAY, AWAY, AWAY)

    found = (await admin.get(f"{V1}/providers/health")).json()
    assert {item["name"]: (item["health"], item["status"], item["source"]) for item in found["items"]} == {
        "one": ("healthy", "working", "calls"),
        "two": ("down", "down", "calls"),
        "off": ("disabled", "off", "switch"),
    }
    assert found["counts"] == {"unknown": 0, "healthy": 1, "degraded": 0, "down": 1, "disabled": 1}
    listed: Any = (await admin.get(f"{V1}/providers?status=down")).json()["items"]
    assert [(p["name"], p["health"]["reason"]) for p in listed] == [("two", "upstream_unreachable")]


async def test_one_with_its_newest_calls(admin: httpx.AsyncClient, here: Upstream) -> None:
    await called(admin, "one", AWAY, None)

    found = (await admin.get(f"{V1}/providers/one/health")).json()

    assert (found["health"], found["calls"], found["failed"], found["latency_ms"]) == ("degraded", 2, 1, 500)
    assert [(call["error"], call["ms"]) for call in found["recent"]] == [("upstream_unreachable", 500), ("", 500)]
    assert (await admin.get(f"{V1}/providers/nobody/health")).status_code == 404


async def test_looking_again_wins_over_the_calls_before(admin: httpx.AsyncClient, here: Upstream) -> None:
    await called(admin, "one", AWAY, AWAY, AWAY)
    await called(admin, "two", AWAY, AWAY, AWAY)

    found = await admin.post(f"{V1}/providers/health/recheck", json={"names": ["one"], "seconds": 5})

    assert [(item["name"], item["health"], item["source"]) for item in found.json()["items"]] == [("one", "healthy", "test")]
    assert await health(admin) == {"one": "healthy", "two": "down", "off": "disabled"}
    assert SECRET not in found.text


async def test_looking_at_all_means_those_that_are_on_and_may_send_no_prompt(admin: httpx.AsyncClient, here: Upstream) -> None:
    here.on("/models", by_key({SECRET: answer(body={"object": "list", "data": [{"id": "m-1", "object": "model"}]})}))
    found = (await admin.post(f"{V1}/providers/health/recheck", json={"depth": "models"})).json()

    assert {item["name"]: item["health"] for item in found["items"]} == {"one": "healthy", "two": "healthy"}
    assert {heard.path.rpartition("/")[2] for heard in here.heard} == {"models"}


async def test_a_public_list_makes_no_provider_healthy(admin: httpx.AsyncClient, here: Upstream) -> None:
    here.on("/models", answer(body={"object": "list", "data": [{"id": "m-1", "object": "model"}]}))
    found = (await admin.post(f"{V1}/providers/health/recheck", json={"depth": "models"})).json()

    assert {item["name"]: (item["health"], item["reason"]) for item in found["items"]} == {
        "one": ("unknown", "list_is_public"),
        "two": ("unknown", "list_is_public"),
    }


async def test_a_name_that_is_none_is_refused_and_nothing_is_asked(admin: httpx.AsyncClient, here: Upstream) -> None:
    assert (await admin.post(f"{V1}/providers/health/recheck", json={"names": ["one", "ghost"]})).status_code == 404
    assert here.heard == []


async def test_who_may_look_reads_and_does_not_recheck(viewer: httpx.AsyncClient, client: Clients) -> None:
    assert (await viewer.get(f"{V1}/providers/health")).status_code == 200
    assert (await viewer.post(f"{V1}/providers/health/recheck")).status_code == 403
    assert (await client().get(f"{V1}/providers/health")).status_code == 401


async def test_no_provider_can_take_the_word(admin: httpx.AsyncClient) -> None:
    assert (await admin.post(f"{V1}/providers", json=body("health"))).status_code == 422


async def test_the_figures_of_the_last_day(admin: httpx.AsyncClient, here: Upstream) -> None:
    provider_id = (await admin.get(f"{V1}/providers/one")).json()["id"]
    recorder = usage.Recorder()
    for error in ("", "", "upstream_failed"):
        asked: dict[str, Any] = {"client_key_id": "", "selector": "one/m-1", "provider_id": provider_id, "model": "m-1", "tokens_in": 5}
        outcomes.note(Outcome(at=time.time(), **asked, tokens_out=2, error=error, began_ms=20.0, total_ms=40.0))
    await recorder.stop()

    found = (await admin.get(f"{V1}/providers/one/stats")).json()

    assert (found["name"], found["requests"], found["errors"], found["tokens_in"], found["tokens_out"]) == ("one", 3, 1, 15, 6)
    assert 10 <= found["began_ms"]["p50"] <= found["began_ms"]["p95"] <= 40
    assert (await admin.get(f"{V1}/providers/two/stats")).json()["began_ms"] is None
    assert (await admin.get(f"{V1}/providers/nobody/stats")).status_code == 404
