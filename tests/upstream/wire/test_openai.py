"""The wire against a provider that behaves, lies, stalls and attacks."""

import asyncio
import base64
import gzip
import json
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import pytest

from app.domain.errors import (
    BadResponse,
    Failed,
    NoCredential,
    PatchbayError,
    RateLimited,
    Refused,
    TimedOut,
    TlsFailed,
    Unreachable,
    UpstreamError,
)
from app.domain.secret import Sealed
from app.domain.snapshot import Endpoint, Timeouts
from app.upstream import egress, reply, session
from app.upstream.wire import openai
from tests.fixtures import make
from tests.fixtures.certificates import Authority
from tests.fixtures.upstream import DONE, Heard, Line, Upstream, answer, delta, events

E = TypeVar("E", bound=PatchbayError)

pytestmark = pytest.mark.usefixtures("vault", "outgoing")

MODELS = openai.Ask("/models")
CHAT = openai.Ask("/chat/completions", b'{"model":"m","messages":[]}')
STREAM = openai.Ask("/chat/completions", b'{"model":"m","stream":true}', stream=True)


async def call(endpoint: Endpoint, ask: openai.Ask = MODELS) -> bytes:
    """Everything a caller gets to see, as bytes."""
    async with openai.send(endpoint, next(iter(endpoint.keys), None), ask) as got:
        if got.is_events:
            return b"".join([chunk async for chunk in got.chunks()])
        return await got.read()


async def failure(endpoint: Endpoint, kind: type[E], ask: openai.Ask = MODELS) -> E:
    with pytest.raises(kind) as raised:
        await call(endpoint, ask)
    return raised.value


async def test_a_call_carries_the_key_and_nothing_of_ours_it_should_not(upstream: Upstream) -> None:
    await call(make.endpoint(upstream.base_url, secret=make.SECRET), CHAT)

    heard = upstream.heard[0]
    assert heard.headers["authorization"] == f"Bearer {make.SECRET}"
    assert heard.headers["accept-encoding"] == "identity"
    assert set(heard.headers) == {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length", "authorization"}
    assert heard.body == CHAT.body


async def test_without_auth_no_credential_of_any_kind_is_sent(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env-canary-1234567890")

    await call(make.endpoint(upstream.base_url))

    assert b"canary" not in upstream.heard[0].raw_head
    assert "authorization" not in upstream.heard[0].headers


async def test_bytes_pass_through_untouched(upstream: Upstream) -> None:
    odd = b'{ "a" : 1.0e0,\n\t"x_vendor": [ 1 , 2 ], "text": "\\u00e9\xc3\xa9" }'
    upstream.on("/models", answer(body=odd))

    assert await call(make.endpoint(upstream.base_url, secret=make.SECRET)) == odd


async def test_a_large_body_goes_out_whole(upstream: Upstream) -> None:
    body = json.dumps({"model": "m", "messages": ["x" * 3_000_000]}).encode()

    await call(make.endpoint(upstream.base_url), openai.Ask("/chat/completions", body))

    assert upstream.heard[0].body == body


# Nothing leaves without its credential


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda e: (), id="no key"),
        pytest.param(lambda e: (make.key(e, origin="https://elsewhere.example:443"),), id="entered for another origin"),
        pytest.param(lambda e: (make.key(e, secret="s1.0123456789.AAAA"),), id="ciphertext stored as a secret"),
        pytest.param(lambda e: (make.key(e, secret="line\r\nbreak: 1"),), id="line break"),
        pytest.param(lambda e: (make.key(e, secrets={"api_key": Sealed("s1.garbage")}),), id="malformed"),
        pytest.param(lambda e: (make.key(e, secrets={}),), id="a key without its field"),
    ],
)
async def test_no_request_leaves_without_a_usable_credential(upstream: Upstream, broken: object) -> None:
    endpoint = make.endpoint(upstream.base_url, auth_type="api_key", keys=broken(upstream.base_url))  # type: ignore[operator]

    await failure(endpoint, NoCredential)

    assert upstream.connections == 0


