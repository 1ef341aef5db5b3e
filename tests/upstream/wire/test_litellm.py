"""The wire of vendors with a protocol of their own, against vendors that behave, fail, stall and break off."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import BadResponse, Failed, RateLimited, Refused, TimedOut, TlsFailed, Unreachable, UpstreamError
from app.domain.providers.provider import ProviderType
from app.domain.snapshot import Endpoint, Timeouts
from app.upstream import egress
from app.upstream.wire import litellm
from app.upstream.wire.call import Ask
from tests.fixtures import make, translated, vendors
from tests.fixtures.certificates import Authority
from tests.fixtures.running import free_port
from tests.fixtures.upstream import Heard, Line, Upstream, answer

pytestmark = pytest.mark.usefixtures("vault", "outgoing", "translated")

NATIVE = pytest.mark.parametrize("type_", vendors.NATIVE)
WAYS = pytest.mark.parametrize("stream", [pytest.param(False, id="json"), pytest.param(True, id="stream")])
TALK = [{"role": "user", "content": "Weather in Huế?"}]


async def call(endpoint: Endpoint, asked: Ask) -> bytes:
    async with litellm.send(endpoint, next(iter(endpoint.keys), None), asked) as got:
        return b"".join([chunk async for chunk in got.chunks()]) if got.is_events else await got.read()


async def failure(endpoint: Endpoint, asked: Ask) -> UpstreamError:
    with pytest.raises(UpstreamError) as raised:
        await call(endpoint, asked)
    return raised.value


def events(body: bytes) -> list[dict[str, Any]]:
    """The objects of a stream, which must end as OpenAI's do."""
    lines = [line for line in body.decode().split("\n") if line]
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


@NATIVE
async def test_an_answer_has_openais_shape(upstream: Upstream, type_: ProviderType) -> None:
    upstream.on(vendors.PATHS[type_][False], vendors.say(type_, tool=True))

    found = json.loads(await call(translated.endpoint(type_, upstream.origin), translated.ask(tools=[translated.TOOL])))

    assert found.keys() == {"id", "object", "created", "model", "choices", "usage"}
    assert (found["object"], found["usage"]) == ("chat.completion", {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13})
    (choice,) = found["choices"]
    (called,) = choice["message"].pop("tool_calls")
    assert choice == {"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": "Hello there"}}
    assert (called["type"], called["function"]["name"]) == ("function", "weather")
    assert json.loads(called["function"]["arguments"]) == {"city": "Huế"}


@NATIVE
async def test_a_stream_has_openais_shape(upstream: Upstream, type_: ProviderType) -> None:
    upstream.on(vendors.PATHS[type_][True], vendors.say(type_, tool=True, stream=True))

    asked = translated.ask(stream=True, tools=[translated.TOOL], stream_options={"include_usage": True})
    *chunks, last = events(await call(translated.endpoint(type_, upstream.origin), asked))

    assert (last["choices"], last["usage"]) == ([], {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13})
    assert {c["object"] for c in [*chunks, last]} == {"chat.completion.chunk"}
    assert len({c["id"] for c in [*chunks, last]}) == 1
    choices = [c["choices"][0] for c in chunks]
    assert [c["finish_reason"] for c in choices] == [None] * (len(choices) - 1) + ["tool_calls"]
    assert "".join(c["delta"].get("content") or "" for c in choices) == "Hello there"
    calls = [called for c in choices for called in c["delta"].get("tool_calls") or ()]
    assert (calls[0]["id"] != "", calls[0]["function"]["name"], {c["index"] for c in calls}) == (True, "weather", {0})
    assert json.loads("".join(c["function"]["arguments"] for c in calls)) == {"city": "Huế"}


@NATIVE
async def test_usage_that_was_not_asked_for_is_not_in_the_stream(upstream: Upstream, type_: ProviderType) -> None:
    upstream.on(vendors.PATHS[type_][True], vendors.say(type_, stream=True))

    chunks = events(await call(translated.endpoint(type_, upstream.origin), translated.ask(stream=True)))

    assert all(c["choices"] and "usage" not in c for c in chunks)


