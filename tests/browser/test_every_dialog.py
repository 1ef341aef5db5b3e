"""Every kind of dialog, opened where a page opens it: the focus, the ways out, what is typed, one press one thing, a restart."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocketRoute, expect

from app.ui import i18n
from tests.browser.conftest import PASSWORD
from tests.browser.opening import Door, declared, doors, escape, fill_in, open_dialog, ready, type_something
from tests.browser.page_words import leaks
from tests.browser.test_every_page import DRAWN
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

WHERE = "document.activeElement === document.body ? '' : document.activeElement.outerHTML.slice(0, 160)"
NOTICES = """() => {
  window.notices = [];
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) {
        const told = node.matches?.("[data-sonner-toast]") ? [node] : (node.querySelectorAll?.("[data-sonner-toast]") ?? []);
        window.notices.push(...[...told].map((toast) => toast.textContent));
      }
  }).observe(document.body, { childList: true, subtree: true });
}"""
SOLID = ".rt-variant-solid:not(.pb-danger), .pb-danger"


def say(key: str, **values: Any) -> str:
    return i18n.say("en", key, **values)


@pytest.fixture(scope="module")
def house(console: Patchbay, upstream: str) -> Patchbay:
    """One of everything that a dialog can be about."""
    console.admin("ada@example.org", PASSWORD)
    with console.rest() as client:
        draft = {"base_url": upstream, "default_model": "gpt-4o-mini", "models": ["gpt-4o-mini"], "auth_type": "api_key"}
        for name in ("keyed", "spare", "old"):
            client.post("/providers", json=draft | {"name": name, "label": name.title()}).raise_for_status()
        for label in ("Main", "Spare"):
            client.post(
                "/providers/keyed/credentials", json={"label": label, "secret": {"api_key": f"sk-{label}-0123456789"}}
            ).raise_for_status()
        client.post("/client-keys", json={"name": "Website", "scope": "gateway"}).raise_for_status()
        client.delete("/providers/old").raise_for_status()
        client.post("/providers/keyed/default").raise_for_status()
    return console


@pytest.fixture(scope="module")
def page(browser: Browser, house: Patchbay) -> Iterator[Page]:
    """One tab of an admin for all of this; its complaints fail the test that made them."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB", reduced_motion="reduce")
    tab = sign_in(context, house)
    yield tab
    context.close()


def sign_in(context: BrowserContext, house: Patchbay) -> Page:
    tab = context.new_page()
    tab.goto(f"{house.url}/login/")
    tab.locator("input[name=email]").fill("ada@example.org")
    tab.locator("input[name=password]").fill(PASSWORD)
    tab.locator("button[type=submit]").click()
    expect(tab.locator("main [role=listitem]").first).to_be_visible()
    return tab


@pytest.fixture(scope="module")
def found(page: Page, house: Patchbay) -> dict[str, Door]:
    """Kind → where it is opened."""
    return doors(page, house.url)


def arrive(page: Page, house: Patchbay, door: Door) -> None:
    """Come to the page of a dialog from another page, as a reader does."""
    page.goto(f"{house.url}/usage/")
    ready(page)
    path = door.path.partition("?")[0].rstrip("/") or "/"
    rail = page.locator(f"nav a[href='{path}']").first
    (rail if rail.count() else page.locator("nav a[href='/']").first).click()
    if not rail.count():
        ready(page)
        page.locator(f"main a[href='{path}'], .pb-open:has-text('Keyed')").last.click()
        expect(page).to_have_url(re.compile(path))
    ready(page)
    if tab := door.path.partition("?tab=")[2]:
        expect(page.locator("main dl")).to_be_visible()
        page.get_by_role("tab", name=say(f"provider_page.{tab}")).click()
        expect(page).to_have_url(re.compile(f"tab={tab}"))
        ready(page)


def becomes(page: Page, expression: str, times: int = 200) -> Any:
    """What an expression gives in the page as soon as that is something. Playwright's own way of waiting needs `eval`."""
    for _ in range(times):
        if found := page.evaluate(expression):
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"stays nothing: {expression}")


def leave(page: Page) -> Locator:
    """The question before something is lost."""
    return page.locator("[data-question=leave]")


def test_every_kind_that_is_declared_is_opened_by_a_page(found: dict[str, Door]) -> None:
    assert set(found) == declared()


@pytest.mark.parametrize("kind", sorted(declared()))
def test_the_ways_out_of_a_dialog(page: Page, house: Patchbay, found: dict[str, Door], kind: str) -> None:
    """A clean one closes, one that holds something asks; Back and Forward and a reload never bring one back."""
    door = found[kind]
    arrive(page, house, door)
    dialog = open_dialog(page, door, kind)
    assert leaks(page) == []
    expect(dialog.get_by_role("heading").first).not_to_be_empty()
    focused = page.locator(f"[data-dialog='{kind}']:focus, [data-dialog='{kind}'] :focus")
    expect(focused).to_have_count(1)
    expect(focused).not_to_have_attribute("aria-label", say("common.close"))
    assert dialog.locator(SOLID).locator("visible=true").count() <= 1
    for _ in range(3):  # in one breath, as an impatient reader does
        page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(leave(page)).to_have_count(0)
    becomes(page, WHERE)

    dialog = open_dialog(page, door, kind)
    if (field := type_something(dialog)) is not None:
        typed, url = field.input_value(), page.url
        escape(page)
        leave(page).get_by_role("button", name=say("unsaved.stay")).click()
        expect(leave(page)).to_have_count(0)
        expect(field).to_have_value(typed)
        page.go_back()
        leave(page).get_by_role("button", name=say("unsaved.stay")).click()
        expect(leave(page)).to_have_count(0)
        expect(field).to_have_value(typed)
        expect(page).to_have_url(url)
        page.go_back()
        leave(page).get_by_role("button", name=say("unsaved.discard")).click()
    else:
        page.go_back()
    expect(page.locator("[data-dialog]")).to_have_count(0)
    page.go_forward()
    ready(page)
    expect(page.locator("[data-dialog]")).to_have_count(0)

    open_dialog(page, door, kind)
    page.reload()
    ready(page)
    expect(page.locator("[data-dialog]")).to_have_count(0)


