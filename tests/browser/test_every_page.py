"""Every page and everything that opens on one: accessible, nothing sticks out, nothing jumps, nothing stays English.

The suite looks at each scene once, in one language, one theme and one width; from scene to scene all of them take their turn. Every
scene in every look is for `make soak`.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.conftest import PASSWORD
from tests.browser.page_words import english_left, speak
from tests.browser.scenes import CARDS, Scene, opened, pages
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
DESK: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
STILL = 0.02  # the sum of layout shifts; up to 0.1 counts as good
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach(({ value, sources }) =>
  shifts.push([value, ...sources.map(({ node }) => (node?.className?.baseVal ?? node?.className ?? node?.nodeName) + '')])
)).observe({ type: 'layout-shift', buffered: true });
"""
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))"
FRAMES = "main, [role=dialog], [role=alertdialog], .pb-sheet-body, .rt-ScrollAreaViewport"
STICKING_OUT = f"""() => [document.documentElement, ...document.querySelectorAll('{FRAMES}')]
  .filter((e) => e.scrollWidth > e.clientWidth + 1)
  .map((e) => `${{e.nodeName}} ${{e.className}}: ${{e.scrollWidth}} > ${{e.clientWidth}}`)
  .concat([...document.querySelectorAll('table')]
    .filter((e) => e.scrollHeight > e.clientHeight + 1)
    .map((e) => `a table is cut off: ${{e.scrollHeight}} > ${{e.clientHeight}}`))"""
# A field that says less than it means to until something is typed.
CUT_IN_A_FIELD = """() => {
  const pen = document.createElement('canvas').getContext('2d');
  return [...document.querySelectorAll('input[placeholder]')].filter((e) => {
    const look = getComputedStyle(e), sides = ['paddingLeft', 'paddingRight', 'textIndent'];
    pen.font = look.font;
    const room = e.clientWidth - sides.reduce((sum, side) => sum + (parseFloat(look[side]) || 0), 0);
    return !e.value && e.checkVisibility() && pen.measureText(e.placeholder).width > room;
  }).map((e) => `a field is cut: ${e.placeholder}`);
}"""
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
PAGES, SCENES = pages(), pages() + opened()
# Of one provider: one that ends soon, one too long, a reserve, one that lives elsewhere and is not there, one that is off.
KEYS: dict[str, dict[str, Any]] = {
    "Main": {"secret": {"api_key": "sk-main_0123456789abcdef"}, "expires_at": (datetime.now(UTC) + timedelta(days=9)).isoformat()},
    "Khóa dùng chung của phòng nghiên cứu và phát triển, khu vực Đông Nam Á": {"secret": {"api_key": "sk-long_0123456789abcdef"}},
    "Spare": {"secret": {"api_key": "sk-spare_0123456789abcdef"}, "state": "standby"},
    "Elsewhere": {"reference": {"api_key": {"env": "PATCHBAY_SECRET_OF_THE_RESEARCH_DEPARTMENT"}}, "state": "standby"},
    "Resting": {"secret": {"api_key": "sk-resting_0123456789abcdef"}, "state": "disabled"},
}


@pytest.fixture(scope="module")
def house(console: Patchbay, upstream: str) -> Patchbay:
    """Providers that work, are off, are new, do not listen and have a name that is too long; a key for apps; another person."""
    console.admin("ada@example.org", PASSWORD)
    console.run("user", "add", "vi@example.org", "--role", "viewer", "--password-stdin", stdin=PASSWORD)
    long = "Kho mô hình dùng chung của phòng nghiên cứu và phát triển, khu vực Đông Nam Á"
    with console.rest() as client:
        for name, label, more in (
            ("lab", "Lab", {"tags": ["prod"], "models": ["gpt-4o-mini", "gpt-4o"]}),
            ("long", long, {"base_url": "https://models.research-and-development.south-east-asia.example.org/v1"}),
            ("off", "Aus", {"enabled": False}),
            ("keyed", "Keyed", {"auth_type": "api_key"}),
            ("closed", "Closed", {"base_url": "http://127.0.0.1:9/v1"}),
            ("groq", "Groq", {"preset": "groq", "type": "openai", "auth_type": "api_key", "base_url": ""}),
        ):
            draft: dict[str, Any] = {
                "name": name,
                "label": label,
                "base_url": upstream,
                "auth_type": "none",
                "default_model": "gpt-4o-mini",
            }
            client.post("/providers", json=draft | more).raise_for_status()
        for label, more in KEYS.items():
            client.post("/providers/keyed/credentials", json={"label": label, **more}).raise_for_status()
        for name in ("lab", "closed"):
            client.post(f"/providers/{name}/test", json={"depth": "chat"}).raise_for_status()
        key = client.post("/client-keys", json={"name": "Website", "scope": "gateway"}).json()["key"]
    for selector in ("lab/gpt-4o-mini", "long/gpt-4o", "nobody/none", "keyed/gpt-4o-mini"):
        call = {"model": selector, "messages": [{"role": "user", "content": "hello"}]}
        httpx.post(f"{console.url}/v1/chat/completions", json=call, headers={"authorization": f"Bearer {key}"}, timeout=30)
    return console


@pytest.fixture(scope="module")
def desks(browser: Browser, house: Patchbay) -> Iterator[dict[str, BrowserContext]]:
    """A browser of somebody who is signed in, and one of a stranger."""
    made = {who: browser.new_context(reduced_motion="reduce", locale="en-GB") for who in ("admin", "nobody")}
    for context in made.values():
        context.add_init_script(SHIFTS)
    page = made["admin"].new_page()
    page.goto(f"{house.url}/login/")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(CARDS).first).to_be_visible()
    page.close()
    yield made
    for context in made.values():
        context.close()


