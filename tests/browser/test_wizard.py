"""The first steps in a browser: from the set-up link to the first call of an application, and every way off the straight one."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from app.ui import i18n
from tests.browser.conftest import PASSWORD
from tests.browser.opening import escape
from tests.fixtures.door import Door, door
from tests.fixtures.running import Patchbay, patchbay, until

pytestmark = pytest.mark.browser

KEY = "sk-canary-7f3a9c1e5b2d8046-QwErTy"
APP_KEY = re.compile(r"pb-[a-z0-9]{12}-[A-Za-z0-9_-]{43}")
MOST_CLICKS, MOST_FIELDS = 8, 4


class Hand:
    """A person's hand, which counts what it does."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.fields = page, 0, 0

    def click(self, name: str, *, among: Locator | None = None) -> None:
        (among or self.page).get_by_role("button", name=name).first.click()
        self.clicks += 1

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)
        self.fields += 1


class Wire:
    """Every websocket frame, by the way it went."""

    def __init__(self, page: Page) -> None:
        self.received: list[str] = []
        self.sent: list[str] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        socket.on("framereceived", lambda frame: self.received.append(str(frame)))
        socket.on("framesent", lambda frame: self.sent.append(str(frame)))


@pytest.fixture(scope="module")
def server(upstream: str) -> Iterator[Door]:
    """A model server that lists models, in front of one that nobody here wrote."""
    with door(upstream) as opened:
        yield opened


@pytest.fixture
def open_door(server: Door) -> Iterator[Door]:
    """The same, as it is found: everybody may come in, nothing is slow."""
    yield server
    server.key, server.words = "", []


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patchbay]:
    """A console with an admin and a viewer."""
    with patchbay(tmp_path_factory.mktemp("ready")) as started:
        started.admin("ada@example.org", PASSWORD)
        started.run("user", "add", "vi@example.org", "--role", "viewer", "--password-stdin", stdin=PASSWORD)
        yield started


def sign_in(context: BrowserContext, console: Patchbay, path: str = "/start", email: str = "ada@example.org") -> Page:
    form = {"email": email, "password": PASSWORD}
    answer = httpx.post(f"{console.url}/auth/login", data=form, headers={"origin": console.url})
    name, value = answer.headers["set-cookie"].split(";")[0].split("=", 1)
    context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/", "secure": name.startswith("__Host")}])
    page = context.new_page()
    page.goto(console.url + path)
    return page


def headed(page: Page, name: str | re.Pattern[str]) -> None:
    """The step of this heading is there, and has the focus."""
    expect(page.get_by_role("heading", level=2, name=name)).to_be_visible()


def connect(hand: Hand, address: str) -> None:
    hand.click("vLLM")
    hand.fill("Address", address)
    hand.click("Save and test")


def test_from_the_link_to_the_first_call(
    desk: BrowserContext, console: Patchbay, open_door: Door, shot: Callable[[Page, str], None]
) -> None:
    page = desk.new_page()
    wire, hand = Wire(page), Hand(page)
    page.goto(console.setup_link())
    for label, text in (("Your name", "Ada Lovelace"), ("Email", "ada@example.org"), ("Password", PASSWORD)):
        hand.fill(label, text)
    hand.click("Create admin")

    headed(page, "Where do your models run?")
    shot(page, "wizard-1-choose")
    hand.click("vLLM")
    expect(page.get_by_role("heading", name="Connect vLLM")).to_be_focused()
    expect(page.get_by_text("Requests will go to")).to_be_visible()
    hand.fill("Address", open_door.base_url)
    hand.click("Save and test")

    expect(page.get_by_role("listitem").filter(has_text="Chat works")).to_be_visible()
    expect(page.get_by_role("heading", name="vLLM works")).to_be_visible()
    expect(page.get_by_role("radio", name="gpt-4o-mini")).to_be_checked()
    shot(page, "wizard-3-tested")
    hand.click("Use this model")

    expect(page.get_by_role("heading", name="Ask your first question")).to_be_focused()
    page.get_by_label("Your question").fill("hello")
    hand.click("Ask")
    expect(page.get_by_text("Hi there, this is fakellm.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"First word after [\d,]+\sms"))).to_be_visible()
    shot(page, "wizard-4-answered")
    hand.click("Create an app key")

    expect(page.get_by_role("heading", name="Connect your app")).to_be_focused()
    expect(page.get_by_text("Waiting for the first request")).to_be_visible()
    code = page.get_by_label("curl").last.inner_text()
    [key] = set(APP_KEY.findall(code))
    shot(page, "wizard-5-key")
    call(console, key, code)
    expect(page.get_by_text("Your first request has arrived")).to_be_visible()
    expect(page.get_by_text(re.compile(r"vllm/gpt-4o-mini answered in [\d,]+\sms"))).to_be_visible()
    shot(page, "wizard-5-arrived")
    hand.click("Finish")

    expect(page.get_by_role("listitem", name="vLLM")).to_contain_text("Working")
    assert hand.clicks <= MOST_CLICKS
    assert hand.fields <= MOST_FIELDS
    assert (hand.clicks, hand.fields) == (7, 4)
    assert len([frame for frame in wire.received if key in frame]) == 1
    assert [frame for frame in wire.sent if key in frame] == []


def call(console: Patchbay, key: str, code: str) -> None:
    """What the snippet says, from outside."""
    assert f"{console.url}/v1/chat/completions" in code
    body = {"model": "vllm/gpt-4o-mini", "messages": [{"role": "user", "content": "Say hello."}]}
    assert '"model": "vllm/gpt-4o-mini"' in code
    answer = httpx.post(f"{console.url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"})
    assert answer.json()["choices"][0]["message"]["content"] == "Hi there, this is fakellm."


def test_a_reload_and_the_way_back_land_where_one_was(desk: BrowserContext, ready: Patchbay, open_door: Door) -> None:
    page = sign_in(desk, ready)
    connect(Hand(page), open_door.base_url)
    expect(page.get_by_role("button", name="Use this model")).to_be_enabled()
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="Chat works")).to_be_visible()
    expect(page.get_by_role("radio", name="gpt-4o-mini")).to_be_checked()

    page.get_by_role("button", name="Use this model").click()
    headed(page, "Ask your first question")
    page.reload()
    headed(page, "Ask your first question")
    page.go_back()
    expect(page.get_by_role("listitem").filter(has_text="Chat works")).to_be_visible()

    page.go_forward()
    page.get_by_role("button", name="Create an app key").click()
    expect(page.get_by_label("App key")).to_have_text(APP_KEY)
    page.reload()
    expect(page.get_by_text("The key is shown only once.", exact=False)).to_be_visible()
    expect(page.get_by_text("Waiting for the first request")).to_be_visible()
    assert not APP_KEY.search(page.content())


