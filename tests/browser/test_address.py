"""The address says what is shown: every filter of every page, tabs and steps, after a reload and after the browser's own way back."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from app.ui import i18n
from app.ui import page as console_pages
from tests.browser.conftest import PASSWORD
from tests.browser.scenes import READY, SAMPLES
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

# What can be chosen of what a page shows: lists, segments, tabs, searches and switches (one that acts on a thing is named after it),
# but not what is in a row or a form, or what the browser keeps for itself.
FILTERS = """() => [...document.querySelectorAll('main select, main [role=radiogroup], main [role=tablist], main input[type=search],' +
    ' main [role=switch]:not([aria-label]), [role=dialog] select')]
  .filter((e) => !e.closest('[data-kept], form, tr, [role=listitem]'))
  .map((e, index) => (e.setAttribute('data-at', index), index))"""
OTHER = """e => {  // another choice than the present one, "" where there is none
  if (e.matches('select')) return [...e.options].map((o) => o.value).find((v) => v !== e.value) ?? '';
  if (e.matches('[role=radiogroup], [role=tablist]'))
    return [...e.querySelectorAll('[role=radio], [role=tab]')].findIndex((o) => !['true'].includes(o.ariaChecked ?? o.ariaSelected)) + '';
  return e.matches('input') ? 'x' : 'on';
}"""
NOW = """e => e.matches('select, input') ? e.value
  : e.matches('[role=switch]') ? e.ariaChecked
  : [...e.querySelectorAll('[role=radio], [role=tab]')].findIndex((o) => (o.ariaChecked ?? o.ariaSelected) === 'true') + ''"""
ALL = [entry for entry in console_pages.pages() if entry.role and not entry.focused]


@pytest.fixture(scope="module")
def house(console: Patchbay, upstream: str) -> Patchbay:
    """Two providers that differ in everything they can be told apart by; a key that was revoked; a call that was made."""
    console.admin("ada@example.org", PASSWORD)
    with console.rest() as client:
        own = {"base_url": upstream, "auth_type": "none", "models": ["gpt-4o-mini", "gpt-4o"], "default_model": "gpt-4o-mini"}
        client.post("/providers", json={"name": "keyed", "label": "Keyed", "tags": ["prod"], **own}).raise_for_status()
        other = {"name": "groq", "preset": "groq", "type": "openai", "auth_type": "api_key", "tags": ["test"]}
        client.post("/providers", json=other).raise_for_status()
        made = client.post("/client-keys", json={"name": "Website", "scope": "gateway"}).json()
        call = {"model": "keyed/gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
        httpx.post(f"{console.url}/v1/chat/completions", json=call, headers={"authorization": f"Bearer {made['key']}"}, timeout=30)
        old = client.post("/client-keys", json={"name": "Old", "scope": "gateway"}).json()
        client.delete(f"/client-keys/{old['client_key']['id']}").raise_for_status()
    return console


@pytest.fixture(scope="module")
def admin(browser: Browser, house: Patchbay) -> Iterator[BrowserContext]:
    """A browser of an admin."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB", reduced_motion="reduce")
    form = {"email": "ada@example.org", "password": PASSWORD}
    answer = httpx.post(f"{house.url}/auth/login", data=form, headers={"origin": house.url})
    name, value = answer.headers["set-cookie"].split(";")[0].split("=", 1)
    context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/", "secure": name.startswith("__Host")}])
    yield context
    context.close()


def find(page: Page, entry: console_pages.Page, *, as_many: int = 0) -> int:
    """Open whatever hides filters, mark them, count them. With `as_many` whatever is listed may have nothing in it."""
    if not as_many:
        expect(page.locator(READY.get(entry.module, "h1")).first).to_be_visible()
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)
    expect(page.locator("main h2, main table, main section, main select, main ol").first).to_be_visible()
    for more in page.locator("main button[aria-haspopup=dialog]").all():
        more.click()
        expect(page.get_by_role("dialog")).to_be_visible()
    if as_many:
        page.wait_for_function(f"(n) => ({FILTERS})().length === n", arg=as_many)
    return len(page.evaluate(FILTERS))


def choose(page: Page, at: int, value: str) -> None:
    control = page.locator(f"[data-at='{at}']")
    match control.evaluate("e => e.getAttribute('role') ?? e.localName"):
        case "select":
            control.select_option(value)
        case "radiogroup" | "tablist":
            control.locator("[role=radio], [role=tab]").nth(int(value)).click()
        case "switch":
            control.click()
        case _:
            control.fill(value)


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.module)
def test_every_filter_of_a_page_stands_in_its_address(admin: BrowserContext, house: Patchbay, entry: console_pages.Page) -> None:
    path = SAMPLES.get(entry.route, f"{entry.route.rstrip('/')}/")
    page = admin.new_page()
    page.goto(house.url + path)
    tried = []
    count = find(page, entry)
    for at in range(count):
        if at:
            page.goto(house.url + path)
            find(page, entry)
        control = page.locator(f"[data-at='{at}']")
        was, value = control.evaluate(NOW), control.evaluate(OTHER)
        if value in ("", "-1"):
            continue
        choose(page, at, value)
        page.wait_for_url("**/*?*", timeout=30_000)
        if control.evaluate("e => e.localName !== 'input'"):  # what is typed has no way back
            page.evaluate("history.back()")
            page.wait_for_url(lambda url: "?" not in url, timeout=30_000)
            expect(control).to_be_visible()
            page.wait_for_function(f"([e, was]) => ({NOW})(e) === was", arg=[control.element_handle(), was], timeout=30_000)
            choose(page, at, value)
            page.wait_for_url("**/*?*", timeout=30_000)

        page.reload()
        find(page, entry, as_many=count)
        chosen = page.locator(f"[data-at='{at}']").evaluate(NOW)
        assert chosen != was, f"{entry.module}: filter {at} is lost by a reload"
        tried.append(chosen)
    page.close()
    assert (entry.module in FILTERED) == bool(tried), f"{entry.module} has filters: {tried}"


