"""The tab with a provider's keys: how many there are of what, the table in its zones, the questions before something is lost."""

from typing import Any

import reflex as rx
from reflex.event import EventType

from app.domain.credentials.credential import Held, KeyState
from app.ui.i18n import ago, t, when
from app.ui.kit import empty
from app.ui.kit.browser import Every
from app.ui.kit.busy import sign
from app.ui.kit.data_table import cell, data_table
from app.ui.kit.dialog import question, this
from app.ui.kit.dialog_host import opens
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.window import window_end
from app.ui.pages.provider.keys.key_form import ADD, KeyForm
from app.ui.pages.provider.keys.key_menu import menu
from app.ui.pages.provider.keys.key_rotation import Rotating
from app.ui.pages.provider.keys.key_rows import KeyRow
from app.ui.pages.provider.keys.provider_keys import REMOVE
from app.ui.pages.provider.keys.provider_keys import ProviderKeys as Keys
from app.ui.pages.provider.page_search import page_search
from app.ui.pages.provider.provider_page import ProviderPage
from app.ui.probe.ladder import ladder
from app.ui.probe.probing import Probing
from app.ui.probe.run import Run
from app.ui.provider import key_state
from app.ui.provider.parts import busy
from app.ui.session.session import SessionState

COLUMNS = ("key", "state", "result", "used", "order")
SEARCHED_FROM = 8  # keys; fewer are seen at one glance
_LOOK_MS = 60_000  # a key expires without anybody changing anything


def keys_tab() -> rx.Component:
    """What stands below the tab."""
    add = rx.button(rx.icon("plus", size=16, aria_hidden="true"), t("keys.add"), size="2", on_click=KeyForm.add, **opens(ADD))
    nothing = empty.empty("key-round", t("keys.empty_title"), t("keys.empty_text"), rx.cond(SessionState.is_admin, add))
    needless = empty.empty("lock-open", t("keys.needless_title"), t("keys.needless_text"))
    strip = rx.flex(
        rx.text(rx.foreach(Keys.summary, _part), size="2", role="status", flex="1", min_width="240px"),
        rx.cond(SessionState.is_admin, add),
        align="center",
        spacing="3",
        wrap="wrap",
    )
    filled = rx.flex(
        strip,
        rx.cond(Keys.total > SEARCHED_FROM, page_search(t("keys.search"))),
        _shared(),
        _zone(t("keys.zone_used"), t("keys.zone_used_text"), Keys.used),
        _zone(t("keys.zone_reserve"), t("keys.zone_reserve_text"), Keys.reserve),
        _zone(t("keys.zone_held"), t("keys.zone_held_text"), Keys.held),
        rx.cond(Keys.matching == 0, rx.text(t("keys.no_match"), size="2", color_scheme="gray", role="status")),
        rx.cond(Keys.hidden > 0, window_end(Keys.matching - Keys.hidden, Keys.matching, Keys.show_more)),
        direction="column",
        spacing="5",
    )
    return rx.fragment(
        Every.create(ms=_LOOK_MS, on_tick=ProviderPage.follow),
        rx.cond(Keys.total > 0, filled, rx.cond(ProviderPage.facts.needs_key, nothing, needless)),
    )


def remove_question() -> rx.Component:
    """Asks before a key is deleted, and says what follows."""
    doomed = drawn(Keys.removing)
    text = rx.cond(
        Keys.is_last_one,
        t("keys.remove_last"),
        rx.cond(doomed.zone == "held", t("keys.remove_held"), t("keys.remove_text")),
    )
    return question(
        REMOVE,
        title=t("keys.remove_title", name=doomed.label),
        text=text,
        yes=t("keys.remove"),
        on_yes=Keys.remove(this()),
        no=t("common.cancel"),
    )


def _part(part: Drawn, at: Drawn) -> rx.Component:
    return rx.fragment(rx.cond(at > 0, " · ", ""), rx.el.span(part, white_space="nowrap"))


