"""Lists of REST: every one has the same envelope and is paged; no route ignores a parameter that it does not have."""

import re
from typing import Any

import httpx
import pytest

from app.api import application
from app.api.openapi import document
from tests.fixtures.rest import body

V1 = "/api/v1"
DOCUMENT = document.document(application.make_fastapi())
SCHEMAS = DOCUMENT["components"]["schemas"]
# A report sums up a period and has a `limit` of its own.
REPORTS = {f"{V1}/usage", f"{V1}/usage/series"}


def answered(operation: dict[str, Any]) -> dict[str, Any]:
    """The properties of what a route answers."""
    schema = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return SCHEMAS.get(schema.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties", {})


def unlike(paths: dict[str, Any]) -> list[str]:
    """Lists without the envelope, or that are not paged."""
    found = []
    for path, item in paths.items():
        if "get" not in item or "items" not in answered(item["get"]) or path in REPORTS:
            continue
        asked = {parameter["name"] for parameter in item["get"].get("parameters", ())}
        if not {"next_cursor", "total"} <= answered(item["get"]).keys() or not {"limit", "cursor"} <= asked:
            found.append(path)
    return found


LISTS = [path for path, item in DOCUMENT["paths"].items() if "get" in item and "next_cursor" in answered(item["get"])]


def test_every_list_has_the_envelope_and_is_paged() -> None:
    assert unlike(DOCUMENT["paths"]) == []
    assert len(LISTS) >= 10


def test_a_list_of_its_own_shape_is_caught() -> None:
    users = DOCUMENT["paths"][f"{V1}/users"]["get"]
    bare = {**users, "parameters": [p for p in users["parameters"] if p["name"] != "cursor"]}

    assert unlike({"/planted": {"get": bare}}) == ["/planted"]


@pytest.fixture
async def several(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    """At least two of everything that is listed."""
    for number in range(2):
        await admin.post(f"{V1}/providers", json=body(f"more-{number}"))
        await admin.delete(f"{V1}/providers/more-{number}")
        await admin.post(f"{V1}/client-keys", json={"name": f"app-{number}"})
        person = {"email": f"p{number}@example.com", "name": "P", "password": "seven green bicycles sing"}
        await admin.post(f"{V1}/users", json=person)
        await admin.post(f"{V1}/aliases", json={"name": f"a-{number}", "targets": [{"provider": "mine", "model": "alpha"}]})
        await admin.post(f"{V1}/providers/mine/credentials", json={"secret": {"api_key": f"sk-more-{number}-0123456789abcdef"}})
    await admin.post(f"{V1}/providers", json=body("second"))
    await admin.post(f"{V1}/providers/mine/models/sync", json={"add": ["alpha", "beta", "gamma"]})


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", "mine", path)


async def test_pages_add_up_to_the_list(admin: httpx.AsyncClient, several: None) -> None:
    for path in map(filled, LISTS):
        whole = (await admin.get(path, params={"limit": 100})).json()
        pages, cursor = [], None
        while True:
            answer = await admin.get(path, params={"limit": 1} | ({"cursor": cursor} if cursor else {}))
            assert answer.status_code == 200, (path, answer.text)
            pages.append(answer.json())
            if (cursor := pages[-1]["next_cursor"]) is None or len(pages) > 60:
                break

        assert len(whole["items"]) > 1, path
        assert [item for page in pages for item in page["items"]] == whole["items"], path
        assert {page["total"] for page in pages} == {whole["total"]}, path
        assert whole["total"] in (len(whole["items"]), None), path


async def test_a_cursor_belongs_to_one_list(admin: httpx.AsyncClient, several: None) -> None:
    cursors = {path: (await admin.get(filled(path), params={"limit": 1})).json()["next_cursor"] for path in LISTS}
    tried = 0
    for path in LISTS:
        for other, cursor in cursors.items():
            if other == path or "/audit" in path:  # an entry's number is the same in every log
                continue
            answer = await admin.get(filled(path), params={"cursor": cursor})
            tried += 1
            assert (answer.status_code, answer.json()["error"]["field"]) == (422, "cursor"), (path, other)
    assert tried > 60
    named = (await admin.get(f"{V1}/client-keys", params={"name": "app-0"})).json()
    assert [key["name"] for key in named["items"]] == ["app-0"]
    assert (await admin.get(f"{V1}/client-keys", params={"name": "x", "cursor": cursors[f"{V1}/client-keys"]})).status_code == 422


async def test_no_route_takes_a_parameter_that_it_does_not_have(admin: httpx.AsyncClient) -> None:
    tried = 0
    for path, item in DOCUMENT["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            sent = {} if method in ("post", "put", "patch") else None
            answer = await admin.request(method.upper(), filled(path), params={"colour": "red"}, json=sent)
            tried += 1
            assert (answer.status_code, answer.json()["error"]["field"]) == (422, "colour"), (method, path)
    assert tried > 60


async def test_a_parameter_given_twice_is_refused(admin: httpx.AsyncClient) -> None:
    answer = await admin.get(f"{V1}/providers?sort=name&sort=label")

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "sort")


async def test_the_name_of_a_parameter_is_said_back_only_where_it_is_one(admin: httpx.AsyncClient) -> None:
    answer = await admin.get(f"{V1}/providers", params={"sk-live-0123456789": "x"})

    assert answer.status_code == 422
    assert "sk-live" not in answer.text