async def test_a_moved_address_does_not_take_the_key_along(upstream: Upstream) -> None:
    other = make.endpoint("http://127.0.0.1:9/v1", secret=make.SECRET)
    # As after a raw change of the row: the address moved and both origins were made to say so.
    key = make.key(upstream.base_url, secrets=other.keys[0].secrets)

    await failure(make.endpoint(upstream.base_url, auth_type="api_key", keys=(key,)), NoCredential)

    assert upstream.connections == 0


# Statuses


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Refused), (403, Refused), (429, RateLimited), (402, RateLimited), *((s, Failed) for s in (404, 400, 500, 503, 529))],
)
async def test_a_status_has_its_error(upstream: Upstream, status: int, kind: type[UpstreamError]) -> None:
    upstream.on("/models", answer(status, {"error": {"message": "because", "code": "x"}}, {"retry-after": "7"}))

    error = await failure(make.endpoint(upstream.base_url), kind)

    assert (error.status, error.detail) == (status, "because")
    assert error.retry_after == (7.0 if status in (429, 500, 503, 529, 404, 400) else None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(upstream: Upstream, status: int) -> None:
    trap = Upstream()
    await trap.start()
    upstream.on("/models", answer(status, {}, {"location": f"{trap.origin}/steal?token=1"}))

    error = await failure(make.endpoint(upstream.base_url, secret=make.SECRET), BadResponse)
    await trap.stop()

    assert error.details == {"kind": "redirect", "target": trap.origin}
    assert "token" not in str(vars(error))
    assert trap.connections == 0


async def test_a_redirect_to_a_host_named_after_the_key_is_not_told(upstream: Upstream) -> None:
    secret = "sk-Canary-0123456789-ABC"
    upstream.on("/models", answer(302, {}, {"location": f"https://{secret}.evil.example/"}))

    error = await failure(make.endpoint(upstream.base_url, secret=secret), BadResponse)

    assert error.details == {"kind": "redirect", "target": "[removed]"}
    assert secret.lower() not in str(vars(error)).lower()


# An upstream that echoes what it was sent


async def test_an_echo_of_the_secret_reaches_nobody(upstream: Upstream) -> None:
    secret = make.SECRET
    spellings = [
        secret, f"Bearer {secret}", quote(secret, safe=""), json.dumps(secret)[1:-1].replace("/", "\\/"),
        base64.b64encode(secret.encode()).decode(), base64.b64encode(f"Bearer {secret}".encode()).decode(),
        base64.b64encode(f"me:{secret}:x".encode()).decode(), base64.urlsafe_b64encode(secret.encode()).decode(), secret.encode().hex(),
    ]  # fmt: skip
    said = " ".join(spellings)
    event = b'data: {"choices":[{"finish_reason":"stop","delta":{"content":' + json.dumps(said).encode() + b"}}]}\n\n"
    split = [event[i : i + 7] for i in range(0, len(event), 7)]

    async def reason(line: Line, _: Heard) -> None:
        await line.head(500, {"content-length": "0", "x-request-id": secret}, reason=f"No {secret}")

    places = {
        "error body": answer(400, {"error": {"message": said, "code": said, "type": said, "param": said}}),
        "plain error": answer(500, said.encode()),
        "refused": answer(401, {"detail": said}),
        "page": answer(200, f"<html><title>{said}</title></html>".encode(), {"content-type": "text/html"}),
        "header": answer(
            200, {"data": []}, {"x-request-id": secret, "x-ratelimit-limit": f"Bearer {secret}", "content-type": f"a/{secret}"}
        ),
        "location": answer(302, {}, {"location": f"http://{secret}.example/{secret}"}),
        "success": answer(200, {"data": said}),
        "reason": reason,
        "stream": events(event, DONE),
        "stream in pieces": events(*split, DONE),
    }
    seen = ""
    for place, script in places.items():
        upstream.on("/chat/completions", script)
        endpoint = make.endpoint(upstream.base_url, secret=secret)
        try:
            async with openai.send(endpoint, endpoint.keys[0], STREAM) as got:
                seen += f"{place} {got.headers} {got.content_type}"
                body = [c async for c in got.chunks()] if got.is_events else [await got.read()]
                seen += b"".join(body).decode()
        except PatchbayError as error:
            seen += f"{place} {error!r} {vars(error)} {error.__cause__!r}"

    assert len(upstream.heard) == len(places)
    for piece in [*spellings, secret[3:-3], base64.b64encode(secret.encode()).decode()[4:-4]]:
        assert piece not in seen


# An upstream that is hostile or broken


async def chunked_bomb(line: Line, _: Heard) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    await line.head(200, {"content-type": "application/json", "content-encoding": "gzip", "content-length": str(len(bomb))})
    await line.raw(bomb)


async def cut_json(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "application/json", "content-length": "1000"})
    await line.raw(b'{"data": [')
    line.cut()