def _shared() -> rx.Component:
    """Keys that another provider has too: whoever replaces one of them has two places to go."""

    def one(key: Drawn) -> rx.Component:
        return rx.text(t("keys.also_at", name=key.label, places=key.also_at), size="2")

    return rx.cond(
        drawn(Keys.shared).length() > 0,
        rx.callout.root(
            rx.callout.icon(rx.icon("copy", size=16, aria_hidden="true")),
            rx.box(rx.foreach(Keys.shared, one)),
            color_scheme="amber",
            size="1",
            high_contrast=True,
            role="note",
        ),
    )


def _zone(title: Drawn, text: Drawn, keys: Drawn) -> rx.Component:
    heads = [t(f"keys.column_{column}") for column in COLUMNS]
    table = data_table(heads, rx.foreach(keys, _each), actions=t("providers.column_actions"), kind="pb-keys")
    return rx.cond(
        drawn(keys).length() > 0,
        rx.el.section(
            rx.flex(
                rx.heading(title, size="3", as_="h3"),
                rx.text(text, size="1", color_scheme="gray"),
                direction="column",
                spacing="1",
                margin_bottom="8px",
            ),
            table,
        ),
    )


def _each(key: Drawn) -> rx.Component:
    runs = drawn(Probing.runs)
    return key_row(k=key, run=runs[key.id].to(Run), tested=runs.contains(key.id), admin=SessionState.is_admin, key=key.id)


@rx.memo
def key_row(k: rx.Var[KeyRow], run: rx.Var[Run], tested: rx.Var[bool], admin: rx.Var[bool]) -> rx.Component:
    """A table row, followed by its test while there is one. Drawn anew only when its own key or test changes."""
    return _row(k, run, tested, admin)


def _row(k: Drawn, run: Drawn, tested: Drawn, admin: Drawn) -> rx.Component:
    return rx.fragment(
        rx.table.row(
            rx.table.row_header_cell(_name(k)),
            _cell("state", key_state.state(k)),
            _cell("result", key_state.result(k, is_shown=tested, testing=busy(run, tested))),
            _cell("used", _times(k)),
            _cell("order", _order(k, admin)),
            rx.table.cell(rx.cond(admin, _actions(k, busy(run, tested)))),
            align="center",
        ),
        rx.cond(tested, rx.table.row(rx.table.cell(_ladder(k, run), col_span=len(COLUMNS) + 1))),
    )


def _cell(column: str, content: Drawn) -> rx.Component:
    return cell(t(f"keys.column_{column}"), content)


def _name(k: Drawn) -> rx.Component:
    stored = rx.flex(
        rx.text(k.hint, size="1", class_name="pb-mono"),
        _code(t("keys.fingerprint"), k.fingerprint, color_scheme="gray", title=t("keys.fingerprint_help")),
        spacing="2",
        wrap="wrap",
    )
    found = rx.match(
        k.resolves,
        ("yes", rx.text(t("keys.resolves"), size="1", color="var(--green-11)")),
        ("no", rx.text(t("keys.resolves_not"), size="1", color="var(--red-11)", weight="medium")),
        rx.fragment(),
    )
    elsewhere = rx.flex(rx.foreach(k.places, lambda place: _code(place.what, place.name)), found, direction="column")
    is_elsewhere = k.places.length() > 0
    return rx.flex(
        rx.text(k.label, size="2", weight="medium", style={"overflowWrap": "anywhere"}),
        rx.cond(is_elsewhere, elsewhere, stored),
        rx.text(rx.cond(is_elsewhere, t("keys.lives_elsewhere"), t("keys.lives_here")), size="1", color_scheme="gray"),
        rx.cond(Keys.needs_token, _token(k)),
        rx.cond(k.ends_on != "", key_state.ending(k.ends_on, k.reminder, far=_far(k))),
        direction="column",
        spacing="1",
        align="start",
        min_width="0",
    )