def stage(desks: dict[str, BrowserContext], house: Patchbay, scene: Scene, size: ViewportSize = DESK) -> Page:
    page = desks[scene.who].new_page()
    page.set_viewport_size(size)
    page.goto(house.url + scene.path)
    expect(page.locator(scene.ready).first).to_be_visible()
    return page


def left_in_the_end(page: Page, language: str) -> list[str]:
    """What the server says in sentences comes a moment after the switch."""
    end = time.monotonic() + 5
    while (left := english_left(page, language)) and time.monotonic() < end:
        page.wait_for_timeout(50)
    return left


def violations(page: Page, within: str, options: dict[str, Any]) -> list[str]:
    found = page.evaluate("([within, options]) => axe.run(within, options).then((r) => r.violations)", [within, options])
    return [f"{v['id']}: {node['target'][-1]} ({node['failureSummary'].splitlines()[-1].strip()})" for v in found for node in v["nodes"]]


@dataclass(frozen=True)
class Look:
    """How a scene is looked at."""

    language: str
    theme: Literal["light", "dark"]
    size: ViewportSize

    def __str__(self) -> str:
        return f"{self.language}, {self.theme}, {self.size['width']}"


LOOKS = [Look(*look) for look in itertools.product(("en", "vi", "zh"), ("light", "dark"), (DESK, PHONE))]


@dataclass(frozen=True)
class Seen:
    """What was found while one scene was looked at. `shifts`: while the page loaded, and while the scene opened."""

    barriers: list[str]
    sticking_out: list[str]
    english: list[str]
    shifts: list[Any]
    is_untouched: bool


def visits() -> Iterator[Any]:
    for (number, scene), is_long in itertools.product(enumerate(SCENES), (False, True)):
        looks = LOOKS if is_long else [LOOKS[number % len(LOOKS)]]
        told = "every look" if is_long else str(*looks)
        yield pytest.param((scene, looks), id=f"{scene.name}: {told}", marks=[pytest.mark.soak] if is_long else [])


@pytest.fixture(scope="module", params=list(visits()))
def seen(request: pytest.FixtureRequest, desks: dict[str, BrowserContext], house: Patchbay) -> Seen:
    """One visit, never loaded anew. A page is loaded at its first width; what opens on one is opened on a desk, in English."""
    scene, looks = request.param
    page = stage(desks, house, scene, looks[0].size if scene in PAGES else DESK)
    scene.open(page)
    page.evaluate(f"document.fonts.ready.then(() => {DRAWN})")
    shifts = page.evaluate("shifts") if not scene.is_told else []
    page.evaluate("window.untouched = true")
    page.evaluate(AXE)
    seen = Seen(*look_at(page, scene, looks), shifts, page.evaluate("window.untouched === true"))
    speak(page, "en")
    page.close()
    return seen


def look_at(page: Page, scene: Scene, looks: Sequence[Look]) -> tuple[list[str], list[str], list[str]]:
    barriers: list[str] = []
    sticking_out: list[str] = []
    english: list[str] = []
    for look in looks:
        page.set_viewport_size(look.size)
        page.emulate_media(color_scheme=look.theme)
        expect(page.locator("html")).to_have_class(look.theme)
        speak(page, look.language)
        page.evaluate(DRAWN)
        barriers += [f"{look}: {told}" for told in violations(page, scene.within, EVERYTHING)]
        sticking_out += [f"{look}: {told}" for told in page.evaluate(STICKING_OUT) + page.evaluate(CUT_IN_A_FIELD)]
        if look.language != "en" and not scene.is_told:
            english += [f"{look}: {text}" for text in left_in_the_end(page, look.language)]
    return barriers, sticking_out, english


def test_a_machine_finds_nothing_that_keeps_people_out(seen: Seen) -> None:
    assert not seen.barriers, "\n".join(seen.barriers)


def test_nothing_sticks_out_or_is_cut_off(seen: Seen) -> None:
    assert not seen.sticking_out, "\n".join(seen.sticking_out)


def test_another_language_is_whole_and_loads_nothing_anew(seen: Seen) -> None:
    assert not seen.english, "\n".join(seen.english)
    assert seen.is_untouched


def test_nothing_jumps_while_it_loads_and_opens(seen: Seen) -> None:
    """But for what is told about something that happened: it unfolds where it happened."""
    assert sum(shift[0] for shift in seen.shifts) < STILL, seen.shifts


@pytest.mark.soak
@pytest.mark.parametrize("scene", [pytest.param(scene, id=scene.name) for scene in PAGES])
def test_nothing_jumps_on_a_phone(desks: dict[str, BrowserContext], house: Patchbay, scene: Scene) -> None:
    page = stage(desks, house, scene, PHONE)
    page.evaluate(f"document.fonts.ready.then(() => {DRAWN})")
    shifts = page.evaluate("shifts")
    page.close()

    assert sum(shift[0] for shift in shifts) < STILL, shifts


def test_nothing_jumps_when_a_status_changes(desks: dict[str, BrowserContext], house: Patchbay) -> None:
    page = stage(desks, house, PAGES[0])
    page.evaluate("shifts.length = 0")
    with house.rest() as client:
        client.post("/providers/lab/disable").raise_for_status()
        expect(page.get_by_role("switch", name="Lab is on")).not_to_be_checked()
        client.post("/providers/lab/enable").raise_for_status()
        expect(page.get_by_role("switch", name="Lab is on")).to_be_checked()
    page.evaluate(DRAWN)
    shifts = page.evaluate("shifts")
    page.close()

    assert sum(shift[0] for shift in shifts) < STILL, shifts
