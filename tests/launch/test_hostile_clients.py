"""Programs that speak HTTP badly, on purpose, byte by byte to the server that people start: they hurt themselves only."""

import asyncio
import contextlib
import resource
import socket
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.fixtures.running import Patchbay
from tests.fixtures.upstream import Heard, Line, Upstream
from tests.launch.conftest import server

__all__ = ["server"]

CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"
ASK = b'{"model":"acme/alpha","messages":[]}'


@pytest.fixture(scope="module")
def keys(server: Patchbay) -> tuple[str, str]:
    """A key of an application, and one of an admin's script."""
    made = [server.run("client-key", "add", f"raw {scope}", "--scope", scope).stdout.strip() for scope in ("gateway", "admin")]
    return made[0], made[1]


@pytest.fixture
async def acme(server: Patchbay, keys: tuple[str, str], upstream: Upstream) -> AsyncIterator[Upstream]:
    """A provider of the running server."""
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", headers={"authorization": f"Bearer {keys[1]}"}) as rest:
        body = {"name": "acme", "base_url": upstream.base_url, "auth_type": "none", "models": ["alpha"]}
        (await rest.post("/providers", json=body)).raise_for_status()
        yield upstream
        (await rest.delete("/providers/acme")).raise_for_status()


def raw(server: Patchbay, *parts: bytes, seconds: float = 2) -> bytes:
    """What comes back for these bytes, until the server closes or falls silent for a tenth of a second after an answer."""
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as line, contextlib.suppress(OSError):
        for part in parts:
            with contextlib.suppress(OSError):  # it may have hung up in the middle: then its answer is there to be read
                line.sendall(part)
        while part := line.recv(65_536):
            answer += part
            line.settimeout(0.1)
    return answer


def status(answer: bytes) -> int:
    return int(answer[9:12]) if answer else 0


def with_key(keys: tuple[str, str], head: bytes = CHAT) -> bytes:
    return head + b"authorization: Bearer " + keys[0].encode() + b"\r\n"


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


