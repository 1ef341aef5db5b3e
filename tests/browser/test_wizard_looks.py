"""The first steps in every language, light and dark, on a desk and on a phone: whole, translated, and without a barrier."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

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


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_every_step_is_whole_and_translated(page: Page, ready: Patchbay, shot: Callable[[Page, str], None], language: str) -> None:
    for place, (query, heading, values) in PLACES.items():
        page.goto(f"{ready.url}/start?{query}")
        expect(page.get_by_role("heading", level=2, name=i18n.say(language, heading, **values))).to_be_visible()
        assert page.evaluate("window.jumps") < MOST_JUMPED
        in_every_look(page, place, language, shot)
    page.get_by_role("button", name=i18n.say(language, "start.ask"), exact=True).click()
    expect(page.get_by_text(re.compile("mock response|fakellm"))).to_be_visible()
    in_every_look(page, "answered", language, shot)
    page.get_by_role("button", name=i18n.say(language, "start.make_key")).click()
    expect(page.get_by_label(i18n.say(language, "client_keys.issued_key"))).to_be_visible()
    in_every_look(page, "key", language, shot)


def in_every_look(page: Page, place: str, language: str, shot: Callable[[Page, str], None]) -> None:
    """Light and dark, on a desk and on a phone: nothing scrolls sideways, nothing shuts anybody out."""
    expect(page.locator("html")).to_have_attribute("lang", i18n.say(language, "language.tag"))
    for theme, width in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_class(re.compile(theme))
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, (place, width)
        shot(page, f"{language}-{theme}-{width}-{place}")
        if language == "en" and (theme, width) in (("light", 1280), ("dark", 390)):
            found = Axe().run(page)
            assert found.violations_count == 0, f"{place}: {found.generate_report()}"
