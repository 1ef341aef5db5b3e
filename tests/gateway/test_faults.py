"""What a caller gets from a provider that is broken or hostile, and what is left of it afterwards: nothing."""

import asyncio
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.domain.snapshot import Timeouts
from app.gateway import streams
from app.registry import endpoint
from app.relay import circuit, keys, provider_outcomes
from app.upstream import egress, reply, sending, session
from tests.fixtures import faults, make
from tests.fixtures.certificates import Authority
from tests.fixtures.databases import only_sqlite
from tests.fixtures.faults import begun
from tests.fixtures.upstream import DONE, Script, Upstream, answer, completion, delta, usual
from tests.gateway.conftest import Gateway

ASK: dict[str, Any] = {"model": "acme/alpha", "messages": [{"role": "user", "content": "hello"}]}
HURRIED = Timeouts(connect=5, first_byte=0.4, idle=0.4, total=0.8)
BAD, LOST = "upstream_bad_response", "upstream_unreachable"

pytestmark = only_sqlite


@pytest.fixture
async def acme(
    upstream: Upstream, add: Callable[..., Awaitable[Any]], house: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Upstream]:
    """A provider that may say less than others; where it is expected to be too slow, there is little patience for it."""
    if "upstream_timeout" in request.node.callspec.params.values():
        monkeypatch.setattr(endpoint, "Timeouts", lambda **_: HURRIED)
    monkeypatch.setattr(reply, "JSON_BYTES", 1_000_000)
    monkeypatch.setattr(reply, "STREAM_BYTES", 4_000_000)
    monkeypatch.setattr(reply, "ERROR_SECONDS", 0.2)
    await add("acme", upstream.base_url)
    yield upstream
    circuit.forget()
    keys.forget()


REFUSED_OUTRIGHT = [
    pytest.param(faults.silence, 504, "upstream_timeout", id="silence"),
    pytest.param(faults.slow_headers, 504, "upstream_timeout", id="slow headers"),
    pytest.param(faults.reset_before_headers, 502, LOST, id="reset before the headers"),
    pytest.param(faults.reset_in_headers, 502, LOST, id="reset in the headers"),
    pytest.param(faults.flood_of_1xx, 502, BAD, id="flood of 1xx"),
    pytest.param(faults.flood_of_headers, 502, BAD, id="flood of headers"),
    pytest.param(faults.endless_header, 502, BAD, id="endless header"),
    pytest.param(faults.endless_reason, 502, BAD, id="endless reason"),
    pytest.param(faults.other_protocol, 502, BAD, id="not HTTP"),
    pytest.param(faults.switching_protocols, 502, BAD, id="switching protocols"),
    pytest.param(faults.gzipped(announced=True), 502, BAD, id="bomb"),
    pytest.param(faults.gzipped(announced=False), 502, BAD, id="bomb that is not announced"),
    pytest.param(faults.gzipped_on_the_way, 502, BAD, id="compressed on the way"),
    pytest.param(faults.endless_json, 502, BAD, id="endless JSON"),
    pytest.param(faults.json_that_drips, 504, "upstream_timeout", id="JSON that drips"),
    pytest.param(faults.json_that_stalls, 504, "upstream_timeout", id="JSON that stalls"),
    pytest.param(faults.reset_after_headers, 502, BAD, id="reset after the headers"),
    pytest.param(faults.shorter_than_announced, 502, BAD, id="shorter than announced"),
    pytest.param(faults.two_lengths, 502, BAD, id="two lengths"),
    pytest.param(faults.wrong_chunk_sizes, 502, BAD, id="wrong chunk sizes"),
    pytest.param(faults.chunk_size_beyond_all, 502, BAD, id="chunk size beyond all"),
    pytest.param(faults.huge_error, 502, "upstream_failed", id="10 MB of error"),
    pytest.param(faults.endless_error(500, 0), 502, "upstream_failed", id="endless error"),
    pytest.param(faults.endless_error(500, 0.05), 502, "upstream_failed", id="error that drips"),
    pytest.param(faults.endless_error(429, 30), 429, "rate_limit_exceeded", id="429 that stalls"),
    pytest.param(faults.stream_called_json, 502, BAD, id="wrong content type"),
    pytest.param(answer(200, b"<!doctype html><p>hello"), 502, BAD, id="page called JSON"),
    pytest.param(answer(200, b"{nope"), 502, BAD, id="invalid JSON"),
    pytest.param(answer(204, b""), 502, BAD, id="204"),
    pytest.param(answer(307, {}, {"location": "http://other.example/v1/chat/completions"}), 502, BAD, id="redirect elsewhere"),
    pytest.param(answer(307, {}, {"location": "/v2/chat/completions"}), 502, BAD, id="redirect here"),
    pytest.param(answer(529, {"error": {"message": "overloaded"}}), 503, "upstream_failed", id="529"),
]


