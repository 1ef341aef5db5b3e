"""The main job in a browser: from the set-up link to a provider that answers, with a second tab that follows."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

KEY = "sk-canary-7f3a9c1e5b2d8046-QwErTy"
PASSWORD = "correct horse battery staple"


class Wire:
    """Everything a page received: documents, answers and websocket frames."""

    def __init__(self, page: Page) -> None:
        self.frames: list[str] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: self.frames.append(str(frame))))


def test_from_the_link_to_an_answer(desk: BrowserContext, console: Patchbay, upstream: str, shot: Callable[[Page, str], None]) -> None:
    page = desk.new_page()
    wire = Wire(page)
    set_up(page, console)
    shot(page, "journey-1-empty")

    add_custom(page, upstream, shot)
    shot(page, "journey-4-card")
    card = page.get_by_role("listitem", name="Office models")
    expect(card).to_contain_text("Working")
    expect(card).to_contain_text(upstream.removeprefix("http://"))

    other = desk.new_page()
    other.goto(console.url)
    elsewhere = other.get_by_role("listitem", name="Office models")
    expect(elsewhere).to_contain_text("Working")

    probe(card)
    shot(page, "journey-5-tested")
    rename(page, "Team models")
    expect(other.get_by_role("listitem", name="Team models")).to_be_visible()
    switch_off_and_on(page, other)
    delete(page)
    expect(other.get_by_role("heading", name="Add your first provider")).to_be_visible()

    assert KEY not in page.content()
    assert [frame for frame in wire.frames if KEY in frame] == []


def set_up(page: Page, console: Patchbay) -> None:
    page.goto(console.setup_link())
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create admin").click()
    page.get_by_role("link", name="Skip to providers").click()
    expect(page.get_by_role("heading", name="Add your first provider")).to_be_visible()


def add_custom(page: Page, upstream: str, shot: Callable[[Page, str], None]) -> None:
    page.get_by_role("button", name="Custom provider").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Office models")
    dialog.get_by_label("Address", exact=True).fill(upstream.removesuffix("/v1"))
    expect(dialog.get_by_text(f"{upstream}/chat/completions")).to_be_visible()
    expect(dialog.get_by_text("/v1 was added.")).to_be_visible()
    expect(dialog.get_by_text("This address is on your network.", exact=False)).to_be_visible()
    dialog.get_by_label("API key", exact=True).fill(KEY)
    dialog.get_by_label("Test model").fill("gpt-4o-mini")

    dialog.get_by_role("button", name="Test", exact=True).click()
    for rung in ("Address", "Server responds", "Chat works"):
        expect(dialog.get_by_role("listitem").filter(has_text=rung)).to_be_visible()
    shot(page, "journey-2-tested")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_role("heading", name="Office models is saved")).to_be_visible()
    shot(page, "journey-3-saved")
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_be_hidden()


def probe(card: Locator) -> None:
    card.get_by_role("button", name="Test Office models", exact=True).click()
    expect(card.get_by_role("listitem").filter(has_text="Chat works")).to_be_visible()
    card.get_by_role("button", name="Hide result").click()


def rename(page: Page, label: str) -> None:
    page.get_by_role("button", name="More for Office models").click()
    page.get_by_role("menuitem", name="Edit").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("••••erTy")).to_be_visible()
    dialog.get_by_label("Name", exact=True).fill(label)
    dialog.get_by_label("Name", exact=True).press("Enter")
    expect(dialog).to_be_hidden()


def switch_off_and_on(page: Page, other: Page) -> None:
    switch = page.get_by_role("switch", name="Team models is on")
    switch.click()
    expect(other.get_by_role("switch", name="Team models is on")).not_to_be_checked()
    expect(other.get_by_role("listitem", name="Team models")).to_contain_text("Off")
    switch.click()
    expect(other.get_by_role("switch", name="Team models is on")).to_be_checked()


def delete(page: Page) -> None:
    page.get_by_role("button", name="More for Team models").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete provider").click()
    expect(page.get_by_role("heading", name="Add your first provider")).to_be_visible()
