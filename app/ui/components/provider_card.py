"""One provider in the list: as a card in the grid, as a row in the table. Both work in place."""

from typing import Any

import reflex as rx

from app.ui.components import status
from app.ui.components.busy import sign
from app.ui.components.drawn import Drawn
from app.ui.components.ladder import ladder
from app.ui.components.logo import logo
from app.ui.state.batches import Batches
from app.ui.state.cards import Card, Run
from app.ui.state.duplicating import Duplicating
from app.ui.state.probing import Probing
from app.ui.state.provider_form import ProviderForm
from app.ui.state.providers import Providers
from app.ui.state.repairing import Repairing
from app.ui.state.trial import Trial
from app.ui.words import ago, t


@rx.memo
def provider_card(c: rx.Var[Card], run: rx.Var[Run], tested: rx.Var[bool], admin: rx.Var[bool]) -> rx.Component:
    """A card. Drawn anew only when its own provider or its own test changes."""
    return _card(c, run, tested, admin)


@rx.memo
def provider_row(c: rx.Var[Card], run: rx.Var[Run], tested: rx.Var[bool], admin: rx.Var[bool]) -> rx.Component:
    """A table row, followed by its test while there is one."""
    return _row(c, run, tested, admin)


def _card(c: Drawn, run: Drawn, tested: Drawn, admin: Drawn) -> rx.Component:
    return rx.card(
        rx.flex(
            _head(c, admin),
            _address(c),
            _state(c, run, tested),
            rx.cond(tested, _result(c, run)),  # what mends it stands in the foot
            rx.spacer(),
            rx.cond(admin, _foot(c, busy(run, tested))),
            direction="column",
            spacing="3",
            height="100%",
        ),
        class_name="pb-card",
        size="2",
        role="listitem",
        aria_label=c.label,
        style={"opacity": rx.cond(c.enabled, "1", "0.85"), "padding": "16px"},
    )


def _row(c: Drawn, run: Drawn, tested: Drawn, admin: Drawn) -> rx.Component:
    return rx.fragment(
        rx.table.row(
            rx.table.row_header_cell(
                rx.flex(
                    logo(c.face_logo, c.face_initials, c.face_tint, size=28),
                    _name(c, admin),
                    _default(c),
                    spacing="3",
                    align="center",
                    max_width="260px",
                ),
            ),
            _cell("address", rx.text(c.address, size="1", max_width="200px", title=c.address, class_name="pb-mono pb-cut")),
            _cell("status", _state(c, run, tested, is_short=True)),
            _cell("models", _models(c)),
            _cell("on", rx.cond(admin, _switch(c, word=False), rx.text(rx.cond(c.enabled, t("common.on"), t("common.off")), size="2"))),
            rx.table.cell(rx.cond(admin, rx.flex(_test(c, busy(run, tested), "1"), _menu(c), spacing="3", align="center", justify="end"))),
            align="center",
        ),
        rx.cond(
            tested, rx.table.row(rx.table.cell(rx.box(_result(c, run, rx.cond(c.fix != "", _fix(c, "2"))), max_width="640px"), col_span=6))
        ),
    )


def _cell(column: str, content: Drawn) -> rx.Component:
    """A cell that names its column itself where the table becomes cards."""
    return rx.table.cell(content, custom_attrs={"data-label": t(f"providers.column_{column}")})


def busy(run: Drawn, tested: Drawn) -> Drawn:
    """Whether the test on the screen still runs."""
    return tested & (run.outcome == "")


def _head(c: Drawn, admin: Drawn) -> rx.Component:
    return rx.flex(
        logo(c.face_logo, c.face_initials, c.face_tint),
        rx.flex(_name(c, admin), _kind(c), direction="column", min_width="0", flex="1"),
        _default(c),
        rx.cond(admin, _menu(c)),
        spacing="3",
        align="center",
    )


def _name(c: Drawn, admin: Drawn) -> rx.Component:
    text = rx.text(c.label, size="3", weight="medium", as_="span", title=c.label, class_name="pb-cut")
    opened = rx.el.button(
        text, class_name="pb-open pb-cut", type="button", aria_label=t("card.open_name", name=c.label), on_click=ProviderForm.edit(c.name)
    )
    return rx.box(rx.cond(admin, opened, text), min_width="0", style={"overflow": "hidden", "display": "flex"})


def _kind(c: Drawn) -> rx.Component:
    vendor = rx.cond(c.kind != "", rx.fragment(c.kind, " · "), rx.fragment())
    return rx.text(vendor, _model_count(c), size="1", color_scheme="gray", class_name="pb-cut")


def _models(c: Drawn) -> rx.Component:
    return rx.text(_model_count(c), size="1", color_scheme="gray", class_name="pb-cut", max_width="160px")


def _model_count(c: Drawn) -> Drawn:
    """How many models it lists; where it lists none, the one that is known to be there."""
    return rx.cond(c.models > 0, t("card.models", n=c.models), rx.cond(c.default_model != "", c.default_model, t("card.no_models")))


def _default(c: Drawn) -> rx.Component:
    return rx.cond(
        c.is_default,
        rx.tooltip(
            rx.badge(t("card.default"), variant="solid", radius="full", class_name="pb-above", tab_index=0), content=t("card.default_hint")
        ),
    )


