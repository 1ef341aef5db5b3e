"""Each oracle of the walk finds the breach that is planted for it, and nothing in a calm step."""

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, sync_playwright

from app.ui import i18n
from tests.fixtures import chromium
from tests.walk import judge
from tests.walk.desk import Desk
from tests.walk.judge import Oracle
from tests.walk.look import WATCH, Dialog, Look, Row, Text, look
from tests.walk.marks import MARK
from tests.walk.oracles import dialogs, figures, lines, places, secrets, signs, texts
from tests.walk.seen import Kind, Provider, Seen, Step, Truth

NO_PROCESS = 2**30  # no process has so high a number
LAB = Provider("lab", "Lab", enabled=True, status="working", is_default=False, keys=("Main",))
CARD = Row("lab", on=True, parts=("Lab", i18n.say("en", "status.working")), second="Lab")
TRUTH = Truth((LAB,), {"ada@example.org": True}, ("Website",))
PRESS, WENT_BACK = Step(Kind.PRESS, "press"), Step(Kind.LEAVE, "Back")
DIALOG = Dialog("dialog", i18n.say("en", "people.add"), kind="person")
QUESTION = Dialog("alertdialog", i18n.say("en", "unsaved.title"), asks=True)
CALM = Look(title=f"{i18n.say('en', 'nav.providers')} · Patchbay", cards=(CARD,), texts=(Text(i18n.say("en", "nav.providers")),))
PEOPLE = Look(
    path="/people/", title=f"{i18n.say('en', 'nav.people')} · Patchbay", rows=(Row("Ada", on=True, parts=("Ada", "ada@example.org")),)
)
KEYS = Look(path="/client-keys/", title=f"{i18n.say('en', 'nav.client_keys')} · Patchbay", rows=(Row("Website", parts=("Website",)),))

LAB_PAGE = Look(path="/providers/lab/", title="Lab · Patchbay", headings=("Lab",), tabs=(("overview", True), ("keys", False)))


def seen(after: Look = CALM, *, before: Look = CALM, step: Step = PRESS, **more: object) -> Seen:
    return Seen(step, before, after, **{"truth": TRUTH, **more})  # type: ignore[arg-type] - the fields of the record


def reads(*told: str, **more: object) -> Look:
    title = f"{i18n.say(str(more.get('language', 'en')), 'nav.providers')} · Patchbay"
    return replace(CALM, title=title, texts=tuple(Text(text) for text in told), **more)  # type: ignore[arg-type] - the fields of the record


def card(**more: object) -> Look:
    return replace(CALM, cards=(replace(CARD, **more),))  # type: ignore[arg-type] - the fields of the record


