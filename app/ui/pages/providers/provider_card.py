"""One provider in the list: as a card in the grid, as a row in the table. Both work in place."""

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.data_table import cell
from app.ui.kit.drawn import Drawn, drawn
from app.ui.presets.logo import logo
from app.ui.probe.probe_options import Trial
from app.ui.probe.run import Run
from app.ui.provider.card import Card
from app.ui.provider.parts import busy, default_badge, fix_button, result, state, switch, test_button
from app.ui.provider.provider_menu import provider_menu
from app.ui.provider.providers import Providers


@rx.memo
def provider_card(c: rx.Var[Card], run: rx.Var[Run], tested: rx.Var[bool], admin: rx.Var[bool]) -> rx.Component:
    """A card. Drawn anew only when its own provider or its own test changes."""
    return rx.cond(drawn(c).gone, _gone(c), _card(c, run, tested, admin))


@rx.memo
def provider_row(c: rx.Var[Card], run: rx.Var[Run], tested: rx.Var[bool], admin: rx.Var[bool]) -> rx.Component:
    """A table row, followed by its test while there is one."""
    return rx.cond(drawn(c).gone, _gone_row(c), _row(c, run, tested, admin))


def _gone(c: Drawn) -> rx.Component:
    """In the place of a card that was deleted meanwhile, so that the others stay where they are."""
    said = rx.text(t("card.gone", name=c.label), size="2", color_scheme="gray", align="center")
    return rx.card(rx.center(said, height="100%"), class_name="pb-card", size="2", role="listitem", aria_label=c.label)


def _gone_row(c: Drawn) -> rx.Component:
    said = rx.text(t("card.gone", name=c.label), size="2", color_scheme="gray")
    return rx.table.row(rx.table.cell(said, col_span=6), align="center")


def _card(c: Drawn, run: Drawn, tested: Drawn, admin: Drawn) -> rx.Component:
    return rx.card(
        rx.flex(
            _head(c, admin),
            _address(c),
            state(c, run, tested, place="card"),
            rx.cond(tested, result(c, run)),  # what mends it stands in the foot
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
        custom_attrs={"data-tested": tested},
        style={"opacity": rx.cond(c.enabled, "1", "0.85"), "padding": "16px"},
    )


def _row(c: Drawn, run: Drawn, tested: Drawn, admin: Drawn) -> rx.Component:
    return rx.fragment(
        rx.table.row(
            rx.table.row_header_cell(
                rx.flex(
                    logo(c.face_logo, c.face_initials, c.face_tint, size=28),
                    _name(c),
                    default_badge(c),
                    spacing="3",
                    align="center",
                    max_width=["100%", "100%", "260px"],
                ),
            ),
            _cell("address", rx.text(c.address, size="1", max_width="200px", title=c.address, class_name="pb-mono pb-cut")),
            _cell("status", state(c, run, tested, place="row")),
            _cell("models", _models(c)),
            _cell("on", rx.cond(admin, switch(c, word=False), rx.text(rx.cond(c.enabled, t("common.on"), t("common.off")), size="2"))),
            rx.table.cell(
                rx.cond(admin, rx.flex(test_button(c, busy(run, tested), "1"), _menu(c), spacing="3", align="center", justify="end"))
            ),
            align="center",
        ),
        rx.cond(
            tested,
            rx.table.row(rx.table.cell(rx.box(result(c, run, rx.cond(c.fix != "", fix_button(c, "2"))), max_width="640px"), col_span=6)),
        ),
    )


def _cell(column: str, content: Drawn) -> rx.Component:
    return cell(t(f"providers.column_{column}"), content)


def _head(c: Drawn, admin: Drawn) -> rx.Component:
    return rx.flex(
        logo(c.face_logo, c.face_initials, c.face_tint),
        rx.flex(
            rx.flex(_name(c), rx.box(default_badge(c), flex_shrink="0"), spacing="2", align="center", min_width="0"),
            _kind(c),
            direction="column",
            min_width="0",
            flex="1",
        ),
        rx.cond(admin, _menu(c)),
        spacing="3",
        align="center",
    )


def _name(c: Drawn) -> rx.Component:
    text = rx.text(c.label, size="3", weight="medium", as_="span", title=c.label, class_name="pb-cut")
    opened = rx.link(
        text, href=f"/providers/{c.name}", underline="none", aria_label=t("card.open_name", name=c.label), class_name="pb-open pb-cut"
    )
    return rx.box(opened, min_width="0", style={"overflow": "hidden", "display": "flex"})


def _kind(c: Drawn) -> rx.Component:
    vendor = rx.cond(c.kind != "", rx.fragment(c.kind, " · "), rx.fragment())
    return rx.text(vendor, _model_count(c), size="1", color_scheme="gray", class_name="pb-cut")


def _models(c: Drawn) -> rx.Component:
    return rx.text(_model_count(c), size="1", color_scheme="gray", class_name="pb-cut", max_width="160px")


def _model_count(c: Drawn) -> Drawn:
    """How many models it lists; where it lists none, the one that is known to be there."""
    return rx.cond(c.models > 0, t("card.models", n=c.models), rx.cond(c.default_model != "", c.default_model, t("card.no_models")))


def _address(c: Drawn) -> rx.Component:
    return rx.flex(
        rx.text(c.address, size="1", color_scheme="gray", title=c.address, class_name="pb-mono pb-cut", min_width="0"),
        rx.cond(c.is_local, rx.icon("house", size=13, color="var(--gray-10)", aria_label=t("card.local"), role="img", flex_shrink="0")),
        spacing="2",
        align="center",
    )


def _foot(c: Drawn, testing: Drawn) -> rx.Component:
    return rx.flex(
        test_button(c, testing, "2"),
        rx.icon_button(
            rx.fragment(rx.icon("sliders-horizontal", size=16)),  # as the button's own child it would be sized after the button
            variant="ghost",
            color_scheme="gray",
            size="2",
            type="button",
            aria_label=t("try.options", name=c.label),
            on_click=Trial.open_(c.id, c.name, c.label, c.preset),
        ),
        rx.cond((c.fix != "") & ~testing, fix_button(c, "2")),
        rx.spacer(),
        rx.cond(c.fix != "", switch(c, word=False), switch(c)),  # beside Fix there is no room for the word
        spacing="2",
        align="center",
        class_name="pb-above",
    )


def _menu(c: Drawn) -> rx.Component:
    return provider_menu(c, on_delete=Providers.ask_delete(c.id), class_name="pb-above")
