"""Preconditions: every route that changes something which has versions honours `If-Match`; any other refuses it. None ignores it."""

import re
from typing import Any

import httpx
import pytest

from app.api import application
from app.api.openapi import document
from tests.fixtures.rest import PUBLIC, Contract, body

V1 = "/api/v1"
DOCUMENT = document.document(application.make_fastapi())
UNSAFE = ("post", "put", "patch", "delete")
TAKES = "If-Match"
ROUTES = [(method, path, item[method]) for path, item in DOCUMENT["paths"].items() for method in UNSAFE if method in item]
# What changes no state of the thing that the address names: it asks, tests, or makes another thing.
WITHOUT = re.compile(
    r"/(aliases|client-keys|users|providers|providers/\{name\}/credentials)$"  # a new one
    r"|/(test|test-all|validate|discover|recheck|explain|chat|local|models/test|tokens|count)$|/discovery/|/routes/|/session/|/keyring/"
    r"|/from-preset$|/refresh-registry$|/credentials/(paste|order)$|/duplicate$|/restore$|/trash/|/fetch-token$"
)
FILLED: dict[str, dict[str, Any]] = {
    "put /providers/{name}": {"base_url": PUBLIC, "label": "Mine"},
    "put /aliases/{alias_id}": {"name": "any", "targets": [{"provider": "mine", "model": "alpha"}]},
    "post /credentials/{credential_id}/rotate": {"secret": {"api_key": "sk-rotated-0123456789abcdef"}},
}


def takes(operation: dict[str, Any]) -> bool:
    return TAKES in {parameter["name"] for parameter in operation.get("parameters", ())}


def ignoring(routes: list[tuple[str, str, dict[str, Any]]]) -> list[str]:
    """Routes that change something and take no version."""
    return [f"{method} {path}" for method, path, operation in routes if not takes(operation) and not WITHOUT.search(path)]


def test_every_route_that_changes_something_takes_a_version() -> None:
    assert ignoring(ROUTES) == []


def test_a_route_that_takes_none_is_caught() -> None:
    planted = ("patch", f"{V1}/providers/{{name}}/planted", {"parameters": [{"name": "name"}]})

    assert ignoring([*ROUTES, planted]) == [f"patch {V1}/providers/{{name}}/planted"]


@pytest.fixture
async def ids(admin: httpx.AsyncClient, saved: dict[str, Any]) -> dict[str, str]:
    alias = await admin.post(f"{V1}/aliases", json={"name": "any", "targets": [{"provider": "mine", "model": "alpha"}]})
    key = await admin.post(f"{V1}/client-keys", json={"name": "app"})
    person = {"email": "bo@example.com", "name": "Bo", "password": "seven green bicycles sing"}
    user = await admin.post(f"{V1}/users", json=person)
    return {
        "name": "mine",
        "alias_id": alias.json()["id"],
        "key_id": key.json()["client_key"]["id"],
        "user_id": user.json()["id"],
        "credential_id": saved["credentials"][0]["id"],
    }


async def test_another_version_is_412_and_changes_nothing(admin: httpx.AsyncClient, ids: dict[str, str], contract: Contract) -> None:
    nouns = (f"{V1}/providers/mine", f"{V1}/aliases/{ids['alias_id']}", f"{V1}/client-keys/{ids['key_id']}", f"{V1}/users/{ids['user_id']}")
    before = [(await admin.get(path)).json() for path in nouns]
    tried = []
    for method, path, operation in ROUTES:
        if not takes(operation):
            continue
        short = path.removeprefix(V1)
        address = re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], path)
        sent = FILLED.get(f"{method} {short}", {})
        answer = await admin.request(
            method.upper(), address, json=sent if "requestBody" in operation else None, headers={"if-match": '"77"'}
        )
        tried.append(short)

        assert (answer.status_code, answer.json()["error"]["code"]) == (412, "stale"), (method, path, answer.text)
        assert answer.json()["error"]["details"]["version"] == 1, path
    assert len(tried) > 15
    assert [(await admin.get(path)).json() for path in nouns] == before


async def test_a_route_without_versions_refuses_the_header(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    for method, path in (("POST", "/providers"), ("POST", "/providers/mine/duplicate"), ("GET", "/providers/mine")):
        answer = await admin.request(method, V1 + path, json=body("other") if method == "POST" else None, headers={"if-match": '"1"'})

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request"), path
    late = {"if-unmodified-since": "Tue, 01 Dec 2026 10:00:00 GMT"}
    assert (await admin.patch(f"{V1}/providers/mine", json={"label": "x"}, headers=late)).status_code == 400
    assert len((await admin.get(f"{V1}/providers")).json()["items"]) == 1


async def test_two_versions_in_one_request_are_refused(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    patch = {"label": "x", "version": 1}

    assert (await admin.patch(f"{V1}/providers/mine", json=patch, headers={"if-match": '"2"'})).status_code == 400
    assert (await admin.patch(f"{V1}/providers/mine", json=patch, headers={"if-match": '"1"'})).status_code == 200


async def test_the_version_of_an_answer_is_good_for_the_next_change(admin: httpx.AsyncClient, ids: dict[str, str]) -> None:
    for path, patch in (
        (f"{V1}/providers/mine", {"label": "Renamed"}),
        (f"{V1}/credentials/{ids['credential_id']}", {"label": "Renamed"}),
        (f"{V1}/client-keys/{ids['key_id']}", {"name": "Renamed"}),
        (f"{V1}/aliases/{ids['alias_id']}", {"description": "Renamed"}),
    ):
        tag = (await admin.get(path)).headers["etag"]
        changed = await admin.patch(path, json=patch, headers={"if-match": tag})
        again = await admin.patch(path, json=patch, headers={"if-match": tag})

        assert changed.status_code == 200, changed.text
        assert (changed.headers["etag"], changed.json()["version"]) != (tag, 1)
        assert (await admin.get(path)).headers["etag"] == changed.headers["etag"]
        assert again.status_code == 412
        assert again.json()["error"]["details"]["changed"] == patch
        assert again.json()["error"]["details"]["changed_by"] == "Ada"


async def test_what_a_caller_has_already_is_not_sent_again(admin: httpx.AsyncClient, saved: dict[str, Any]) -> None:
    whole = await admin.get(f"{V1}/providers/mine")

    for given in (whole.headers["etag"], f"W/{whole.headers['etag']}", f'"77", {whole.headers["etag"]}', "*"):
        known = await admin.get(f"{V1}/providers/mine", headers={"if-none-match": given})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", whole.headers["etag"])
    assert (await admin.get(f"{V1}/providers/mine", headers={"if-none-match": '"77"'})).status_code == 200