BREACHES: list[tuple[Oracle, str, Seen]] = [
    (lines.console, "an error of the console", seen(console=("TypeError: x is not a function",))),
    (lines.requests, "a refused request", seen(requests=("GET /api/v1/providers answered 500",))),
    (lines.log, "a warning", seen(log=("2026-01-01T00:00:00Z WARNING app.ui.session.guard: refused: a.b",))),
    (lines.log, "a traceback", seen(log=("Traceback:",))),
    *[
        (texts.internals, part, seen(reads(part)))
        for part in (
            "<bound method ObjectVar.keys of x>",
            "is Var(5)",
            "reflex___state",
            "Hello {name}",
            "undefined models",
            "used None",
            "NaN ms",
            "[object Object]",
            "card.test",
            "last: null",
        )
    ],
    (texts.internals, "a title", seen(replace(CALM, title="{name} · Patchbay"))),
    (texts.english, "a word", seen(reads(i18n.say("en", "nav.providers"), language="vi"))),
    (texts.english, "a sentence with a value", seen(reads(i18n.say("en", "card.keys", used=1, n=2), language="zh"))),
    (texts.english, "what the page draws after a switch", seen(reads(i18n.say("en", "common.cancel"), language="vi"), switched=True)),
    (dialogs.foreign, "after Back", seen(replace(CALM, path="/people/", dialogs=(DIALOG,)), step=WENT_BACK)),
    (dialogs.foreign, "after a reload", seen(replace(CALM, document="e", dialogs=(DIALOG,)), step=Step(Kind.LOAD, "reload"))),
    (dialogs.unasked, "minutes later", seen(replace(CALM, dialogs=(DIALOG,)), step=WENT_BACK, pressed=3)),
    (
        dialogs.foreign,
        "the same one, after a reload",
        seen(replace(CALM, document="e", dialogs=(DIALOG,)), before=replace(CALM, dialogs=(DIALOG,)), step=Step(Kind.LOAD, "reload")),
    ),
    (dialogs.foreign, "a question, after Back", seen(replace(CALM, path="/people/", dialogs=(QUESTION,)), step=WENT_BACK)),
    (dialogs.unasked, "a question of nobody", seen(replace(CALM, dialogs=(QUESTION,)), step=Step(Kind.OUTSIDE, "REST"), pressed=3)),
    (dialogs.two_questions, "a second dialog", seen(replace(CALM, dialogs=(DIALOG, replace(DIALOG, title="Edit Lab"))))),
    (dialogs.undeclared, "of no kind", seen(replace(CALM, dialogs=(replace(DIALOG, kind=""),)))),
    (dialogs.two_questions, "the same one twice", seen(replace(CALM, dialogs=(DIALOG, DIALOG)))),
    (dialogs.focus, "after a dialog", seen(replace(CALM, focus=""), before=replace(CALM, dialogs=(DIALOG,)))),
    (dialogs.focus, "after a removal", seen(replace(CALM, focus="", cards=()))),
    (signs.toast_twice, "for one press", seen(replace(CALM, toasts=("Saved", "Saved")))),
    (
        signs.toast_twice,
        "after a reload",
        seen(replace(CALM, document="e", toasts=("Saved",)), step=Step(Kind.LOAD, "reload"), heard=("Saved",), pressed=2),
    ),
    (signs.pulse, "gray for ever", seen(replace(CALM, pulse=("pb-dot pb-dot-wait",)))),
    (
        signs.pulse,
        "waits for a worker that runs",
        seen(reads(i18n.say("en", "shell.live_late", worker=f"serve {os.getpid()} @ here"), pulse=("pb-dot pb-dot-wait",))),
    ),
    (signs.overflow, "a wide table", seen(replace(CALM, sticking=("HTML : 410 > 390",)))),
    (
        signs.stuck,
        "after a wait",
        seen(replace(CALM, busy=("Test",)), before=replace(CALM, busy=("Test",)), step=replace(PRESS, waited=True)),
    ),
    *[
        (signs.doubled, what, seen(step=replace(PRESS, twice=True), truth_before=TRUTH, truth=replace(TRUTH, **now)))
        for what, now in (
            ("keys for apps", {"client_keys": ("Website", "Chat", "Chat")}),
            ("providers", {"providers": (LAB, replace(LAB, name="a", label="New"), replace(LAB, name="b", label="New"))}),
            ("keys of a provider", {"providers": (replace(LAB, keys=("Main", "Next", "Next")),)}),
        )
    ],
    (secrets.secrets, "in the page", seen(replace(CALM, markup=f"<p>sk-{MARK}01</p>"))),
    (secrets.secrets, "in storage", seen(replace(CALM, stored=f"sk-{MARK}01"))),
    (secrets.secrets, "in the log", seen(log=(f"key sk-{MARK}01",))),
    (secrets.secrets, "a key of ours that is not shown any more", seen(replace(CALM, markup=f"pb-0123456789ab-{'k' * 43}"))),
    (figures.figures, "one that is gone", seen(card(name="gone"))),
    (figures.figures, "one that is not shown", seen(card(), truth=replace(TRUTH, providers=(LAB, replace(LAB, name="new"))))),
    (figures.figures, "another name", seen(card(second="Old"))),
    (figures.figures, "a switch", seen(card(on=False))),
    (figures.figures, "a status", seen(card(parts=(i18n.say("en", "status.down"),)))),
    (figures.figures, "the mark of the default", seen(card(parts=(i18n.say("en", "card.default"),)))),
    (figures.figures, "how many are on", seen(reads(i18n.say("en", "providers.summary_working", working=1, total=7)))),
    (
        figures.figures,
        "the revision",
        seen(reads(i18n.say("zh", "shell.live", revision=7), language="zh"), truth=replace(TRUTH, revision=8)),
    ),
    (figures.figures, "a person", seen(PEOPLE, truth=replace(TRUTH, people={"bob@example.org": True}))),
    (figures.figures, "a person's switch", seen(PEOPLE, truth=replace(TRUTH, people={"ada@example.org": False}))),
    (figures.figures, "a key for apps", seen(KEYS, truth=replace(TRUTH, client_keys=("Website", "Chat")))),
    (places.places, "another page's title", seen(replace(CALM, path="/people/"))),
    (places.places, "another page's heading", seen(replace(PEOPLE, headings=(i18n.say("en", "nav.providers"),)))),
    (places.places, "a page at an address of none", seen(replace(CALM, path="/nope/"))),
    (places.places, "a provider's page under another's address", seen(replace(LAB_PAGE, headings=("Other",)))),
    (places.places, "a provider's page without its name", seen(replace(LAB_PAGE, title="Patchbay"))),
    (places.places, "another tab", seen(replace(LAB_PAGE, query="?tab=keys"))),
]
CALM_STEPS = [
    pytest.param(seen(), id="nothing happened"),
    pytest.param(seen(PEOPLE, before=PEOPLE), id="people"),
    pytest.param(seen(KEYS, before=KEYS), id="keys for apps"),
    pytest.param(seen(LAB_PAGE, before=LAB_PAGE), id="a provider"),
    pytest.param(
        seen(replace(LAB_PAGE, query="?tab=keys", tabs=(("overview", False), ("keys", True))), before=LAB_PAGE), id="a tab of a provider"
    ),
    pytest.param(seen(replace(CALM, dialogs=(DIALOG,))), id="a press opened a dialog"),
    pytest.param(
        seen(replace(CALM, dialogs=(DIALOG, QUESTION)), before=replace(CALM, dialogs=(DIALOG,)), step=WENT_BACK, pressed=3),
        id="the question before something is lost",
    ),
    pytest.param(seen(replace(CALM, query="?q=lab", focus="", cards=()), step=WENT_BACK), id="Back to another list"),
    pytest.param(seen(replace(CALM, toasts=("Saved",))), id="one notice"),
    pytest.param(seen(reads(i18n.say("en", "providers.summary_none_working", total=1))), id="a text that says None itself"),
    pytest.param(seen(reads(i18n.say("vi", "nav.providers"), language="vi", cards=())), id="another language"),
    pytest.param(seen(reads("Lab", language="zh", cards=())), id="a name that somebody gave"),
    pytest.param(
        seen(step=replace(WENT_BACK, explains=("404",)), console=("status of 404",), requests=("GET /nope answered 404",)), id="explained"
    ),
    pytest.param(
        seen(reads(i18n.say("en", "shell.live_late", worker=f"serve {NO_PROCESS} @ here"), pulse=("pb-dot pb-dot-wait",))),
        id="waits for a worker that was ended",
    ),
    pytest.param(seen(reads(i18n.say("vi", texts.HOLES_OF_READERS, part="{region}"), language="vi", cards=())), id="a hole of an address"),
    pytest.param(
        seen(replace(KEYS, document="e", dialogs=(DIALOG,)), before=replace(KEYS, path="/client-keys", dialogs=(DIALOG,))),
        id="a form that the browser sends",
    ),
    pytest.param(seen(replace(CALM, markup=f"pb-0123456789ab-{'k' * 43}", dialogs=(DIALOG,))), id="a key while it is shown"),
]