@NATIVE
async def test_the_result_of_a_tool_goes_back_in_the_vendors_words(upstream: Upstream, type_: ProviderType) -> None:
    upstream.on(vendors.PATHS[type_][False], vendors.say(type_))
    called = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Hue"}'}}
    talk = [*TALK, {"role": "assistant", "tool_calls": [called]}, {"role": "tool", "tool_call_id": "call_1", "content": "28 degrees"}]

    await call(translated.endpoint(type_, upstream.origin), translated.ask(messages=talk, tools=[translated.TOOL]))

    said = json.dumps(upstream.heard[0].json, ensure_ascii=False)
    assert all(text in said for text in ("Weather in Huế?", "call_1", "28 degrees", "weather"))


@WAYS
@NATIVE
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Failed), (401, Refused), (402, RateLimited), (403, Refused), (404, Failed), (408, Failed), (409, Failed), (413, Failed),
        (422, Failed), (429, RateLimited), (500, Failed), (502, Failed), (503, Failed), (504, Failed), (529, Failed),
    ],
)  # fmt: skip
async def test_a_status_has_its_error(
    upstream: Upstream, type_: ProviderType, stream: bool, status: int, kind: type[UpstreamError]
) -> None:
    upstream.on(vendors.PATHS[type_][stream], vendors.refuse(type_, status, f"no: {make.SECRET}", retry_after="7"))

    error = await failure(translated.endpoint(type_, upstream.origin), translated.ask(stream=stream))

    assert (type(error), error.status, error.detail) == (kind, status, "no: [removed]")
    assert error.retry_after == (7.0 if kind in (RateLimited, Failed) and status != 402 else None)
    assert make.SECRET not in f"{vars(error)}{error.__cause__!r}"
    assert len(upstream.heard) == 1


@WAYS
@NATIVE
async def test_nobody_listening_is_named(type_: ProviderType, stream: bool) -> None:
    origin = f"http://127.0.0.1:{free_port()}"
    egress.approve(frozenset({origin}))

    error = await failure(translated.endpoint(type_, origin), translated.ask(stream=stream))

    assert (type(error), error.details["kind"]) == (Unreachable, "refused")
    egress.approve(frozenset())


@NATIVE
async def test_an_unknown_host_is_named(type_: ProviderType) -> None:
    error = await failure(translated.endpoint(type_, "https://nowhere.invalid"), translated.ask())

    assert (type(error), error.details["kind"]) == (Unreachable, "dns")


@NATIVE
async def test_a_certificate_nobody_vouches_for_is_refused(type_: ProviderType, tmp_path: Path) -> None:
    server = Upstream()
    await server.start(Authority(tmp_path).server(self_signed=True))
    egress.approve(frozenset({server.origin}))

    error = await failure(translated.endpoint(type_, server.origin), translated.ask())

    assert (type(error), error.details["kind"], server.heard) == (TlsFailed, "self_signed", [])
    egress.approve(frozenset())
    await server.stop()


async def silent(line: Line, _: Heard) -> None:
    await line.gone.wait()


@WAYS
@NATIVE
async def test_a_silent_vendor_is_given_up_and_its_connection_closed(upstream: Upstream, type_: ProviderType, stream: bool) -> None:
    upstream.on(vendors.PATHS[type_][stream], silent)

    error = await failure(translated.endpoint(type_, upstream.origin, timeouts=Timeouts(first_byte=0.3)), translated.ask(stream=stream))

    assert (type(error), error.details) == (TimedOut, {"limit": "first_byte", "seconds": 0.3})
    assert await upstream.all_gone(1)


@NATIVE
async def test_a_pause_in_a_stream_has_its_limit(upstream: Upstream, type_: ProviderType) -> None:
    upstream.on(vendors.PATHS[type_][True], vendors.say(type_, stream=True, pause=5))

    limits = Timeouts(first_byte=0.6, idle=0.3)
    error = await failure(translated.endpoint(type_, upstream.origin, timeouts=limits), translated.ask(stream=True))

    assert (type(error), error.details["limit"]) in [(TimedOut, "idle"), (TimedOut, "first_byte")]
    assert await upstream.all_gone(1)


@NATIVE
async def test_a_caller_that_leaves_closes_the_vendors_connection(upstream: Upstream, type_: ProviderType) -> None:
    upstream.on(vendors.PATHS[type_][True], vendors.say(type_, stream=True, pause=0.2))
    endpoint = translated.endpoint(type_, upstream.origin)

    async with litellm.send(endpoint, endpoint.keys[0], translated.ask(stream=True)) as got:
        async for _ in got.chunks():
            break

    assert await upstream.all_gone(1)