def test_going_back_from_a_key_shown_once_asks_and_stays_where_it_was(desk: BrowserContext, ready: Patchbay, open_door: Door) -> None:
    page = sign_in(desk, ready)
    hand = Hand(page)
    connect(hand, open_door.base_url)
    hand.click(i18n.say("en", "start.use_model"))
    headed(page, i18n.say("en", "start.answer_title"))
    before = page.url
    hand.click(i18n.say("en", "start.make_key"))
    headed(page, i18n.say("en", "start.app_title"))
    expect(page).to_have_url(re.compile("step=app"))
    at = page.url

    page.go_back()
    page.get_by_role("button", name=i18n.say("en", "once.stay")).click()
    expect(page.get_by_text(APP_KEY).first).to_be_visible()
    expect(page).to_have_url(at)

    page.go_back()
    page.get_by_role("alertdialog").get_by_role("button", name=i18n.say("en", "once.discard")).click()
    headed(page, i18n.say("en", "start.answer_title"))
    expect(page).to_have_url(before)


def test_it_can_be_left_at_every_step_and_taken_up_again(desk: BrowserContext, ready: Patchbay, open_door: Door) -> None:
    page = sign_in(desk, ready)
    steps = [
        ("Where do your models run?", page.get_by_role("button", name="vLLM").first.click),
        ("Connect vLLM", lambda: fill_and_test(page, open_door)),
        ("vLLM works", page.get_by_role("button", name="Use this model").click),
        ("Ask your first question", page.get_by_role("button", name="Create an app key").click),
        ("Connect your app", lambda: None),
    ]
    for heading, go_on in steps:
        headed(page, heading)
        where = page.url
        page.get_by_role("link", name="Skip to providers").click()
        if heading == "Connect your app":
            page.get_by_role("alertdialog").get_by_role("button", name=i18n.say("en", "once.discard")).click()
        expect(page.get_by_role("navigation", name="Main").first).to_be_attached()
        page.wait_for_url(f"{ready.url}/")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.goto(where)
        headed(page, heading)
        go_on()


def fill_and_test(page: Page, server: Door) -> None:
    page.get_by_label("Address", exact=True).fill(server.base_url)
    page.get_by_role("button", name="Save and test").click()


def test_an_empty_list_offers_the_way(
    desk: BrowserContext, tmp_path_factory: pytest.TempPathFactory, shot: Callable[[Page, str], None]
) -> None:
    with patchbay(tmp_path_factory.mktemp("empty")) as console:
        console.admin("ada@example.org", PASSWORD)
        page = sign_in(desk, console, "/")
        expect(page.get_by_role("button", name="Find local servers")).to_be_visible()
        shot(page, "wizard-empty")
        page.get_by_role("button", name="Choose a known provider").click()
        expect(page.get_by_role("dialog").get_by_role("button", name="Find local servers")).to_be_visible()
        shot(page, "wizard-dialog")
        escape(page)
        page.get_by_role("button", name="Set up step by step").click()
        headed(page, "Where do your models run?")
        page.close()


