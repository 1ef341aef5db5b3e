"""What an application is told when it calls too often, on the path that traffic takes; and that every place is given back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import openai
import pytest

from app.domain.actor import Actor, Scope
from app.domain.people.people import ClientKeyPatch
from app.domain.providers.alias import AliasDraft
from app.domain.providers.provider import ProviderLimits, ProviderPatch
from app.relay import limits
from app.services import aliases, client_keys, providers
from tests.fixtures.upstream import DONE, Heard, Line, Upstream, answer, delta
from tests.gateway.conftest import Gateway

Add = Callable[..., Awaitable[Any]]
ASK = {"model": "acme/alpha", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    limits.forget()
    yield
    limits.forget()


async def ask(gateway: Gateway, key: str = "", **changes: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {key or gateway.key}"}
    return await gateway.http.post("/v1/chat/completions", json={**ASK, **changes}, headers=headers)


def said(reply: httpx.Response) -> tuple[int, str, str]:
    error = reply.json()["error"]
    return reply.status_code, error["type"], error["code"]


REFUSED = (429, "requests", "rate_limit_exceeded")


async def test_a_key_that_called_too_often_is_told_when_to_come_back(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    key = (await client_keys.issue(actor, "slow", Scope.GATEWAY, requests_per_minute=2)).key
    assert [(await ask(gateway, key)).status_code for _ in range(2)] == [200, 200]

    reply = await ask(gateway, key)

    assert said(reply) == REFUSED
    assert reply.json()["error"]["message"].startswith("This API key is limited to 2 requests per minute. Try again in ")
    assert 1 <= int(reply.headers["retry-after"]) <= 60
    assert {name: reply.headers[f"x-ratelimit-{name}-requests"] for name in ("limit", "remaining")} == {"limit": "2", "remaining": "0"}
    assert reply.headers["x-ratelimit-reset-requests"] == f"{reply.headers['retry-after']}s"
    assert len(acme.heard) == 2
    assert (await ask(gateway)).status_code == 200  # another key counts for itself


async def test_the_sdk_hears_a_rate_limit(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    await providers.update(actor, "acme", ProviderPatch(limits=ProviderLimits(requests_per_minute=1)))
    await ask(gateway)

    with pytest.raises(openai.RateLimitError) as told:
        await gateway.sdk.chat.completions.create(model="acme/alpha", messages=[{"role": "user", "content": "hello"}])

    assert "'acme' is limited to 1 request per minute" in told.value.message


async def test_a_limit_of_a_key_is_changed_and_counts_at_once(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.GATEWAY, requests_per_minute=1)
    await ask(gateway, issued.key)
    assert said(await ask(gateway, issued.key)) == REFUSED

    await client_keys.update(actor, issued.client_key.id, ClientKeyPatch(requests_per_minute=0))
    assert (await ask(gateway, issued.key)).status_code == 200

    await client_keys.update(actor, issued.client_key.id, ClientKeyPatch(models=["acme/beta/large"]))
    assert (await ask(gateway, issued.key)).status_code == 404


async def test_a_limit_of_a_provider_is_changed_and_counts_at_once(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    await providers.update(actor, "acme", ProviderPatch(limits=ProviderLimits(requests_per_minute=1)))
    assert [(await ask(gateway)).status_code for _ in range(2)] == [200, 429]

    await providers.update(actor, "acme", ProviderPatch(limits=None))

    assert (await ask(gateway)).status_code == 200


async def whole(gateway: Gateway, acme: Upstream) -> None:
    assert (await ask(gateway)).status_code == 200


async def streamed(gateway: Gateway, acme: Upstream) -> None:
    assert (await ask(gateway, stream=True)).content.endswith(DONE)


async def failed(gateway: Gateway, acme: Upstream) -> None:
    acme.on("/chat/completions", answer(500, {"error": {"message": "broken"}}))
    assert (await ask(gateway)).status_code == 502


async def cut(gateway: Gateway, acme: Upstream) -> None:
    async def script(line: Line, _: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(delta("Hel"))
        line.cut()

    acme.on("/chat/completions", script)
    assert (await ask(gateway, stream=True)).status_code == 200


async def silent(line: Line, heard: Heard) -> None:
    """Answers nothing, or begins a stream and then says no more."""
    if heard.json.get("stream"):
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(delta("Hel"))
    await asyncio.Event().wait()


async def left_before_the_first_byte(gateway: Gateway, acme: Upstream) -> None:
    acme.on("/chat/completions", silent)
    asking = asyncio.ensure_future(ask(gateway))
    while not acme.heard:  # noqa: ASYNC110 - the other side has no event for us
        await asyncio.sleep(0.01)
    assert said(await ask(gateway)) == REFUSED
    asking.cancel()
    assert await acme.all_gone(within=1)


async def left_in_the_middle(gateway: Gateway, acme: Upstream) -> None:
    acme.on("/chat/completions", silent)
    async with gateway.http.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as reply:
        await anext(reply.aiter_bytes())
        refused = await ask(gateway)
        assert said(refused) == REFUSED
        assert "'acme' is limited to 1 request at a time" in refused.json()["error"]["message"]
        assert refused.headers["retry-after"] == "1"
    assert await acme.all_gone(within=1)


@pytest.mark.parametrize("ending", [whole, streamed, failed, cut, left_before_the_first_byte, left_in_the_middle])
async def test_a_place_is_free_again_however_its_call_ended(
    acme: Upstream, gateway: Gateway, actor: Actor, ending: Callable[[Gateway, Upstream], Awaitable[None]]
) -> None:
    await providers.update(actor, "acme", ProviderPatch(limits=ProviderLimits(concurrent=1)))
    await ending(gateway, acme)
    acme.scripts.clear()

    async with asyncio.timeout(2):
        while limits._running:  # noqa: ASYNC110 - a caller that left is noticed by another task
            await asyncio.sleep(0.01)
    assert (await ask(gateway)).status_code == 200


@pytest.mark.parametrize("limit", [{"requests_per_minute": 1}, {"concurrent": 1}], ids=["a minute", "at a time"])
async def test_an_alias_goes_to_the_next_provider_when_one_has_had_its_calls(
    acme: Upstream, gateway: Gateway, add: Add, actor: Actor, limit: dict[str, int]
) -> None:
    await providers.update(actor, "acme", ProviderPatch.model_validate({"limits": limit}))
    await add("second", acme.base_url, models=["spare"])
    targets = [{"provider": "acme", "model": "alpha"}, {"provider": "second", "model": "spare", "priority": 2}]
    await aliases.create(actor, AliasDraft.model_validate({"name": "chat", "targets": targets}))
    acme.on("/chat/completions", silent)
    async with gateway.http.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as running:
        await anext(running.aiter_bytes())
        acme.scripts.clear()

        reply = await ask(gateway, model="chat")

    assert (reply.status_code, reply.json()["model"]) == (200, "spare")
    assert [heard.json["model"] for heard in acme.heard] == ["alpha", "spare"]
