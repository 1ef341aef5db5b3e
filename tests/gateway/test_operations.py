"""What else an OpenAI-compatible provider serves: the same path as chat, other shapes of question and answer."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.domain.actor import Actor, Scope
from app.domain.providers.provider import ProviderType
from app.gateway.operations import OPERATIONS
from app.services import client_keys
from tests.fixtures import make
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import DONE, Heard, Line, Upstream, answer, events
from tests.gateway.conftest import Gateway

pytestmark = only_sqlite  # nothing here asks the database in words of its own
SOUND = b"\xff\xfb\x90\0" + bytes(range(256)) * 40
MODEL = "acme/alpha"


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def response(text: str = "Hello") -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    message = {"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": content}
    fields = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    return {"id": "resp_1", "object": "response", "created_at": 1, "model": "alpha", "status": "completed", "output": [message], **fields}


@pytest.mark.parametrize("path", [path for path in OPERATIONS if path not in ("/v1/chat/completions", "/v1/embeddings")])
@pytest.mark.parametrize("address", ["", "/providers/acme"])
async def test_every_door_passes_byte_for_byte_but_for_the_model(acme: Upstream, gateway: Gateway, path: str, address: str) -> None:
    odd = b'{ "x_vendor": [1 , 2.50] }'
    acme.on(path, answer(body=odd, headers={"x-request-id": "r1"}))
    model = "alpha" if address else MODEL
    body = b'{"x":{ "y":1.50 },"model":"%s"}' % model.encode()

    reply = await gateway.http.post(path.replace("/v1", f"/v1{address}"), content=body)

    assert (reply.status_code, reply.content, reply.headers["x-request-id"]) == (200, odd, "r1")
    assert (acme.heard[0].path, acme.heard[0].body) == (path, b'{"x":{ "y":1.50 },"model":"alpha"}')
    assert acme.heard[0].headers["authorization"] == f"Bearer {make.SECRET}"


# The SDK, one call each


async def test_responses(acme: Upstream, gateway: Gateway) -> None:
    acme.on("/responses", answer(body=response()))

    got = await gateway.sdk.responses.create(model=MODEL, input="hi", previous_response_id="resp_0")

    assert got.output_text == "Hello"
    assert acme.heard[0].json == {"model": "alpha", "input": "hi", "previous_response_id": "resp_0"}


async def test_a_stream_of_responses_ends_with_its_own_last_event_however_long(acme: Upstream, gateway: Gateway) -> None:
    parts = [
        event("response.output_text.delta", delta="Hel", item_id="m", output_index=0, content_index=0, sequence_number=1, logprobs=[]),
        event("response.completed", response=response("x" * 300_000), sequence_number=2),
    ]
    acme.on("/responses", events(*parts))

    stream = await gateway.sdk.responses.create(model=MODEL, input="hi", stream=True)
    kinds = [found.type async for found in stream]
    raw = await gateway.http.post("/v1/responses", json={"model": MODEL, "input": "hi", "stream": True})

    assert kinds == ["response.output_text.delta", "response.completed"]
    assert raw.content == b"".join(parts)


@pytest.mark.parametrize("last", [b"", event("response.output_text.done", text='{"type":"response.completed"}')])
async def test_a_stream_of_responses_without_its_end_is_an_error(acme: Upstream, gateway: Gateway, last: bytes) -> None:
    acme.on("/responses", events(event("response.output_text.delta", delta="Hel"), last or b"\n"))

    raw = await gateway.http.post("/v1/responses", json={"model": MODEL, "input": "hi", "stream": True})

    assert json.loads(raw.content.rpartition(b"data: ")[2])["error"]["code"] == "upstream_bad_response"


async def test_speech_is_passed_on_as_it_comes(acme: Upstream, gateway: Gateway) -> None:
    acme.on("/audio/speech", answer(body=SOUND, headers={"content-type": "audio/mpeg"}))

    got = await gateway.sdk.audio.speech.create(model=MODEL, voice="alloy", input="hi")
    raw = await gateway.http.post("/v1/audio/speech", json={"model": MODEL, "input": "hi", "voice": "alloy"})

    assert (await got.aread(), raw.content, raw.headers["content-type"]) == (SOUND, SOUND, "audio/mpeg")
    assert acme.heard[0].json["model"] == "alpha"


@pytest.mark.parametrize(
    ("said_as", "said"), [("application/json", b'{"text":"Xin ch\xc3\xa0o"}'), ("text/plain; charset=utf-8", b"Xin ch\xc3\xa0o\n")]
)
async def test_a_recording_is_written_down(acme: Upstream, gateway: Gateway, said_as: str, said: bytes) -> None:
    acme.on("/audio/transcriptions", answer(body=said, headers={"content-type": said_as}))
    wanted: Any = "json" if "json" in said_as else "text"

    got = await gateway.sdk.audio.transcriptions.create(model=MODEL, file=("a.wav", SOUND), response_format=wanted, language="vi")

    assert (got.text if "json" in said_as else got) in ("Xin chào", "Xin chào\n")
    heard = acme.heard[0]
    assert heard.headers["content-type"].startswith("multipart/form-data; boundary=")
    sent = httpx.Request("POST", "http://x", content=heard.body, headers={"content-type": heard.headers["content-type"]})
    assert SOUND in heard.body and b'name="model"\r\n\r\nalpha\r\n' in sent.content and b"acme/" not in heard.body


async def test_a_large_recording_passes_whole(acme: Upstream, gateway: Gateway) -> None:
    acme.on("/audio/transcriptions", answer(body={"text": "long"}))
    sound = SOUND * 400

    await gateway.sdk.audio.transcriptions.create(model=MODEL, file=("a.wav", sound))

    assert sound in acme.heard[0].body


async def test_pictures_are_made_and_changed(acme: Upstream, gateway: Gateway) -> None:
    made = {"created": 1, "data": [{"b64_json": "aGk="}]}
    acme.on("/images/generations", answer(body=made))
    acme.on("/images/edits", answer(body=made))

    new = await gateway.sdk.images.generate(model=MODEL, prompt="a cat")
    changed = await gateway.sdk.images.edit(model=MODEL, prompt="a hat", image=[("a.png", SOUND), ("b.png", SOUND)])

    assert [found.data and found.data[0].b64_json for found in (new, changed)] == ["aGk=", "aGk="]
    assert acme.heard[1].body.count(SOUND) == 2


async def test_texts_are_moderated_and_completed(acme: Upstream, gateway: Gateway) -> None:
    acme.on("/moderations", answer(body={"id": "m", "model": "alpha", "results": []}))
    chunk = (
        b'data: {"id":"c","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"Hi","finish_reason":null}]}\n\n'
    )
    acme.on("/completions", events(chunk, DONE))

    moderated = await gateway.sdk.moderations.create(model=MODEL, input="hi")
    stream = await gateway.sdk.completions.create(model=MODEL, prompt="say", stream=True)

    assert moderated.results == []
    assert "".join([part.choices[0].text async for part in stream]) == "Hi"


# Hostile or unlucky


async def test_a_form_without_a_model_goes_to_the_default_of_the_address(acme: Upstream, gateway: Gateway) -> None:
    acme.on("/audio/transcriptions", answer(body={"text": "x"}))

    reply = await gateway.http.post("/v1/providers/acme/audio/transcriptions", files={"file": ("a.wav", SOUND)})

    assert reply.status_code == 200, reply.text
    assert b'name="model"\r\n\r\nalpha\r\n' in acme.heard[0].body


async def test_a_form_does_not_get_around_a_restriction(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    key = (await client_keys.issue(actor, "narrow", Scope.GATEWAY, models=["alpha"])).key
    headers = {"authorization": f"Bearer {key}", "content-type": "multipart/form-data; boundary=b"}
    part = '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n%s\r\n'

    answers = [
        await gateway.http.post("/v1/audio/transcriptions", content="".join(part % name for name in names) + "--b--\r\n", headers=headers)
        for names in (["acme/beta/large"], ["acme/alpha", "beta/large"], ["beta/large", "acme/alpha"], [])
    ]

    assert [reply.status_code for reply in answers] == [404, 400, 400, 404]
    assert acme.heard == []


async def test_a_form_where_none_is_understood_is_the_callers_mistake(acme: Upstream, gateway: Gateway) -> None:
    for path in ("/v1/chat/completions", "/v1/embeddings", "/v1/audio/speech"):
        reply = await gateway.http.post(path, data={"model": MODEL}, files={"file": ("a", b"x")})
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_request")


async def test_an_echoed_key_reaches_no_caller_in_any_shape(acme: Upstream, gateway: Gateway) -> None:
    secret = make.SECRET.encode()
    for kind in ("text/plain", "audio/mpeg", "application/json", "text/event-stream", ""):
        acme.on(
            "/audio/speech",
            answer(body=b'{"a":"' + secret + b'"}' + b'\n\ndata: {"type":"error"}\n\n' * ("event" in kind), headers={"content-type": kind}),
        )
        reply = await gateway.http.post("/v1/audio/speech", json={"model": MODEL})
        assert reply.status_code == 200
        assert secret not in reply.content + str(reply.headers).encode()


async def test_sound_that_breaks_off_is_not_called_complete(acme: Upstream, gateway: Gateway) -> None:
    async def cut(line: Line, _: Heard) -> None:
        await line.head(200, {"content-type": "audio/mpeg", "transfer-encoding": "chunked"})
        await line.chunk(SOUND)
        line.cut()

    acme.on("/audio/speech", cut)
    got = b""
    with pytest.raises(httpx.RemoteProtocolError):
        async with gateway.http.stream("POST", "/v1/audio/speech", json={"model": MODEL}) as reply:
            async for part in reply.aiter_bytes():
                got += part

    assert SOUND.startswith(got)
    assert b"error" not in got


async def test_what_is_too_large_is_cut_off(acme: Upstream, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.upstream.reply.STREAM_BYTES", 1_000)
    acme.on("/audio/speech", answer(body=SOUND, headers={"content-type": "audio/mpeg"}))

    with pytest.raises(httpx.RemoteProtocolError):
        await gateway.http.post("/v1/audio/speech", json={"model": MODEL})


@pytest.mark.parametrize("path", [path for path in OPERATIONS if path != "/v1/chat/completions"])
async def test_a_vendor_with_a_protocol_of_its_own_offers_chat_alone(
    upstream: Upstream, add: Callable[..., Awaitable[Any]], gateway: Gateway, translated: object, path: str
) -> None:
    await add("native", upstream.origin, type=ProviderType.ANTHROPIC.value)

    reply = await gateway.http.post(path, json={"model": "native/claude"})

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "not_offered")
    assert path.removeprefix("/v1/") in reply.json()["error"]["message"]
    assert upstream.heard == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/responses/resp_1"), ("DELETE", "/v1/responses/resp_1"), ("POST", "/v1/responses/resp_1/cancel")]
)
async def test_stored_responses_say_what_works(acme: Upstream, gateway: Gateway, method: str, path: str) -> None:
    for address in ("/v1", "/v1/providers/acme"):
        reply = await gateway.http.request(method, path.replace("/v1", address))
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_offered")
        assert "previous_response_id" in reply.json()["error"]["message"]
    assert acme.heard == []


async def test_an_unknown_address_names_what_exists(gateway: Gateway) -> None:
    reply = await gateway.http.post("/v1/files", json={})

    assert reply.status_code == 404
    for path in (*OPERATIONS, "/v1/models", "/v1/providers/{name}"):
        assert path in reply.json()["error"]["message"]
