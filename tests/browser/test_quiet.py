"""What the log says of ordinary visits, and what a page says when too many strangers are there."""

import asyncio
import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.ui import i18n
from app.ui import page as pages
from app.ui.session import sockets
from tests.browser.conftest import PASSWORD
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser
ROUTES = [entry.route for entry in pages.pages() if entry.route.startswith("/") or entry.route == "404"]


@pytest.fixture(scope="module")
def house(console: Patchbay) -> Patchbay:
    """A provider, and a viewer."""
    console.admin("ada@example.org", PASSWORD)
    console.run("user", "add", "vi@example.org", "--role", "viewer", "--password-stdin", stdin=PASSWORD)
    with console.rest() as client:
        body = {"name": "lab", "label": "Lab", "base_url": "http://127.0.0.1:9/v1", "auth_type": "none", "default_model": "alpha"}
        client.post("/providers", json=body).raise_for_status()
    return console


def sign_in(context: BrowserContext, house: Patchbay, email: str) -> Page:
    page = context.new_page()
    page.goto(f"{house.url}/login/")
    page.get_by_label(i18n.say("en", "login.email")).fill(email)
    page.get_by_label(i18n.say("en", "login.password"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=i18n.say("en", "login.submit")).click()
    expect(page.locator("main")).to_be_visible()
    return page


def complaints(log: str) -> list[str]:
    return [line for line in log.splitlines() if " WARNING " in line or " ERROR " in line]


def test_a_viewer_on_every_page_and_a_tab_that_closes_are_no_warning(house: Patchbay, browser: Browser) -> None:
    before = len(house.printed())
    with browser.new_context() as context:
        page = sign_in(context, house, "vi@example.org")
        for route in ROUTES:
            page.goto(house.url + route.replace("[provider_name]", "lab").replace("404", "/nothing-there"))
            page.wait_for_load_state("networkidle")
            expect(page.locator("main").first).to_be_visible()
        for _ in range(5):  # while the page comes alive
            tab = context.new_page()
            tab.goto(house.url, wait_until="commit")
            tab.wait_for_timeout(150)
            tab.close()

    assert complaints(house.printed()[before:]) == []


@contextmanager
def crowd(house: Patchbay) -> Iterator[None]:
    """As many strangers as one address may have."""
    ready, gone = threading.Event(), threading.Event()

    async def stand() -> None:
        many = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(headers={"origin": house.url}, connector=many) as http, contextlib.AsyncExitStack() as opened:
            for _ in range(sockets.MOST_OF_ONE_ADDRESS):
                address = f"{house.url}/_event/?EIO=4&transport=websocket&token={uuid.uuid4()}"
                socket = await opened.enter_async_context(http.ws_connect(address))
                await socket.send_str("40/_event,")
                await socket.receive()
                assert str((await socket.receive()).data).startswith("40/_event")
            ready.set()
            await asyncio.to_thread(gone.wait)

    thread = threading.Thread(target=asyncio.run, args=(stand(),))
    thread.start()
    try:
        assert ready.wait(60)
        yield
    finally:
        gone.set()
        thread.join()


@pytest.mark.parametrize("language", ["vi", *(pytest.param(other, marks=pytest.mark.soak) for other in ("en", "zh"))])
def test_a_page_for_which_there_is_no_room_says_so_and_goes_on_when_there_is(
    house: Patchbay, browser: Browser, shot: Callable[[Page, str], None], language: str
) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        context.add_init_script(f"localStorage.setItem('pb-language', '{language}')")
        page = context.new_page()
        with crowd(house):
            page.goto(f"{house.url}/login/")
            told = page.locator(".pb-connection[data-reason=too_many_visitors]")
            expect(told).to_contain_text(i18n.say(language, "connection.crowded"))
            shot(page, f"crowded-{language}")
        expect(told).to_be_hidden()
