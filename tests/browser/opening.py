"""Opens every kind of dialog there is: where a page has a button or an entry of a menu that is marked with the kind. What is declared
and found nowhere is seen by the tests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from app.ui import page as console_pages
from app.ui.kit import dialogs
from tests.browser.scenes import SAMPLES

TABS = {"/providers/keyed/": ("", "?tab=keys", "?tab=models")}
SHOWN = "[data-dialog]"
# What a field is filled with, by its name. Secrets go to a provider on loopback; `{n}` makes a name that nothing has yet.
TYPED = {
    "name": "name-{n}",
    "label": "Label {n}",
    "email": "person-{n}@example.org",
    "password": "correct horse battery staple",
    "base_url": "{upstream}",
    "secret.text": "OPENAI_API_KEY=sk-proj-{n}0123456789abcdefghij",
    "secret.keys": "sk-typed-{n}0123456789abcdef",
    "secret.api_key": "sk-typed-{n}0123456789abcdef",
    "description": "Words about it",
}


# What has to be opened first: menus of what is listed, and what hangs from the person in the bar.
MENU = "main [aria-haspopup=menu]"
PERSON = "header [aria-haspopup=dialog]"
POPPED = "[role=menu], [role=dialog]:not(.pb-sheet)"


# Radix listens for Escape from the moment it has moved the focus, which is a moment after the dialog or menu is seen.
LISTENS = """() => {
  const over = [...document.querySelectorAll('[role=dialog], [role=alertdialog], [role=menu]')].pop();
  return !over || over.contains(document.activeElement);
}"""


@dataclass(frozen=True)
class Door:
    """Where a kind is opened: the address, and what has to be opened first, "" where the page shows the button."""

    path: str
    behind: str


def addresses() -> list[str]:
    """Every page of people who are signed in, and the tabs of one that has tabs."""
    found = []
    for entry in console_pages.pages():
        if entry.role and not entry.focused and entry.route != "404":
            path = SAMPLES.get(entry.route, f"{entry.route.rstrip('/')}/")
            found += [path + tab for tab in TABS.get(path, ("",))]
    return found


def doors(page: Page, url: str, look: Callable[[str], object] = lambda where: None) -> dict[str, Door]:
    """Kind → where it is opened, found by looking at every page and into the menus of what is listed there. What hangs from the person
    is the same on all of them. `look` is called in front of every page and every menu."""
    found: dict[str, Door] = {}
    for number, path in enumerate(addresses()):
        page.goto(url + path)
        ready(page)
        look(path)
        for kind in marked(page.locator("main")):
            found.setdefault(kind, Door(path, ""))
        for behind in (MENU,) if number else (MENU, PERSON):
            for menu in page.locator(behind).all()[:2]:
                menu.click()
                expect(page.locator(POPPED)).to_be_visible()
                look(f"a menu of {path}")
                for kind in marked(page.locator(POPPED)):
                    found.setdefault(kind, Door(path, behind))
                escape(page)
                expect(page.locator(POPPED)).to_have_count(0)
    return found


def escape(page: Page) -> None:
    """Press Escape once what lies on top listens."""
    page.wait_for_function(LISTENS)
    page.keyboard.press("Escape")


def marked(within: Locator) -> list[str]:
    return [
        str(kind) for kind in within.locator("[data-opens]:not([data-opens=''])").evaluate_all("all => all.map((e) => e.dataset.opens)")
    ]


def ready(page: Page) -> None:
    """Drawn, with what the server knows."""
    expect(page.locator("main")).to_be_visible()
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)
    expect(page.locator("main .rt-Skeleton")).to_have_count(0)


def open_dialog(page: Page, door: Door, kind: str) -> Locator:
    """Open a dialog of this kind on the page that is shown, and give it."""
    opener = page.locator(f"[data-opens='{kind}']").first
    if door.behind:
        _open_menu_with(page, door.behind, opener)
    opener.click()
    dialog = page.locator(f"[data-dialog='{kind}']")
    expect(dialog).to_be_visible()
    return dialog


def _open_menu_with(page: Page, behind: str, opener: Locator) -> None:
    """Open one menu after the other until this stands in it. What is listed may come a moment later than the rest of the page."""
    for _ in range(20):
        expect(page.locator(behind).first).to_be_visible()
        for menu in page.locator(behind).all():
            menu.click()
            expect(page.locator(POPPED)).to_be_visible()
            if opener.count():
                return
            escape(page)
            expect(page.locator(POPPED)).to_have_count(0)
    raise AssertionError(f"no menu holds {opener}")


def type_something(dialog: Locator) -> Locator | None:
    """Type into the first field that takes text, and give it; None where nothing is typed."""
    for field in dialog.locator("input:not([type=hidden]):not([type=checkbox]):not([type=radio]):not([type=search]), textarea").all():
        if field.is_visible() and field.is_editable() and not field.evaluate("e => Boolean(e.closest('[data-unguarded]'))"):
            field.fill("2030-01-02" if field.get_attribute("type") == "date" else "typed")
            return field
    return None


def fill_in(dialog: Locator, **values: Any) -> None:
    """Fill every field that is known by its name and is empty."""
    for name, text in TYPED.items():
        for field in dialog.locator(f"[name='{name}']").all():
            if field.is_visible() and not field.input_value():
                field.fill(text.format(**values))


def declared() -> set[str]:
    """The kinds that a button opens."""
    console_pages.pages()  # with them come their dialogs
    return {kind for kind, before in dialogs.kinds().items() if not before}