async def not_http(line: Line, _: Heard) -> None:
    await line.raw(b"SSH-2.0-OpenSSH_9.2\r\n")


async def endless_line(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    for _i in range(100):
        await line.chunk(b"data: " + b"x" * 60_000)


async def huge_json(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "application/json", "transfer-encoding": "chunked"})
    for _i in range(200):
        await line.chunk(b" " * 20_000)


async def flood_of_1xx(line: Line, _: Heard) -> None:
    for _i in range(100_000):
        await line.raw(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(answer(200, b"<html><title>Sign in</title></html>", {"content-type": "text/html"}), "html", id="a web page"),
        pytest.param(answer(200, b"<!doctype html><p>hello"), "html", id="a web page called JSON"),
        pytest.param(answer(200, b"hello"), "not_json", id="not JSON"),
        pytest.param(answer(200, b'{"a": nope}'), "not_json", id="broken JSON"),
        pytest.param(answer(200, b""), "not_json", id="nothing at all"),
        pytest.param(answer(200, b"[" * 100_000 + b"]" * 100_000), "not_json", id="nested too deep"),
        pytest.param(chunked_bomb, "encoded", id="compressed bomb"),
        pytest.param(answer(200, b"{}", {"content-encoding": "br"}), "encoded", id="another encoding"),
        pytest.param(cut_json, "cut_off", id="cut JSON"),
        pytest.param(not_http, "not_http", id="not HTTP"),
        pytest.param(endless_line, "too_large", id="endless line"),
        pytest.param(huge_json, "too_large", id="endless JSON"),
        pytest.param(answer(200, b"{}", {"x-big": "y" * 70_000}), "not_http", id="huge header"),
    ],
)
async def test_a_bad_answer_has_its_name(upstream: Upstream, monkeypatch: pytest.MonkeyPatch, script: object, kind: str) -> None:
    monkeypatch.setattr(reply, "JSON_BYTES", 1_000_000)
    upstream.on("/chat/completions", script)  # type: ignore[arg-type]

    error = await failure(make.endpoint(upstream.base_url), BadResponse, STREAM)

    assert error.details["kind"] == kind
    assert kind not in ("too_large", "cut_off") or await upstream.all_gone(within=1)


async def test_an_error_text_is_read_only_in_part(upstream: Upstream) -> None:
    upstream.on("/models", answer(500, b"x" * 10_000_000))

    error = await failure(make.endpoint(upstream.base_url), Failed)

    assert len(error.detail) <= 2_000
    assert await upstream.all_gone(within=1)


# Streams


async def collect(endpoint: Endpoint) -> tuple[bytes, PatchbayError | None]:
    got = b""
    try:
        async with openai.send(endpoint, None, STREAM) as answering:
            async for chunk in answering.chunks():
                got += chunk
    except PatchbayError as error:
        return got, error
    return got, None


async def test_a_stream_arrives_byte_for_byte(upstream: Upstream) -> None:
    parts = [b": ping\r\n\r\n", delta("Hel"), delta("lo", "stop"), b"data:  [DONE]\n\n"]
    upstream.on("/chat/completions", events(*parts, pause=0.005))

    assert await collect(make.endpoint(upstream.base_url)) == (b"".join(parts), None)


