"""No page and no dialog shows how it is made: with none, one and many of everything, in every language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from app.ui import i18n
from tests.browser.conftest import PASSWORD
from tests.browser.opening import MENU, Door, addresses, declared, doors, open_dialog, ready
from tests.browser.page_words import leaks, speak
from tests.fixtures.running import Patchbay, patchbay

pytestmark = pytest.mark.browser

MANY = 12
# These are about no object yet, so a page opens them in an empty house too; the first provider is added on a page of its own.
ABOUT_NOTHING = {"add a person", "new app key", "own password"}


@dataclass(frozen=True)
class House:
    """A console with so many of everything, and a tab of its admin."""

    amount: int
    url: str
    page: Page


def furnish(console: Patchbay, upstream: str, amount: int) -> None:
    """So many providers, keys of one of them, app keys, aliases, deleted providers and people besides the admin; with calls."""
    console.admin("ada@example.org", PASSWORD)
    with console.rest() as client:

        def add(path: str, **body: Any) -> Any:
            return client.post(path, json=body).raise_for_status()

        names = ["keyed", *(f"other-{n}" for n in range(1, amount))] if amount else []
        for name in [*names, *(f"old-{n}" for n in range(amount))]:
            listed = {"models": ["gpt-4o-mini"], "default_model": "gpt-4o-mini"}
            add("/providers", name=name, label=name.title(), base_url=upstream, auth_type="api_key", **listed)
        for n in range(amount):
            client.delete(f"/providers/old-{n}").raise_for_status()
            add("/providers/keyed/credentials", label=f"Key {n}", secret={"api_key": f"sk-{n}-0123456789abcdef"})
            add("/aliases", name=f"chat-{n}", targets=[{"provider": name, "model": "gpt-4o-mini"} for name in names[:3]])
            add("/users", email=f"p{n}@example.org", name=f"Person {n}", password=PASSWORD, role="viewer")
            key = add("/client-keys", name=f"App {n}", scope="gateway", providers=names[: n + 1]).json()["key"]
            for model in ("keyed/gpt-4o-mini", "nowhere/none"):
                call = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
                httpx.post(f"{console.url}/v1/chat/completions", json=call, headers={"authorization": f"Bearer {key}"}, timeout=30)
        if amount:
            client.post("/providers/keyed/default").raise_for_status()
            client.post("/providers/keyed/test", json={"depth": "chat"}).raise_for_status()


@pytest.fixture(scope="module", params=[0, 1, MANY], ids=["none", "one", "many"])
def house(request: pytest.FixtureRequest, browser: Browser, upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with patchbay(tmp_path_factory.mktemp("amount")) as console:
        furnish(console, upstream, request.param)
        context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB", reduced_motion="reduce")
        page = context.new_page()
        page.goto(f"{console.url}/login/")
        page.locator("input[name=email]").fill("ada@example.org")
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("button[type=submit]").click()
        expect(page.locator("main")).to_be_visible()
        yield House(request.param, console.url, page)
        context.close()


@pytest.fixture(scope="module")
def found(house: House) -> dict[str, Door]:
    """Kind → where it is opened, in this house."""
    return doors(house.page, house.url)


def told(page: Page, where: str) -> list[str]:
    """What may not stand there, in each language."""
    found = []
    for language in i18n.catalogues():
        speak(page, language)
        found += [f"{where}, {language}: {text}" for text in leaks(page)]
    speak(page, i18n.ENGLISH)
    return found


def test_no_page_shows_its_insides(house: House) -> None:
    left: list[str] = []
    for path in addresses():
        house.page.goto(house.url + path)
        ready(house.page)
        left += told(house.page, path)

    assert left == []


def test_no_menu_shows_its_insides(house: House) -> None:
    left: list[str] = []
    for path in addresses():
        house.page.goto(house.url + path)
        ready(house.page)
        for menu in house.page.locator(MENU).all()[:2]:
            menu.click()
            expect(house.page.get_by_role("menu")).to_be_visible()
            left += told(house.page, f"a menu of {path}")
            house.page.keyboard.press("Escape")
            expect(house.page.get_by_role("menu")).to_have_count(0)

    assert left == []


@pytest.mark.parametrize("kind", sorted(declared()))
def test_no_dialog_shows_its_insides(house: House, found: dict[str, Door], kind: str) -> None:
    if kind not in found:
        assert house.amount == 0
        assert kind not in ABOUT_NOTHING
        return
    door = found[kind]
    house.page.goto(house.url + door.path)
    ready(house.page)
    dialog = open_dialog(house.page, door, kind)
    expect(dialog.get_by_role("heading").first).not_to_be_empty()

    assert told(house.page, kind) == []