@pytest.mark.parametrize(("oracle", "breach"), [pytest.param(o, s, id=f"{o.__name__}: {what}") for o, what, s in BREACHES])
def test_an_oracle_finds_what_is_planted(oracle: Oracle, breach: Seen) -> None:
    assert oracle(breach)


@pytest.mark.parametrize("calm", CALM_STEPS)
def test_a_calm_step_is_found_calm(calm: Seen) -> None:
    assert judge.ask((*judge.AT_ONCE, *judge.IN_THE_END), calm) == []


def test_every_oracle_has_its_breach() -> None:
    assert {oracle for oracle, _, _ in BREACHES} == {*judge.AT_ONCE, *judge.IN_THE_END}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.PATH, args=chromium.BRIEF)
        opened = browser.new_page(viewport={"width": 390, "height": 844})
        opened.add_init_script(WATCH)
        opened.route(
            "http://walk.test/**", lambda route: route.fulfill(body="<html lang=vi-VN><body></body></html>", content_type="text/html")
        )
        opened.goto("http://walk.test/")
        yield opened
        browser.close()


PLANTED = f"""
<title>{{name}}</title>
<main><div role=list><div role=listitem><a href="/providers/lab">Lab</a><button role=switch aria-checked=true></button>Working</div></div>
<table><tbody><tr><th>Ada</th><td><button role=switch aria-checked=false></button></td></tr></tbody></table>
<p>{i18n.say("en", "common.cancel")}</p><p lang=en>{i18n.say("en", "common.close")}</p><p hidden>None</p>
<input type=password value="{MARK}"><div style="width: 900px">wide</div></main>
<button aria-busy=true>Test</button>
<div role=dialog data-dialog=person aria-label="{i18n.say("en", "people.add")}">x</div>
<div role=dialog data-state=closed aria-label=gone></div>
"""