async def test_a_stream_in_single_bytes_is_complete(upstream: Upstream) -> None:
    parts = [bytes([b]) for b in delta("Hi") + DONE]
    upstream.on("/chat/completions", events(*parts))

    assert await collect(make.endpoint(upstream.base_url)) == (b"".join(parts), None)


@pytest.mark.parametrize("ending", ["cut", "early end"])
async def test_a_stream_without_its_end_is_an_error(upstream: Upstream, ending: str) -> None:
    async def script(line: Line, heard: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(delta("Hel"))
        if ending == "cut":
            line.cut()
        else:
            await line.end()

    upstream.on("/chat/completions", script)

    got, error = await collect(make.endpoint(upstream.base_url))

    assert got == delta("Hel")
    assert error is not None
    assert error.details["kind"] == "cut_off"


async def test_a_vendor_that_only_says_finish_reason_is_complete(upstream: Upstream) -> None:
    upstream.on("/chat/completions", events(delta("Hello", "stop")))

    assert (await collect(make.endpoint(upstream.base_url)))[1] is None


# Deadlines say whose limit it was


async def silent(line: Line, _: Heard) -> None:
    await asyncio.sleep(30)


async def slow_headers(line: Line, _: Heard) -> None:
    for byte in b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" * 50:
        await line.raw(bytes([byte]))
        await asyncio.sleep(0.02)


async def stalls(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    await line.chunk(delta("Hel"))
    await asyncio.sleep(30)


async def drips(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    for _i in range(1_000):
        await line.chunk(b": ping\n")
        await asyncio.sleep(0.02)


async def late_and_slow(line: Line, _: Heard) -> None:
    await asyncio.sleep(0.5)
    await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    for _i in range(4):
        await line.chunk(delta("Hel"))
        await asyncio.sleep(0.15)
    await line.chunk(DONE)
    await line.end()


async def late_and_silent(line: Line, _: Heard) -> None:
    await asyncio.sleep(0.2)
    await stalls(line, _)


@pytest.mark.parametrize(
    ("script", "limits", "limit"),
    [
        pytest.param(silent, Timeouts(first_byte=0.3), "first_byte", id="silence"),
        pytest.param(slow_headers, Timeouts(first_byte=0.3), "first_byte", id="headers drip"),
        pytest.param(flood_of_1xx, Timeouts(first_byte=0.3), "first_byte", id="1xx flood"),
        pytest.param(stalls, Timeouts(idle=0.3), "idle", id="stall in the middle"),
        pytest.param(late_and_silent, Timeouts(first_byte=30, idle=0.3), "idle", id="stall after a late start"),
        pytest.param(drips, Timeouts(idle=0.3, total=0.6), "total", id="endless drip"),
        pytest.param(silent, Timeouts(total=0.3), "total", id="total before first byte"),
    ],
)
async def test_a_deadline_says_which_limit_it_was(upstream: Upstream, script: object, limits: Timeouts, limit: str) -> None:
    upstream.on("/chat/completions", script)  # type: ignore[arg-type]

    error = await failure(make.endpoint(upstream.base_url, timeouts=limits), TimedOut, STREAM)

    assert error.details == {"limit": limit, "seconds": getattr(limits, limit)}
    assert f"{getattr(limits, limit):g} s" in error.message
    assert await upstream.all_gone(within=1)


async def test_an_answer_that_is_slow_but_alive_is_waited_for(upstream: Upstream) -> None:
    upstream.on("/chat/completions", late_and_slow)

    limits = Timeouts(first_byte=10, idle=0.4, total=10)

    assert (await call(make.endpoint(upstream.base_url, timeouts=limits), STREAM)).endswith(DONE)


# The way there


async def test_nobody_listening_is_named(upstream: Upstream) -> None:
    gone = Upstream()
    await gone.start()
    await gone.stop()
    egress.approve(frozenset({gone.origin}))

    assert (await failure(make.endpoint(gone.base_url), Unreachable)).details["kind"] == "refused"


async def test_an_unknown_host_is_named() -> None:
    error = await failure(make.endpoint("https://nowhere.invalid/v1"), Unreachable)

    assert error.details["kind"] == "dns"


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        pytest.param({"expired": True}, "expired", id="expired"),
        pytest.param({"self_signed": True}, "self_signed", id="self-signed"),
        pytest.param({"name": "other.example"}, "wrong_name", id="wrong name"),
        pytest.param(None, "unknown_issuer", id="unknown issuer"),
        pytest.param({}, "", id="good"),
    ],
)
async def test_certificates_are_checked(tmp_path: Path, options: dict[str, object] | None, kind: str) -> None:
    authority = Authority(tmp_path)
    server = Upstream()
    await server.start(authority.server(**(options or {})))  # type: ignore[arg-type]
    await session.close()
    session.open(ca_file=None if options is None else authority.ca_file)
    egress.approve(frozenset({server.origin}))

    if kind:
        assert (await failure(make.endpoint(server.base_url, secret=make.SECRET), TlsFailed)).details["kind"] == kind
        assert server.heard == []
    else:
        assert b"alpha-small" in await call(make.endpoint(server.base_url, secret=make.SECRET))
    egress.approve(frozenset())
    await server.stop()


async def test_https_asked_of_a_plain_port_is_named(upstream: Upstream) -> None:
    egress.approve(frozenset({f"https://127.0.0.1:{upstream.port}"}))

    error = await failure(make.endpoint(f"https://127.0.0.1:{upstream.port}/v1"), TlsFailed)

    assert error.details["kind"] == "not_spoken"


async def test_http_asked_of_a_tls_port_is_named(upstream: Upstream) -> None:
    async def alert(line: Line, _: Heard) -> None:
        await line.raw(b"\x15\x03\x01\x00\x02\x02\x16")

    upstream.on("/models", alert)

    assert (await failure(make.endpoint(upstream.base_url), BadResponse)).details["kind"] == "tls_expected"


async def test_a_kept_connection_that_died_is_tried_once_more(upstream: Upstream) -> None:
    endpoint = make.endpoint(upstream.base_url)
    await call(endpoint, CHAT)

    async def dies_on_reuse(line: Line, heard: Heard) -> None:
        if len(upstream.heard) == 2:
            line.cut()
        else:
            await answer(body={"choices": []})(line, heard)

    upstream.on("/chat/completions", dies_on_reuse)

    assert await call(endpoint, CHAT) == b'{"choices": []}'
    assert len(upstream.heard) == 3


async def test_a_new_connection_that_dies_is_not_tried_again(upstream: Upstream) -> None:
    async def dies(line: Line, _: Heard) -> None:
        line.cut()

    upstream.on("/chat/completions", dies)

    assert (await failure(make.endpoint(upstream.base_url), Unreachable, CHAT)).details["kind"] == "lost"
    assert len(upstream.heard) == 1


async def test_cookies_are_not_kept(upstream: Upstream) -> None:
    upstream.on("/models", answer(200, {"data": []}, {"set-cookie": "track=1; path=/"}))
    endpoint = make.endpoint(upstream.base_url)

    await call(endpoint)
    await call(endpoint)

    assert "cookie" not in upstream.heard[1].headers


async def test_a_caller_that_leaves_closes_the_connection(upstream: Upstream) -> None:
    upstream.on("/chat/completions", stalls)
    endpoint = make.endpoint(upstream.base_url)
    leaving = asyncio.ensure_future(collect(endpoint))
    while not upstream.heard:  # noqa: ASYNC110 - the other side has no event for us
        await asyncio.sleep(0.01)

    leaving.cancel()

    assert await upstream.all_gone(within=1)


async def test_the_copyable_request_has_no_secret(upstream: Upstream) -> None:
    text = openai.repeatable(make.endpoint(upstream.base_url, secret=make.SECRET), CHAT)

    assert text.startswith(f"curl '{upstream.base_url}/chat/completions'")
    assert "$API_KEY" in text
    assert make.SECRET not in text
