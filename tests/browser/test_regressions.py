"""What was wrong once, is right, and no other test would see come back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from app.ui import i18n
from tests.browser.conftest import PASSWORD
from tests.browser.opening import escape
from tests.browser.page_words import speak
from tests.browser.test_dialogs import sign_in
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

# Buttons whose words stand on more than one line.
BROKEN = """() => [...document.querySelectorAll("button.rt-Button")].filter((button) => {
  if (!button.checkVisibility() || !button.innerText.trim()) return false;
  const words = document.createRange();
  words.selectNodeContents(button);
  return new Set([...words.getClientRects()].filter((r) => r.width > 1 && r.height > 8).map((r) => Math.round(r.bottom / 12))).size > 1;
}).map((button) => button.innerText)"""

# What the question says, frame by frame, until it is gone.
LEAVING = """question => new Promise((done) => {
  const said = new Set();
  const look = () => {
    if (!question.isConnected) return done([...said]);
    said.add(question.innerText);
    requestAnimationFrame(look);
  };
  look();
})"""

# Escape twice in one breath: the second is heard before the question that the first one asks is drawn.
TWICE = """() => [1, 2].forEach(() =>
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })))"""


def say(key: str, **values: object) -> str:
    return i18n.say("en", key, **values)


@pytest.fixture(scope="module")
def ready(console: Patchbay, upstream: str) -> Patchbay:
    """An admin, and a provider that three aliases need."""
    console.admin("ada@example.org", PASSWORD)
    console.run("provider", "add", "lab", "--label", "Lab", "--base-url", upstream, "--model", "gpt-4o-mini", "--auth-type", "none")
    with console.rest() as rest:
        for name in ("fast", "cheap", "good"):
            rest.post("/aliases", json={"name": name, "targets": [{"provider": "lab", "model": "gpt-4o-mini"}]}).raise_for_status()
    return console


@pytest.fixture
def page(desk: BrowserContext, ready: Patchbay) -> Iterator[Page]:
    """Signed in, on the page of the providers."""
    yield sign_in(desk, ready)


def new_key(page: Page, name: str) -> Locator:
    """The dialog of a new key, with its name typed."""
    page.get_by_role("link", name="App keys").first.click()
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill(name)
    return dialog


def question(page: Page) -> Locator:
    """The delete question of the provider."""
    page.get_by_role("button", name="More for Lab").click()
    page.get_by_role("menuitem", name="Delete").click()
    shown = page.get_by_role("alertdialog")
    expect(shown).to_contain_text("Lab")
    return shown


@pytest.mark.parametrize("size", [{"width": 1280, "height": 600}, {"width": 390, "height": 600}], ids=["desk", "phone"])
def test_the_buttons_of_a_question_are_in_view_whatever_needs_the_provider(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type] - width and height
    asked = question(page)
    expect(asked).to_contain_text("fast")

    for button in asked.get_by_role("button").all():
        expect(button).to_be_in_viewport(ratio=1)


def test_a_question_keeps_its_words_while_it_leaves(page: Page) -> None:
    asked = question(page)
    said = asked.inner_text()

    leaving = page.evaluate_handle(f"question => ({{ seen: ({LEAVING})(question) }})", asked.element_handle())
    escape(page)

    assert leaving.evaluate("({ seen }) => seen") == [said]


def test_a_notice_is_set_in_the_font_of_the_page(page: Page) -> None:
    page.get_by_role("button", name="More for Lab").click()
    page.get_by_role("menuitem", name=say("card.make_default")).click()
    notice = page.locator("[data-sonner-toast]")
    expect(notice).to_be_visible()

    assert (
        notice.evaluate("e => getComputedStyle(e).fontFamily").split(",")[0]
        == page.evaluate("getComputedStyle(document.querySelector('.radix-themes')).fontFamily").split(",")[0]
    )


def test_the_result_of_a_test_stands_once_on_the_page_of_a_provider(page: Page, ready: Patchbay) -> None:
    page.goto(f"{ready.url}/providers/lab/")
    page.get_by_role("button", name=say("card.test_name", name="Lab")).click()
    told = page.get_by_text(say("rung_ok.chat"), exact=True)

    expect(told.first).to_be_visible()
    expect(told).to_have_count(1)


def test_the_menu_of_a_provider_is_the_same_on_its_card_and_on_its_page(page: Page, ready: Patchbay) -> None:
    found = []
    for on_page in (False, True):
        if on_page:
            page.goto(f"{ready.url}/providers/lab/")
            expect(page.get_by_role("tablist")).to_be_visible()
        page.get_by_role("button", name="More for Lab").click()
        expect(page.get_by_role("menuitem").first).to_be_visible()
        found.append(page.get_by_role("menuitem").all_inner_texts())
        escape(page)

    assert found[0] == found[1]
    assert len(found[0]) > 3


def test_nobody_is_shown_a_switch_for_themselves(page: Page) -> None:
    page.get_by_role("link", name="Users").first.click()
    mine = page.get_by_role("row").filter(has_text=say("people.you"))

    expect(mine).to_contain_text(say("common.yes"))
    expect(mine.get_by_role("switch")).to_have_count(0)


def test_escape_asks_before_a_key_that_is_shown_once_is_gone(page: Page) -> None:
    dialog = new_key(page, "Escaped")
    dialog.get_by_role("button", name="Create key").click()
    shown = dialog.get_by_label("App key", exact=True)
    key = shown.inner_text()
    escape(page)

    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(shown).to_have_text(key)
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    page.evaluate(TWICE)
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    expect(shown).to_have_text(key)


def test_a_key_that_is_shown_once_stays_when_the_server_starts_again(browser: Browser, ready: Patchbay) -> None:
    context = browser.new_context(locale="en-GB")  # a page whose server is away complains of that
    page = sign_in(context, ready)
    dialog = new_key(page, "Restarted")
    dialog.get_by_role("button", name="Create key").click()
    shown = dialog.get_by_label("App key", exact=True)
    key = shown.inner_text()

    lost = page.locator(".pb-dot-lost")
    ready.stop()
    expect(lost).to_have_count(1)
    ready.start()
    expect(lost).to_have_count(0)

    expect(shown).to_have_text(key)
    context.close()


def test_back_asks_before_a_typed_key_is_lost(page: Page, ready: Patchbay) -> None:
    page.goto(f"{ready.url}/start/")
    page.get_by_role("button", name="Groq").click()
    page.get_by_label("API key", exact=True).fill("gsk_typed_0123456789")
    page.go_back()
    page.get_by_role("alertdialog").get_by_role("button", name="Keep editing").click()

    expect(page.get_by_label("API key", exact=True)).to_have_value("gsk_typed_0123456789")


@pytest.mark.parametrize("path", ["/", "/client-keys/", "/people/", "/encryption/", "/providers/lab/?tab=keys"])
def test_the_words_of_a_button_stand_on_one_line_on_a_phone(page: Page, ready: Patchbay, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(ready.url + path)
    expect(page.locator("main button.rt-Button").first).to_be_visible()
    speak(page, "vi")

    broken = page.evaluate(BROKEN)
    speak(page, "en")

    assert broken == []


def test_choices_that_were_sent_are_not_asked_about(page: Page) -> None:
    page.get_by_role("button", name=say("batch.open_all")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").last.select_option(index=0)
    escape(page)
    page.get_by_role("alertdialog").get_by_role("button", name=say("unsaved.stay")).click()
    dialog.get_by_role("button", name=say("batch.start", n=1)).click()
    expect(dialog.get_by_text(say("verdict.ok"))).to_be_visible()

    page.go_back()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("alertdialog")).to_have_count(0)


def test_a_new_key_for_no_provider_says_so_where_it_is_and_gets_the_focus(page: Page) -> None:
    dialog = new_key(page, "Nothing")
    group = dialog.get_by_role("group", name=say("client_keys.providers"), exact=True)
    group.get_by_role("combobox").select_option(label=say("client_keys.some_providers"))
    dialog.get_by_role("button", name="Create key").click()

    expect(group).to_contain_text(say("reason.choose_one"))
    expect(group).to_be_in_viewport()
    expect(group).to_be_focused()


def test_what_is_pressed_without_a_connection_is_not_carried_out_later(browser: Browser, ready: Patchbay) -> None:
    context = browser.new_context(locale="en-GB")  # a page whose server is away complains of that
    page = sign_in(context, ready)
    lost, switch = page.locator(".pb-dot-lost"), page.get_by_role("switch", name=say("card.enabled_name", name="Lab"))
    ready.stop()
    expect(lost).to_have_count(1)
    switch.click()
    ready.start()
    expect(lost).to_have_count(0)

    expect(switch).to_be_checked()
    with ready.rest() as rest:
        assert rest.get("/providers/lab").json()["enabled"]
    context.close()
