"""Several keys of one provider, as an application sees them: another key before the first byte, and never a second delivery."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app import registry
from app.domain.credentials.credential import KeyState
from app.relay import keys
from tests.fixtures import held, make
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import REFUSE, Heard, Line, Script, Upstream, answer, by_key, completion, delta, events
from tests.gateway.conftest import Gateway

SECOND, THIRD = "sk-second-51b0a7c2d9e8", "sk-third-0c4d1e7f2a39b"
ASK = {"model": "acme/alpha", "messages": [{"role": "user", "content": "Hi"}]}
FINE = answer(body=completion("alpha"))
Add = Callable[..., Awaitable[Any]]

pytestmark = only_sqlite


@pytest.fixture
async def acme(upstream: Upstream, add: Add) -> Any:
    """A provider with two keys; the first one comes first."""
    keys.forget()
    provider = await add("acme", upstream.base_url)
    await held.add(provider, SECOND, priority=2)
    await registry.shared.rebuild()
    return provider


def sent(upstream: Upstream) -> list[str]:
    """The keys that arrived, in order."""
    return [heard.headers["authorization"].removeprefix("Bearer ") for heard in upstream.heard]


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(REFUSE, id="401"),
        pytest.param(answer(403, {"error": {"message": "x", "code": "api_key_revoked"}}), id="403 by its code"),
        pytest.param(answer(403, {"error": "Your account is suspended."}), id="403 by its words"),
        pytest.param(answer(402, {}), id="402"),
        pytest.param(answer(429, {}), id="429"),
    ],
)
async def test_a_key_that_the_provider_refuses_gives_way_to_the_next(
    acme: Any, upstream: Upstream, gateway: Gateway, refusal: Script
) -> None:
    upstream.on("/chat/completions", by_key({make.SECRET: refusal, SECOND: FINE}))

    first, second = [await gateway.http.post("/v1/chat/completions", json=ASK) for _ in range(2)]

    assert (first.status_code, second.status_code) == (200, 200)
    assert sent(upstream) == [make.SECRET, SECOND, SECOND]
    assert upstream.heard[0].body == upstream.heard[1].body


async def cut(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    await line.chunk(delta("Hel"))
    line.cut()


@pytest.mark.parametrize(
    ("script", "status"),
    [
        pytest.param(answer(500, {}), 502, id="500"),
        pytest.param(answer(503, {}), 503, id="503"),
        pytest.param(answer(400, {"error": {"message": "no"}}), 400, id="400"),
        pytest.param(answer(403, {"error": {"message": "This model is not for you.", "code": "model_forbidden"}}), 502, id="403"),
        pytest.param(answer(200, b"<html>"), 502, id="a page"),
        pytest.param(cut, 200, id="a stream that breaks off"),
    ],
)
async def test_what_another_key_cannot_cure_is_sent_once(
    acme: Any, upstream: Upstream, gateway: Gateway, script: Script, status: int
) -> None:
    upstream.on("/chat/completions", script)

    reply = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert reply.status_code == status
    assert sent(upstream) == [make.SECRET]


async def test_the_last_keys_answer_is_the_callers_and_names_no_key(acme: Any, upstream: Upstream, gateway: Gateway) -> None:
    limited = answer(429, {"error": {"message": f"slow down {SECOND}"}}, {"retry-after": "9"})
    upstream.on("/chat/completions", by_key({SECOND: limited}))

    first, second = [await gateway.http.post("/v1/chat/completions", json=ASK) for _ in range(2)]

    assert sent(upstream) == [make.SECRET, SECOND]
    for reply in (first, second):
        assert (reply.status_code, reply.json()["error"]["code"], reply.headers["retry-after"]) == (429, "rate_limit_exceeded", "9")
        assert not any(text in reply.text for text in (make.SECRET, SECOND, SECOND[-4:], "more"))


async def test_without_any_usable_key_the_reason_is_said_and_nothing_is_sent(acme: Any, upstream: Upstream, gateway: Gateway) -> None:
    upstream.on("/chat/completions", REFUSE)
    await gateway.http.post("/v1/chat/completions", json=ASK)
    upstream.heard.clear()

    reply = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "provider_unavailable")
    assert reply.json()["error"]["message"].startswith("The provider rejected its saved key.")
    assert upstream.heard == []


async def test_the_reserve_is_used_once_no_other_key_is(acme: Any, upstream: Upstream, gateway: Gateway) -> None:
    await held.add(acme, THIRD, state=KeyState.STANDBY)
    await registry.shared.rebuild()
    upstream.on("/chat/completions", by_key({THIRD: FINE}))

    reply = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert reply.status_code == 200
    assert sent(upstream) == [make.SECRET, SECOND, THIRD]


async def test_a_key_of_another_address_is_passed_over(acme: Any, upstream: Upstream, gateway: Gateway) -> None:
    """Changed behind the app's back: it fails closed, and the provider's other key still works."""
    await held.change(acme.credentials[0].id, origin="https://elsewhere.example:443")

    reply = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert reply.status_code == 200
    assert sent(upstream) == [SECOND]


async def test_a_due_trial_is_one_request_of_many(acme: Any, upstream: Upstream, gateway: Gateway) -> None:
    await held.change(acme.credentials[0].id, state=KeyState.AUTO_DISABLED, next_retry_at=datetime(2020, 1, 1, tzinfo=UTC))
    upstream.on("/chat/completions", by_key({SECOND: FINE}))

    replies = await asyncio.gather(*(gateway.http.post("/v1/chat/completions", json=ASK) for _ in range(20)))

    assert {reply.status_code for reply in replies} == {200}
    assert sent(upstream).count(make.SECRET) == 1


async def test_a_stream_that_has_begun_stays_with_its_key(acme: Any, upstream: Upstream, gateway: Gateway) -> None:
    upstream.on("/chat/completions", events(delta("Hel"), delta("lo")))  # ends without an end

    reply = await gateway.http.post("/v1/chat/completions", json={**ASK, "stream": True})

    assert reply.text.count("Hel") == 1
    assert '"error"' in reply.text
    assert sent(upstream) == [make.SECRET]
