"""The wall: which hosts and origins get in, and what every answer carries."""

import socket
from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest

from app import settings
from app.api import handshakes
from app.api.edge import Edge

TOKEN = "t" * 43
TAB = "3163f0c9-cea7-41af-ea21-d0e34bbe0c27"
SEEN: dict[str, Any] = {}


async def inner(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Answers whatever the query asks for, and keeps what it was given."""
    SEEN.clear()
    SEEN.update(scope)
    asked = dict(pair.split("=") for pair in scope["query_string"].decode().split("&") if pair)
    kind = {"html": b"text/html; charset=utf-8", "json": b"application/json", "js": b"text/javascript"}.get(asked.get("kind", "json"), b"")
    headers = [(b"access-control-allow-credentials", b"true")] + ([(b"content-type", kind)] if kind else [])
    await send({"type": "http.response.start", "status": int(asked.get("status", "200")), "headers": headers})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings by environment, forgotten afterwards."""

    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"PATCHBAY_{name.upper()}", value)
        settings.current.cache_clear()

    yield put
    settings.current.cache_clear()


def page(*asked: str) -> bytes | None:
    """What was asked of the page for a refusal."""
    return "|".join(asked).encode() if asked[0] != "not_upgraded" else None


async def ask(method: str = "GET", path: str = "/", *, host: str = "127.0.0.1:8700", ip: str = "9.9.9.9", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(Edge(inner, page), client=(ip, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as client:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.request(method, path, headers={"host": host, **given})


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("127.0.0.1:8700", 200, id="loopback"),
        pytest.param("localhost:9000", 200, id="localhost through a tunnel"),
        pytest.param("[::1]:8700", 200, id="loopback v6"),
        pytest.param("192.168.7.7:8700", 200, id="a bare address cannot be rebound"),
        pytest.param(socket.gethostname(), 200, id="this machine's name"),
        pytest.param("evil.example", 421, id="a stranger's name"),
        pytest.param("localhost.evil.example", 421, id="a stranger's name that begins well"),
        pytest.param("127.0.0.1.evil.example", 421, id="a stranger's name that looks like an address"),
        pytest.param("a?", 400, id="question mark"),
        pytest.param("a#b", 400, id="hash"),
        pytest.param("a/x", 400, id="slash"),
        pytest.param("@", 400, id="at"),
        pytest.param("user@127.0.0.1", 400, id="user information"),
        pytest.param("127.0.0.1:port", 400, id="not a port"),
    ],
)
async def test_only_hosts_that_are_ours_are_answered(host: str, status: int) -> None:
    assert (await ask(host=host)).status_code == status


async def test_the_public_address_is_ours(public: Any) -> None:
    assert (await ask(host="llm.example.com")).status_code == 421
    public(public_url="https://llm.example.com")

    assert (await ask(host="llm.example.com")).status_code == 200
    assert SEEN["state"]["is_safe"], "a public address with https gets the better cookie, whoever ends the encryption"
    assert (await ask("POST", host="llm.example.com", origin="https://llm.example.com")).status_code == 200
    assert (await ask("POST", host="llm.example.com", origin="https://llm.example.com.evil.example")).status_code == 403


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        pytest.param("/api/v1/x", {"origin": "http://127.0.0.1:8700"}, 200, id="own origin"),
        pytest.param("/api/v1/x", {"origin": "http://127.0.0.1:8701"}, 403, id="another port"),
        pytest.param("/api/v1/x", {"origin": "https://127.0.0.1:8700"}, 403, id="another scheme"),
        pytest.param("/api/v1/x", {"origin": "http://localhost:8700"}, 403, id="another name of this machine"),
        pytest.param("/api/v1/x", {"origin": "http://evil.example"}, 403, id="foreign"),
        pytest.param("/api/v1/x", {"origin": "null"}, 403, id="null"),
        pytest.param("/api/v1/x", {"origin": ""}, 403, id="empty"),
        pytest.param("/api/v1/x", {"sec_fetch_site": "cross-site"}, 403, id="no origin, cross-site"),
        pytest.param("/api/v1/x", {"sec_fetch_site": "same-origin"}, 200, id="no origin, same-origin"),
        pytest.param("/api/v1/x", {}, 200, id="a program without cookies"),
        pytest.param("/api/v1/x", {"cookie": f"__Host-pb={TOKEN}"}, 403, id="cookie without an origin"),
        pytest.param("/auth/login", {}, 403, id="a form without an origin"),
        pytest.param("/auth/login", {"origin": "http://127.0.0.1:8700"}, 200, id="a form of our own page"),
        pytest.param("/auth/login", {"origin": "http://evil.example"}, 403, id="a form of a foreign page"),
    ],
)
async def test_only_our_own_pages_may_act(path: str, headers: dict[str, str], status: int) -> None:
    assert (await ask("POST", path, **headers)).status_code == status


async def test_looking_needs_no_origin() -> None:
    assert (await ask("GET", "/", origin="http://evil.example")).status_code == 200


