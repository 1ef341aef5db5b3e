"""The whole job with the keyboard alone: add, test, edit, switch off, remove. The focus is always in sight and never lost."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.opening import escape
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

# What has the focus, as a screen reader would name it, and whether a ring shows where it is.
FOCUS = """() => {
  const here = document.activeElement;
  const name = here.getAttribute('aria-label') ?? here.labels?.[0]?.textContent ?? here.textContent.trim();
  const parts = [here, here.parentElement, ...here.querySelectorAll('*')].filter(Boolean);
  const styles = parts.flatMap((part) => [getComputedStyle(part), getComputedStyle(part, '::before'), getComputedStyle(part, '::after')]);
  return { name, role: here.getAttribute('role') ?? here.tagName.toLowerCase(),
    seen: styles.some((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) };
}"""


def tab_to(page: Page, name: str, *, key: str = "Tab", most: int = 60) -> None:
    """Press Tab until the focus is on the control of this name. Wherever it passes, it must be seen."""
    hidden: list[str] = []
    passed: list[str] = []
    for _ in range(most):
        page.keyboard.press(key)
        here = page.evaluate(FOCUS)
        passed.append(here["name"])
        if here["role"] != "body" and not here["seen"]:
            hidden.append(f"{here['role']} {here['name']}")
        if here["name"] == name:
            assert hidden == []
            return
    raise AssertionError(f"{name!r} cannot be reached with {key}: {[p[:40] for p in passed]}")


def test_a_provider_is_added_tested_edited_switched_off_and_removed_without_a_mouse(
    desk: BrowserContext, console: Patchbay, upstream: str
) -> None:
    console.admin("ada@example.org", PASSWORD)
    page = desk.new_page()
    page.goto(f"{console.url}/login/")
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type("ada@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Add your first provider")).to_be_visible()

    skip_to_content(page)
    add(page, upstream)
    card = page.get_by_role("listitem", name="Desk models")
    expect(card).to_contain_text("Working")
    probe(page)
    rename(page)
    switch_off(page)
    remove(page)


def skip_to_content(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def add(page: Page, upstream: str) -> None:
    page.keyboard.press("Tab")
    while "Custom provider" not in page.evaluate(FOCUS)["name"]:
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Desk models")
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Address", exact=True)).to_be_focused()  # the first mistake
    page.keyboard.type(upstream)
    tab_to(page, "API key")
    page.keyboard.type("sk-keyboard-1234567890")
    tab_to(page, "Test model")
    page.keyboard.type("gpt-4o-mini")
    tab_to(page, "Test")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("listitem").filter(has_text="Server responds")).to_be_visible()
    tab_to(page, "API key", key="Shift+Tab")
    page.keyboard.press("Enter")  # Enter saves
    expect(dialog.get_by_role("heading", name="Desk models is saved")).to_be_visible()
    escape(page)
    expect(dialog).to_be_hidden()


def probe(page: Page) -> None:
    tab_to(page, "Test Desk models")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Hide result")).to_be_visible()
    tab_to(page, "Hide result", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Hide result")).to_be_hidden()


def rename(page: Page) -> None:
    menu(page, "Desk models", 0)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    escape(page)  # nothing typed, nothing asked, and the focus is where it was
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="More for Desk models")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Team models")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("listitem", name="Team models")).to_be_visible()


def switch_off(page: Page) -> None:
    tab_to(page, "Team models is on")
    page.keyboard.press("Space")
    expect(page.get_by_role("switch", name="Team models is on")).not_to_be_checked()
    expect(page.get_by_role("listitem", name="Team models")).to_contain_text("Off")


def remove(page: Page) -> None:
    menu(page, "Team models", -1)
    question = page.get_by_role("alertdialog")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()  # the safe answer
    tab_to(page, "Delete provider", most=3)
    page.keyboard.press("Tab")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()  # the question keeps the focus
    tab_to(page, "Delete provider", most=3)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Add your first provider")).to_be_visible()


def menu(page: Page, label: str, entry: int) -> None:
    """Open a provider's menu and take its first (0) or last (-1) entry by the arrows."""
    page.evaluate("document.querySelector('main').focus()")
    tab_to(page, f"More for {label}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    escape(page)
    expect(page.get_by_role("menu")).to_be_hidden()
    expect(page.get_by_role("button", name=f"More for {label}")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    if entry:
        page.keyboard.press("ArrowUp")
        page.keyboard.press("End")
        expect(page.get_by_role("menuitem").last).to_be_focused()
    page.keyboard.press("Enter")


def test_on_a_phone_every_page_is_reached_from_the_bottom_bar(desk: BrowserContext, console: Patchbay) -> None:
    console.admin("phone@example.org", PASSWORD)
    page = desk.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{console.url}/login/")
    page.get_by_label("Email").fill("phone@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    bar, more = page.get_by_role("navigation", name="Main"), page.get_by_role("button", name="More", exact=True)
    expect(bar.get_by_role("link")).to_have_text(["Providers", "App keys", "Usage", "Routes"])

    more.focus()
    page.keyboard.press("Enter")
    others = page.get_by_role("dialog", name="More")
    expect(others.get_by_role("status")).to_contain_text("Live")
    escape(page)
    expect(others).to_be_hidden()
    expect(more).to_be_focused()

    page.keyboard.press("Enter")
    tab_to(page, "Encryption")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Encryption", level=1)).to_be_visible()
    expect(others).to_be_hidden()
    expect(more).to_have_attribute("aria-current", "true")
