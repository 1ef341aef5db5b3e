"""Usage over REST: whoever may look may read it, and a period that cannot be is explained."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.domain.actor import Role
from app.relay import outcomes
from app.relay.outcomes import Outcome
from app.services import usage
from tests.fixtures.databases import only_sqlite
from tests.fixtures.rest import Clients, body, person

V1 = "/api/v1"
pytestmark = only_sqlite


@pytest.fixture
async def acme(client: Clients, admin: httpx.AsyncClient) -> dict[str, Any]:
    """A provider that was called three times, once in vain."""
    provider = (await admin.post(f"{V1}/providers", json=body("acme"))).json()
    recorder = usage.Recorder()
    for error, tokens in (("", 7), ("", None), ("timed_out", None)):
        fields: dict[str, Any] = {"client_key_id": "", "selector": "acme/alpha", "provider_id": provider["id"], "model": "alpha"}
        outcomes.note(Outcome(at=time.time(), **fields, error=error, tokens_in=tokens, began_ms=20.0, total_ms=40.0))
    await recorder.stop()
    return provider


async def test_a_viewer_reads_lines_and_series(client: Clients, acme: dict[str, Any]) -> None:
    viewer = client(session=await person(Role.VIEWER, "vera@example.com"))

    listed = (await viewer.get(f"{V1}/usage?by=model&provider=acme")).json()
    series = (await viewer.get(f"{V1}/usage/series?step=hour")).json()

    (line,) = listed["items"]
    assert (line["name"], line["provider"], line["requests"], line["errors"], line["is_gone"]) == ("alpha", "acme", 3, 1, False)
    assert (line["reported"], line["tokens_in"], line["tokens_cached"], line["cost_usd"]) == (1, 7, 0, None)
    assert listed["total"]["requests"] == 3
    assert line["total_ms"]["p50"] <= 50
    assert len(series["items"]) in (24, 25)
    assert sum(point["requests"] for point in series["items"]) == 3


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("by=weather", 422),
        ("from=2026-01-01T00:00:00", 422),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 422),
        ("from=2020-01-01T00:00:00Z", 422),
        ("to=0001-01-01T00:00:00Z", 422),
        ("provider=nobody", 404),
    ],
)
async def test_what_cannot_be_is_explained(client: Clients, admin: httpx.AsyncClient, query: str, status: int) -> None:
    answer = await admin.get(f"{V1}/usage?{query}")

    assert (answer.status_code, bool(answer.json()["error"]["message"])) == (status, True)


async def test_strangers_read_nothing(client: Clients) -> None:
    assert (await client().get(f"{V1}/usage")).status_code == 401


async def test_a_period_of_long_ago_is_empty(client: Clients, acme: dict[str, Any], admin: httpx.AsyncClient) -> None:
    end = (datetime.now(UTC) - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = (await admin.get(f"{V1}/usage?to={end}")).json()

    assert (answer["items"], answer["total"]["requests"], answer["total"]["began_ms"]) == ([], 0, None)