@pytest.mark.parametrize(
    ("origin", "let_in"),
    [
        pytest.param("http://127.0.0.1:8700", True, id="own"),
        pytest.param("http://evil.example", False, id="foreign"),
        pytest.param("http://127.0.0.1:8700.evil.example", False, id="look-alike"),
        pytest.param("null", False, id="null"),
    ],
)
async def test_a_websocket_opens_for_our_own_pages_only(origin: str, let_in: bool) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def reached(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8700"), (b"origin", origin.encode())]
    await Edge(reached)({"type": "websocket", "path": "/_event/", "scheme": "ws", "headers": headers, "client": ("1", 1)}, receive, send)

    assert [m["type"] for m in sent] == (["websocket.accept"] if let_in else ["websocket.close"])


async def test_where_the_better_cookie_exists_the_plain_one_is_dropped() -> None:
    await ask(cookie=f"pb={TOKEN}; theme=dark")
    assert (b"cookie", b"theme=dark") in SEEN["headers"]

    await ask(host="192.168.7.7", cookie=f"pb={TOKEN}; theme=dark")
    assert (b"cookie", f"pb={TOKEN}; theme=dark".encode()) in SEEN["headers"]


async def test_forwarded_headers_count_only_behind_a_proxy_that_we_count(public: Any) -> None:
    forged = {"x_forwarded_for": "1.1.1.1, 2.2.2.2", "x_forwarded_proto": "https"}

    answer = await ask(**forged)
    assert (SEEN["client"][0], SEEN["scheme"], "strict-transport-security" in answer.headers) == ("9.9.9.9", "http", False)

    public(trusted_proxies="1")
    answer = await ask(host="192.168.7.7", **forged)
    assert (SEEN["client"][0], SEEN["scheme"], "strict-transport-security" in answer.headers) == ("2.2.2.2", "https", True)


async def test_other_servers_of_this_machine_are_not_bound_to_https(public: Any) -> None:
    public(trusted_proxies="1")

    answer = await ask(host="localhost:8443", x_forwarded_proto="https")

    assert (SEEN["scheme"], "strict-transport-security" in answer.headers) == ("https", False)


@pytest.mark.parametrize(
    ("host", "origin", "scheme"),
    [
        pytest.param("llm.example.com:8443", None, "https", id="host as people type it"),
        pytest.param("llm.example.com", None, "https", id="a proxy that drops the port"),
        pytest.param("127.0.0.1:8700", "https://llm.example.com:8443", "https", id="a page of the public address"),
        pytest.param("llm.example.com:8700", None, "http", id="our own port, past the proxy"),
        pytest.param("llm.example.com:8443", "http://llm.example.com:8443", "http", id="a page over http"),
        pytest.param("127.0.0.1:8700", None, "http", id="past the proxy"),
    ],
)
async def test_the_public_address_tells_the_scheme_where_no_proxy_does(public: Any, host: str, origin: str | None, scheme: str) -> None:
    public(public_url="https://llm.example.com:8443")

    await ask(host=host, **({"origin": origin} if origin else {}))

    assert SEEN["scheme"] == scheme


@pytest.mark.parametrize(
    ("host", "origin", "differs"),
    [
        pytest.param("localhost:8443", "https://localhost:8443", "scheme", id="another scheme"),
        pytest.param("localhost", "https://localhost", "scheme", id="another scheme, usual ports"),
        pytest.param("localhost", "https://localhost:8443", "port", id="the port is gone"),
        pytest.param("localhost:8700", "http://localhost:8443", "port", id="another port"),
        pytest.param("127.0.0.1:8700", "https://llm.example.com", "host", id="another host"),
        pytest.param("127.0.0.1:8700", "null", "host", id="no origin"),
    ],
)
async def test_who_is_refused_learns_in_what_the_addresses_differ(host: str, origin: str, differs: str) -> None:
    error = (await ask("POST", "/auth/connection", host=host, origin=origin)).json()["error"]

    assert (error["code"], error["details"]) == ("foreign_origin", {"differs": differs})


async def test_a_handshake_that_a_proxy_made_an_ordinary_request_of_is_refused_and_told_to_its_tab() -> None:
    handshakes._last.clear()
    own = {"origin": "http://127.0.0.1:8700"}

    lost = await ask("GET", f"/_event/?token={TAB}&EIO=4&transport=websocket", **own)

    assert (lost.status_code, lost.json()["error"]["code"]) == (426, "not_upgraded")
    assert (handshakes.arrival(TAB), handshakes.arrival("another-tab")) == ("not_upgraded", "nothing")


async def test_a_foreign_page_leaves_no_note() -> None:
    handshakes._last.clear()

    await ask("GET", f"/_event/?token={TAB}&EIO=4&transport=websocket", origin="http://evil.example")

    assert handshakes.arrival(TAB) == "nothing"


def test_the_notes_of_handshakes_are_few_and_short() -> None:
    handshakes._last.clear()
    for number in range(2_000):
        handshakes.note(f"token=tab-{number:08}".encode(), handshakes.Arrival.UPGRADED)
    handshakes.note(b"token=" + b"x" * 100_000, handshakes.Arrival.UPGRADED)
    handshakes.note(b"&".join(b"a=b" for _ in range(1_000)), handshakes.Arrival.UPGRADED)

    assert len(handshakes._last) == 512
    assert all(len(token) <= 64 for token in handshakes._last)
    assert (handshakes.arrival("tab-00001999"), handshakes.arrival("tab-00000000")) == ("upgraded", "nothing")


@pytest.mark.parametrize(
    ("base_path", "kept"),
    [
        pytest.param("", f"__Host-pb={TOKEN}", id="at the top"),
        pytest.param("/llm", f"__Secure-pb={TOKEN}", id="below a path"),
    ],
)
async def test_of_the_session_cookies_only_the_one_that_applies_is_read(public: Any, base_path: str, kept: str) -> None:
    public(public_url=f"https://llm.example.com{base_path}")

    await ask(host="llm.example.com", cookie=f"__Host-pb={TOKEN}; __Secure-pb={TOKEN}; pb={TOKEN}")

    assert (b"cookie", kept.encode()) in SEEN["headers"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"path": "/?kind=html"}, id="page"),
        pytest.param({"path": "/api/v1/x"}, id="data"),
        pytest.param({"path": "/?kind=js&status=404"}, id="error"),
        pytest.param({"path": "/", "host": "evil.example"}, id="refused at the wall"),
    ],
)
async def test_every_answer_carries_the_headers(answer: dict[str, str]) -> None:
    headers = (await ask(**answer)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-request-id"]
    assert "access-control-allow-credentials" not in headers


async def test_data_may_load_nothing_and_pages_only_from_here() -> None:
    assert "default-src 'none'" in (await ask(path="/api/v1/x")).headers["content-security-policy"]
    assert "default-src" not in (await ask(path="/?kind=html")).headers["content-security-policy"]


async def test_an_answer_that_says_unchanged_leaves_the_policy_of_the_page_alone() -> None:
    assert "content-security-policy" not in (await ask(path="/?kind=none&status=304")).headers


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        pytest.param("/assets/x-1a2b3c.js?kind=js", "public, max-age=31536000, immutable", id="named after its content"),
        pytest.param("/assets/gone.js?kind=html&status=404", "no-cache", id="not there"),
        pytest.param("/?kind=html", "no-cache", id="page"),
        pytest.param("/api/v1/providers", "no-store", id="data"),
        pytest.param("/auth/login", "no-store", id="form"),
    ],
)
async def test_how_long_an_answer_is_kept(path: str, kept: str) -> None:
    assert (await ask(path=path)).headers["cache-control"] == kept


