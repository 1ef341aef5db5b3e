"""Chat and embeddings, as an application with the official SDK sees them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import openai
import pytest

from app import registry
from app.domain.actor import Actor
from app.domain.providers.provider import ProviderPatch
from app.gateway import incoming, streams
from app.relay import keys
from app.services import providers
from app.storage.database import engine
from tests.fixtures import make
from tests.fixtures.upstream import DONE, Heard, Line, Upstream, answer, completion, delta, events
from tests.gateway.conftest import Gateway

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
ASK = {"model": "acme/alpha", "messages": HELLO}


async def stream_of(gateway: Gateway, **more: Any) -> bytes:
    reply = await gateway.http.post("/v1/chat/completions", json={**ASK, "stream": True, **more})
    return reply.content


async def test_an_sdk_chats(acme: Upstream, gateway: Gateway) -> None:
    got = await gateway.sdk.chat.completions.create(model="acme/alpha", messages=HELLO)

    assert got.choices[0].message.content == "OK"
    assert acme.heard[0].headers["authorization"] == f"Bearer {make.SECRET}"
    assert acme.heard[0].json == {"model": "alpha", "messages": HELLO}


async def test_an_sdk_streams(acme: Upstream, gateway: Gateway) -> None:
    stream = await gateway.sdk.chat.completions.create(model="acme/alpha", messages=HELLO, stream=True)

    assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == "Hello"


async def test_an_sdk_embeds(acme: Upstream, gateway: Gateway) -> None:
    got = await gateway.sdk.embeddings.create(model="acme/alpha", input="hi", encoding_format="float")

    assert got.data[0].embedding == [0.1, 0.2]
    assert acme.heard[0].path == "/v1/embeddings"


async def test_an_answer_passes_byte_for_byte(acme: Upstream, gateway: Gateway) -> None:
    odd = b'{ "x_vendor": [1 , 2.50],\n "choices": [{"message": {"reasoning": "\\u00e9\xc3\xa9"}}], "model":"theirs" }'
    acme.on("/chat/completions", answer(body=odd, headers={"x-request-id": "r1", "x-ratelimit-limit": "9", "set-cookie": "a=b"}))

    reply = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert reply.content == odd
    assert (reply.headers["x-request-id"], reply.headers["x-ratelimit-limit"]) == ("r1", "9")
    assert "set-cookie" not in reply.headers


async def test_a_stream_passes_byte_for_byte(acme: Upstream, gateway: Gateway) -> None:
    parts = [b": OPENROUTER PROCESSING\n\n", delta("Hel"), b'event: x\r\ndata: {"vendor": 1}\r\n\r\n', delta("lo", "stop"), DONE]
    acme.on("/chat/completions", events(*parts, pause=0.002))

    through = await stream_of(gateway)
    async with httpx.AsyncClient() as client:
        direct = (await client.post(f"{acme.base_url}/chat/completions", json={**ASK, "stream": True})).content

    assert through == direct == b"".join(parts)


async def test_the_request_passes_but_for_the_model(acme: Upstream, gateway: Gateway) -> None:
    body = b'{"messages":[ {"role":"user","content":"\\u00e9"} ],"model":"acme/beta/large","top_k":1.50,"x":{ "y":[] }}'

    await gateway.http.post("/v1/chat/completions", content=body)

    assert acme.heard[0].body == body.replace(b"acme/beta/large", b"beta/large")


async def test_nothing_a_caller_sends_beside_the_body_reaches_the_provider(acme: Upstream, gateway: Gateway) -> None:
    headers = {"x-smuggled": "1", "cookie": "smuggled=1", "openai-organization": "smuggled", "x-forwarded-for": "9.9.9.9"}

    await gateway.http.post("/v1/chat/completions?api_base=http://smuggled", json=ASK, headers=headers)

    assert b"smuggled" not in acme.heard[0].raw_head
    assert b"9.9.9.9" not in acme.heard[0].raw_head
    assert gateway.key.encode() not in acme.heard[0].raw_head


@pytest.mark.parametrize(
    ("selector", "model"),
    [
        ("acme/alpha", "alpha"),
        ("alpha", "alpha"),
        ("beta/large", "beta/large"),
        ("acme/unlisted", "unlisted"),
        ("", "alpha"),
        ("default", "alpha"),
    ],
)
async def test_a_selector_finds_its_provider(acme: Upstream, gateway: Gateway, actor: Actor, selector: str, model: str) -> None:
    await providers.set_default(actor, "acme")

    await gateway.http.post("/v1/chat/completions", json={**ASK, "model": selector})

    assert acme.heard[0].json["model"] == model


async def test_no_model_without_a_default_is_404(acme: Upstream, gateway: Gateway) -> None:
    reply = await gateway.http.post("/v1/chat/completions", json={"messages": HELLO})

    assert (reply.status_code, reply.json()["error"]["param"]) == (404, "model")


async def test_an_unknown_model_is_404_with_the_nearest_names(acme: Upstream, gateway: Gateway) -> None:
    with pytest.raises(openai.NotFoundError) as missed:
        await gateway.sdk.chat.completions.create(model="alpa", messages=HELLO)

    assert missed.value.code == "model_not_found"
    assert "acme/alpha" in missed.value.message


# Edits while requests run


async def test_an_edit_moves_the_next_request_and_leaves_the_running_stream(
    acme: Upstream, gateway: Gateway, actor: Actor, add: Callable[..., Awaitable[Any]]
) -> None:
    go_on = asyncio.Event()

    async def slow(line: Line, _: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(delta("old "))
        await go_on.wait()
        await line.chunk(delta("end", "stop") + DONE)
        await line.end()

    acme.on("/chat/completions", slow)
    other = Upstream()
    await other.start()
    other.on("/chat/completions", answer(body=completion("new", "new")))
    stream = await gateway.sdk.chat.completions.create(model="acme/alpha", messages=HELLO, stream=True)
    first = await anext(aiter(stream))

    credential = {"secret": {"api_key": "sk-other-123456789"}}
    await providers.update(actor, "acme", ProviderPatch.model_validate({"base_url": other.base_url, "credential": credential}))
    moved = await gateway.sdk.chat.completions.create(model="acme/alpha", messages=HELLO)
    await providers.disable(actor, "acme")
    go_on.set()
    rest = [chunk.choices[0].delta.content async for chunk in stream]
    await other.stop()

    assert (first.choices[0].delta.content, rest) == ("old ", ["end"])
    assert moved.choices[0].message.content == "new"
    assert (len(acme.heard), len(other.heard)) == (1, 1)
    assert make.SECRET.encode() not in other.heard[0].raw_head


async def test_a_disabled_provider_is_refused_at_once(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    await providers.disable(actor, "acme")

    with pytest.raises(openai.InternalServerError) as refused:
        await gateway.sdk.chat.completions.create(model="acme/alpha", messages=HELLO)

    assert (refused.value.status_code, refused.value.code) == (503, "provider_unavailable")
    assert acme.heard == []


# A provider that fails


@pytest.mark.parametrize(
    ("status", "body", "ours", "code"),
    [
        pytest.param(401, {"error": {"message": "bad key"}}, 502, "upstream_refused", id="401 is not the caller's"),
        pytest.param(403, {"error": {"message": "no"}}, 502, "upstream_refused", id="403"),
        pytest.param(429, {"error": {"message": "slow down"}}, 429, "rate_limit_exceeded", id="429"),
        pytest.param(500, {"error": {"message": "boom"}}, 502, "upstream_failed", id="500"),
        pytest.param(503, {"error": {"message": "busy"}}, 503, "upstream_failed", id="503"),
        pytest.param(400, {"error": {"message": "too long", "code": "context_length_exceeded"}}, 400, "context_length_exceeded", id="400"),
        pytest.param(404, {"error": {"message": "no such model", "code": "model_not_found"}}, 404, "model_not_found", id="404"),
        pytest.param(302, {}, 502, "upstream_bad_response", id="redirect"),
        pytest.param(200, b"<html>", 502, "upstream_bad_response", id="html"),
    ],
)
async def test_a_failure_is_answered_in_openais_shape(
    acme: Upstream, gateway: Gateway, status: int, body: object, ours: int, code: str
) -> None:
    acme.on("/chat/completions", answer(status, body, {"retry-after": "7", "location": "http://x.example"}))

    reply = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert (reply.status_code, reply.json()["error"]["code"]) == (ours, code)
    assert set(reply.json()["error"]) == {"message", "type", "param", "code"}
    assert ("bad key" in reply.text, "boom" in reply.text) == (False, False)
    assert reply.headers.get("retry-after") == ("7" if status in (429, 503, 500) else None)


async def test_an_echoed_key_reaches_no_caller(acme: Upstream, gateway: Gateway) -> None:
    for status in (200, 400, 401, 404, 422, 429, 500):
        body = {"error": {"message": f"Bearer {make.SECRET}", "code": make.SECRET}, "choices": [make.SECRET]}
        acme.on("/chat/completions", answer(status, body, {"x-request-id": make.SECRET}))
        reply = await gateway.http.post("/v1/chat/completions", json=ASK)
        keys.forget()
        assert make.SECRET not in reply.text + str(reply.headers)
    acme.on("/chat/completions", events(delta(make.SECRET[:9]), delta(make.SECRET, "stop"), DONE))

    assert make.SECRET.encode() not in await stream_of(gateway)


async def test_a_cut_stream_ends_in_an_error_and_never_in_done(acme: Upstream, gateway: Gateway) -> None:
    async def cut(line: Line, _: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(delta("Hel"))
        line.cut()

    acme.on("/chat/completions", cut)

    raw = await stream_of(gateway)

    assert raw.startswith(delta("Hel"))
    assert b"[DONE]" not in raw
    last = json.loads(raw.rpartition(b"data: ")[2])
    assert last["error"]["code"] == "upstream_bad_response"
    stream = await gateway.sdk.chat.completions.create(model="acme/alpha", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError, match="response"):
        [chunk async for chunk in stream]
    assert len(acme.heard) == 2  # never a second try


async def test_a_cut_in_the_middle_of_a_line_still_shows_the_error(acme: Upstream, gateway: Gateway) -> None:
    acme.on("/chat/completions", events(delta("Hel")[:20]))

    raw = await stream_of(gateway)

    assert b'\n\ndata: {"error"' in raw


# Callers that leave, bodies that are too large


async def test_a_caller_that_leaves_closes_the_providers_connection(acme: Upstream, gateway: Gateway) -> None:
    async def endless(line: Line, heard: Heard) -> None:
        if heard.json.get("stream"):
            await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
            await line.chunk(delta("Hel"))
        await asyncio.sleep(60)

    acme.on("/chat/completions", endless)
    for phase in ("before the first byte", "in the middle"):
        streaming = phase == "in the middle"
        stream = gateway.http.stream("POST", "/v1/chat/completions", json={**ASK, "stream": streaming})
        entering = asyncio.ensure_future(stream.__aenter__())
        if streaming:
            reply = await entering
            await anext(reply.aiter_bytes())
            await stream.__aexit__(None, None, None)
        else:
            while not acme.heard:  # noqa: ASYNC110 - the other side has no event for us
                await asyncio.sleep(0.01)
            entering.cancel()

        assert await acme.all_gone(within=1), phase
    assert not streams._running


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_refused(
    acme: Upstream, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    monkeypatch.setattr(incoming, "BODY_BYTES", 100_000)
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(gateway.url).port)
    size = 200_000
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gateway.key}\r\n"
    writer.write(f"{head}content-length: {size}\r\n\r\n".encode())
    if not announced:
        monkeypatch.setattr(incoming, "BODY_BYTES", 150_000)
        writer.write(b"x" * size)

    answered = await reader.readuntil(b"\r\n")
    writer.close()

    assert b" 413 " in answered
    assert acme.heard == []


async def test_large_requests_pass(acme: Upstream, gateway: Gateway) -> None:
    picture = "data:image/png;base64," + "A" * 4_000_000

    await gateway.http.post("/v1/chat/completions", json={**ASK, "messages": [{"role": "user", "content": picture}]})

    assert acme.heard[0].json["messages"][0]["content"] == picture


@pytest.mark.parametrize("body", [b"", b"[]", b"nope", b'{"model": 7}', b"[" * 50_000])
async def test_a_body_that_is_no_request_is_400(acme: Upstream, gateway: Gateway, body: bytes) -> None:
    reply = await gateway.http.post("/v1/chat/completions", content=body)

    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")


# A process that ends


async def test_draining_lets_short_streams_end_and_cuts_long_ones(acme: Upstream, gateway: Gateway) -> None:
    async def script(line: Line, heard: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(delta("Hel"))
        await asyncio.sleep(60 if heard.json["messages"][0]["content"] == "long" else 0.15)
        await line.chunk(delta("lo", "stop") + DONE)
        await line.end()

    acme.on("/chat/completions", script)
    said = [asyncio.ensure_future(stream_of(gateway, messages=[{"role": "user", "content": c}])) for c in ("short", "long")]
    while len(streams._running) < 2 or len(acme.heard) < 2:  # noqa: ASYNC110 - the other side has no event for us
        await asyncio.sleep(0.01)

    cut = await streams.drain(0.5)
    short, long = await asyncio.gather(*said)
    late = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert cut == 1
    assert short.endswith(DONE)
    assert b"[DONE]" not in long
    assert json.loads(long.rpartition(b"data: ")[2])["error"]["code"] == "shutting_down"
    assert (late.status_code, late.headers["retry-after"]) == (503, "1")
    assert await acme.all_gone(within=1) or acme.open_connections == 1


async def test_whoever_hurries_a_drain_does_not_wait_for_its_deadline(acme: Upstream, gateway: Gateway) -> None:
    async def script(line: Line, _: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(delta("Hel"))
        await line.gone.wait()

    acme.on("/chat/completions", script)
    said = asyncio.ensure_future(stream_of(gateway))
    while not streams._running or not acme.heard:  # noqa: ASYNC110 - the other side has no event for us
        await asyncio.sleep(0.01)
    draining = asyncio.ensure_future(streams.drain(60))
    await asyncio.sleep(0)
    streams.hurry()

    async with asyncio.timeout(5):
        assert await draining == 1
    assert json.loads((await said).rpartition(b"data: ")[2])["error"]["code"] == "shutting_down"


async def test_a_row_that_lost_its_key_sends_nothing(acme: Upstream, gateway: Gateway) -> None:
    # Damage as only somebody with the file can do it.
    async with engine.writing() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE credential_secret SET value = substr(value, 1, length(value) - 2) || 'AA'")
        await session.commit()
    await registry.shared.rebuild()

    reply = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "provider_unavailable")
    assert acme.heard == []


@pytest.mark.parametrize(
    ("more", "param"),
    [
        pytest.param({"stream": True}, "stream", id="stream"),
        pytest.param({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools", id="tools"),
        pytest.param({"response_format": {"type": "json_object"}}, "response_format", id="JSON"),
    ],
)
async def test_what_a_provider_is_declared_not_to_do_is_refused_before_anything_is_sent(
    acme: Upstream, gateway: Gateway, actor: Actor, more: dict[str, Any], param: str
) -> None:
    declared = {"streaming": "no", "tools": "no", "json_mode": "no"}
    await providers.update(actor, "acme", ProviderPatch.model_validate({"capabilities": declared}))

    refused = await gateway.http.post("/v1/chat/completions", json={**ASK, **more})
    plain = await gateway.http.post("/v1/chat/completions", json=ASK)

    error = refused.json()["error"]
    assert (refused.status_code, error["type"], error["code"], error["param"]) == (
        400,
        "invalid_request_error",
        "unsupported_parameter",
        param,
    )
    assert "Acme" in error["message"] or "acme" in error["message"]
    assert (plain.status_code, len(acme.heard)) == (200, 1)