def _code(what: Drawn, value: Drawn, **looks: Any) -> rx.Component:
    """A word and a value of which every letter counts."""
    return rx.text(what, " ", rx.el.span(value, class_name="pb-mono"), size="1", style={"overflowWrap": "anywhere"}, **looks)


def _token(k: Drawn) -> rx.Component:
    return rx.text(rx.cond(k.token_until != "", when("token.expires", k.token_until), t("token.none")), size="1", color_scheme="gray")


def _far(k: Drawn) -> rx.Component:
    return rx.text(when("keys.expires", k.ends_on), size="1", color_scheme="gray")


def _times(k: Drawn) -> rx.Component:
    return rx.flex(
        rx.text(rx.cond(k.used_at != "", ago(k.used_at), t("common.never")), size="2"),
        rx.text(when("keys.added_at", k.created_at), size="1", color_scheme="gray"),
        direction="column",
        spacing="1",
    )


def _order(k: Drawn, admin: Drawn) -> rx.Component:
    steps = rx.flex(
        _step("arrow-up", t("keys.up", name=k.label), Keys.move(k.id, True), k.is_first),
        _step("arrow-down", t("keys.down", name=k.label), Keys.move(k.id, False), k.is_last),
        spacing="2",
        align="center",
    )
    share = rx.text(t("keys.share", order=k.priority, weight=k.weight), size="1", color_scheme="gray", white_space="nowrap")
    movable = admin & ~(k.is_first & k.is_last)
    place = rx.flex(rx.cond(movable, steps), share, direction="column", spacing="1", align="start")
    return rx.cond(k.zone != "held", place, rx.text("–", size="1", color_scheme="gray", aria_hidden="true"))


def _step(icon: str, label: Drawn, on_click: EventType[()], is_end: Drawn) -> rx.Component:
    return rx.icon_button(
        rx.icon(icon, size=14),
        variant="soft",
        color_scheme="gray",
        size="1",
        type="button",
        aria_label=label,
        # It keeps the focus at the end of its zone, so that whoever moves a key with the keyboard does not lose their place.
        aria_disabled=rx.cond(is_end, "true", "false"),
        style={"opacity": rx.cond(is_end, "0.4", "1")},
        on_click=on_click,
    )


def _actions(k: Drawn, testing: Drawn) -> rx.Component:
    can_test = (k.look != KeyState.DISABLED.value) & (k.look != KeyState.UNREADABLE.value)
    test = rx.button(
        sign("activity", testing, 14),
        t("card.test"),
        size="1",
        variant="soft",
        type="button",
        aria_label=t("card.test_name", name=k.label),
        aria_busy=testing,
        on_click=Probing.test_key(k.id, Keys.provider, drawn(ProviderPage.card).preset),
    )
    go_on = rx.button(
        t("keys.continue"), size="1", type="button", aria_label=t("keys.continue_name", name=k.label), on_click=Rotating.resume(k.id)
    )
    back = rx.button(
        rx.icon("undo-2", size=14, aria_hidden="true"),
        t("keys.go_back_short"),
        size="1",
        variant="soft",
        type="button",
        aria_label=t("keys.go_back_name", name=k.label),
        on_click=Rotating.roll_back(k.id),
    )
    return rx.flex(
        rx.match(k.look, (Held.ROTATION.value, go_on), (Held.ROLLBACK.value, back), rx.cond(can_test, test)),
        menu(k),
        spacing="3",
        align="center",
        justify="end",
    )


def _ladder(k: Drawn, run: Drawn) -> rx.Component:
    hide = rx.button(
        rx.cond(run.outcome == "", t("card.stop"), t("card.hide_result")),
        variant="ghost",
        color_scheme="gray",
        size="1",
        type="button",
        on_click=Probing.hide(k.id),
    )
    return rx.box(
        ladder(run),
        rx.flex(hide, justify="end", padding="8px 8px 0"),
        max_width="640px",
        min_width="0",
        width="100%",
        padding="12px",
        border_radius="var(--radius-3)",
        background="var(--gray-a2)",
        text_align="left",
    )
