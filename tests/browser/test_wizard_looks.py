"""The first steps in every language, light and dark, on a desk and on a phone: whole, translated, and without a barrier.

The suite looks at each step once; from step to step language, theme and width take their turn. Every step in every look is for `make soak`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from app.ui import i18n
from tests.browser.conftest import PASSWORD
from tests.browser.test_wizard import sign_in
from tests.fixtures.door import door
from tests.fixtures.running import Patchbay, patchbay

pytestmark = pytest.mark.browser

# Name → address of the page, the heading it has.
PLACES = {
    "choose": ("", "start.choose_title", {}),
    "vendor": ("preset=groq&step=connect", "start.connect_title", {"name": "Groq"}),
    "custom": ("preset=custom&step=connect", "start.connect_custom", {}),
    "tested": ("provider=good&step=test", "start.tested_title", {"name": "Good"}),
    "failed": ("provider=bad&step=test", "start.failed_title", {"name": "Bad"}),
    "untested": ("provider=fresh&step=test", "start.saved_title", {"name": "Fresh"}),
    "app": ("provider=good&step=app", "start.app_title", {}),
    "answer": ("provider=good&step=answer", "start.answer_title", {}),
}
# What follows the last of them without another address.
ASKED = ("answered", "key")
LANGUAGES = ("en", "vi", "zh")
LOOKS: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1280), ("dark", 1280), ("dark", 390), ("light", 390))
MOST_JUMPED = 0.1  # cumulative layout shift that counts as good
JUMPS = """
window.jumps = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.jumps += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, upstream: str) -> Iterator[Patchbay]:
    """One provider that works, one that does not, one that was not tested."""
    with patchbay(tmp_path_factory.mktemp("looks")) as console, door(upstream) as good, door(upstream) as bad:
        bad.key = "sk-right"
        console.admin("ada@example.org", PASSWORD)
        for name, server in (("good", good), ("bad", bad), ("fresh", good)):
            label = name.capitalize()
            console.run("provider", "add", name, "--label", label, "--base-url", server.base_url, "--auth-type", "none")
        console.run("provider", "test", "good")
        console.run("provider", "test", "bad", check=False)
        with console.rest() as rest:
            rest.patch("/providers/good", json={"default_model": "gpt-4o-mini"}).raise_for_status()
        yield console


@pytest.fixture
def page(browser: Browser, ready: Patchbay, language: str) -> Iterator[Page]:
    """Signed in, in a browser of this language, which counts how far things jump by themselves."""
    context = browser.new_context(viewport={"width": 1280, "height": 844}, locale=language, reduced_motion="reduce")
    context.add_init_script(JUMPS)
    yield sign_in(context, ready)
    context.close()


def tours() -> Iterator[Any]:
    """A language, and place → how it is looked at."""
    every = (*PLACES, *ASKED)
    for turn, language in enumerate(LANGUAGES):
        mine = {place: [LOOKS[at % len(LOOKS)]] for at, place in enumerate(every) if at % len(LANGUAGES) == turn or place in ASKED}
        if "answer" not in mine:
            mine = {place: looks for place, looks in mine.items() if place not in ASKED}
        yield pytest.param(language, mine, id=language)
        yield pytest.param(language, dict.fromkeys(every, LOOKS), id=f"{language}, every look", marks=pytest.mark.soak)


@pytest.mark.parametrize(("language", "tour"), list(tours()))
def test_every_step_is_whole_and_translated(
    page: Page, ready: Patchbay, shot: Callable[[Page, str], None], language: str, tour: dict[str, Sequence[Any]]
) -> None:
    def look(place: str) -> None:
        in_looks(page, place, language, tour[place], shot)

    for place, (query, heading, values) in PLACES.items():
        if place not in tour:
            continue
        page.goto(f"{ready.url}/start?{query}")
        expect(page.get_by_role("heading", level=2, name=i18n.say(language, heading, **values))).to_be_visible()
        assert page.evaluate("window.jumps") < MOST_JUMPED
        look(place)
    if "answer" not in tour:
        return
    page.get_by_role("button", name=i18n.say(language, "start.ask"), exact=True).click()
    expect(page.get_by_text(re.compile("mock response|fakellm"))).to_be_visible()
    look("answered")
    page.get_by_role("button", name=i18n.say(language, "start.make_key")).click()
    expect(page.get_by_label(i18n.say(language, "client_keys.issued_key"))).to_be_visible()
    look("key")


def in_looks(page: Page, place: str, language: str, looks: Sequence[Any], shot: Callable[[Page, str], None]) -> None:
    """Nothing scrolls sideways, nothing shuts anybody out."""
    expect(page.locator("html")).to_have_attribute("lang", i18n.say(language, "language.tag"))
    for theme, width in looks:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_class(re.compile(theme))
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, (place, width)
        shot(page, f"{language}-{theme}-{width}-{place}")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{place}, {language}, {theme}, {width}: {found.generate_report()}"