@pytest.mark.parametrize(("script", "status", "code"), REFUSED_OUTRIGHT)
async def test_a_fault_before_the_first_byte_is_one_error(acme: Upstream, gateway: Gateway, script: Script, status: int, code: str) -> None:
    before = asyncio.all_tasks()
    for count, stream in enumerate((False, True), 1):
        acme.on("/chat/completions", script)

        reply = await gateway.http.post("/v1/chat/completions", json={**ASK, "stream": stream})

        assert (reply.status_code, reply.json()["error"]["code"]) == (status, code), reply.text
        assert set(reply.json()["error"]) == {"message", "type", "param", "code"}
        assert make.SECRET not in reply.text + str(reply.headers)
        assert len(acme.heard) == count
        circuit.forget()
        keys.forget()
    await closed(acme, before)
    acme.on("/chat/completions", usual)
    assert (await gateway.http.post("/v1/chat/completions", json=ASK)).json()["choices"][0]["message"]["content"] == "OK"


async def closed(acme: Upstream, before: set[asyncio.Task[Any]]) -> None:
    """Only what may be kept is open: one connection, after an answer that was whole."""
    async with asyncio.timeout(1):
        while acme.open_connections > 1:  # noqa: ASYNC110 - a counter of another task
            await asyncio.sleep(0.01)
    assert not streams._running
    writers = [task for task in asyncio.all_tasks() - before if "write_bytes" in repr(task) or "Answering" in repr(task)]
    assert not writers


BROKEN_STREAMS = [
    pytest.param(begun(delta("Hel"), ending="cut"), BAD, id="cut"),
    pytest.param(begun(*[delta("Hel")] * 20, ending="cut"), BAD, id="cut after 20"),
    pytest.param(begun(delta("Hel"), ending="cut in a chunk"), BAD, id="cut in a chunk"),
    pytest.param(begun(delta("Hel"), ending=""), BAD, id="end without an end"),
    pytest.param(begun(delta("Hel"), ending="stall"), "upstream_timeout", id="stall"),
    pytest.param(begun(delta("Hel"), ending="drip"), "upstream_timeout", id="drip"),
    pytest.param(begun(delta("Hel"), ending="on"), BAD, id="endless"),
    pytest.param(begun(delta("Hel"), ending="line"), BAD, id="endless line"),
    pytest.param(faults.end_without_end, BAD, id="cut that looks like an end"),
    pytest.param(faults.page_called_stream, BAD, id="page called stream"),
]


@pytest.mark.parametrize(("script", "code"), BROKEN_STREAMS)
async def test_a_stream_that_goes_wrong_ends_in_an_error(acme: Upstream, gateway: Gateway, script: Script, code: str) -> None:
    acme.on("/chat/completions", script)
    before = asyncio.all_tasks()

    raw = (await gateway.http.post("/v1/chat/completions", json={**ASK, "stream": True})).content

    *_, last = raw.decode().split("\n\n")[:-1]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == code
    assert DONE.strip() not in raw
    assert len(acme.heard) == 1
    await closed(acme, before)


# A connection that is kept


@pytest.mark.parametrize("script", [faults.two_answers_in_one, faults.answer_then_another, faults.longer_than_announced])
async def test_what_nobody_asked_for_is_no_answer_to_the_next_request(acme: Upstream, gateway: Gateway, script: Script) -> None:
    acme.on("/chat/completions", script)
    await gateway.http.post("/v1/chat/completions", json=ASK)
    await asyncio.sleep(0.1)  # the second answer has arrived, and nothing tells of it
    acme.on("/chat/completions", usual)

    second = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert second.json()["choices"][0]["message"]["content"] == "OK"
    assert acme.connections == 2


@pytest.mark.parametrize("name", ["x-request-id", "content-type"])
async def test_bytes_that_may_not_stand_in_a_header_reach_nobody(acme: Upstream, gateway: Gateway, name: str) -> None:
    for value in ("a\x01b", "a\x7fb", "ü"):
        acme.on("/chat/completions", answer(body=completion("m"), headers={"x-ratelimit-limit": "1", name: value}))

        reply = await gateway.http.post("/v1/chat/completions", json=ASK)

        assert (reply.status_code, reply.json()["model"], reply.headers["x-ratelimit-limit"]) == (200, "m", "1")
        assert reply.headers.get(name) in (None, "application/octet-stream")


