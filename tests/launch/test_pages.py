"""The pages before the sign-in in a real browser: they need no websocket, and run no script but their own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.fixtures import chromium
from tests.fixtures.running import Patchbay
from tests.launch.conftest import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium.PATH, args=chromium.BRIEF)
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 390, "height": 844})
    yield opened
    opened.close()


def fill_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_script_that_was_slipped_into_a_page_does_not_run(server: Patchbay, context: BrowserContext) -> None:
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{server.url}/login")
    expect(page.get_by_role("button", name="Sign in")).to_be_enabled()
    assert complaints == []

    page.evaluate("""() => {
        const script = document.createElement("script"); script.textContent = "window.slipped = 1"; document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", '<img src="/none.png" onerror="window.slipped = 2">');
        const far = document.createElement("script"); far.src = "http://127.0.0.1:1/x.js"; document.body.append(far);
    }""")
    page.wait_for_timeout(300)

    assert page.evaluate("window.slipped") is None
    assert sum("Content Security Policy" in text for text in complaints) >= 3


def test_signing_in_needs_no_websocket(server: Patchbay, context: BrowserContext) -> None:
    page = context.new_page()
    page.route_web_socket("**/_event/**", lambda socket: socket.close())
    page.goto(f"{server.url}/login")

    fill_in(page, "ada@example.org", "not the password at all")
    expect(page.get_by_role("alert")).to_contain_text("Email or password is incorrect")
    expect(page.get_by_label("Email")).to_have_value("ada@example.org")
    expect(page.get_by_label("Password")).to_have_value("")

    fill_in(page, "ada@example.org", PASSWORD)
    page.wait_for_url(f"{server.url}/")
    assert {c["name"] for c in context.cookies()} == {"__Host-pb", "__Host-pb-device"}


def test_a_stranger_is_led_to_the_sign_in_and_back_to_where_they_wanted(server: Patchbay, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/client-keys")
    page.wait_for_url("**/login?next=*")

    fill_in(page, "ada@example.org", PASSWORD)

    page.wait_for_url(f"{server.url}/client-keys")
    expect(page.get_by_role("heading", level=1)).to_have_text("App keys")


def test_signing_out_returns_every_tab_to_the_sign_in(server: Patchbay, context: BrowserContext) -> None:
    first, other = context.new_page(), context.new_page()
    first.goto(f"{server.url}/login")
    fill_in(first, "ada@example.org", PASSWORD)
    first.wait_for_url(f"{server.url}/")
    other.goto(f"{server.url}/client-keys")
    expect(other.get_by_role("heading", level=1)).to_have_text("App keys")
    other.wait_for_timeout(1_200)  # the watch over sockets has seen it

    first.get_by_role("button", name="Your account").click()
    first.get_by_role("button", name="Sign out").click()

    expect(first.get_by_text("You are signed out.")).to_be_visible()
    other.wait_for_url("**/login?error=ended*", timeout=10_000)


def test_the_set_up_page_without_its_link_says_how_to_get_one(server: Patchbay, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/setup")

    expect(page.get_by_role("alert")).to_contain_text("patchbay setup-link")
    expect(page.get_by_label("Password")).to_have_count(0)


def test_the_pages_fit_a_phone(server: Patchbay, context: BrowserContext) -> None:
    page = context.new_page()
    for path in ("/login?error=wrong", "/setup", "/setup#" + "x" * 43):
        page.goto("about:blank")
        page.goto(server.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