@pytest.fixture
def unhurt(server: Patchbay) -> Iterator[None]:
    """Afterwards everybody else is still answered at once."""
    yield
    started = time.perf_counter()
    assert httpx.get(f"{server.url}/health/live").status_code == 200
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("sent", "refused"),
    [
        pytest.param(
            b"GET /v1/models HTTP/1.1\r\nhost: x\r\n" + b"".join(b"a%d: b\r\n" % n for n in range(200)) + b"\r\n", 431, id="a flood"
        ),
        pytest.param(b"GET /v1/models HTTP/1.1\r\nhost: x\r\na: " + b"b" * 4_000_000 + b"\r\n\r\n", 431, id="a huge header"),
        pytest.param(b"GET /v1/" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 414, id="a huge target"),
        pytest.param(CHAT + b"content-length: 2\r\ncontent-length: 5\r\n\r\n{}abc", 400, id="two lengths"),
        pytest.param(CHAT + b"content-length: -1\r\n\r\n", 400, id="a negative length"),
        pytest.param(CHAT + b"content-length: +2\r\n\r\n{}", 400, id="a signed length"),
        pytest.param(CHAT + b"content-length: 99999999999999999999\r\n\r\n", 400, id="a length without end"),
        pytest.param(CHAT + b"content-length : 2\r\n\r\n{}", 400, id="a blank before the colon"),
        pytest.param(CHAT + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n", 400, id="an unknown coding"),
        pytest.param(CHAT + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400, id="another coding last"),
        pytest.param(b"GET /v1/models\0 HTTP/1.1\r\nhost: x\r\n\r\n", 400, id="NUL in the target"),
        pytest.param(CHAT + b"a: b\0c\r\n\r\n", 400, id="NUL in a header"),
        pytest.param(CHAT + b"a: b\r\n c\r\n\r\n", 400, id="a folded header"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, id="another protocol"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200, 400, id="TLS"),
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_not_read(server: Patchbay, unhurt: None, sent: bytes, refused: int) -> None:
    assert status(raw(server, sent)) == refused


@pytest.mark.parametrize(
    "second",
    [b"GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\n", b"GET /api/v1/providers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n\r\n"],
)
def test_no_second_request_hides_in_a_body(server: Patchbay, keys: tuple[str, str], unhurt: None, second: bytes) -> None:
    answer = raw(server, with_key(keys) + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n" + chunked() + second)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert status(answer) == 400


async def test_an_absolute_target_is_a_path_of_ours(server: Patchbay, keys: tuple[str, str], acme: Upstream, unhurt: None) -> None:
    target = b"POST http://169.254.169.254/v1/chat/completions?api_base=http://127.0.0.1:9 HTTP/1.1\r\nhost: evil.example\r\n"

    answer = await asyncio.to_thread(raw, server, with_key(keys, target) + b"content-length: %d\r\n\r\n%s" % (len(ASK), ASK))

    assert status(answer) == 200
    assert [heard.path for heard in acme.heard] == ["/v1/chat/completions"]
    assert b"evil" not in acme.heard[0].raw_head and b"api_base" not in acme.heard[0].raw_head


@pytest.mark.parametrize(
    "target",
    [
        "/v1/../api/v1/providers", "/v1/%2e%2e/api/v1/providers", "/v1/..%2f..%2fapi/v1/providers", "/v1//chat/completions",
        "/v1/chat/../../api/v1/keyring", "/v1/chat/completions/%00", "/v1/chat/completions;x", "/v1/%ff%fe", "/v1/\\..\\api",
        "/v1/providers/../../api/v1/providers", "/v1/providers/%2e%2e/chat/completions", "/v1/providers/acme/../../models",
        "/v1/providers/acme/admin", "/v1/providers/acme/%2e%2e/%2e%2e/admin",
    ],
)  # fmt: skip
async def test_a_path_means_what_it_says(server: Patchbay, keys: tuple[str, str], acme: Upstream, unhurt: None, target: str) -> None:
    for method in ("GET", "POST"):
        head = f"{method} {target} HTTP/1.1\r\nhost: x\r\n".encode()
        answer = await asyncio.to_thread(raw, server, with_key(keys, head) + b"content-length: %d\r\n\r\n%s" % (len(ASK), ASK))
        refused = 405 if method == "GET" and target.endswith("%2e%2e/chat/completions") else 404  # a provider called ".." that takes POST
        assert (status(answer), b'"error"' in answer) == (refused, True), answer[:300]

    assert acme.heard == []


def test_a_body_that_is_announced_as_too_large_is_not_waited_for(server: Patchbay, keys: tuple[str, str], unhurt: None) -> None:
    answer = raw(server, with_key(keys) + b"content-length: 40000000\r\n\r\n{")

    assert status(answer) == 413
    assert b"32 MiB" in answer


def test_a_body_that_does_not_end_is_cut_at_the_limit(server: Patchbay, keys: tuple[str, str], unhurt: None) -> None:
    part = chunked(b" " * 1_000_000).removesuffix(b"0\r\n\r\n")

    answer = raw(server, with_key(keys) + b"transfer-encoding: chunked\r\n\r\n", *[part] * 40)

    assert status(answer) == 413


def test_bodies_of_strangers_are_not_read(server: Patchbay, unhurt: None) -> None:
    answer = raw(server, CHAT + b"content-length: 30000000\r\n\r\n")

    assert status(answer) == 401


async def test_many_who_connect_and_say_nothing_keep_nobody_out(server: Patchbay, keys: tuple[str, str], acme: Upstream) -> None:
    with contextlib.ExitStack() as opened:
        for n in range(1_500):  # more than granian would hold by itself
            line = opened.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            line.sendall(CHAT[: n % 40])
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {keys[0]}"}) as http:
            answered = await http.post(f"{server.url}/v1/chat/completions", content=ASK, timeout=5)

    assert answered.status_code == 200


async def test_a_caller_that_never_reads_is_not_read_for(server: Patchbay, keys: tuple[str, str], acme: Upstream, unhurt: None) -> None:
    event, sent = b"data: " + b"x" * 100_000 + b"\n\n", 0

    async def endless(line: Line, _: Heard) -> None:
        nonlocal sent
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        while True:
            await line.chunk(event)
            sent += len(event)

    acme.on("/chat/completions", endless)
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(with_key(keys) + b"content-length: %d\r\n\r\n%s" % (len(ASK), ASK))
        seen = -1
        while sent != seen or not sent:
            seen = sent
            await asyncio.sleep(0.25)

    assert sent < 32_000_000  # what the buffers of three sockets hold
    assert await acme.all_gone(within=1)


@pytest.mark.parametrize("path", ["/api/v1/providers", "/api/v1/nothing", "/auth/login"])
@pytest.mark.parametrize("with_the_key", [True, False], ids=["an admin", "a stranger"])
@pytest.mark.parametrize("in_parts", [True, False], ids=["in parts", "announced"])
def test_whoever_sends_too_much_reads_why_it_was_refused(
    server: Patchbay, keys: tuple[str, str], unhurt: None, path: str, with_the_key: bool, in_parts: bool
) -> None:
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    head += f"authorization: Bearer {keys[1]}\r\n" if with_the_key else ""
    part, parts = b" " * 1_000_000, 100
    framed = chunked(part).removesuffix(b"0\r\n\r\n") if in_parts else part
    head += "transfer-encoding: chunked\r\n\r\n" if in_parts else f"content-length: {len(part) * parts}\r\n\r\n"

    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
        line.sendall(head.encode())
        for _ in range(parts):
            line.sendall(framed)  # to the end: a reset would raise here
        if in_parts:
            line.sendall(b"0\r\n\r\n")
        answer = line.recv(65_536)

    expected = {"/auth/login": 403, "/api/v1/nothing": 404, "/api/v1/providers": 413 if with_the_key else 401}
    assert status(answer) == expected[path]


def test_who_asks_before_sending_too_much_is_refused_without_sending(server: Patchbay, keys: tuple[str, str], unhurt: None) -> None:
    head = f"POST /api/v1/providers HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nauthorization: Bearer {keys[1]}\r\n"

    answer = raw(server, head.encode() + b"expect: 100-continue\r\ncontent-length: 100000000\r\n\r\n", seconds=10)

    assert status(answer) == 413
    assert b"4 MiB" in answer


async def test_more_half_open_connections_than_a_worker_used_to_hold_keep_nobody_out(
    server: Patchbay, keys: tuple[str, str], acme: Upstream
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16_384), hard))
    with contextlib.ExitStack() as opened:
        opened.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for n in range(4_200):
            line = opened.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            line.sendall(CHAT[: n % 40])
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {keys[0]}"}) as http:
            answered = await http.post(f"{server.url}/v1/chat/completions", content=ASK, timeout=5)

    assert answered.status_code == 200