FILTERED = {"providers", "provider", "audit", "usage", "client_keys"}


def test_back_after_a_tab_shows_the_tab_before(admin: BrowserContext, house: Patchbay) -> None:
    page = admin.new_page()
    page.goto(f"{house.url}/providers/keyed/")
    tabs = page.get_by_role("tab")
    names = ("overview", "keys", "models")
    shown = [tabs.filter(has_text=i18n.say("en", f"provider_page.{name}")).first for name in names]
    expect(shown[0]).to_have_attribute("aria-selected", "true")
    page.evaluate("window.untouched = true")

    for tab in shown[1:]:
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        page.wait_for_url("**/*?tab=*")
    for tab in (shown[1], shown[0]):
        page.go_back()
        expect(tab).to_have_attribute("aria-selected", "true")
    page.go_forward()

    expect(shown[1]).to_have_attribute("aria-selected", "true")
    assert page.evaluate("window.untouched")  # no navigation: what lies in the page once would be lost
    page.close()


def test_back_and_forward_in_one_breath_show_what_the_address_says(admin: BrowserContext, house: Patchbay) -> None:
    page = admin.new_page()
    page.goto(f"{house.url}/providers/keyed/")
    keys = page.get_by_role("tab", name=i18n.say("en", "provider_page.keys"))
    keys.click()
    expect(page).to_have_url(re.compile("tab=keys"))

    for wait in (20, 40, 80):
        page.evaluate("wait => { history.back(); setTimeout(() => history.forward(), wait); }", wait)
        page.wait_for_timeout(300)
        expect(page).to_have_url(re.compile("tab=keys"))
        expect(keys).to_have_attribute("aria-selected", "true")
    page.close()


def test_back_after_a_step_of_the_wizard_shows_the_step_before(admin: BrowserContext, house: Patchbay) -> None:
    page = admin.new_page()
    page.goto(f"{house.url}/start/")
    choose_title = page.get_by_role("heading", level=2, name=i18n.say("en", "start.choose_title"))
    expect(choose_title).to_be_visible()

    page.locator(".pb-tile", has_text="Mistral").first.click()
    connect_title = page.get_by_role("heading", level=2, name="Mistral")
    expect(connect_title).to_be_visible()
    page.wait_for_url("**/*preset=mistral*")
    page.go_back()
    expect(choose_title).to_be_visible()
    page.go_forward()
    expect(connect_title).to_be_visible()
    page.close()


def test_a_link_to_the_page_itself_forgets_its_filters(admin: BrowserContext, house: Patchbay) -> None:
    page = admin.new_page()
    page.goto(house.url)
    status = page.get_by_label(i18n.say("en", "providers.filter"))
    expect(status).to_be_visible()
    status.select_option("off")
    page.wait_for_url("**/?status=off")

    page.locator("nav a[href='/']").first.click()

    expect(status).to_have_value("all")
    page.close()


def test_an_address_that_does_not_exist_says_so_to_everybody(admin: BrowserContext, browser: Browser, house: Patchbay) -> None:
    stranger = browser.new_context()
    title = i18n.say("en", "not_found.title")
    for context in (admin, stranger):
        page = context.new_page()
        answer = page.goto(f"{house.url}/nope")
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        page.wait_for_load_state("networkidle")
        expect(page).to_have_title(f"{title} · Patchbay")
        assert page.url.endswith("/nope")
        page.close()
    stranger.close()
    page = admin.new_page()
    page.goto(house.url)
    expect(page.locator(READY["providers"]).first).to_be_visible()
    page.evaluate("history.pushState(null, '', '/neither'); dispatchEvent(new PopStateEvent('popstate'))")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.close()


def test_a_page_about_one_thing_is_titled_by_its_name(admin: BrowserContext, house: Patchbay) -> None:
    page = admin.new_page()
    for name, label in (("keyed", "Keyed"), ("groq", "Groq")):
        page.goto(f"{house.url}/providers/{name}/")
        expect(page).to_have_title(f"{label} · {i18n.say('en', 'provider_page.title')} · Patchbay")
    page.close()


def test_a_page_shows_nothing_of_the_page_before(admin: BrowserContext, house: Patchbay) -> None:
    """The same page about another object is drawn when it is loaded, not with what was there."""
    page = admin.new_page()
    held: list[str | bytes] = []
    is_held = False

    def carry(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda message: held.append(message) if is_held else server.send(message))

    page.route_web_socket("**/_event/**", carry)
    page.goto(f"{house.url}/providers/keyed/?tab=models")
    expect(page.get_by_role("heading", name="Keyed", exact=True)).to_be_visible()
    page.locator("nav a[href='/']").first.click()
    other = page.locator("main a[href='/providers/groq']").first
    expect(other).to_be_visible()
    is_held = True
    other.click()

    expect(page).to_have_url(re.compile("/providers/groq"))
    expect(page.locator("main [aria-busy=true]")).to_be_visible()
    expect(page.get_by_role("heading", name="Keyed", exact=True)).to_have_count(0)
    page.close()
