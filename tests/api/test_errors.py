"""An error over REST: one shape, a code of the catalogue, every fault at its field, and nothing of what was sent."""

import httpx
import pytest

from app.domain.error_code import ErrorCode
from tests.fixtures.rest import SECRET, Clients, body

NAMES = ["/providers/gone", "/providers/presets/gone", "/aliases/gone", "/client-keys/gone"]
NOUNS = ["provider_not_found", "preset_not_found", "alias_not_found", "client_key_not_found"]


async def test_every_fault_is_listed_at_its_field(admin: httpx.AsyncClient) -> None:
    sent = body(models=["fine", {"identifier": "a b"}], enabled="yes", **{SECRET: 1})

    error = (await admin.post("/api/v1/providers", json=sent)).json()["error"]

    assert sorted((fault["field"] or "", fault["code"]) for fault in error["details"]["errors"]) == [
        ("", "unknown_field"), ("enabled", "wrong_type"), ("models.1.identifier", "wrong_form"),
    ]  # fmt: skip
    assert error["code"] == "invalid"
    assert SECRET not in str(error)


async def test_a_rule_of_ours_has_its_own_code(admin: httpx.AsyncClient) -> None:
    error = (await admin.post("/api/v1/providers", json=body(name="default", base_url=""))).json()["error"]

    assert [(fault["field"], fault["code"]) for fault in error["details"]["errors"]] == [
        ("name", "name_reserved"),
        ("base_url", "address_empty"),
    ]
    assert {fault["message"] for fault in error["details"]["errors"]} > {error["message"]}


@pytest.mark.parametrize("sent", [b"{", b"\xff", b'{"name": NaN}', b'{"name": "a", "name": "b"}', b"[" * 100_000])
async def test_a_body_that_says_nothing_certain_cannot_be_read(admin: httpx.AsyncClient, sent: bytes) -> None:
    answer = await admin.post("/api/v1/providers", content=sent, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["field"]) == (400, "bad_request", None)


async def test_what_is_not_there_is_named_by_its_noun(viewer: httpx.AsyncClient) -> None:
    answers = [(await viewer.get(f"/api/v1{path}")) for path in NAMES]

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(404, noun) for noun in NOUNS]


async def test_what_exists_already_is_named(admin: httpx.AsyncClient) -> None:
    person = {"email": "twice@example.com", "name": "Twice", "password": "four unrelated words again"}
    answers = [await admin.post("/api/v1/users", json=person) for _ in range(2)]

    assert (answers[0].status_code, answers[1].status_code) == (201, 409)
    assert (answers[1].json()["error"]["code"], answers[1].json()["error"]["field"]) == ("email_taken", "email")


async def test_a_revoked_key_is_not_changed(admin: httpx.AsyncClient) -> None:
    key = (await admin.post("/api/v1/client-keys", json={"name": "app"})).json()["client_key"]
    await admin.delete(f"/api/v1/client-keys/{key['id']}")

    answer = await admin.patch(f"/api/v1/client-keys/{key['id']}", json={"name": "other"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "revoked")


async def test_a_stranger_hears_how_to_come_in(client: Clients) -> None:
    answer = await client().get("/api/v1/providers")

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["error"]["code"] == ErrorCode.NOT_SIGNED_IN
