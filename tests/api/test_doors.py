"""Who gets in: every route against strangers, viewers, foreign pages and keys of every scope."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from app import web
from app.api import application, guard
from app.api.openapi import document
from app.domain.actor import SYSTEM, Role, Scope
from app.gateway import streams
from app.services import client_keys, denials, sessions
from tests.fixtures.rest import BASE, SECRET, Clients, body, person

ROUTES = [
    (method, path)
    for path, item in document.document(application.make_fastapi())["paths"].items()
    for method in item
    if method in ("get", "post", "put", "patch", "delete")
]
UNSAFE = [route for route in ROUTES if route[0] != "get"]
QUESTIONS = [("post", "/api/v1/routes/explain")]  # whoever may look may ask


def filled(path: str) -> str:
    return re.sub(r"\{[a-z_]+\}", "x", path)


def code(response: httpx.Response) -> str:
    return response.json()["error"]["code"]


def test_the_document_lists_what_is_tried_here() -> None:
    assert len(ROUTES) > 30


def test_a_route_without_the_guard_does_not_start() -> None:
    careless = APIRouter()

    @careless.get("/open")
    async def open_to_all() -> None: ...

    with pytest.raises(TypeError, match="not guarded"):
        application._must_be_guarded(careless)


def test_every_route_is_guarded() -> None:
    assert all(isinstance(route, guard.GuardedRoute) for router in application.ROUTERS for route in router.routes)


async def answers(client: httpx.AsyncClient, routes: list[tuple[str, str]], **sent: Any) -> dict[tuple[str, str], tuple[int, str]]:
    """Route → status and code."""
    found = {}
    for method, path in routes:
        response = await client.request(method, filled(path), **sent)
        found[method, path] = response.status_code, code(response)
    return found


async def test_a_stranger_gets_nothing_whatever_is_sent(client: Clients) -> None:
    found = await answers(client(), ROUTES, content=b"{not json", headers={"content-type": "application/json"})

    assert found == dict.fromkeys(ROUTES, (401, "not_signed_in"))


async def test_a_viewer_changes_nothing(viewer: httpx.AsyncClient) -> None:
    changing = [route for route in UNSAFE if route not in QUESTIONS]

    assert await answers(viewer, changing, json={}) == dict.fromkeys(changing, (403, "forbidden"))


async def test_a_viewer_asks(viewer: httpx.AsyncClient) -> None:
    assert await answers(viewer, QUESTIONS, json={}) == dict.fromkeys(QUESTIONS, (422, "invalid"))


async def test_a_session_without_its_csrf_token_changes_nothing(client: Clients) -> None:
    session = await person(Role.ADMIN, "ada@example.com")

    assert await answers(client(session=session, csrf=False), UNSAFE, json={}) == dict.fromkeys(UNSAFE, (403, "csrf_required"))


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": "https://evil.example"}, id="foreign origin"),
        pytest.param({"origin": "null"}, id="no origin to name"),
        pytest.param({"origin": "http://127.0.0.1:8701"}, id="another port"),
        pytest.param({"sec-fetch-site": "cross-site"}, id="cross-site"),
        pytest.param({"sec-fetch-site": "same-site"}, id="same site, another origin"),
        pytest.param({"x-csrf-token": "0" * 43}, id="another token"),
        pytest.param({"x-csrf-token": ""}, id="empty token"),
    ],
)
async def test_a_page_of_somebody_else_changes_nothing(admin: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await admin.post("/api/v1/providers", json=body(), headers=headers)

    assert response.status_code == 403
    assert (await admin.get("/api/v1/providers")).json()["total"] == 0


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
async def test_only_json_is_read(admin: httpx.AsyncClient, kind: str) -> None:
    response = await admin.post("/api/v1/providers", content=b'{"name":"x1"}', headers={"content-type": kind})

    assert (response.status_code, code(response)) == (415, "unsupported_media_type")


async def test_a_revoked_session_is_nobody(client: Clients) -> None:
    session = await person(Role.ADMIN, "ada@example.com")
    browser = client(session=session)
    assert (await browser.get("/api/v1/session")).status_code == 200

    await sessions.sign_out(session.token)

    assert (await browser.get("/api/v1/session")).status_code == 401


@pytest.mark.parametrize(
    ("scope", "reads", "changes"),
    [
        pytest.param(Scope.ADMIN, 200, 201, id="admin"),
        pytest.param(Scope.READ, 200, 403, id="read"),
        pytest.param(Scope.GATEWAY, 403, 403, id="gateway"),
    ],
)
async def test_a_client_key_may_what_its_scope_says(client: Clients, scope: Scope, reads: int, changes: int) -> None:
    issued = await client_keys.issue(SYSTEM, "script", scope)
    program = client(key=issued.key)

    assert (await program.get("/api/v1/providers")).status_code == reads
    assert (await program.post("/api/v1/providers", json=body())).status_code == changes
    assert (await client().get("/api/v1/providers", headers={"x-api-key": issued.key})).status_code == reads


async def test_two_different_keys_in_one_request_are_refused(client: Clients) -> None:
    issued = await client_keys.issue(SYSTEM, "script", Scope.ADMIN)

    response = await client(key=issued.key).get("/api/v1/providers", headers={"x-api-key": "pb-another"})

    assert response.status_code == 400


async def test_a_wrong_key_is_not_saved_by_a_good_cookie(admin: httpx.AsyncClient) -> None:
    response = await admin.get("/api/v1/providers", headers={"authorization": "Bearer pb-000000000000-wrong"})

    assert response.status_code == 401


async def test_unknown_paths_and_methods_answer_in_json(client: Clients) -> None:
    for method, path, status in (("GET", "/api/v1/nothing", 404), ("GET", "/api/x", 404), ("POST", "/api/v1/session", 405)):
        response = await client().request(method, path)

        assert response.status_code == status
        assert set(response.json()) == {"error", "timestamp", "requestId"}


async def test_a_body_that_is_too_large_is_cut(admin: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 65_536

    response = await admin.post("/api/v1/providers", content=endless(), headers={"content-type": "application/json"})

    assert (response.status_code, code(response)) == (413, "too_large")


async def test_an_answer_names_the_request_and_is_never_kept(admin: httpx.AsyncClient) -> None:
    response = await admin.get("/api/v1/providers/none", headers={"x-request-id": "from-a-proxy-1"})

    assert response.json()["requestId"] == response.headers["x-request-id"] == "from-a-proxy-1"
    assert response.headers["cache-control"] == "no-store"


async def test_a_host_we_do_not_know_is_refused(client: Clients) -> None:
    response = await client().get("/api/v1/session", headers={"host": "rebound.example"})

    assert response.status_code == 421


async def test_health_is_open_and_says_no_more_than_it_must(client: Clients) -> None:
    live = await client().get("/health/live", headers={"host": "anything"})
    ready = await client().get("/health/ready")

    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert ready.status_code == 200
    assert set(ready.json()["checks"]) == {"database", "writes", "schema", "key", "registry"}


async def test_what_nobody_foresaw_is_answered_without_saying_why(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError(f"holds {SECRET}")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(application.LastResort(broken)), base_url=BASE) as browser:
        response = await browser.get("/api/v1/providers")

    assert (response.status_code, code(response)) == (500, "internal_error")
    assert SECRET not in response.text + caplog.text
    assert response.json()["requestId"] in caplog.text


async def test_what_nobody_foresaw_inside_the_application_has_the_same_shape(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError(f"holds {SECRET}")

    monkeypatch.setattr("app.services.providers.list_", broken)
    admin.event_hooks = {}  # the document does not promise to break
    response = await admin.get("/api/v1/providers")

    assert (response.status_code, code(response)) == (500, "internal_error")
    assert SECRET not in response.text + caplog.text
    assert response.json()["requestId"] in caplog.text


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/audit?cursor=99999999999999999999", id="a number no database has"),
        pytest.param("/providers?cursor=WyJsYWJlbCIsImFzYyIsIlx1ZDgwMCIsIngiXQ", id="half of a surrogate pair"),
    ],
)
async def test_a_cursor_nobody_issued_is_the_callers_mistake(admin: httpx.AsyncClient, path: str) -> None:
    response = await admin.get(f"/api/v1{path}")

    assert response.status_code == 422


@pytest.mark.parametrize(("path", "answered"), [("/auth/login", 303), ("/api/v1/client-keys", 400), ("/v1/chat/completions", 408)])
@pytest.mark.parametrize("limit", ["PAUSE_SECONDS", "BODY_SECONDS"])
async def test_a_body_that_stops_in_the_middle_is_given_up(
    house: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str, answered: int, limit: str
) -> None:
    monkeypatch.setattr(streams if path.startswith("/v1/") else web, limit, 0.05)
    key = (await client_keys.issue(SYSTEM, "script", Scope.GATEWAY if path.startswith("/v1/") else Scope.ADMIN)).key
    kind = "application/x-www-form-urlencoded" if path.startswith("/auth/") else "application/json"
    headers = {"host": "127.0.0.1", "sec-fetch-site": "same-origin", "content-type": kind, "authorization": f"Bearer {key}"}
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "client": ("127.0.0.1", 1), "http_version": "1.1"}
    begun = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> dict[str, Any]:
        if not begun:
            await asyncio.Event().wait()
        return begun.pop()

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(5):
        await web.make_web()({**scope, "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}, receive, send)

    assert not begun
    assert sent[0]["status"] == answered
    assert "Unforeseen" not in caplog.text


async def test_what_somebody_may_not_do_is_audited_under_their_name_without_what_they_sent(
    viewer: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    denials._recent.clear()
    refused = await viewer.post("/api/v1/providers/planted-7f3a91c2/enable", json={"note": "planted-7f3a91c2"})

    entries = (await admin.get("/api/v1/audit")).json()["items"]
    denied = [entry for entry in entries if entry["outcome"] == "denied"]
    assert refused.status_code == 403
    assert [(e["actor"]["name"], e["action"], e["target"]["name"]) for e in denied] == [
        ("Vera", "access:request:deny", "POST /providers/{name}/enable")
    ]
    assert "planted" not in str(denied)
