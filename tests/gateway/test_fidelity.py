"""What passes through is not touched: the same bytes direct and through the gateway, both ways, whatever a vendor puts into them."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest

from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import DONE, Script, Upstream, answer, delta, events
from tests.gateway.conftest import NO_TLS, Gateway

Add = Callable[..., Awaitable[Any]]
TYPES = pytest.mark.parametrize("type_", ["custom", "openai"])
pytestmark = only_sqlite

ASK = {"model": "acme/alpha", "messages": [{"role": "user", "content": "hello"}]}
END = delta("", "stop") + DONE


def event(data: str, **more: str) -> bytes:
    lines = [f"{name}: {value}" for name, value in more.items()] + [f"data: {line}" for line in data.split("\n")]
    return "\n".join([*lines, "", ""]).encode()


def chunk(**more: Any) -> str:
    choice = {"index": 0, "delta": {"content": "Huế 🌧", "reasoning": "…", "reasoning_details": [{"x": 1}]}, "finish_reason": None}
    return json.dumps({"id": "c", "choices": [choice], **more}, ensure_ascii=False)


STREAMS: dict[str, list[bytes]] = {
    "unknown fields": [event(chunk(x_groq={"id": "r"}, provider="Some", citations=["https://a"], usage=None)), END],
    "odd spacing": [b'data:{"choices" :[ ] }\n\n', b'data:   {"a":1 , "b":\t2}   \n\n', b"data:\n\n", b"data\n\n\n\n\n", END],
    "comments": [b": OPENROUTER PROCESSING\n\n", b":\n\n", b":keep-alive 1\n:keep-alive 2\n", END, b": bye\n\n"],
    "carriage returns": [b'data: {"choices":[]}\r\n\r\n', b'event: x\rdata: {"a":1}\r\r', b"data: [DONE]\r\n\r\n"],
    "named events": [event(chunk(), event="message", id="7", retry="100"), b"event: ping\n\n", event("{}", event="x.y"), END],
    "data in several lines": [event('{"id":\n  "c",\n"choices":[]}'), event("\n\n"), END],
    "usage without choices": [event(chunk()), delta("", "stop"), event('{"choices": [], "usage": {"total_tokens": 1.0e1}}'), DONE],
    "numbers and escapes": [event('{"a":1.50,"b":1e-07,"c":-0.0,"d":12345678901234567890123,"a":"\\u00e9\\/\\ud83c\\udf27"}'), END],
    "no gap at the end": [event(chunk()), delta("", "stop"), b"data: [DONE]"],
    "something behind the end": [END, event('{"usage": {}}'), b"\n"],
    "letters cut in two": [bytes([letter]) for letter in event(chunk()) + END],
    "no JSON": [b"data: <html>\n\n", b"data: \xff\xfe\x00\n\n", b"nonsense\n", END],
}
BODIES = {
    "numbers": b'{"choices":[],"a":1.0e0,"b":0.10,"c":-0,"d":1E5,"e":12345678901234567890123.5}',
    "keys twice and in their order": b'{"z":1,"choices":[{"y":1,"a":2,"y":3}],"z":2,"a":{}}',
    "spaces": b' \r\n{ "choices" : [ ] ,\t"x" : { } }\n \n\n',
    "escapes": '{"choices":[{"message":{"content":"\\u00e9é\\/🌧\\ud83c\\udf27 \\ud800 \u2028"}}]}'.encode(),
    "a list": b'[ {"id": "m", "pricing": {"input": 0.00000010}} ]',
    "usage of its own": b'{"usage":{"prompt_tokens":"5","cost":1e-6,"x":null},"choices":null}',
}


async def direct(acme: Upstream, body: Any) -> bytes:
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        return (await client.post(f"{acme.base_url}/chat/completions", json=body)).content


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@TYPES
async def test_a_stream_is_the_same_direct_and_through_the_gateway(upstream: Upstream, add: Add, gateway: Gateway, type_: str) -> None:
    await add("acme", upstream.base_url, type=type_)
    asked = {**ASK, "stream": True}

    for name, parts in STREAMS.items():
        upstream.on("/chat/completions", events(*parts))
        through = await gateway.http.post("/v1/chat/completions", json=asked)
        plain = await direct(upstream, asked)

        assert plain == b"".join(parts)
        assert (name, digest(through.content)) == (name, digest(plain))
        assert through.headers["content-type"] == "text/event-stream"


@TYPES
async def test_an_answer_is_the_same_direct_and_through_the_gateway(upstream: Upstream, add: Add, gateway: Gateway, type_: str) -> None:
    await add("acme", upstream.base_url, type=type_)

    for name, body in BODIES.items():
        upstream.on("/chat/completions", answer(body=body, headers={"content-type": "application/json; charset=utf-8"}))
        through = await gateway.http.post("/v1/chat/completions", json=ASK)
        plain = await direct(upstream, ASK)

        assert plain == body
        assert (name, digest(through.content)) == (name, digest(plain))
        assert through.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("path", ["/chat/completions", "/embeddings"])
async def test_of_a_request_every_value_is_the_same_but_the_models_name(acme: Upstream, gateway: Gateway, path: str) -> None:
    values = {
        b"temperature": b"1.50", b"top_p": b"1E-1", b"seed": b"12345678901234567890123", b"x_zero": b"-0.0", b"stop": b"null",
        b"messages": '[ {"role":"user", "content":"\\u00e9é\\/🌧\\ud83c\\udf27", "name":"a","name":"b"} ]'.encode(),
        b"input": b'[ "a" ,\n"b" ]', b"tools": b"[]", b"x_vendor": b'{ "z":1 ,"a":{"model":"theirs"} , "z":2}', b"stream_options": b"{ }",
    }  # fmt: skip
    fields = [b'"%s" : %s' % pair for pair in values.items()]
    body = b" {" + b" ,\n ".join([*fields[:3], b'"model":"\\u0061cme/beta\\/large"', *fields[3:]]) + b"} \n"

    await gateway.http.post(f"/v1{path}", content=body)

    heard = msgspec.json.decode(acme.heard[0].body, type=dict[str, msgspec.Raw])
    assert {name.encode(): bytes(value) for name, value in heard.items() if name != "model"} == values
    assert list(heard) == [*map(bytes.decode, list(values)[:3]), "model", *map(bytes.decode, list(values)[3:])]
    assert bytes(heard["model"]) == b'"beta/large"'


async def test_nothing_is_added_to_a_request(acme: Upstream, gateway: Gateway) -> None:
    await gateway.http.post("/v1/chat/completions", content=b'{"model":"acme/alpha","stream":true}')

    assert acme.heard[0].body == b'{"model":"alpha","stream":true}'


async def test_a_stream_is_one_however_its_type_is_written(acme: Upstream, gateway: Gateway) -> None:
    acme.on("/chat/completions", answer(body=END, headers={"content-type": "Text/Event-Stream; charset=UTF-8"}))

    through = await gateway.http.post("/v1/chat/completions", json={**ASK, "stream": True})

    assert (through.content, through.headers["content-type"]) == (END, "Text/Event-Stream; charset=UTF-8")


@pytest.mark.parametrize(
    ("script", "status"),
    [
        pytest.param(events(delta("a"), DONE), 200, id="events"),
        pytest.param(answer(201, {"choices": []}), 201, id="created"),
    ],
)
async def test_the_status_of_a_success_is_the_vendors(acme: Upstream, gateway: Gateway, script: Script, status: int) -> None:
    acme.on("/chat/completions", script)

    assert (await gateway.http.post("/v1/chat/completions", json=ASK)).status_code == status
