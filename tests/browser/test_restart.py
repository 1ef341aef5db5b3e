"""The server is started again while a form is open: what was typed and what was chosen is still there, each in its own field."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.ui import i18n
from tests.browser.conftest import PASSWORD
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

STATE = """e => [...e.querySelectorAll("select, input:not([type=hidden], [type=search])")].map((field) => field.value)
  .concat([...e.querySelectorAll("[role=radio]")].map((choice) => choice.getAttribute("aria-checked")))"""


def say(key: str) -> str:
    return i18n.say("en", key)


@pytest.fixture(scope="module")
def ready(console: Patchbay) -> Patchbay:
    """An admin."""
    console.admin("ada@example.org", PASSWORD)
    return console


@pytest.fixture
def page(browser: Browser, ready: Patchbay) -> Page:
    """Signed in. A page whose server is away complains of that."""
    page = browser.new_page(locale="en-GB")
    page.goto(f"{ready.url}/login/")
    page.locator("input[name=email]").fill("ada@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    expect(page.get_by_role("navigation").first).to_be_visible()
    return page


def choose_last(dialog: Locator) -> None:
    """Type into the first field. Of several lists only the last is changed: what is chosen there must not come back in the first."""
    dialog.locator("input:not([type=hidden])").first.fill("Typed before")
    lists = dialog.locator("select")
    if lists.count():
        lists.last.select_option(index=1)
        expect(lists.last).not_to_have_value(lists.first.input_value())
    else:
        dialog.get_by_role("radio").last.click()
        expect(dialog.get_by_role("radio").last).to_be_checked()


@pytest.mark.parametrize(
    ("path", "opener"),
    [
        pytest.param("/client-keys/", "client_keys.add", id="lists"),
        pytest.param("/people/", "people.add", id="one of several"),
    ],
)
def test_what_was_chosen_comes_back_to_its_own_field(page: Page, ready: Patchbay, path: str, opener: str) -> None:
    page.goto(ready.url + path)
    page.get_by_role("button", name=say(opener)).first.click()
    dialog = page.locator("[data-dialog]")
    expect(dialog).to_be_visible()
    fresh = dialog.evaluate(STATE)
    choose_last(dialog)
    before = dialog.evaluate(STATE)
    assert sum(was != now for was, now in zip(fresh, before, strict=False)) > 1

    ready.stop()
    ready.start()
    expect(page.get_by_text(say("restart.kept"))).to_be_visible()

    expect(dialog.locator("input:not([type=hidden])").first).to_have_value("Typed before")
    assert dialog.evaluate(STATE) == before
    page.context.close()
