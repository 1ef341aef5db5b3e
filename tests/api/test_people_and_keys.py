"""Session, people, client keys and the audit over REST."""

import csv
import io
import json

import httpx
import pytest

from app.domain.actor import Role
from app.services import key_use
from tests.fixtures.rest import Clients, person

V1 = "/api/v1"
PASSWORD = "a long walk by the lake 47"


async def test_a_browser_learns_who_it_is_and_its_csrf_token(client: Clients) -> None:
    session = await person(Role.ADMIN, "ada@example.com")

    answer = (await client(session=session).get(f"{V1}/session")).json()

    assert (answer["role"], answer["user"]["email"], answer["csrf_token"]) == ("admin", "ada@example.com", session.session.csrf_token)
    assert session.token not in json.dumps(answer)


async def test_a_client_key_is_shown_once_and_revoked(admin: httpx.AsyncClient, client: Clients) -> None:
    issued = await admin.post(f"{V1}/client-keys", json={"name": "notebook", "scope": "read"})
    key, key_id = issued.json()["key"], issued.json()["client_key"]["id"]
    assert issued.status_code == 201
    assert (await client(key=key).get(f"{V1}/session")).json()["type"] == "client_key"
    assert key not in (await admin.get(f"{V1}/client-keys")).text

    assert (await admin.delete(f"{V1}/client-keys/{key_id}")).status_code == 204

    assert (await client(key=key).get(f"{V1}/session")).status_code == 401
    assert (await admin.delete(f"{V1}/client-keys/none")).status_code == 404


async def test_what_a_client_key_may_do_is_read_and_changed(admin: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    draft = {"name": "notebook", "models": ["alpha"], "requests_per_minute": 20}
    made = (await admin.post(f"{V1}/client-keys", json=draft)).json()["client_key"]
    one = f"{V1}/client-keys/{made['id']}"
    assert (made["models"], made["requests_per_minute"]) == (["alpha"], 20)

    changed = (await admin.patch(one, json={"models": None, "requests_per_minute": 0, "expires_at": "2090-01-01T00:00:00Z"})).json()

    assert (changed["models"], changed["requests_per_minute"], changed["expires_at"]) == (None, 0, "2090-01-01T00:00:00Z")
    assert (changed["name"], changed["hint"]) == ("notebook", made["hint"])
    assert (await viewer.get(one)).json() == changed
    assert (await viewer.patch(one, json={"name": "mine"})).status_code == 403
    assert (await admin.patch(f"{V1}/client-keys/none", json={"name": "x"})).status_code == 404
    for closed in ({"key": "pb-x"}, {"scope": "admin"}, {"requests_per_minute": -1}, {"models": []}):
        assert (await admin.patch(one, json=closed)).status_code == 422
    assert (await admin.delete(one)).status_code == 204
    assert (await admin.patch(one, json={"name": "back"})).status_code == 409
    assert (await admin.get(one)).json()["revoked_at"]


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        pytest.param("admin", "GET", "/providers", 200, id="read by an admin key"),
        pytest.param("admin", "POST", "/providers/refresh-registry", 200, id="written by an admin key"),
        pytest.param("admin", "GET", "/providers/nothing", 404, id="what is not there"),
        pytest.param("admin", "POST", "/client-keys", 422, id="what cannot be understood"),
        pytest.param("read", "POST", "/providers/refresh-registry", 403, id="more than it may"),
    ],
)
async def test_the_use_of_a_key_under_rest_is_recorded(
    admin: httpx.AsyncClient, client: Clients, scope: str, method: str, path: str, status: int
) -> None:
    issued = (await admin.post(f"{V1}/client-keys", json={"name": "script", "scope": scope})).json()
    recorder = key_use.Recorder()

    response = await client(key=issued["key"]).request(method, f"{V1}{path}", json={} if method == "POST" else None)
    await recorder.stop()

    assert response.status_code == status
    last = (await admin.get(f"{V1}/client-keys/{issued['client_key']['id']}")).json()["last_call"]
    assert (last["status"], last["model"]) == (status, "")


async def test_people_are_added_and_disabled(admin: httpx.AsyncClient) -> None:
    made = await admin.post(f"{V1}/users", json={"email": "Bo@Example.com", "name": "Bo", "role": "viewer", "password": PASSWORD})
    assert (made.status_code, made.json()["email"]) == (201, "bo@example.com")
    assert PASSWORD not in made.text

    again = await admin.post(f"{V1}/users", json={"email": "bo@example.com", "name": "Bo", "password": PASSWORD})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "email_taken")
    off = await admin.post(f"{V1}/users/{made.json()['id']}/disable")
    assert off.json()["is_active"] is False
    assert (await admin.post(f"{V1}/users/{made.json()['id']}/enable")).json()["is_active"] is True
    assert (await admin.post(f"{V1}/users/none/disable")).status_code == 404


async def test_a_weak_password_is_refused_without_repeating_it(admin: httpx.AsyncClient) -> None:
    response = await admin.post(f"{V1}/users", json={"email": "bo@example.com", "name": "Bo", "password": "password1234"})

    assert (response.status_code, response.json()["error"]["field"]) == (422, "password")
    assert "password1234" not in response.text


async def test_the_audit_is_listed_verified_and_taken_away(admin: httpx.AsyncClient, viewer: httpx.AsyncClient) -> None:
    await admin.post(f"{V1}/client-keys", json={"name": "a"})
    await admin.post(f"{V1}/client-keys", json={"name": "b"})

    first = (await admin.get(f"{V1}/audit", params={"limit": 1})).json()
    second = (await admin.get(f"{V1}/audit", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert second["items"][0]["seq"] == first["items"][0]["seq"] - 1
    assert (await viewer.get(f"{V1}/audit/verify")).json()["ok"] is True

    lines = [json.loads(line) for line in (await admin.get(f"{V1}/audit/export")).text.splitlines()]
    table = (await admin.get(f"{V1}/audit/export", params={"format": "csv"})).text
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert len(list(csv.reader(io.StringIO(table)))) == len(lines) + 2  # a heading, and the entry of the first export
    assert (await viewer.get(f"{V1}/audit/export")).status_code == 403
