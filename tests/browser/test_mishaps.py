"""What a person meets when something goes wrong or comes in between."""

import pytest
from playwright.sync_api import Browser, Page, expect

from app.ui import i18n
from tests.browser.conftest import PASSWORD
from tests.browser.page_words import english_left
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

# A browser part that every list of times needs, broken until the page is loaded anew.
BROKEN = """
if (!sessionStorage.broke) {
  sessionStorage.broke = 1;
  Intl.RelativeTimeFormat = function () { throw new Error("secret inside"); };
}"""


@pytest.fixture(scope="module")
def ready(console: Patchbay) -> Patchbay:
    """An admin, so that the audit has an entry."""
    console.admin("ada@example.org", PASSWORD)
    return console


def sign_in(page: Page, console: Patchbay, to: str, email: str, password: str, button: str) -> None:
    page.goto(f"{console.url}/login/?next={to}")
    page.get_by_label(email).fill("ada@example.org")
    page.get_by_label(password).fill(PASSWORD)
    page.get_by_role("button", name=button).click()


@pytest.mark.parametrize(
    ("locale", "said", "reload", "form"),
    [
        pytest.param("en-GB", "This page could not be displayed", "Reload", ("Email", "Password", "Sign in"), id="en"),
        pytest.param("vi-VN", "Không thể hiển thị trang này", "Tải lại", ("Email", "Mật khẩu", "Đăng nhập"), id="vi"),
    ],
)
def test_a_page_that_breaks_says_so_in_the_readers_language_and_comes_back(
    browser: Browser, ready: Patchbay, locale: str, said: str, reload: str, form: tuple[str, str, str]
) -> None:
    context = browser.new_context(locale=locale)
    page = context.new_page()
    sign_in(page, ready, "/", *form)
    expect(page.get_by_role("navigation").first).to_be_visible()
    page.add_init_script(BROKEN)
    page.goto(f"{ready.url}/audit/")

    expect(page.get_by_role("heading", name=said)).to_be_visible()
    expect(page.get_by_text("secret inside")).to_have_count(0)
    expect(page.get_by_text("Reflex")).to_have_count(0)
    page.get_by_role("button", name=reload, exact=True).click()
    expect(page.locator("main ol li").first).to_be_visible()
    context.close()


def test_on_a_phone_a_notice_leaves_the_buttons_of_a_dialog_free(browser: Browser, ready: Patchbay) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    page = context.new_page()
    sign_in(page, ready, "/client-keys/", "Email", "Password", "Sign in")
    page.goto(f"{ready.url}/people/")
    page.get_by_role("button", name="Add user").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Grace")
    dialog.get_by_label("Email", exact=True).fill("grace@example.org")
    dialog.get_by_label("Password", exact=False).fill(PASSWORD)
    dialog.get_by_role("button", name="Add user").click()
    notice = page.locator("[data-sonner-toast]")
    expect(notice).to_be_visible()
    page.get_by_role("button", name="Add user").click()
    box = notice.bounding_box()
    assert box is not None

    for button in dialog.get_by_role("button").all():
        its = button.bounding_box()
        assert its is not None
        assert its["y"] + its["height"] <= box["y"] or its["y"] >= box["y"] + box["height"], button.inner_text()
    context.close()


@pytest.mark.parametrize("path", ["/", "/login/"])
def test_a_page_without_a_connection_speaks_the_language_that_was_chosen(browser: Browser, ready: Patchbay, path: str) -> None:
    context = browser.new_context(locale="vi-VN")
    context.route_web_socket("**/_event/**", lambda _: None)  # opens, and never says a word
    page = context.new_page()
    page.goto(ready.url + path)

    expect(page.locator("html")).to_have_attribute("lang", i18n.say("vi", "language.tag"))
    expect(page.get_by_text(i18n.say("vi", "shell.connecting" if path == "/" else "login.submit")).first).to_be_visible()
    assert english_left(page, "vi") == []
    context.close()