@pytest.mark.browser
def test_a_look_reads_what_stands_on_the_page(page: Page) -> None:
    page.evaluate("(html) => { document.body.innerHTML = html; document.title = '{name}'; }", PLANTED)
    page.evaluate("document.body.append(Object.assign(document.createElement('div'), {textContent: 'Saved'}))")
    page.evaluate(
        "document.body.lastChild.setAttribute('data-sonner-toast', ''); document.body.append(document.body.lastChild.cloneNode(true))"
    )
    page.wait_for_function("window.__walk.toasts.length > 0")
    found = look(page)

    assert found.cards == (Row("lab", True, ("Lab", "Working"), "Lab"),)
    assert found.rows == (Row("Ada", False, ("Ada",), "Ada"),)
    assert found.dialogs == (DIALOG,)
    assert (found.busy, found.focus, found.toasts, found.language) == (("Test",), "", ("Saved",), "vi")
    breach = seen(found, before=replace(found, dialogs=(DIALOG, DIALOG), focus="button"), truth=None)
    assert texts.internals(breach) == ["internals: '{name}'"]
    assert f"English in vi: {i18n.say('en', 'common.cancel')!r}" in texts.english(breach)
    assert f"English in vi: {i18n.say('en', 'common.close')!r}" not in texts.english(breach)
    assert signs.overflow(breach)
    assert secrets.secrets(breach)
    assert dialogs.focus(breach)


@pytest.mark.browser
def test_what_is_asked_of_a_page_that_is_left_is_asked_of_the_next_one(page: Page) -> None:
    scripts = chain(("new Promise(() => location.reload())",), repeat("'the next one'"))  # a slow page is asked more often

    assert Desk.ask(SimpleNamespace(page=page), lambda asked: asked.evaluate(next(scripts))) == "the next one"  # type: ignore[arg-type] - only its page
