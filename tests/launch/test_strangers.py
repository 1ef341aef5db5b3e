"""Strangers and viewers try every event handler of the running server by hand-written websocket messages."""

import asyncio
import json
import sqlite3
from typing import Any, get_type_hints

import httpx
import pytest
import socketio.exceptions

from app import main
from app.domain.actor import Role
from app.services import denials
from app.ui import permission
from app.ui.session import guard
from tests.fixtures.running import Patchbay, until
from tests.launch.conftest import STATE, sign_in, tab

HANDLERS = {name: permission.role_of(found.handler.fn) for name, found in main.app._registration_context.event_handlers.items()}
OURS = [name for name, needed in HANDLERS.items() if needed is not None and name not in guard.FRAMEWORK and not name.endswith(".setvar")]
SETTERS = [name for name in HANDLERS if name.endswith(".setvar")]
LIVE = f"{STATE}app___ui___session___live____live"
HYDRATE = f"{STATE}hydrate"
SESSION = f"{STATE}app___ui___session___session____session_state"


def fitting(name: str) -> dict[str, Any]:
    """What a page would send to a handler."""
    fn = main.app._registration_context.event_handlers[name].handler.fn
    hints = {argument: hint for argument, hint in get_type_hints(fn).items() if argument != "return"}
    return {argument: {str: "x", int: 1, bool: True}.get(hint, {}) for argument, hint in hints.items()}


def contents(server: Patchbay) -> list[str]:
    """Everything in the database but what changes by itself: heartbeats, when somebody was last seen, refusals in the audit."""
    by_itself = ('"worker_heartbeat"', '"session"', "access:request:deny", '"audit_head"')
    with sqlite3.connect(server.data / "patchbay.db") as database:
        return [line for line in database.iterdump() if not any(word in line for word in by_itself)]


def refusals(server: Patchbay) -> list[tuple[str, str, str]]:
    """What the audit says of refusals: (who, what, outcome)."""
    with sqlite3.connect(server.data / "patchbay.db") as database:
        query = "SELECT actor_name, target_name, outcome FROM audit WHERE action = 'access:request:deny' ORDER BY seq"
        return database.execute(query).fetchall()


async def test_a_stranger_can_fire_no_handler(server: Patchbay) -> None:
    assert len(OURS) > 40
    before = contents(server)

    for name in OURS:
        async with tab(server.url) as stranger:
            await stranger.fire(name, fitting(name), path="/client-keys")
            await stranger.wait(stranger.redirects)

            assert stranger.redirects() == ["/login?next=%2Fclient-keys"], name
            assert set(stranger.changed()) <= {"reflex___state____state"}, name

    assert contents(server) == before


async def test_nobody_can_fire_a_raw_setter(server: Patchbay) -> None:
    async with tab(server.url, cookie=sign_in(server, "ada@example.org")) as admin:
        await admin.fire(HYDRATE)
        for name in SETTERS:
            await admin.fire(name, {"var_name": "role", "value": "admin"})
            await admin.wait(lambda name=name: f"a raw setter was fired: {name}" in server.printed())


async def test_a_viewer_can_fire_no_handler_of_an_admin(server: Patchbay) -> None:
    of_admins = [name for name in OURS if HANDLERS[name] is Role.ADMIN and name not in guard.arrivals()]
    opening = [name for name in OURS if HANDLERS[name] is Role.ADMIN and name in guard.arrivals()]
    assert len(of_admins) > 8
    assert len(opening) > 0
    cookie = sign_in(server, "vera@example.org")
    before = contents(server)

    async with tab(server.url, cookie=cookie) as viewer:
        await viewer.fire(HYDRATE)
        for name in opening:  # as their pages do: refused without a word
            await viewer.fire(name)
        for name in of_admins:
            await viewer.fire(name, {"id": "x", "form": {}})
            await viewer.wait(lambda name=name: f"refused: {name} needs role admin" in server.printed())

    assert contents(server) == before
    assert not [name for name in opening if name in server.printed()]
    tried = [name.rpartition("____")[2] for name in of_admins[: denials.PER_MINUTE]]
    assert [entry for entry in refusals(server) if entry[0] == "vera"] == [("vera", name, "denied") for name in tried]


async def test_the_page_comes_alive_for_a_stranger_without_telling_anything(server: Patchbay) -> None:
    async with tab(server.url) as stranger:
        await stranger.fire(HYDRATE)
        await stranger.wait(lambda: SESSION in stranger.changed())

        assert stranger.changed()[SESSION]["email_rx_state_"] == ""
        assert "ada@example.org" not in json.dumps(stranger.updates)


async def test_opening_a_page_loads_nothing_for_a_stranger(server: Patchbay) -> None:
    server.run("client-key", "add", "planted-key-name")
    async with tab(server.url) as stranger:
        await stranger.fire(f"{STATE}hydrate_and_load", path="/client-keys")
        await stranger.wait(stranger.redirects)
        await stranger.fire(HYDRATE, path="/client-keys")
        await stranger.fire(f"{STATE}reflex___state____on_load_internal_state.on_load_internal", path="/client-keys")
        await stranger.wait(lambda: SESSION in stranger.changed())

        assert "planted-key-name" not in json.dumps(stranger.updates)

    async with tab(server.url, cookie=sign_in(server, "ada@example.org")) as ada:
        await ada.fire(f"{STATE}hydrate_and_load", path="/client-keys")
        await ada.wait(lambda: "planted-key-name" in json.dumps(ada.updates))