def _address(c: Drawn) -> rx.Component:
    return rx.flex(
        rx.text(c.address, size="1", color_scheme="gray", title=c.address, class_name="pb-mono pb-cut", min_width="0"),
        rx.cond(c.is_local, rx.icon("house", size=13, color="var(--gray-10)", aria_label=t("card.local"), role="img", flex_shrink="0")),
        spacing="2",
        align="center",
    )


def _state(c: Drawn, run: Drawn, tested: Drawn, *, is_short: bool = False) -> rx.Component:
    testing = busy(run, tested)
    problem: dict[str, Any] = {"size": "1", "class_name": "pb-cut", "title": c.problem} if is_short else {"size": "2"}
    return rx.flex(
        rx.flex(
            status.badge(c.status, testing),
            rx.cond(~testing, status.latency(c.latency_ms)),
            rx.cond(c.tested_at != "", rx.text(ago(c.tested_at), size="1", color_scheme="gray", white_space="nowrap")),
            spacing="2",
            align="center",
            wrap="wrap",
        ),
        rx.cond((c.problem != "") & ~tested, rx.text(c.problem, color_scheme="gray", **problem)),
        direction="column",
        spacing="2",
    )


def _result(c: Drawn, run: Drawn, repairs: rx.Component | None = None) -> rx.Component:
    return rx.box(
        ladder(run, repairs=repairs),
        rx.flex(
            rx.button(
                rx.cond(run.outcome == "", t("card.stop"), t("card.hide_result")),
                variant="ghost",
                color_scheme="gray",
                size="1",
                type="button",
                on_click=Probing.hide(c.id),
            ),
            justify="end",
            padding="8px 8px 0",
        ),
        class_name="pb-above pb-ran",
        padding="12px",
        border_radius="var(--radius-3)",
        background="var(--gray-a2)",
    )


def _foot(c: Drawn, testing: Drawn) -> rx.Component:
    return rx.flex(
        _test(c, testing, "2"),
        rx.icon_button(
            rx.icon("sliders-horizontal", size=15),
            variant="ghost",
            color_scheme="gray",
            size="2",
            type="button",
            aria_label=t("try.options", name=c.label),
            on_click=Trial.open_(c.id, c.name, c.label, c.preset),
        ),
        rx.cond((c.fix != "") & ~testing, _fix(c, "2")),
        rx.spacer(),
        _switch(c),
        spacing="3",
        align="center",
        class_name="pb-above",
    )


def _fix(c: Drawn, size: Any) -> rx.Component:
    """Opens the form with what the last test proposes; the test runs again there."""
    return rx.button(
        t("card.fix"),
        size=size,
        variant="soft",
        color_scheme="amber",
        high_contrast=True,
        type="button",
        aria_label=t("card.fix_name", name=c.label),
        on_click=Repairing.fix(c.name),
        class_name="pb-above",
    )


def _test(c: Drawn, testing: Drawn, size: Any) -> rx.Component:
    return rx.button(
        sign("activity", testing, 14),
        t("card.test"),
        size=size,
        variant="soft",
        type="button",
        aria_label=t("card.test_name", name=c.label),
        aria_busy=testing,
        on_click=Probing.test(c.id, c.name, c.preset),
        class_name="pb-above",
    )


def _switch(c: Drawn, *, word: bool = True) -> rx.Component:
    return rx.flex(
        *(
            [rx.text(rx.cond(c.enabled, t("common.on"), t("common.off")), size="2", color_scheme="gray", aria_hidden="true")]
            if word
            else []
        ),
        rx.switch(
            checked=c.enabled,
            on_change=lambda on: Providers.switch(c.name, on),
            aria_label=t("card.enabled_name", name=c.label),
        ),
        spacing="2",
        align="center",
        class_name="pb-above",
    )


def _menu(c: Drawn) -> rx.Component:
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.icon_button(
                rx.icon("ellipsis", size=18),
                variant="ghost",
                color_scheme="gray",
                size="2",
                aria_label=t("common.more_for", name=c.label),
                class_name="pb-above",
                type="button",
            )
        ),
        rx.dropdown_menu.content(
            rx.dropdown_menu.item(t("common.edit"), on_select=ProviderForm.edit(c.name)),
            rx.dropdown_menu.item(t("duplicate.open"), on_select=Duplicating.ask(c.name)),
            rx.dropdown_menu.item(t("try.other_way"), on_select=Trial.open_(c.id, c.name, c.label, c.preset)),
            rx.dropdown_menu.item(t("batch.open_models"), on_select=Batches.open_models(c.name, c.label)),
            rx.dropdown_menu.item(
                t("card.make_default"), on_select=Providers.make_default(c.name), disabled=rx.cond(c.is_default, True, ~c.enabled)
            ),
            rx.dropdown_menu.separator(),
            rx.dropdown_menu.item(t("common.delete"), color_scheme="red", on_select=Providers.ask_delete(c.id)),
        ),
        modal=False,  # a modal one hides every other element of a long page from screen readers, one by one, before it shows
    )