def amounts(house: Patchbay) -> dict[str, int]:
    """How many there are of what a form can make."""
    with house.rest() as client:
        counted = {noun: len(client.get(f"/{noun}").json()["items"]) for noun in ("providers", "users")}
        keys = [key for key in client.get("/client-keys").json()["items"] if key["name"] != "tests"]
        return counted | {"client-keys": len(keys), "credentials": len(client.get("/providers/keyed/credentials").json()["items"])}


def end_rotations(house: Patchbay) -> None:
    """A key that is being replaced is replaced by no second one."""
    with house.rest() as client:
        for key in client.get("/providers/keyed/credentials").json()["items"]:
            client.post(f"/credentials/{key['id']}/cancel")  # refused for those that replace none


MAKERS = ("add a person", "new app key", "add keys", "duplicate a provider", "replace a key", "add a provider", "paste")
IMPATIENT = ("double click", "Enter twice")


def impatient() -> Iterator[Any]:
    """Each kind in one way, in turn; in the other for `make soak`."""
    for (number, kind), (turn, how) in itertools.product(enumerate(MAKERS), enumerate(IMPATIENT)):
        yield pytest.param(kind, how, id=f"{kind}: {how}", marks=[] if number % 2 == turn else [pytest.mark.soak])


@pytest.mark.parametrize(("kind", "how"), list(impatient()))
def test_one_press_makes_one_thing(page: Page, house: Patchbay, upstream: str, found: dict[str, Door], kind: str, how: str) -> None:
    number = 1 if how == "double click" else 2
    end_rotations(house)
    before = amounts(house)
    page.goto(house.url + found[kind].path)
    ready(page)
    dialog = open_dialog(page, found[kind], kind)
    if kind == "add a provider":
        dialog.get_by_role("button", name=say("form.custom_start")).click()
        expect(dialog.locator("[name=base_url]")).to_be_visible()
    fill_in(dialog, n=f"{number}{kind[:3]}".replace(" ", ""), upstream=upstream)
    submit = dialog.locator("button[type=submit]:not([form])").last
    if kind == "paste":
        submit.click()
        submit = dialog.get_by_role("button", name=say("paste.add", n=1))
        expect(submit).to_be_visible()
    if how == "double click":
        submit.dblclick()
    else:
        submit.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
    expect(page.locator("[data-pressed]")).to_have_count(0)
    page.reload()
    ready(page)

    after = amounts(house)
    assert sum(after.values()) - sum(before.values()) == 1, (before, after)


def test_a_switch_is_turned_once_by_a_double_click(page: Page, house: Patchbay) -> None:
    page.goto(f"{house.url}/")
    ready(page)
    page.evaluate(NOTICES)
    switch = page.get_by_role("switch", name=say("card.enabled_name", name="Spare"))
    switch.evaluate("e => { e.click(); e.click(); }")  # twice before any answer
    expect(switch).not_to_be_checked()
    expect(page.locator("[data-pressed]")).to_have_count(0)
    switch.click()
    expect(switch).to_be_checked()

    told = becomes(page, "window.notices.length > 1 && window.notices")
    assert len(told) == len(set(told)) == 2


def test_the_focus_stays_near_a_button_that_is_needed_no_more(page: Page, house: Patchbay) -> None:
    page.goto(f"{house.url}/encryption/")
    ready(page)
    page.get_by_role("button", name=say("encryption.kit_keep")).press("Enter")
    expect(page.get_by_role("button", name=say("encryption.kit_keep"))).to_have_count(0)

    assert say("encryption.kit_save") in becomes(page, f"{WHERE.replace('outerHTML.slice(0, 160)', 'textContent')}")


def test_what_is_pressed_without_a_connection_is_told_once(browser: Browser, house: Patchbay) -> None:
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    sockets: list[WebSocketRoute] = []
    cut = False

    def carry(socket: WebSocketRoute) -> None:
        if cut:
            socket.close()
        else:
            sockets.append(socket)
            socket.connect_to_server()

    context.route_web_socket("**/_event/**", carry)
    page = sign_in(context, house)
    page.evaluate(NOTICES)
    cut = True
    for socket in sockets:
        socket.close()
    expect(page.get_by_text(say("shell.offline")).first).to_be_visible()
    test = page.get_by_role("button", name=say("card.test_name", name="Spare"))
    test.click()
    expect(page.get_by_text(say("line.offline"))).to_be_visible()
    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 4_000; }")
    test.click()
    page.evaluate(f"async () => {{ await {DRAWN}; await {DRAWN}; }}")

    assert page.evaluate("window.notices") == [say("line.offline")]
    context.close()
