"""A provider's page: several keys added and put in order, one that the provider refuses and takes again, one replaced and taken back."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.test_dialogs import sign_in
from tests.fixtures.running import Patchbay
from tests.fixtures.upstream import Heard, Line, Upstream, answer, usual

pytestmark = pytest.mark.browser

MAIN, SECOND, THIRD, NEW = (f"sk-{name}-0123456789abcdef" for name in ("main", "second", "third", "new"))
Shot = Callable[[Page, str], Any]


class Vendor:
    """A provider in a thread of its own that accepts keys, but for those it refuses, and that may be broken."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.is_broken = False
        self.server = Upstream()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        self._thread.start()
        self.server.on("", self._answer)  # whatever is asked for
        self._do(self.server.start())

    def stop(self) -> None:
        self._do(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _answer(self, line: Line, heard: Heard) -> None:
        is_refused = heard.headers.get("authorization", "").removeprefix("Bearer ") in self.refused
        refusal = (
            answer(500, {"error": {"message": "out of order"}}) if self.is_broken else answer(401, {"error": {"message": "no such key"}})
        )
        await (refusal if is_refused or self.is_broken else usual)(line, heard)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    made = Vendor()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def ready(console: Patchbay, vendor: Vendor) -> Patchbay:
    """An admin, and a provider with one key."""
    console.admin("ada@example.org", PASSWORD)
    draft = {"name": "lab", "label": "Lab", "base_url": vendor.server.base_url, "default_model": "alpha-small"}
    with console.rest() as client:
        client.post("/providers", json=draft | {"credential": {"label": "Main", "secret": {"api_key": MAIN}}}).raise_for_status()
    return console


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader").filter(has_text=name))


def counters(page: Page) -> Locator:
    return page.get_by_role("tabpanel").get_by_role("status").first


def menu(page: Page, name: str, entry: str) -> None:
    page.get_by_role("button", name=f"More for {name}", exact=True).click()
    page.get_by_role("menuitem", name=entry).click()


def test_keys_are_added_ordered_refused_healed_replaced_and_taken_back(
    desk: BrowserContext, ready: Patchbay, vendor: Vendor, shot: Shot
) -> None:
    came: list[str] = []
    page = sign_in(desk, ready)
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: came.append(str(frame))))
    page.get_by_role("link", name="Open Lab").click()
    page.get_by_role("tab", name="Keys").click()
    expect(page).to_have_url(f"{ready.url}/providers/lab?tab=keys")
    page.reload()
    expect(row(page, "Main")).to_contain_text("In use")

    add(page)
    order(page)
    refused_and_healed(page, ready, vendor)
    shot(page, "provider-keys")
    replaced_and_taken_back(page)
    assert came
    assert not [frame for frame in came if any(secret in frame for secret in (MAIN, SECOND, THIRD, NEW))]


def add(page: Page) -> None:
    page.get_by_role("button", name="Add keys").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Keys", exact=True).fill(f"{SECOND}\n{MAIN}\n{THIRD}")
    dialog.get_by_role("button", name="Add keys", exact=True).click()
    lines = dialog.get_by_role("listitem")
    expect(lines).to_have_count(3)
    expect(lines.nth(1)).to_contain_text("This provider already has this key, as “Main”.")
    dialog.get_by_role("button", name="Done").click()
    expect(counters(page)).to_have_text("3 of 3 keys in use")


def order(page: Page) -> None:
    """With the keyboard, and the button keeps the focus."""
    up = page.get_by_role("button", name="Move Key 2 up")
    for place in (1, 0):
        up.press("Enter")
        expect(page.get_by_role("rowheader").nth(place)).to_contain_text("Key 2")
        expect(up).to_be_focused()
    menu(page, "Key 2", "Make reserve")
    expect(row(page, "Key 2")).to_contain_text("Reserve")
    expect(counters(page)).to_have_text("2 of 3 keys in use · 1 reserve")


def refused_and_healed(page: Page, ready: Patchbay, vendor: Vendor) -> None:
    """What traffic meets shows without a reload; a test that passes heals the key."""
    vendor.refused.add(MAIN)
    app = ready.run("client-key", "add", "app", "--scope", "gateway").stdout.strip()
    ask = {"model": "lab/alpha-small", "messages": [{"role": "user", "content": "hi"}]}
    with httpx.Client(base_url=ready.url, headers={"Authorization": f"Bearer {app}"}, timeout=20) as client:
        assert client.post("/v1/chat/completions", json=ask).status_code == 200  # by the next key
    expect(row(page, "Main")).to_contain_text("Rejected by the provider")
    expect(row(page, "Main")).to_contain_text("Next attempt")
    vendor.refused.clear()
    page.get_by_role("button", name="Test Main", exact=True).click()
    expect(row(page, "Main")).to_contain_text("In use")
    page.get_by_role("button", name="Hide result").click()


def replaced_and_taken_back(page: Page) -> None:
    menu(page, "Main", "Replace")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("API key", exact=True).fill(NEW)
    dialog.get_by_role("button", name="Save the new key").click()
    dialog.get_by_role("button", name="Finish later").click()
    expect(row(page, "Main (2)")).to_contain_text("New, not in use yet")

    page.get_by_role("button", name="Continue with Main (2)").click()
    dialog.get_by_role("button", name="Continue").click()
    dialog.get_by_role("button", name="Use the new key").click()
    question = page.get_by_role("alertdialog")  # it was never tested
    question.get_by_role("button", name="Back").click()
    dialog.get_by_role("button", name="Back").click()
    dialog.get_by_role("button", name="Test Main (2)").click()
    expect(dialog.get_by_text("Everything works")).to_be_visible()
    dialog.get_by_role("button", name="Continue").click()
    dialog.get_by_role("radio", name="7 days").click()
    dialog.get_by_role("button", name="Use the new key").click()
    expect(dialog.get_by_text("The old key is kept")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()
    expect(row(page, "Main (2)")).to_contain_text("In use")

    page.get_by_role("button", name="Roll back to Main").click()
    expect(row(page, "Main (2)")).to_contain_text("New, not in use yet")
    menu(page, "Main (2)", "Cancel and delete")
    expect(row(page, "Main (2)")).to_have_count(0)
    expect(row(page, "Main")).to_contain_text("In use")
