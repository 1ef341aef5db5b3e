"""Vendors with a protocol of their own, as an application meets them: OpenAI's SDK, OpenAI's errors, whatever dies behind."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import openai
import pytest

from app.domain.providers.provider import ProviderType
from app.relay import keys
from app.upstream import translator
from tests.fixtures import make, vendors
from tests.fixtures.translated import TOOL
from tests.fixtures.upstream import DONE, Upstream, delta, events
from tests.gateway.conftest import Gateway

Add = Callable[..., Awaitable[Any]]
NATIVE = pytest.mark.parametrize("type_", vendors.NATIVE)
TALK: list[Any] = [{"role": "user", "content": "Weather in Huế?"}]
# The SDK puts a streamed call together only for tools that are declared strict.
STRICT: Any = {**TOOL, "function": {**TOOL["function"], "strict": True}}  # type: ignore[dict-item]
MODEL = f"native/{vendors.MODEL}"


@pytest.fixture
def native(add: Add, upstream: Upstream) -> Callable[[ProviderType], Awaitable[Any]]:
    """Save a provider of this type as an admin would."""

    async def adding(type_: ProviderType) -> Any:
        return await add("native", upstream.origin, type=type_.value, models=[vendors.MODEL])

    return adding


@NATIVE
async def test_an_sdk_chats_with_tools(
    upstream: Upstream, native: Callable[..., Awaitable[Any]], gateway: Gateway, translated: object, type_: ProviderType
) -> None:
    saved = await native(type_)
    upstream.on(vendors.PATHS[type_][False], vendors.say(type_, tool=True))

    found = await gateway.sdk.chat.completions.create(model=MODEL, messages=TALK, tools=[TOOL])  # type: ignore[list-item]

    (call,) = found.choices[0].message.tool_calls or ()
    assert call.type == "function"
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Huế"})
    assert (found.choices[0].message.content, found.choices[0].finish_reason) == ("Hello there", "tool_calls")
    assert found.usage is not None and found.usage.total_tokens == 13
    called = saved.effective_urls["chat"].replace("{model}", vendors.MODEL)
    assert called == upstream.origin + upstream.heard[0].path


@NATIVE
async def test_an_sdk_streams_with_tools(
    upstream: Upstream, native: Callable[..., Awaitable[Any]], gateway: Gateway, translated: object, type_: ProviderType
) -> None:
    await native(type_)
    upstream.on(vendors.PATHS[type_][True], vendors.say(type_, tool=True, stream=True))

    async with gateway.sdk.chat.completions.stream(
        model=MODEL,
        messages=TALK,
        tools=[STRICT],
        stream_options={"include_usage": True},  # type: ignore[list-item]
    ) as stream:
        async for _ in stream:
            pass
        found = await stream.get_final_completion()

    (call,) = found.choices[0].message.tool_calls or ()
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Huế"})
    assert (found.choices[0].message.content, found.choices[0].finish_reason) == ("Hello there", "tool_calls")
    assert found.usage is not None and found.usage.total_tokens == 13


@NATIVE
async def test_a_vendors_refusal_is_answered_in_openais_shape(
    upstream: Upstream, native: Callable[..., Awaitable[Any]], gateway: Gateway, translated: object, type_: ProviderType
) -> None:
    await native(type_)
    path = vendors.PATHS[type_][False]

    upstream.on(path, vendors.refuse(type_, 401, f"bad {make.SECRET}"))
    with pytest.raises(openai.APIStatusError) as refused:
        await gateway.sdk.chat.completions.create(model=MODEL, messages=TALK)
    keys.forget()
    upstream.on(path, vendors.refuse(type_, 429, "slow down", retry_after="9"))
    with pytest.raises(openai.RateLimitError) as limited:
        await gateway.sdk.chat.completions.create(model=MODEL, messages=TALK)
    keys.forget()
    upstream.on(path, vendors.refuse(type_, 400, "too many words"))
    with pytest.raises(openai.BadRequestError, match="too many words"):
        await gateway.sdk.chat.completions.create(model=MODEL, messages=TALK)

    assert (refused.value.status_code, refused.value.code, make.SECRET in refused.value.response.text) == (502, "upstream_refused", False)
    assert limited.value.response.headers["retry-after"] == "9"


async def test_what_is_not_chat_is_refused_in_one_sentence(
    upstream: Upstream, native: Callable[..., Awaitable[Any]], gateway: Gateway, translated: object
) -> None:
    await native(ProviderType.ANTHROPIC)

    with pytest.raises(openai.BadRequestError, match=r"supports only chat for it. For embeddings, use"):
        await gateway.sdk.embeddings.create(model=MODEL, input="x")

    assert upstream.heard == []


@pytest.fixture
async def keeper(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[translator.Translator]:
    """A translator of this test, which may be killed."""
    made = translator.Translator()
    monkeypatch.setattr(translator, "shared", made)
    yield made
    await made.close()


async def lines(gateway: Gateway, model: str, *, at: asyncio.Event, after: int) -> list[str]:
    """The events of a stream; says when it has seen so many."""
    found: list[str] = []
    body = {"model": model, "messages": TALK, "stream": True}
    async with gateway.http.stream("POST", "/v1/chat/completions", json=body, timeout=60) as response:
        async for line in response.aiter_lines():
            found += [line] if line else []
            if len(found) == after:
                at.set()
    return found


async def test_killed_in_the_middle_of_a_stream_it_takes_nobody_else_along(
    upstream: Upstream, native: Callable[..., Awaitable[Any]], add: Add, gateway: Gateway, keeper: translator.Translator
) -> None:
    await native(ProviderType.ANTHROPIC)
    await add("plain", upstream.base_url, models=["alpha"])
    upstream.on("/v1/messages", vendors.say(ProviderType.ANTHROPIC, stream=True, pause=0.5))
    upstream.on("/chat/completions", events(*[delta(str(n)) for n in range(20)], delta("", "stop"), DONE, pause=0.1))
    await keeper.ready()
    begun, running = asyncio.Event(), asyncio.Event()

    translating = asyncio.ensure_future(lines(gateway, MODEL, at=begun, after=1))
    passing = asyncio.ensure_future(lines(gateway, "plain/alpha", at=running, after=1))
    await asyncio.gather(begun.wait(), running.wait())
    os.kill(int(str(keeper.status()["pid"])), signal.SIGKILL)
    cut, whole = await asyncio.gather(translating, passing)
    upstream.on("/v1/messages", vendors.say(ProviderType.ANTHROPIC))
    again = await gateway.sdk.chat.completions.create(model=MODEL, messages=TALK)

    assert "error" in json.loads(cut[-1].removeprefix("data: "))
    assert "data: [DONE]" not in cut
    assert (len(whole), whole[-1]) == (22, "data: [DONE]")
    assert again.choices[0].message.content == "Hello there"


async def test_a_translator_that_cannot_start_fails_its_providers_and_no_others(
    upstream: Upstream, native: Callable[..., Awaitable[Any]], add: Add, gateway: Gateway, keeper: translator.Translator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await native(ProviderType.ANTHROPIC)
    await add("plain", upstream.base_url, models=["alpha"])
    monkeypatch.setattr("sys.executable", "/bin/false")

    with pytest.raises(openai.InternalServerError) as down:
        await gateway.sdk.chat.completions.create(model=MODEL, messages=TALK)
    other = await gateway.sdk.chat.completions.create(model="plain/alpha", messages=TALK)

    assert (down.value.status_code, down.value.code) == (503, "provider_unavailable")
    assert "patchbay doctor" in down.value.message
    assert other.choices[0].message.content
    assert upstream.heard[-1].path.endswith("/chat/completions")
