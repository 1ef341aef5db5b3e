"""Signing in with client credentials over REST: saved, tested, used, and a token fetched by hand without ever being shown."""

import json
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from app.services import tokens as service
from tests.fixtures import databases
from tests.fixtures.upstream import Heard, Line, Upstream, answer, usual

pytestmark = databases.only_sqlite
SECRET = "client-secret-3b9e61f07d"
TOKEN = "token-of-the-provider-5f2a9c"


async def issue(line: Line, heard: Heard) -> None:
    """A token server that knows one client."""
    form = parse_qs(heard.body.decode())
    if form.get("client_secret") != [SECRET]:
        await answer(401, {"error": "invalid_client", "error_description": f"no client with {form.get('client_secret')}"})(line, heard)
    else:
        await answer(body={"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600, "scope": "models"})(line, heard)


async def guarded(line: Line, heard: Heard) -> None:
    """A provider that knows one token."""
    if heard.headers.get("authorization") != f"Bearer {TOKEN}":
        await answer(401, {"error": {"message": f"bad token {heard.headers.get('authorization')}"}})(line, heard)
    else:
        await usual(line, heard)


def draft(upstream: Upstream, **changes: Any) -> dict[str, Any]:
    auth = {"client_id": "patchbay", "token_url": f"{upstream.origin}/token", "scope": "models"}
    return {
        "name": "behind-oauth",
        "base_url": upstream.base_url,
        "auth_type": "oauth",
        "auth": auth,
        "credential": {"secret": {"client_secret": SECRET}},
        **changes,
    }


@pytest.fixture
def provider(upstream: Upstream) -> Upstream:
    upstream.on("/token", issue)
    upstream.on("/models", guarded)
    upstream.on("/chat/completions", guarded)
    return upstream


async def saved(admin: httpx.AsyncClient, provider: Upstream) -> dict[str, Any]:
    response = await admin.post("/api/v1/providers", json=draft(provider))
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_provider_behind_oauth_is_tested_saved_and_answers(admin: httpx.AsyncClient, provider: Upstream) -> None:
    tried = (await admin.post("/api/v1/providers/test", json=draft(provider))).json()
    made = await saved(admin, provider)
    again = (await admin.post("/api/v1/providers/behind-oauth/test", json={"depth": "stream"})).json()

    assert (tried["ok"], again["ok"], again["error"]) == (True, True, None)
    assert "credential" in again["proven"]
    assert made["auth"] == {"client_id": "patchbay", "token_url": f"{provider.origin}/token", "scope": "models"}
    assert made["credentials"][0]["origin"] == f"{provider.origin}|{provider.origin}"
    assert "$ACCESS_TOKEN" in again["curl"]
    for text in (json.dumps(made), json.dumps(tried), json.dumps(again)):
        assert SECRET not in text
        assert TOKEN not in text


async def test_the_secret_goes_to_the_token_server_and_the_token_to_the_provider(admin: httpx.AsyncClient, provider: Upstream) -> None:
    await saved(admin, provider)
    await admin.post("/api/v1/providers/behind-oauth/test", json={})

    asked = [heard for heard in provider.heard if heard.path == "/token"]
    called = [heard for heard in provider.heard if heard.path != "/token"]

    assert len(asked) == 1
    assert parse_qs(asked[0].body.decode()) == {
        "grant_type": ["client_credentials"], "client_id": ["patchbay"], "client_secret": [SECRET], "scope": ["models"],
    }  # fmt: skip
    assert called
    assert not any(SECRET.encode() in heard.raw_head + heard.body for heard in called)
    # Once the list is asked for without a token: whether it is public decides what the token proves.
    assert {heard.headers["authorization"] for heard in called if "authorization" in heard.headers} == {f"Bearer {TOKEN}"}
    assert [heard.path for heard in called if "authorization" not in heard.headers] in ([], ["/v1/models"])


@pytest.mark.parametrize(
    ("script", "code", "verdict"),
    [
        pytest.param(answer(401, {"error": "invalid_client"}), "token_refused", "auth_failed", id="refused"),
        pytest.param(answer(400, {"error": "invalid_scope"}), "token_refused", "auth_failed", id="scope"),
        pytest.param(answer(503, {}), "token_unreachable", "unreachable", id="away"),
        pytest.param(answer(302, {}, {"location": "https://elsewhere.example"}), "token_bad_response", "bad_response", id="redirect"),
        pytest.param(answer(200, b"<html>hello</html>"), "token_bad_response", "bad_response", id="page"),
        pytest.param(answer(200, {"token": "x"}), "token_bad_response", "bad_response", id="no token"),
        pytest.param(answer(200, {"access_token": "a b\nc"}), "token_bad_response", "bad_response", id="not sendable"),
        pytest.param(answer(200, {"access_token": "abc", "token_type": "mac"}), "token_bad_response", "bad_response", id="other type"),
        pytest.param(answer(200, {"access_token": "x" * 70_000}), "token_bad_response", "bad_response", id="too large"),
        pytest.param(answer(200, {"access_token": "x"}, {"content-encoding": "gzip"}), "token_bad_response", "bad_response", id="encoded"),
    ],
)
async def test_the_ladder_says_at_the_key_why_there_is_no_token(
    admin: httpx.AsyncClient, provider: Upstream, script: Any, code: str, verdict: str
) -> None:
    provider.on("/token", script)

    found = (await admin.post("/api/v1/providers/test", json=draft(provider))).json()

    assert (found["verdict"], found["error"]["code"]) == (verdict, code)
    assert found["steps"][-1]["name"] == "credential"
    assert "127.0.0.1" in found["error"]["message"]
    assert not [heard for heard in provider.heard if heard.path != "/token"]


async def test_what_a_token_server_repeats_of_the_secret_is_removed(admin: httpx.AsyncClient, provider: Upstream) -> None:
    wrong = "another-secret-93fd77a1"
    found = (await admin.post("/api/v1/providers/test", json=draft(provider, credential={"secret": {"client_secret": wrong}}))).text

    assert "no client with" in found
    assert wrong not in found


async def test_a_token_fetched_by_hand_is_described_and_not_shown(admin: httpx.AsyncClient, provider: Upstream) -> None:
    key = (await saved(admin, provider))["credentials"][0]["id"]
    assert service.info(key) is None

    found = await admin.post(f"/api/v1/credentials/{key}/fetch-token")
    entry = (await admin.get("/api/v1/audit")).json()["items"][0]

    assert found.status_code == 200
    assert (found.json()["token_type"], found.json()["scope"]) == ("Bearer", "models")
    assert TOKEN not in found.text
    assert (entry["action"], entry["outcome"]) == ("credential:token:fetch", "ok")
    held = service.info(key)
    assert held is not None
    assert held.expires_at.isoformat().replace("+00:00", "Z") == found.json()["expires_at"]


async def test_a_token_that_is_not_to_be_had_is_said_and_audited(admin: httpx.AsyncClient, provider: Upstream) -> None:
    key = (await saved(admin, provider))["credentials"][0]["id"]
    provider.on("/token", answer(401, {"error": "invalid_client"}))

    found = await admin.post(f"/api/v1/credentials/{key}/fetch-token")
    entry = (await admin.get("/api/v1/audit")).json()["items"][0]

    assert (found.status_code, found.json()["error"]["code"]) == (502, "token_refused")
    assert (entry["action"], entry["outcome"], entry["changes"]["error"]) == ("credential:token:fetch", "failed", "token_refused")


async def test_only_an_admin_fetches_a_token_and_only_for_a_key_that_needs_one(
    admin: httpx.AsyncClient, viewer: httpx.AsyncClient, provider: Upstream
) -> None:
    key = (await saved(admin, provider))["credentials"][0]["id"]
    plain = {"name": "plain", "base_url": provider.base_url, "credential": {"secret": {"api_key": "sk-0123456789"}}}
    other = (await admin.post("/api/v1/providers", json=plain)).json()["credentials"][0]["id"]

    assert (await viewer.post(f"/api/v1/credentials/{key}/fetch-token")).status_code == 403
    assert (await admin.post(f"/api/v1/credentials/{other}/fetch-token")).json()["error"]["field"] == "credential_id"
    assert (await admin.post("/api/v1/credentials/nothing/fetch-token")).status_code == 404


async def test_another_token_server_needs_the_secret_again(admin: httpx.AsyncClient, provider: Upstream) -> None:
    made = await saved(admin, provider)
    moved = {**made["auth"], "token_url": "https://93.184.216.34/token"}
    path = {**made["auth"], "token_url": f"{provider.origin}/other/token"}

    refused = await admin.patch("/api/v1/providers/behind-oauth", json={"auth": moved})
    kept = await admin.patch("/api/v1/providers/behind-oauth", json={"auth": path})

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "credential_reentry_required")
    assert kept.status_code == 200


async def test_a_secret_never_goes_unencrypted_to_a_token_server_on_the_internet(admin: httpx.AsyncClient, provider: Upstream) -> None:
    auth = {"client_id": "patchbay", "token_url": "http://93.184.216.34/token"}

    saved_ = await admin.post("/api/v1/providers", json=draft(provider, auth=auth))
    tested = (await admin.post("/api/v1/providers/test", json=draft(provider, auth=auth))).json()

    assert (saved_.status_code, saved_.json()["error"]["field"]) == (422, "auth.token_url")
    assert tested["error"]["code"] == "token_unreachable"
    assert "https://" in tested["error"]["detail"]


@pytest.mark.parametrize(
    "url", ["token.example.com", "ftp://x.example/token", "https://u:p@x.example/token", "https://x.example/token?client_secret=1"]
)
async def test_a_token_address_that_is_none_is_refused_at_its_field(admin: httpx.AsyncClient, provider: Upstream, url: str) -> None:
    found = await admin.post("/api/v1/providers", json=draft(provider, auth={"client_id": "patchbay", "token_url": url}))

    assert (found.status_code, found.json()["error"]["field"]) == (422, "auth.token_url")
