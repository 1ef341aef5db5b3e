"""Paste anything: what is found is shown, added when it is agreed to, or carried into the form. The secret never comes back."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.test_dialogs import sign_in
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

GROQ = "gsk_" + "c3D4" * 12
OPENAI = "sk-proj-" + "a1B2" * 12
Shot = Callable[[Page, str], Any]


@pytest.fixture(scope="module")
def ready(console: Patchbay, upstream: str) -> Patchbay:
    """An admin and a provider, by the command line."""
    console.admin("ada@example.org", PASSWORD)
    console.run("provider", "add", "lab", "--label", "Lab", "--base-url", upstream, "--model", "gpt-4o-mini", "--auth-type", "none")
    return console


def _paste(page: Page, text: str) -> None:
    """As a clipboard does it: the text is there, and the field hears of it."""
    page.get_by_role("button", name="Paste", exact=True).click()
    field = page.get_by_label("Copied text")
    field.fill(text)
    field.dispatch_event("paste")


def test_an_env_file_becomes_providers(desk: BrowserContext, ready: Patchbay, shot: Shot) -> None:
    came: list[str] = []
    page = sign_in(desk, ready)
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: came.append(str(frame))))
    page.reload()
    _paste(page, f"# ours\nOPENAI_API_KEY={OPENAI}\nGROQ_API_KEY={GROQ}\nAZURE_OPENAI_API_KEY={GROQ}az\nDEBUG=1\n")
    finds = page.get_by_role("dialog").get_by_role("listitem")
    expect(finds).to_have_count(3)
    expect(finds.nth(0)).to_contain_text("https://api.openai.com/v1/chat/completions")
    expect(finds.nth(2)).to_contain_text("The address is incomplete")
    expect(finds.nth(2).get_by_role("checkbox")).to_be_disabled()
    shot(page, "paste-env")
    finds.nth(0).get_by_role("checkbox").click()
    page.get_by_role("button", name="Add 1 provider").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("listitem", name="Groq")).to_be_visible()
    expect(page.get_by_role("listitem", name="OpenAI")).to_be_hidden()

    _paste(page, GROQ)
    expect(finds.nth(0)).to_contain_text("Groq already has this key.")
    page.get_by_role("button", name="Cancel").click()
    assert came
    assert not [frame for frame in came if GROQ in frame or OPENAI in frame]


def test_one_key_goes_on_in_the_form(desk: BrowserContext, ready: Patchbay, shot: Shot) -> None:
    page = sign_in(desk, ready)
    _paste(page, f"curl https://llm.example.com/v1/chat/completions -H 'Authorization: Bearer {OPENAI}' -d '{{\"model\":\"big\"}}'")
    page.get_by_role("button", name="Fill in the form").click()
    dialog = page.locator("[data-dialog='add a provider']")
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("llm.example.com")
    expect(dialog.get_by_label("API key", exact=True)).to_have_value(OPENAI)
    expect(dialog.get_by_text("https://llm.example.com/v1/chat/completions")).to_be_visible()
    shot(page, "paste-form")
    dialog.get_by_role("button", name=re.compile("^Save")).click()
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_role("listitem", name="llm.example.com")).to_be_visible()


def test_a_key_of_nobody_known_asks_whose_it_is(desk: BrowserContext, ready: Patchbay, shot: Shot) -> None:
    page = sign_in(desk, ready)
    _paste(page, "Zm9vYmFy0123456789abcdef")
    find = page.get_by_role("dialog").get_by_role("listitem")
    expect(find).to_contain_text("Patchbay cannot tell which vendor this key belongs to.")
    shot(page, "paste-whose")
    find.get_by_label("Vendor").select_option("Mistral")
    expect(find).to_contain_text("https://api.mistral.ai/v1/chat/completions")
    page.get_by_role("button", name="Add 1 provider").click()
    expect(page.get_by_role("listitem", name="Mistral")).to_be_visible()
    _paste(page, "good morning")
    expect(page.get_by_role("dialog").get_by_text("No key or address found", exact=False)).to_be_visible()
