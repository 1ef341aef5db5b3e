"""What others do moves nothing under a pointer; paper, a window at 200 % and the forms before the sign-in behave like the rest."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.ui import i18n
from tests.browser.conftest import PASSWORD
from tests.browser.page_words import speak
from tests.browser.scenes import CARDS
from tests.browser.test_every_page import DRAWN, SHIFTS
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

GOOD = 0.1  # the sum of layout shifts that counts as good
SETTLED = "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done((shifts.length = 0)), 600)))"
# A box that shows more than it holds, or a text that is cut without saying so.
SPILT = """() => [...document.querySelectorAll('main *')]
  .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1 && e.checkVisibility() && !e.closest('.pb-hidden'))
  .filter((e) => e.matches('.rt-CalloutRoot, .rt-Card, .pb-card') || (e.childElementCount === 0
    && /hidden|clip/.test(getComputedStyle(e).overflowX) && getComputedStyle(e).textOverflow !== 'ellipsis'))
  .map((e) => `${e.className}: ${e.textContent.slice(0, 60)}`)"""
LONG = "https://models.research-and-development.south-east-asia.some-department.of-a-very-large-house.invalid/v1"
SIZES = {"desk": (1280, 860), "phone": (390, 844)}


@pytest.fixture(scope="module")
def house(console: Patchbay, upstream: str) -> Patchbay:
    """Nine providers, one of them with a host that is long and that nobody finds."""
    console.admin("ada@example.org", PASSWORD)
    with console.rest() as client:
        for number in range(8):
            draft = {"name": f"p{number}", "label": f"Desk {number}", "base_url": upstream, "auth_type": "none", "default_model": "gpt-4o"}
            client.post("/providers", json=draft | {"enabled": number % 4 != 3}).raise_for_status()
        client.post("/providers", json={"name": "long", "label": "Long", "base_url": LONG, "auth_type": "none"}).raise_for_status()
        client.post("/providers/long/test", json={"depth": "chat"}).raise_for_status()
    return console


@pytest.fixture(scope="module")
def admin(browser: Browser, house: Patchbay) -> Iterator[BrowserContext]:
    """A browser of an admin."""
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.add_init_script(SHIFTS)
    form = {"email": "ada@example.org", "password": PASSWORD}
    answer = httpx.post(f"{house.url}/auth/login", data=form, headers={"origin": house.url})
    name, value = answer.headers["set-cookie"].split(";")[0].split("=", 1)
    context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/", "secure": name.startswith("__Host")}])
    yield context
    context.close()


def listing(admin: BrowserContext, house: Patchbay, size: str) -> Page:
    page = admin.new_page()
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(house.url)
    expect(page.locator(CARDS).nth(8)).to_be_visible()
    page.evaluate(SETTLED)
    return page


@pytest.mark.parametrize("size", SIZES)
def test_no_card_jumps_when_others_save(admin: BrowserContext, house: Patchbay, upstream: str, size: str) -> None:
    page = listing(admin, house, size)
    new = {"name": f"a-{size}", "label": f"A {size}", "base_url": upstream, "auth_type": "none"}
    with house.rest() as client:
        client.post("/providers/p0/test", json={"depth": "chat"}).raise_for_status()
        client.post("/providers/p1/disable").raise_for_status()
        client.post("/providers", json=new).raise_for_status()
        expect(page.get_by_text(f"A {size}", exact=True).first).to_be_attached()
        client.delete(f"/providers/a-{size}").raise_for_status()
        expect(page.get_by_text(i18n.say("en", "card.gone", name=f"A {size}"))).to_be_attached()
        client.post("/providers/p1/enable").raise_for_status()

    page.evaluate("new Promise((done) => setTimeout(done, 600))")
    assert sum(shift[0] for shift in page.evaluate("shifts")) <= GOOD, page.evaluate("shifts")
    page.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_filter_draws_another_list_and_moves_no_card(admin: BrowserContext, house: Patchbay, size: str) -> None:
    page = listing(admin, house, size)
    status = page.get_by_label(i18n.say("en", "providers.filter"))
    for group, count in (("off", 2), ("all", 9)):
        status.select_option(group)
        expect(page.locator(CARDS)).to_have_count(count)

    page.evaluate("new Promise((done) => setTimeout(done, 600))")
    assert sum(shift[0] for shift in page.evaluate("shifts")) <= GOOD, page.evaluate("shifts")
    page.close()


@pytest.mark.parametrize("width", [1280, 1024, 800, 390])
@pytest.mark.parametrize("path", ["/", "/providers/long/"])
def test_nothing_spills_out_of_its_box_or_is_cut_without_saying_so(admin: BrowserContext, house: Patchbay, path: str, width: int) -> None:
    page = admin.new_page()
    page.set_viewport_size({"width": width, "height": 860})
    page.goto(house.url + path)
    expect(page.locator("main .pb-card, main dl").first).to_be_visible()
    views = page.locator("[data-kept] [role=radio]").all() if path == "/" and width >= 800 else []
    for view in [None, *reversed(views)]:
        if view is not None:
            view.click()
            page.evaluate("new Promise((done) => setTimeout(done, 300))")
        for language in i18n.languages():
            speak(page, language)
            page.evaluate(DRAWN)
            assert page.evaluate(SPILT) == [], f"{language} at {width}"
    speak(page, i18n.ENGLISH)
    page.close()


def test_what_spills_is_cut_and_what_jumps_would_be_seen(admin: BrowserContext, house: Patchbay) -> None:
    page = listing(admin, house, "desk")
    page.evaluate("""() => {
      const [card, other, last] = document.querySelectorAll('.pb-card');
      card.firstElementChild.insertAdjacentHTML('afterbegin', `<b style="white-space: nowrap">${'long '.repeat(90)}</b>`);
      other.insertAdjacentHTML('afterbegin', '<p style="width: 40px; overflow: hidden; white-space: nowrap">cut without a word</p>');
      document.querySelector('.pb-cards').insertAdjacentHTML('beforebegin', '<div style="height: 300px"></div>');
    }""")
    page.evaluate("new Promise((done) => setTimeout(done, 600))")

    assert len(page.evaluate(SPILT)) >= 2
    assert sum(shift[0] for shift in page.evaluate("shifts")) > GOOD
    page.close()


def test_on_paper_there_is_no_rail_and_times_are_dates(admin: BrowserContext, house: Patchbay) -> None:
    page = admin.new_page()
    page.goto(f"{house.url}/providers/long/")
    expect(page.locator("main dl time").first).to_be_visible()
    page.emulate_media(media="print")

    expect(page.locator(".pb-rail")).to_be_hidden()
    expect(page.locator("main dl").first).to_be_visible()
    said = page.locator("main dl time").first.evaluate(
        "e => [getComputedStyle(e).fontSize, getComputedStyle(e, '::after').content.replaceAll('\"', ''), e.title]"
    )
    assert said[0] == "0px"
    assert said[1] == said[2] != ""
    page.close()


@pytest.mark.parametrize("opener", ["providers.add", "paste.open", "batch.open_all"])
def test_a_dialog_opens_at_its_head_at_twice_the_size(admin: BrowserContext, house: Patchbay, opener: str) -> None:
    page = admin.new_page()
    page.set_viewport_size({"width": 640, "height": 430})
    page.goto(house.url)
    page.get_by_role("button", name=i18n.say("en", opener), exact=True).click()
    body = page.locator("[role=dialog] .pb-sheet-body").first
    expect(body).to_be_visible()

    page.evaluate("new Promise((done) => setTimeout(done, 600))")
    assert body.evaluate("e => e.scrollTop") == 0
    page.close()


@pytest.mark.parametrize("language", i18n.languages())
def test_before_the_sign_in_errors_are_in_our_words(browser: Browser, house: Patchbay, language: str) -> None:
    context = browser.new_context()
    context.add_init_script(f"localStorage.setItem('pb-language', '{language}')")
    page = context.new_page()
    page.goto(f"{house.url}/login/")
    expect(page.locator("html")).to_have_attribute("lang", i18n.say(language, "language.tag"))

    page.get_by_role("button", name=i18n.say(language, "login.submit")).click()

    expect(page.get_by_text(i18n.say(language, "login.missing.email"))).to_be_visible()
    expect(page.get_by_text(i18n.say(language, "login.missing.password"))).to_be_visible()
    expect(page.locator("#email")).to_be_focused()
    page.locator("#email").fill("no address")
    page.get_by_role("button", name=i18n.say(language, "login.submit")).click()
    expect(page.get_by_text(i18n.say(language, "reason.email_form"))).to_be_visible()
    assert page.url.endswith("/login/")
    context.close()


def test_a_person_changes_their_own_password_and_signs_in_with_it(browser: Browser, house: Patchbay) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    with house.rest() as client:
        person = {"email": "kim@example.org", "name": "Kim", "password": PASSWORD, "role": "viewer"}
        client.post("/users", json=person).raise_for_status()
    for password in (PASSWORD, "another horse and another staple"):
        page.goto(f"{house.url}/login/")
        page.locator("#email").fill("kim@example.org")
        page.locator("#password").fill(password)
        page.get_by_role("button", name=i18n.say("en", "login.submit")).click()
        expect(page.locator(CARDS).first).to_be_visible()
        if password == PASSWORD:
            page.get_by_role("button", name=i18n.say("en", "shell.account")).click()
            page.get_by_role("button", name=i18n.say("en", "account.change_password")).click()
            page.get_by_label(i18n.say("en", "account.old_password")).fill(PASSWORD)
            page.get_by_label(i18n.say("en", "account.new_password")).fill("another horse and another staple")
            page.get_by_role("dialog").get_by_role("button", name=i18n.say("en", "account.submit")).click()
            expect(page.get_by_text(i18n.say("en", "account.changed"))).to_be_visible()
            context.clear_cookies()
    context.close()