async def test_a_stranger_s_tab_is_not_told_that_something_changed(server: Patchbay) -> None:
    async with tab(server.url) as stranger, tab(server.url, cookie=sign_in(server, "ada@example.org")) as ada:
        for each in (stranger, ada):
            await each.fire(HYDRATE)
            await each.wait(lambda each=each: SESSION in each.changed())
        before = len(stranger.updates)

        server.run("client-key", "add", "one-more")
        await ada.wait(lambda: ada.changed().get(LIVE, {}).get("revision_rx_state_", 0) > 0)
        await stranger.fire(f"{STATE}app___ui___i18n____language.choose", {"code": "en"})
        await stranger.wait(lambda: len(stranger.updates) > before)

        assert LIVE not in json.dumps(stranger.updates[before:])


async def test_whoever_presents_the_token_of_somebody_else_s_tab_gets_nothing_of_it(server: Patchbay) -> None:
    async with tab(server.url, cookie=sign_in(server, "ada@example.org")) as ada:
        await ada.fire(HYDRATE)
        await ada.fire(f"{SESSION}.load")
        await ada.wait(lambda: "ada@example.org" in json.dumps(ada.updates))

    async with tab(server.url, token=ada.token) as thief:
        await thief.fire(f"{STATE}app___ui___i18n____language.choose", {"code": "en"})
        await thief.wait(thief.redirects)
        await thief.fire(HYDRATE)
        await thief.wait(lambda: SESSION in thief.changed())

        assert "ada@example.org" not in json.dumps(thief.updates)


async def test_the_next_person_at_the_same_tab_gets_a_fresh_one(server: Patchbay) -> None:
    async with tab(server.url, cookie=sign_in(server, "ada@example.org")) as ada:
        await ada.fire(HYDRATE)
        await ada.fire(f"{SESSION}.load")
        await ada.wait(lambda: "ada@example.org" in json.dumps(ada.updates))

    async with tab(server.url, cookie=sign_in(server, "vera@example.org"), token=ada.token) as vera:
        await vera.fire(HYDRATE)
        await vera.fire(f"{SESSION}.load")
        await vera.wait(lambda: "vera@example.org" in json.dumps(vera.updates))

        assert "ada@example.org" not in json.dumps(vera.updates)


async def test_signing_out_ends_the_open_tabs_of_the_session_within_three_seconds(server: Patchbay) -> None:
    cookie = sign_in(server, "ada@example.org")
    async with tab(server.url, cookie=cookie) as open_tab:
        await open_tab.fire(HYDRATE)
        await open_tab.wait(lambda: SESSION in open_tab.changed())
        await asyncio.sleep(1.2)  # the watch has seen it alive

        headers = {"origin": server.url, "cookie": f"__Host-pb={cookie}"}
        async with httpx.AsyncClient() as browser:
            await browser.post(f"{server.url}/auth/logout", headers=headers)
        await open_tab.fire(f"{SESSION}.load")
        await open_tab.wait(open_tab.redirects, 3)

        async with asyncio.timeout(3):
            await open_tab.closed.wait()


async def test_disabling_somebody_ends_their_open_tabs(server: Patchbay) -> None:
    server.run("user", "add", "bob@example.org", "--role", "admin", "--password-stdin", stdin="correct horse battery staple")
    async with tab(server.url, cookie=sign_in(server, "bob@example.org")) as bob:
        await bob.fire(HYDRATE)
        await bob.wait(lambda: SESSION in bob.changed())

        server.run("user", "disable", "bob@example.org")

        async with asyncio.timeout(5):
            await bob.closed.wait()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"], ids=["foreign", "null", "another port"])
async def test_a_page_of_another_site_cannot_open_a_websocket(server: Patchbay, origin: str) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        async with tab(server.url, cookie=sign_in(server, "ada@example.org"), origin=origin):
            pass


async def test_what_strangers_send_is_not_written_to_the_log(server: Patchbay) -> None:
    cookie = sign_in(server, "ada@example.org")
    planted = "planted-7f3a91c2d5"
    async with tab(server.url, cookie=cookie) as admin:
        await admin.fire("reflex___state____state.no_such_handler", {"api_key": planted})
        await admin.client.emit("event", f"not an event {planted}", namespace="/_event")
        await admin.client.emit("event", {"name": HYDRATE, "payload": planted, "router_data": planted}, namespace="/_event")
        await admin.fire(f"{SESSION}.load", {"form": {"password": planted}})
        await admin.fire(HYDRATE)
        await admin.wait(lambda: SESSION in admin.changed())

    assert planted not in server.printed()
    assert cookie not in server.printed()
    assert "token=" not in server.printed()


def test_a_proxy_that_nobody_told_us_of_is_named_by_the_doctor(server: Patchbay) -> None:
    httpx.get(f"{server.url}/api/v1/session", headers={"x-forwarded-for": "203.0.113.9"})
    server.run("client-key", "add", "a change, after which there is a heartbeat")

    def told() -> bool:
        found = json.loads(server.run("doctor", "--json", check=False).stdout)["items"]
        return any(one["state"] == "warn" and "X-Forwarded-For arrived from 127.0.0.1" in one["sentence"] for one in found)

    until("the doctor has seen it", told, 40)
