"""Every look of the console worth looking at: each page of `app/ui/pages`, and what can be opened on it.

A new page is in the list by itself. A page whose address has a hole (`/providers/[name]`) names one of its addresses in `SAMPLES`;
one that shows something only later names in `READY` what stands on it by then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page, expect

from app.ui import i18n
from app.ui import page as console_pages

SAMPLES = {"404": "/no-such-page/", "/providers/[provider_name]": "/providers/keyed/"}
CARDS = "main [role=listitem], main tbody tr"
ENTRIES = "main ol li"
KEYS = "main section tbody tr"
READY = {
    "providers": CARDS,
    "provider": "main dl",
    "audit": ENTRIES,
    "client_keys": "main tbody tr",
    "people": "main tbody tr",
    "encryption": "main tbody tr",
    "usage": "main tbody tr",
    "start": "[data-arrive]",
}


@dataclass(frozen=True)
class Scene:
    """`open` brings the page at `path` into this look. `who`: admin, or nobody = signed out. `ready`: selector. `is_told`: holds
    sentences about something that just happened, which stay in the language they were said in. `within` is what lies on top: the page
    under it is a scene of its own, and while a dialog is open nobody gets there."""

    name: str
    path: str
    open: Callable[[Page], object] = lambda page: None
    who: str = "admin"
    ready: str = "h1"
    is_told: bool = False
    within: str = "html"


def pages() -> list[Scene]:
    """Each page as it opens."""
    found = []
    for entry in console_pages.pages():
        path = SAMPLES[entry.route] if "[" in entry.route else SAMPLES.get(entry.route, f"{entry.route.rstrip('/')}/")
        shown = READY.get(entry.module, Scene.ready)
        found.append(Scene(entry.module, path, who="admin" if entry.role else "nobody", ready=shown))
    return found


def opened() -> list[Scene]:
    """What can be opened."""
    return [
        Scene("providers as a table", "/", _table, ready=CARDS),
        Scene("menu of a provider", "/", _menu, ready=CARDS, within="[role=menu]"),
        Scene("more filters", "/", _press("More filters"), ready=CARDS, within="[role=dialog]"),
        Scene("gallery", "/", _dialog("Add provider"), ready=CARDS, within="[role=dialog]"),
        Scene("fields, mistaken", "/", _mistaken, ready=CARDS, is_told=True, within="[role=dialog]"),
        Scene("fields of a saved provider", "/", _edit, ready=CARDS, within="[role=dialog]"),
        Scene("fields with several keys", "/", _edit_keyed, ready=CARDS, within="[role=dialog]"),
        Scene("tested", "/", _tested, ready=CARDS, is_told=True, within="main"),
        Scene("delete?", "/", _delete, ready=CARDS, within="[role=alertdialog]"),
        Scene("pasted", "/", _pasted, ready=CARDS, is_told=True, within="[role=dialog]"),
        Scene("duplicate", "/", _duplicate, ready=CARDS, within="[role=dialog]"),
        Scene("keys of a provider", "/providers/keyed/?tab=keys", ready=KEYS),
        Scene("menu of a key", "/providers/keyed/?tab=keys", _key_menu, ready=KEYS, within="[role=menu]"),
        Scene("key tested", "/providers/keyed/?tab=keys", _key_tested, ready=KEYS, is_told=True, within="main"),
        Scene("add keys", "/providers/keyed/?tab=keys", _dialog("Add keys"), ready=KEYS, within="[role=dialog]"),
        Scene("edit a key", "/providers/keyed/?tab=keys", _key_entry("Edit"), ready=KEYS, within="[role=dialog]"),
        Scene("replace a key", "/providers/keyed/?tab=keys", _key_entry("Replace…"), ready=KEYS, within="[role=dialog]"),
        Scene("remove a key?", "/providers/keyed/?tab=keys", _key_entry("Remove", "alertdialog"), ready=KEYS, within="[role=alertdialog]"),
        Scene("models of a provider", "/providers/lab/?tab=models", ready="main [role=tabpanel] li"),
        Scene("history of a provider", "/providers/keyed/?tab=history", ready=ENTRIES),
        Scene("test in another way", "/", _test_options, ready=CARDS, within="[role=dialog]"),
        Scene("batch, before", "/", _dialog("Test all"), ready=CARDS, within="[role=dialog]"),
        Scene("batch, done", "/", _batch, ready=CARDS, is_told=True, within="[role=dialog]"),
        Scene("language", "/audit/", _press("Language"), ready=ENTRIES, within="[role=menu]"),
        Scene("theme", "/audit/", _press("Theme"), ready=ENTRIES, within="[role=menu]"),
        Scene("account", "/audit/", _press("Your account"), ready=ENTRIES, within="[role=dialog]"),
        Scene("own password", "/audit/", _own_password, ready=ENTRIES, within="[role=dialog].pb-sheet"),
        Scene("more pages, on a phone", "/audit/", _more_pages, ready=ENTRIES, within="[role=dialog]"),
        Scene("new key", "/client-keys/", _dialog("New key"), ready=READY["client_keys"], within="[role=dialog]"),
        Scene("edit an app key", "/client-keys/", _restricted, ready=READY["client_keys"], within="[role=dialog]"),
        Scene("key issued", "/client-keys/", _issued, ready=READY["client_keys"], within="[role=dialog]"),
        Scene("usage of models in a month", "/usage/", _usage_of_models, ready=READY["usage"]),
        Scene("where a name leads", "/routes/", _route, ready="main form"),
        Scene("where a mistaken name leads", "/routes/", _no_route, ready="main form"),
        Scene("new person", "/people/", _dialog("Add user"), ready=READY["people"], within="[role=dialog]"),
        Scene("recovery kit", "/encryption/", _dialog("Save recovery kit"), ready=READY["encryption"], within="[role=dialog]"),
        Scene("sign-in refused", "/login/?error=wrong&email=ada@example.org", who="nobody"),
        Scene("set-up with its link", "/setup/#token-of-a-link", who="nobody", ready="main form"),
    ]


def _press(name: str) -> Callable[[Page], object]:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def _dialog(button: str) -> Callable[[Page], None]:
    def open_(page: Page) -> None:
        _press(button)(page)
        expect(page.get_by_role("dialog")).to_be_visible()

    return open_


def _own_password(page: Page) -> None:
    _press(i18n.say("en", "shell.account"))(page)
    page.get_by_role("dialog").get_by_role("button", name=i18n.say("en", "account.change_password")).click()
    expect(page.locator("[role=dialog].pb-sheet")).to_be_visible()


def _more_pages(page: Page) -> None:
    """Another width moves everything; what counts is what opening moves."""
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("button", name="More", exact=True)).to_be_visible()
    _forget_shifts(page)
    _dialog("More")(page)


def _forget_shifts(page: Page) -> None:
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(() => done((shifts.length = 0)), 100)))")


def _usage_of_models(page: Page) -> None:
    page.get_by_role("radio", name="30 days").click()
    page.get_by_label("Group by").select_option("model")
    expect(page.get_by_role("rowheader").get_by_text("gpt-4o-mini").first).to_be_visible()  # of several providers


def _restricted(page: Page) -> None:
    """A choice that shows more fields moves what is below them; it was asked to."""
    page.locator("main tbody button[aria-label^=Edit]").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Providers").select_option("some")
    dialog.get_by_role("combobox", name="Models").select_option("some")
    expect(dialog.get_by_role("button", name="Add model")).to_be_visible()
    _forget_shifts(page)


def _route(page: Page) -> None:
    page.get_by_label("Model", exact=True).fill("keyed/gpt-4o-mini")
    _press("Show route")(page)
    expect(page.get_by_role("heading", name="Requests go to")).to_be_visible()


def _no_route(page: Page) -> None:
    page.get_by_label("Model", exact=True).fill("gpt-4o-mni")
    _press("Show route")(page)
    expect(page.get_by_role("heading", name="No provider can answer")).to_be_visible()


def _table(page: Page) -> None:
    page.get_by_role("radio", name="Table").click()
    expect(page.get_by_role("table")).to_be_visible()


def _menu(page: Page) -> None:
    _press("More for Lab")(page)
    expect(page.get_by_role("menu")).to_be_visible()


def _edit(page: Page) -> None:
    _menu(page)
    page.get_by_role("menuitem", name="Edit").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _key_menu(page: Page) -> None:
    _press("More for Main")(page)
    expect(page.get_by_role("menu")).to_be_visible()


def _key_entry(entry: str, opens: Literal["dialog", "alertdialog"] = "dialog") -> Callable[[Page], None]:
    def open_(page: Page) -> None:
        _key_menu(page)
        page.get_by_role("menuitem", name=entry).click()
        expect(page.get_by_role(opens)).to_be_visible()

    return open_


def _key_tested(page: Page) -> None:
    _press("Test Main")(page)
    expect(page.get_by_role("button", name="Hide result")).to_be_visible()


def _delete(page: Page) -> None:
    _menu(page)
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("alertdialog")).to_be_visible()


def _test_options(page: Page) -> None:
    _menu(page)
    page.get_by_role("menuitem", name="Test options").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _duplicate(page: Page) -> None:
    _menu(page)
    page.get_by_role("menuitem", name="Duplicate").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _edit_keyed(page: Page) -> None:
    _press("More for Keyed")(page)
    page.get_by_role("menuitem", name="Edit").click()
    expect(page.get_by_role("dialog").get_by_role("link", name="Open keys")).to_be_visible()


def _mistaken(page: Page) -> None:
    _dialog("Add provider")(page)
    page.get_by_role("dialog").get_by_role("button", name="Enter an address").click()
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog").locator("[aria-invalid=true]").first).to_be_focused()


def _pasted(page: Page) -> None:
    _dialog("Paste")(page)
    page.get_by_label("Copied text").fill("OPENAI_API_KEY=sk-proj-0123456789abcdefghij\nMISTRAL_API_KEY=$FROM_SOMEWHERE")
    page.get_by_role("button", name="Review", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(2)


def _tested(page: Page) -> None:
    _press("Test Lab")(page)
    expect(page.get_by_role("button", name="Hide result")).to_be_visible()


def _batch(page: Page) -> None:
    """Two of them: one that answers, one where nothing listens."""
    _dialog("Test all")(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Clear selection").click()
    for name in ("Lab", "Closed"):
        dialog.get_by_role("checkbox", name=f"Test {name}").click()
    dialog.get_by_role("button", name="Send 2 requests").click()
    expect(dialog.get_by_text("2 of 2 done")).to_be_visible()
    expect(dialog.get_by_role("button", name="Done")).to_be_visible()


def _issued(page: Page) -> None:
    _dialog("New key")(page)
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("Website")
    page.get_by_role("dialog").get_by_role("button", name="Create key").click()
    expect(page.get_by_role("dialog").locator("pre").first).to_be_visible()