@NATIVE
async def test_a_caller_that_does_not_wait_closes_the_vendors_connection(upstream: Upstream, type_: ProviderType) -> None:
    upstream.on(vendors.PATHS[type_][False], silent)
    waiting = asyncio.ensure_future(call(translated.endpoint(type_, upstream.origin), translated.ask()))
    async with asyncio.timeout(5):
        while not upstream.heard:  # noqa: ASYNC110 - a list of another task
            await asyncio.sleep(0.01)

    waiting.cancel()

    assert await upstream.all_gone(1)
    await asyncio.wait([waiting])


@pytest.mark.parametrize("left", [1, 2])
@NATIVE
async def test_a_stream_that_ends_too_early_is_never_called_complete(upstream: Upstream, type_: ProviderType, left: int) -> None:
    whole = {ProviderType.ANTHROPIC: 6, ProviderType.BEDROCK: 4, ProviderType.AZURE: 4}[type_]  # events before the one that ends it
    upstream.on(vendors.PATHS[type_][True], vendors.say(type_, stream=True, cut=whole - left + 1))
    endpoint = translated.endpoint(type_, upstream.origin)
    seen = b""

    with pytest.raises(BadResponse) as raised:
        async with litellm.send(endpoint, endpoint.keys[0], translated.ask(stream=True)) as got:
            async for chunk in got.chunks():
                seen += chunk

    assert raised.value.details["kind"] == "cut_off"
    assert b"Hello" in seen
    assert b"[DONE]" not in seen and b'"finish_reason":"' not in seen


async def page(line: Line, _: Heard) -> None:
    text = b"<html><title>Welcome</title></html>"
    await line.head(200, {"content-type": "text/html", "content-length": str(len(text))})
    await line.raw(text)


@WAYS
@NATIVE
@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(page, "html", id="page"),
        pytest.param(answer(body=b"no JSON"), "not_json", id="not json"),
        pytest.param(answer(body={}, headers={"content-encoding": "gzip"}), "encoded", id="encoded"),
    ],
)
async def test_a_bad_answer_has_its_name(upstream: Upstream, type_: ProviderType, stream: bool, script: Any, kind: str) -> None:
    upstream.on(vendors.PATHS[type_][stream], script)

    error = await failure(translated.endpoint(type_, upstream.origin), translated.ask(stream=stream))

    assert isinstance(error, BadResponse)
    has_no_events = stream and kind == "not_json" and type_ is not ProviderType.BEDROCK
    assert error.details["kind"] == ("cut_off" if has_no_events else kind)


async def test_claudes_models_are_listed_without_the_translator(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.upstream import translator

    monkeypatch.setattr(translator, "shared", None)
    upstream.on("/v1/models?limit=1000", answer(body={"data": [{"id": "claude-x", "type": "model"}], "has_more": False}))

    found = json.loads(await call(translated.endpoint(ProviderType.ANTHROPIC, upstream.origin), Ask("/models")))

    assert found["data"][0]["id"] == "claude-x"
    heard = upstream.heard[0]
    assert (heard.method, heard.headers["x-api-key"], heard.headers["anthropic-version"]) == ("GET", make.SECRET, "2023-06-01")
    assert "authorization" not in heard.headers


@pytest.mark.parametrize("type_", [ProviderType.BEDROCK, ProviderType.AZURE])
async def test_a_vendor_without_a_list_is_not_asked_for_one(upstream: Upstream, type_: ProviderType) -> None:
    error = await failure(translated.endpoint(type_, upstream.origin), Ask("/models"))

    assert (type(error), error.status, upstream.connections) == (Failed, 404, 0)


async def test_an_api_version_of_azure_is_the_one_that_was_entered(upstream: Upstream) -> None:
    path = f"/openai/deployments/{vendors.MODEL}/chat/completions?api-version=2025-04-01-preview"
    upstream.on(path, vendors.say(ProviderType.AZURE))
    endpoint = translated.endpoint(ProviderType.AZURE, upstream.origin, auth_type="azure_key", auth={"api_version": "2025-04-01-preview"})

    await call(endpoint, translated.ask())

    assert (upstream.heard[0].path, upstream.heard[0].headers["api-key"]) == (path, make.SECRET)


@NATIVE
async def test_the_copyable_request_names_the_address_and_no_secret(upstream: Upstream, type_: ProviderType) -> None:
    shown = litellm.repeatable(translated.endpoint(type_, upstream.origin), translated.ask())

    assert shown.startswith(f"curl '{upstream.origin}/")
    assert "$API_KEY" in shown and make.SECRET not in shown