@pytest.mark.parametrize("script", [faults.reset_in_headers, faults.thinks_then_resets])
async def test_a_kept_connection_that_breaks_after_the_request_was_taken_is_not_used_twice(
    acme: Upstream, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    """The provider began to answer, or thought about it: nobody knows what was done, so it is not asked again."""
    monkeypatch.setattr(sending, "_DEAD_WITHIN_SECONDS", 0.2)
    await gateway.http.post("/v1/chat/completions", json=ASK)
    acme.on("/chat/completions", script)

    second = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert (second.status_code, second.json()["error"]["code"]) == (502, LOST)
    assert (acme.connections, len(acme.heard)) == (1, 2)


async def test_a_flood_over_a_resting_connection_ends_it(acme: Upstream, gateway: Gateway) -> None:
    acme.on("/chat/completions", faults.flood_at_rest)
    await gateway.http.post("/v1/chat/completions", json=ASK)

    assert await acme.all_gone(within=1)


async def test_a_connection_cut_behind_tls_is_no_end(
    upstream: Upstream, add: Callable[..., Awaitable[Any]], gateway: Gateway, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    await session.close()
    session.open(ca_file=authority.ca_file)
    secured = Upstream()
    await secured.start(tls=authority.server())
    egress.approve(frozenset({secured.origin}))
    await add("acme", secured.base_url)
    for script in (faults.end_without_end, begun(delta("Hel"), ending="cut"), faults.shorter_than_announced):
        secured.on("/chat/completions", script)
        raw = (await gateway.http.post("/v1/chat/completions", json={**ASK, "stream": True})).content
        assert b'"code":"upstream_bad_response"' in raw
        assert DONE.strip() not in raw
        circuit.forget()
    assert len(secured.heard) == 3
    assert await secured.all_gone(within=1)
    await secured.stop()


# Retry-After


PASSED_ON = {
    "7": "7", "0": "1", "-5": "1", "86400": "300", "1e999": "300", "nan": None, "soon": None, "": None, "7, 9": None,
    "Fri, 31 Dec 2010 23:59:59 GMT": "1", "Fri, 31 Dec 9999 23:59:59 GMT": "300", "Fri, 99 Dec": None,
}  # fmt: skip


@pytest.mark.parametrize("status", [429, 503, 529])
async def test_when_to_try_again_is_passed_on_if_it_makes_sense(acme: Upstream, gateway: Gateway, status: int) -> None:
    heard = {}
    for said in PASSED_ON:
        acme.on("/chat/completions", answer(status, {"error": {"message": "busy"}}, {"retry-after": said}))
        reply = await gateway.http.post("/v1/chat/completions", json=ASK)
        heard[said] = reply.headers.get("retry-after")
        assert reply.status_code == (429 if status == 429 else 503)
        circuit.forget()
        keys.forget()

    assert heard == PASSED_ON


# A caller that does not read


@pytest.mark.parametrize("code", ["upstream_timeout"])  # the provider's limits are short, and do not count the caller's time
async def test_a_caller_who_reads_nothing_is_no_fault_of_the_provider(
    acme: Upstream, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(streams, "_LOOK_AT_CALLER_SECONDS", 0.7)
    monkeypatch.setattr(reply, "STREAM_BYTES", 1_000_000_000)
    acme.on("/chat/completions", begun(delta("Hel"), ending="on"))
    news = provider_outcomes.reader()
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(gateway.url).port, limit=1_000)
    body = json.dumps({**ASK, "stream": True}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gateway.key}\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await reader.readuntil(b"Hel")
    began = time.monotonic()

    assert await acme.all_gone(within=5)
    assert time.monotonic() - began > 0.6  # not the provider's limit
    assert not streams._running
    assert news.drain() == []
    news.close()
    writer.close()


async def test_a_large_request_is_not_kept_while_its_answer_streams(acme: Upstream, gateway: Gateway) -> None:
    acme.on("/chat/completions", begun(delta("Hel"), ending="stall"))
    ask = {**ASK, "stream": True, "messages": [{"role": "user", "content": "A" * 4_000_000}]}
    tracemalloc.start()
    try:
        async with gateway.http.stream("POST", "/v1/chat/completions", json=ask) as got:
            await anext(got.aiter_raw())
            ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, f"{Path(streams.__file__).parents[1]}/*")])
    finally:
        tracemalloc.stop()

    assert len(acme.heard[0].body) > 4_000_000
    kept = [statistic for statistic in ours.statistics("lineno") if statistic.size > 100_000]
    assert not kept, kept
