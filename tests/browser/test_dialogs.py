"""How dialogs behave: keyboard, focus, what was typed, a key that is shown once, a phone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.opening import escape
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def ready(console: Patchbay, upstream: str) -> Patchbay:
    """An admin, a viewer and a provider, by the command line."""
    console.admin("ada@example.org", PASSWORD)
    console.run("user", "add", "vi@example.org", "--role", "viewer", "--password-stdin", stdin=PASSWORD)
    console.run("provider", "add", "lab", "--label", "Lab", "--base-url", upstream, "--model", "gpt-4o-mini", "--auth-type", "none")
    return console


def sign_in(context: BrowserContext, console: Patchbay, email: str = "ada@example.org") -> Page:
    page = context.new_page()
    page.goto(f"{console.url}/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("listitem", name="Lab")).to_be_visible()
    return page


def test_escape_asks_before_typed_things_are_lost_and_the_focus_returns(desk: BrowserContext, ready: Patchbay) -> None:
    page = sign_in(desk, ready)
    page.get_by_role("button", name="More for Lab").click()
    page.get_by_role("menuitem", name="Edit").click()
    name = page.get_by_role("dialog").get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    name.fill("Lab two")
    escape(page)

    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text("Discard your changes?")
    question.get_by_role("button", name="Keep editing").click()
    expect(question).to_be_hidden()
    expect(name).to_have_value("Lab two")
    escape(page)
    question.get_by_role("button", name="Discard").click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="More for Lab")).to_be_focused()
    expect(page.get_by_role("listitem", name="Lab")).to_be_visible()


def test_a_mistake_is_said_at_its_field_which_gets_the_focus(desk: BrowserContext, ready: Patchbay) -> None:
    page = sign_in(desk, ready)
    page.get_by_role("button", name="Add provider").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Groq").click()
    key = dialog.get_by_label("API key", exact=True)
    expect(key).to_be_focused()
    key.fill("sk-or-v1-1234567890abcdef")
    expect(dialog.get_by_text("This looks like a key for OpenRouter.")).to_be_visible()
    key.fill("gsk_••••4f2a")
    dialog.get_by_role("button", name="Save", exact=True).click()

    expect(dialog.get_by_text("This is a masked key")).to_be_visible()
    expect(key).to_be_focused()
    expect(key).to_have_attribute("aria-invalid", "true")
    expect(key).to_have_value("gsk_••••4f2a")
    escape(page)
    page.get_by_role("alertdialog").get_by_role("button", name="Discard").click()


def test_choosing_another_vendor_drops_the_key_and_keeps_the_name(desk: BrowserContext, ready: Patchbay) -> None:
    page = sign_in(desk, ready)
    page.get_by_role("button", name="Add provider").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Groq").click()
    dialog.get_by_label("Name", exact=True).fill("Fast ones")
    dialog.get_by_label("API key", exact=True).fill("gsk_1234567890")
    dialog.get_by_role("button", name="Back").click()
    dialog.get_by_role("button", name="OpenRouter").click()

    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Fast ones")
    expect(dialog.get_by_label("API key", exact=True)).to_have_value("")
    expect(dialog.get_by_text("https://openrouter.ai/api/v1/chat/completions")).to_be_visible()


def test_a_new_key_is_shown_once(desk: BrowserContext, ready: Patchbay) -> None:
    page = sign_in(desk, ready)
    page.get_by_role("link", name="App keys").first.click()
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Website chat")
    dialog.get_by_role("button", name="Create key").click()

    shown = dialog.get_by_label("App key", exact=True)
    expect(shown).to_have_text(re.compile(r"pb-[a-z0-9]{12}-\S{43}"))
    key = shown.inner_text()
    snippet = dialog.locator("pre", has_text="from openai")
    expect(snippet).to_contain_text(f'OpenAI(base_url="{ready.url}/v1", api_key="{key}")')
    expect(snippet).to_contain_text('model="lab/gpt-4o-mini"')
    dialog.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_role("row").filter(has_text="Website chat")).to_be_visible()

    assert key not in page.content()
    page.reload()
    expect(page.get_by_role("row").filter(has_text="Website chat")).to_be_visible()
    assert key not in page.content()


def test_a_viewer_sees_everything_and_is_offered_nothing_to_change(desk: BrowserContext, ready: Patchbay) -> None:
    page = sign_in(desk, ready, "vi@example.org")

    card = page.get_by_role("listitem", name="Lab")
    expect(card).to_contain_text("Not tested")
    assert card.get_by_role("button").count() == 0
    expect(page.get_by_role("button", name="Add provider")).to_be_hidden()
    expect(page.get_by_role("link", name="Users")).to_have_count(0)


def test_on_a_phone_nothing_sticks_out_and_dialogs_fill_the_screen(browser: Browser, ready: Patchbay) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    page = sign_in(context, ready)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.get_by_role("button", name="Add provider").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Groq").click()
    expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_in_viewport()
    box = dialog.bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    context.close()


def test_a_name_is_typed_before_something_stops(
    desk: BrowserContext, ready: Patchbay, upstream: str, shot: Callable[[Page, str], Any]
) -> None:
    with ready.rest() as rest:
        doomed = {"name": "doomed", "label": "Doomed", "base_url": upstream, "auth_type": "none"}
        rest.post("/providers", json=doomed).raise_for_status()
        target = {"provider": "doomed", "model": "gpt-4o-mini"}
        rest.post("/aliases", json={"name": "fast", "targets": [target]}).raise_for_status()
        rest.post("/chat", json={"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}).raise_for_status()
    page = sign_in(desk, ready)
    page.get_by_role("button", name="More for Doomed").click()
    page.get_by_role("menuitem", name="Delete").click()
    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text("These aliases have no other target and will stop working: fast.")
    confirm = question.get_by_role("button", name="Delete provider")
    expect(confirm).to_be_disabled()
    shot(page, "delete-needed")

    question.get_by_label("Type “doomed” to confirm").fill("doomed")
    expect(confirm).to_be_enabled()
    confirm.click()

    expect(page.get_by_role("listitem", name="Doomed")).to_be_hidden()
