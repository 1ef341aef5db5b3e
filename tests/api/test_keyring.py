"""The master keys over REST, and the recovery kit as a browser's form gets it."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.domain.actor import Role
from app.domain.people.people import NewSession
from app.domain.secret import Secret
from app.services import people, recovery, sessions
from tests.fixtures.rest import Clients, person

V1 = "/api/v1"
PASSWORD = "seven green bicycles sing"


@pytest.fixture
async def ada(house: None) -> NewSession:
    """An admin with a password."""
    from app.domain.actor import SYSTEM

    await people.create(SYSTEM, "ada@example.com", "Ada", Role.ADMIN, Secret(PASSWORD))
    return await sessions.sign_in("ada@example.com", Secret(PASSWORD), ip="127.0.0.1", agent="test")


async def test_the_keyring_shows_ids_and_use_and_never_a_key(client: Clients, data_dir: Path, ada: NewSession) -> None:
    viewer = client(session=await person(Role.VIEWER, "vera@example.com"))
    answer = await viewer.get(f"{V1}/keyring")

    assert answer.status_code == 200
    (listed,) = answer.json()["keys"]
    assert (listed["state"], listed["is_loaded"], listed["values"]) == ("active", True, 3)
    assert answer.json()["kind"] == "file"
    assert (data_dir / "keys" / "master.key").read_text().strip() not in answer.text


async def test_a_kit_over_rest_needs_a_browser_and_the_password(client: Clients, ada: NewSession, data_dir: Path) -> None:
    browser = client(session=ada)
    refused = await browser.post(f"{V1}/keyring/recovery-kit")
    wrong = await browser.post(f"{V1}/session/confirm", json={"password": "seven blue bicycles sing"})
    right = await browser.post(f"{V1}/session/confirm", json={"password": PASSWORD})
    kit = await browser.post(f"{V1}/keyring/recovery-kit", json={"language": "vi"})
    again = await browser.post(f"{V1}/keyring/recovery-kit")

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "confirmation_needed")
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (422, "password")
    assert right.json().keys() == {"confirmed_until"}
    assert (kit.status_code, again.status_code) == (200, 403)
    assert kit.headers["cache-control"] == "no-store"
    assert kit.headers["content-type"].startswith("text/plain")
    assert re.fullmatch(r'attachment; filename="patchbay-recovery-kit-[0-9a-f]{10}\.txt"', kit.headers["content-disposition"])
    assert (data_dir / "keys" / "master.key").read_text().strip() in kit.text
    assert "BỘ KHÔI PHỤC" in kit.text


async def test_a_client_key_gets_no_kit(client: Clients, ada: NewSession) -> None:
    issued = (await client(session=ada).post(f"{V1}/client-keys", json={"name": "script", "scope": "admin"})).json()["key"]
    program = client(key=issued)

    assert (await program.post(f"{V1}/session/confirm", json={"password": PASSWORD})).status_code == 403
    assert (await program.post(f"{V1}/keyring/recovery-kit")).status_code == 403
    assert (await program.get(f"{V1}/keyring")).status_code == 200


async def send(client: Clients, session: NewSession | None, **fields: str) -> httpx.Response:
    browser = client(session=session)
    return await browser.post("/auth/recovery-kit", data=fields, headers={"origin": str(browser.base_url).rstrip("/")})


async def test_the_form_of_the_page_is_answered_with_the_file(client: Clients, ada: NewSession, data_dir: Path) -> None:
    answer = await send(client, ada, password=PASSWORD, proof=recovery.proof(ada.session), language="zh")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (data_dir / "keys" / "master.key").read_text().strip() in answer.text
    assert "恢复套件" in answer.text


async def test_a_form_that_is_refused_leads_back_with_the_reason_and_without_the_password(client: Clients, ada: NewSession) -> None:
    proof = recovery.proof(ada.session)
    viewer = await person(Role.VIEWER, "vera@example.com")
    answers = {
        "wrong": await send(client, ada, password="seven blue bicycles sing", proof=proof),
        "failed": await send(client, ada, password=PASSWORD, proof="0" * 32),
        "ended": await send(client, None, password=PASSWORD, proof=proof),
    }
    by_viewer = await send(client, viewer, password=PASSWORD, proof=recovery.proof(viewer.session))

    for code, answer in answers.items():
        assert answer.status_code == 303
        assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == [code]
        assert "bicycles" not in answer.headers["location"]
    assert by_viewer.headers["location"] == "/encryption?error=failed"


async def test_a_page_of_a_stranger_cannot_send_the_form(client: Clients, ada: NewSession) -> None:
    browser = client(session=ada)
    fields = {"password": PASSWORD, "proof": recovery.proof(ada.session)}
    answer = await browser.post("/auth/recovery-kit", data=fields, headers={"origin": "https://evil.example"})

    assert answer.status_code == 403
