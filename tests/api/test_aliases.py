"""Aliases over REST."""

import time
from typing import Any

import httpx

from app.relay import outcomes
from app.relay.outcomes import Outcome
from app.services import usage
from tests.fixtures.rest import body

V1 = "/api/v1"
TARGET = {"provider": "mine", "model": "alpha"}


async def made(admin: httpx.AsyncClient, name: str = "fast", **changes: Any) -> httpx.Response:
    return await admin.post(f"{V1}/aliases", json={"name": name, "targets": [TARGET], **changes})


async def test_an_alias_is_made_changed_and_deleted(admin: httpx.AsyncClient, viewer: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    first = await made(admin, "fast/one")
    where = f"{V1}/aliases/{first.json()['id']}"
    assert (first.status_code, first.headers["etag"]) == (201, '"1"')
    assert first.json()["targets"] == [
        {"provider": "mine", "provider_label": "mine", "model": "alpha", "priority": 1, "weight": 1, "problem": None}
    ]
    assert (await viewer.get(where)).json() == first.json()

    patched = await admin.patch(where, json={"description": "For tests"}, headers={"if-match": '"1"'})
    assert (patched.json()["description"], patched.headers["etag"]) == ("For tests", '"2"')
    put = await admin.put(where, json={"name": "fast", "targets": [{**TARGET, "weight": 3}], "version": 2})
    assert (put.json()["name"], put.json()["description"], put.json()["targets"][0]["weight"]) == ("fast", "", 3)
    stale = await admin.patch(where, json={"enabled": False}, headers={"if-match": '"2"'})
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "stale")
    assert stale.json()["error"]["details"]["version"] == 3

    assert (await admin.delete(where, headers={"if-match": "3"})).status_code == 204
    gone = await viewer.get(where)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "alias_not_found")


async def test_what_cannot_be_an_alias_says_which_field(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    assert (await made(admin)).status_code == 201
    cases = [
        (await made(admin, "fast"), 409, "name_taken", "name"),
        (await made(admin, "mine/alpha"), 422, "invalid", "name"),
        (await made(admin, "new", targets=[]), 422, "invalid", "targets"),
        (await made(admin, "new", targets=[{**TARGET, "provider": "mein"}]), 422, "invalid", "targets.0.provider"),
        (await made(admin, "new", targets=[{**TARGET, "priority": 0}]), 422, "invalid", "targets.0.priority"),
        (await made(admin, "new", targets=[{**TARGET, "api_base": "http://x"}]), 422, "invalid", "targets.0.api_base"),
        (await made(admin, "new", targets=[TARGET] * 51), 422, "invalid", "targets"),
    ]

    for answer, status, code, field in cases:
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["field"]) == (status, code, field)


async def test_aliases_are_paged_and_searched(admin: httpx.AsyncClient, viewer: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    await admin.post(f"{V1}/providers", json=body("other"))
    for name in ("c", "a", "b"):
        await made(admin, name, targets=[{**TARGET, "provider": "other" if name == "c" else "mine"}])

    first = (await viewer.get(f"{V1}/aliases", params={"limit": 2})).json()
    second = (await viewer.get(f"{V1}/aliases", params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert [[item["name"] for item in page["items"]] for page in (first, second)] == [["a", "b"], ["c"]]
    assert (first["total"], second["next_cursor"]) == (3, None)
    assert [item["name"] for item in (await viewer.get(f"{V1}/aliases?provider=other")).json()["items"]] == ["c"]
    assert (await viewer.post(f"{V1}/aliases", json={"name": "x", "targets": [TARGET]})).status_code == 403


async def test_a_provider_says_who_depends_on_it(admin: httpx.AsyncClient, viewer: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    await admin.post(f"{V1}/providers", json=body("other"))
    await made(admin, "alone")
    await made(admin, "shared", targets=[TARGET, {**TARGET, "provider": "other"}])
    await made(admin, "elsewhere", targets=[{**TARGET, "provider": "other"}])
    await admin.post(f"{V1}/client-keys", json={"name": "narrow", "providers": ["mine"]})
    await admin.post(f"{V1}/client-keys", json={"name": "wide", "providers": ["mine", "other"]})
    await admin.post(f"{V1}/providers/mine/default")

    recorder = usage.Recorder()
    for at in (time.time(), time.time(), time.time() - 26 * 3_600):
        outcomes.note(Outcome(at=at, client_key_id="", selector="mine/alpha", provider_id=saved["id"]))
    await recorder.stop()

    found = (await viewer.get(f"{V1}/providers/mine/dependants")).json()

    assert found == {
        "is_default": True, "client_keys": ["narrow"], "requests_last_day": 2,
        "aliases": [{"name": "alone", "has_others": False}, {"name": "shared", "has_others": True}],
    }  # fmt: skip
    assert (await viewer.get(f"{V1}/providers/none/dependants")).status_code == 404