def test_a_wrong_key_is_named_and_typed_again(
    desk: BrowserContext, ready: Patchbay, open_door: Door, shot: Callable[[Page, str], None]
) -> None:
    open_door.key = KEY
    page = sign_in(desk, ready)
    wire = Wire(page)
    page.reload()
    page.get_by_role("button", name="Enter an address").click()
    page.get_by_label("Address", exact=True).fill(open_door.base_url)
    page.get_by_label("API key", exact=True).fill("sk-wrong-0000000000")
    page.get_by_role("button", name="Save and test").click()

    expect(page.get_by_role("heading", name="Local server does not work yet")).to_be_visible()
    expect(page.get_by_text("The provider rejected this key.", exact=False)).to_be_visible()
    for way in ("Change key or address", "Test again", "Choose another", "Continue anyway"):
        expect(page.get_by_role("button", name=way)).to_be_visible()
    shot(page, "wizard-failed")
    page.get_by_role("button", name="Change key or address").click()
    expect(page.get_by_label("API key", exact=True)).to_have_value("")
    page.get_by_label("API key", exact=True).fill(KEY)
    page.get_by_role("button", name="Save and test").click()

    expect(page.get_by_role("heading", name="Local server works")).to_be_visible()
    assert len([frame for frame in wire.sent if KEY in frame]) == 1
    assert [frame for frame in wire.received if KEY in frame] == []
    assert KEY not in page.content()


def test_past_a_test_that_failed_one_can_go_on(desk: BrowserContext, ready: Patchbay, open_door: Door) -> None:
    open_door.key = KEY
    page = sign_in(desk, ready)
    connect(Hand(page), open_door.base_url)
    page.get_by_role("button", name="Continue anyway").click()
    headed(page, "Connect your app")
    page.get_by_role("button", name="Create an app key").click()
    expect(page.get_by_label("App key")).to_have_text(APP_KEY)


def test_an_answer_comes_word_by_word_and_can_be_stopped(desk: BrowserContext, ready: Patchbay, open_door: Door) -> None:
    page = sign_in(desk, ready)
    connect(Hand(page), open_door.base_url)
    page.get_by_role("button", name="Use this model").click()
    open_door.words = [f"word-{number} " for number in range(1_000)]
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Waiting for the first word…")).to_be_visible()
    for number in range(3):
        open_door.go.release()
        expect(page.get_by_text(f"word-{number}", exact=False)).to_be_visible()

    page.get_by_role("button", name="Stop").click()

    expect(page.get_by_role("button", name="Ask again")).to_be_visible()
    until("the provider's connection is closed", lambda: open_door.go.release() or open_door.left.is_set())
    expect(page.get_by_text("word-2", exact=False)).to_be_visible()


def test_a_server_found_nearby_takes_one_click(
    desk: BrowserContext, ready: Patchbay, open_door: Door, shot: Callable[[Page, str], None]
) -> None:
    with ready.rest() as rest:
        for provider in rest.get("/providers").json()["items"]:
            rest.delete(f"/providers/{provider['name']}")  # what they were allowed to reach stays allowed
    page = sign_in(desk, ready)
    hand = Hand(page)
    hand.click("Find local servers")
    card = page.get_by_role("button").filter(has_text=str(open_door.port))
    expect(card).to_contain_text("14 models")
    shot(page, "wizard-found")
    card.click()

    expect(page.get_by_role("radio", name="gpt-4o-mini")).to_be_checked()
    assert f"localhost:{open_door.port}" in ready.run("provider", "list").stdout
    page.get_by_role("button", name="Use this model").click()
    page.get_by_label("Your question").fill("hello")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Hi there, this is fakellm.")).to_be_visible()


def test_the_keyboard_alone_is_enough(desk: BrowserContext, ready: Patchbay, open_door: Door) -> None:
    page = sign_in(desk, ready, "/start?preset=vllm&step=connect")
    headed(page, "Connect vLLM")
    page.get_by_label("Address", exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(open_door.base_url)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="vLLM works")).to_be_visible()
    press(page, "Use this model")
    expect(page.get_by_role("heading", name="Ask your first question")).to_be_focused()
    press(page, "Create an app key")
    expect(page.get_by_role("heading", name="Connect your app")).to_be_focused()
    press(page, "Finish")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    press(page, i18n.say("en", "once.discard"))
    page.wait_for_url(f"{ready.url}/")


def press(page: Page, name: str) -> None:
    """Walk to a button with Tab and press it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText?.trim()") == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab never reaches “{name}”")


def test_a_viewer_never_sees_it(desk: BrowserContext, ready: Patchbay) -> None:
    page = sign_in(desk, ready, "/start", email="vi@example.org")
    expect(page.get_by_text("This page is for admins")).to_be_visible()
    expect(page.get_by_role("heading", name="Where do your models run?")).to_be_hidden()
    page.goto(ready.url)
    expect(page.get_by_role("button", name="Set up step by step")).to_be_hidden()
