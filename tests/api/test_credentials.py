"""The keys of a provider over REST: every answer is held against the document, and no answer holds a key."""

from typing import Any

import httpx

from tests.fixtures.rest import SECRET, body

OTHER = "sk-planted-other-90b0c4e2a95d8f3604f2a"


async def test_keys_are_added_listed_ordered_changed_and_removed(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    at = f"/api/v1/providers/{saved['name']}/credentials"
    added = await admin.post(at, json={"label": "Reserve", "secret": {"api_key": OTHER}, "state": "standby", "priority": 2})
    assert added.status_code == 201, added.text
    first, second = saved["credentials"][0]["id"], added.json()["id"]

    listed = await admin.get(at)
    assert [item["label"] for item in listed.json()["items"]] == ["Key 1", "Reserve"]
    ordered = await admin.put(f"{at}/order", json={"ids": [second, first]})
    assert [item["id"] for item in ordered.json()["items"]] == [second, first]
    changed = await admin.patch(f"/api/v1/credentials/{second}", json={"state": "active", "weight": 9})
    assert (changed.json()["state"], changed.json()["weight"]) == ("active", 9)
    assert (await admin.delete(f"/api/v1/credentials/{first}")).status_code == 204
    assert [item["id"] for item in (await admin.get(at)).json()["items"]] == [second]
    assert not any(key in answer.text for key in (SECRET, OTHER) for answer in (added, listed, ordered, changed))


async def test_many_keys_at_once_answer_line_by_line(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    answer = await admin.post(f"/api/v1/providers/{saved['name']}/credentials/paste", json={"keys": f"{OTHER}\n{SECRET}\n***"})

    assert [(line["line"], line["code"]) for line in answer.json()["items"]] == [(1, ""), (2, "duplicate_key"), (3, "masked_secret")]
    assert OTHER not in answer.text


async def test_what_cannot_be_is_answered_with_its_field(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    at = f"/api/v1/providers/{saved['name']}/credentials"

    twice = await admin.post(at, json={"secret": {"api_key": SECRET}})
    strange = await admin.post(at, json={"secret": {"nothing": OTHER}})
    cooling = await admin.patch(f"/api/v1/credentials/{saved['credentials'][0]['id']}", json={"state": "cooling"})
    gone = await admin.patch("/api/v1/credentials/none", json={"weight": 2})

    assert [(a.status_code, a.json()["error"]["code"]) for a in (twice, strange, cooling, gone)] == [
        (409, "duplicate_key"), (422, "invalid"), (422, "invalid"), (404, "credential_not_found"),
    ]  # fmt: skip
    assert twice.json()["error"]["field"] == "secret.api_key"
    assert OTHER not in strange.text


async def test_a_rotation_over_rest_goes_forth_and_back(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    old = saved["credentials"][0]["id"]
    started = await admin.post(f"/api/v1/credentials/{old}/rotate", json={"secret": {"api_key": OTHER}})
    new = started.json()["id"]
    promoted = await admin.post(f"/api/v1/credentials/{new}/promote", json={"keep_hours": 2})
    again = await admin.post(f"/api/v1/credentials/{new}/promote")
    back = await admin.post(f"/api/v1/credentials/{new}/rollback")
    cancelled = await admin.post(f"/api/v1/credentials/{new}/cancel")
    too_long = await admin.post(f"/api/v1/credentials/{new}/promote", json={"keep_hours": 721})

    answers = (started, promoted, again, back, cancelled, too_long)
    assert [a.status_code for a in answers] == [201, 200, 409, 200, 204, 422]
    assert (promoted.json()["id"], promoted.json()["state"], back.json()["id"]) == (new, "active", old)
    assert again.json()["error"]["code"] == "rotation_conflict"
    assert OTHER not in started.text + promoted.text


async def test_one_key_is_tested_by_its_id(admin: httpx.AsyncClient) -> None:
    made = await admin.post("/api/v1/providers", json=body(base_url="http://127.0.0.1:9/v1"))  # nobody listens there
    key_id = made.json()["credentials"][0]["id"]

    answer = await admin.post(f"/api/v1/credentials/{key_id}/test", json={"depth": "auth"})

    assert (answer.status_code, answer.json()["verdict"]) == (200, "unreachable")
    assert (await admin.get("/api/v1/providers/mine/credentials")).json()["items"][0]["last_test"]["result"]["verdict"] == "unreachable"
    assert (await admin.post("/api/v1/credentials/none/test")).status_code == 404
