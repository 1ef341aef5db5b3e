"""No page and no dialog shows how it is made: with none, one and many of everything, in every language.

The suite reads each place with each amount in one language, in turn, and each dialog with one amount in one language; the rest is for
`make soak`.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from app.ui import i18n
from tests.browser.conftest import PASSWORD
from tests.browser.opening import Door, declared, doors, open_dialog, ready
from tests.browser.page_words import leaks, speak
from tests.fixtures.running import Patchbay

pytestmark = pytest.mark.browser

AMOUNTS = {"none": 0, "one": 1, "many": 12}
LANGUAGES = tuple(i18n.catalogues())
# These are about no object yet, so a page opens them in an empty house too; the first provider is added on a page of its own.
ABOUT_NOTHING = {"add a person", "new app key", "own password"}


def furnish(console: Patchbay, upstream: str, before: int, amount: int) -> None:
    """So many instead of so many before: providers, keys of one of them, app keys, aliases, deleted providers and people besides the
    admin; with calls."""
    with console.rest() as client:

        def add(path: str, **body: Any) -> Any:
            return client.post(path, json=body).raise_for_status()

        names = ["keyed", *(f"other-{n}" for n in range(1, amount))]
        for name in [*names[before:], *(f"old-{n}" for n in range(before, amount))]:
            listed = {"models": ["gpt-4o-mini"], "default_model": "gpt-4o-mini"}
            add("/providers", name=name, label=name.title(), base_url=upstream, auth_type="api_key", **listed)
        for n in range(before, amount):
            client.delete(f"/providers/old-{n}").raise_for_status()
            add("/providers/keyed/credentials", label=f"Key {n}", secret={"api_key": f"sk-{n}-0123456789abcdef"})
            add("/aliases", name=f"chat-{n}", targets=[{"provider": name, "model": "gpt-4o-mini"} for name in names[:3]])
            add("/users", email=f"p{n}@example.org", name=f"Person {n}", password=PASSWORD, role="viewer")
            key = add("/client-keys", name=f"App {n}", scope="gateway", providers=names[: n + 1]).json()["key"]
            for model in ("keyed/gpt-4o-mini", "nowhere/none"):
                call = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
                httpx.post(f"{console.url}/v1/chat/completions", json=call, headers={"authorization": f"Bearer {key}"}, timeout=30)
        client.post("/providers/keyed/default").raise_for_status()
        client.post("/providers/keyed/test", json={"depth": "chat"}).raise_for_status()


@pytest.fixture(scope="module")
def page(browser: Browser, console: Patchbay) -> Iterator[Page]:
    """A tab of an admin, and nothing else in the house."""
    console.admin("ada@example.org", PASSWORD)
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB", reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{console.url}/login/")
    tab.locator("input[name=email]").fill("ada@example.org")
    tab.locator("input[name=password]").fill(PASSWORD)
    tab.locator("button[type=submit]").click()
    expect(tab.locator("main")).to_be_visible()
    yield tab
    context.close()


class Growing:
    """The house of all these tests. It only grows, so they ask for it in the order of `AMOUNTS`."""

    def __init__(self, console: Patchbay, upstream: str, page: Page) -> None:
        self.console, self.upstream, self.page = console, upstream, page
        self.amount = 0
        self._found: dict[int, dict[str, Door]] = {}

    def grow(self, amount: int) -> None:
        assert amount >= self.amount
        if amount > self.amount:
            furnish(self.console, self.upstream, self.amount, amount)
            self.amount = amount

    def sweep(self, languages: Sequence[str]) -> list[str]:
        """What stands on a page or in a menu and may not. Each place is read in one of the languages, in turn."""
        left: list[str] = []
        turn = itertools.cycle(languages)
        look = lambda where: left.extend(told(self.page, where, [next(turn)]))  # noqa: E731
        self._found[self.amount] = doors(self.page, self.console.url, look)
        return left

    def found(self) -> dict[str, Door]:
        """Kind → where it is opened, with what there is now."""
        if self.amount not in self._found:
            self._found[self.amount] = doors(self.page, self.console.url)
        return self._found[self.amount]


@pytest.fixture(scope="module")
def house(console: Patchbay, upstream: str, page: Page) -> Growing:
    return Growing(console, upstream, page)


def told(page: Page, where: str, languages: Sequence[str]) -> list[str]:
    """What may not stand there, in each of these languages."""
    found = []
    for language in languages:
        speak(page, language)
        found += [f"{where}, {language}: {text}" for text in leaks(page)]
    speak(page, i18n.ENGLISH)
    return found


def looks() -> Iterator[Any]:
    """The amount, the kind of dialog or "" for every page and menu, the languages."""
    kinds = sorted(declared())
    for turn, amount in enumerate(AMOUNTS):
        once = LANGUAGES[turn:] + LANGUAGES[:turn]
        yield pytest.param(amount, "", once, id=f"{amount}: pages")
        yield from (
            pytest.param(amount, "", (language,), id=f"{amount}: pages, {language}", marks=pytest.mark.soak) for language in LANGUAGES
        )
        for number, kind in enumerate(kinds):
            its_own = ("one", "many", "none" if kind in ABOUT_NOTHING else "many")[number % 3]
            if amount == its_own:
                yield pytest.param(amount, kind, (LANGUAGES[number // 3 % 3],), id=f"{amount}: {kind}")
            yield pytest.param(amount, kind, LANGUAGES, id=f"{amount}: {kind}, every language", marks=pytest.mark.soak)


@pytest.mark.parametrize(("amount", "kind", "languages"), list(looks()))
def test_nothing_shows_its_insides(house: Growing, amount: str, kind: str, languages: tuple[str, ...]) -> None:
    house.grow(AMOUNTS[amount])
    if not kind:
        assert house.sweep(languages) == []
    found = set(house.found())
    assert found >= ABOUT_NOTHING if amount == "none" else found == declared()
    if kind not in found:
        return
    door = house.found()[kind]
    house.page.goto(house.console.url + door.path)
    ready(house.page)
    dialog = open_dialog(house.page, door, kind)
    expect(dialog.get_by_role("heading").first).not_to_be_empty()

    assert told(house.page, kind, languages) == []