async def test_the_request_id_of_a_proxy_is_kept_and_a_strange_one_is_not() -> None:
    assert (await ask(x_request_id="from-proxy-1")).headers["x-request-id"] == "from-proxy-1"
    assert (await ask(x_request_id="a b<script>")).headers["x-request-id"] != "a b<script>"
    assert SEEN["state"]["request_id"]


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("host", "origin", "status", "told"),
    [
        pytest.param("127.0.0.1:8700", "https://evil.example", 403, "foreign_origin|host|vi|127.0.0.1:8700", id="another site"),
        pytest.param("127.0.0.1:8700", "http://127.0.0.1:9000", 403, "foreign_origin|port|vi|127.0.0.1:8700", id="another port"),
        pytest.param("127.0.0.1:8700", "https://127.0.0.1:8700", 403, "foreign_origin|scheme|vi|127.0.0.1:8700", id="another scheme"),
        pytest.param("127.0.0.1:8700", "null", 403, "foreign_origin|host|vi|127.0.0.1:8700", id="no site"),
        pytest.param("evil.example", "http://evil.example", 421, "unknown_host||vi|evil.example", id="another host"),
        pytest.param("a?", "http://a", 400, "bad_host||vi|", id="no host"),
    ],
)
async def test_a_browser_is_refused_with_a_page_and_a_program_with_json(host: str, origin: str, status: int, told: str) -> None:
    page = await ask("POST", "/auth/login", host=host, origin=origin, accept=BROWSER, accept_language="vi")
    data = await ask("POST", "/auth/login", host=host, origin=origin, accept="*/*", accept_language="vi")

    assert (page.status_code, page.text, page.headers["content-type"]) == (status, told, "text/html; charset=utf-8")
    assert (data.status_code, data.headers["content-type"]) == (status, "application/json")
    assert data.json()["error"]["code"] == told.split("|")[0]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert (page.headers["cache-control"], page.headers["x-frame-options"]) == ("no-store", "DENY")


async def test_what_has_no_page_is_refused_with_json_even_to_a_browser() -> None:
    answer = await ask("GET", f"/_event/?EIO=4&transport=websocket&token={TAB}", accept=BROWSER)

    assert (answer.status_code, answer.json()["error"]["code"]) == (426, "not_upgraded")
