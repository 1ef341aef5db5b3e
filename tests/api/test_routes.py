"""The route explainer over REST."""

from typing import Any

import httpx

V1 = "/api/v1"


async def test_a_viewer_asks_where_a_selector_leads(viewer: httpx.AsyncClient, admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    target = {"provider": "mine", "model": "alpha"}
    await admin.post(f"{V1}/aliases", json={"name": "fast", "targets": [target]})

    answer = await viewer.post(f"{V1}/routes/explain", json={"selector": "fast"})

    found = answer.json()
    assert answer.status_code == 200, answer.text
    assert (found["kind"], found["alias"], found["error"], found["notes"]) == ("alias", "fast", None, [])
    [step] = found["targets"]
    assert (step["provider"], step["model"], step["skipped"], step["share"]) == ("mine", "alpha", None, 1.0)
    assert [(key["label"], key["share"]) for key in step["keys"]] == [(saved["credentials"][0]["label"], 1.0)]
    assert found["chosen"]["key_id"] == saved["credentials"][0]["id"]


async def test_what_leads_nowhere_is_an_answer(viewer: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    unknown = await viewer.post(f"{V1}/routes/explain", json={"selector": "mien/alpha"})
    nobody = await viewer.post(f"{V1}/routes/explain", json={"selector": "mine/alpha", "client_key_id": "nobody"})
    long = await viewer.post(f"{V1}/routes/explain", json={"selector": "x" * 261})

    assert (unknown.status_code, unknown.json()["error"]["code"]) == (200, "model_not_found")
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (404, "client_key_not_found")
    assert (long.status_code, long.json()["error"]["field"]) == (422, "selector")
