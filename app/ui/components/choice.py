"""Step one of adding a provider: two doors, side by side."""

import reflex as rx

from app.ui.components.drawn import Drawn, drawn
from app.ui.components.logo import logo
from app.ui.components.sheet import body, head
from app.ui.state.gallery import Gallery
from app.ui.state.provider_form import CUSTOM, ProviderForm
from app.ui.words import t


def choice() -> rx.Component:
    """Known provider on the left, Custom Provider on the right; one under the other on a phone."""
    return rx.fragment(
        head(t("form.add_title")),
        body(
            rx.grid(
                _known(),
                _custom(),
                columns=rx.breakpoints(initial="1", sm="2fr 1fr"),
                spacing=rx.breakpoints(initial="6", sm="6"),
                align="start",
            ),
            min_height=["0", "420px"],
        ),
    )


def _known() -> rx.Component:
    return rx.flex(
        _title("store", t("form.known"), t("form.known_text")),
        rx.input(
            rx.input.slot(rx.icon("search", size=16, aria_hidden="true")),
            placeholder=t("form.search_presets"),
            aria_label=t("form.search_presets"),
            type="search",
            value=Gallery.search,
            on_change=Gallery.find.debounce(150),
            size="3",
            width="100%",
            auto_focus=True,
        ),
        rx.cond(drawn(Gallery.local).length() > 0, _shelf(t("form.local"), Gallery.local)),
        rx.cond(drawn(Gallery.cloud).length() > 0, _shelf(t("form.cloud"), Gallery.cloud)),
        rx.cond(
            (drawn(Gallery.local).length() == 0) & (drawn(Gallery.cloud).length() == 0),
            rx.text(t("form.no_preset"), size="2", color_scheme="gray", role="status"),
        ),
        direction="column",
        spacing="4",
    )


def _custom() -> rx.Component:
    return rx.flex(
        _title("plug", t("form.custom"), t("form.custom_text")),
        rx.button(t("form.custom_start"), rx.icon("arrow-right", size=16), size="3", variant="soft", on_click=ProviderForm.choose(CUSTOM)),
        direction="column",
        spacing="4",
        padding="16px",
        border_radius="var(--radius-4)",
        background="var(--gray-a2)",
        class_name="pb-first-on-phone",
    )


def _title(icon: str, title: Drawn, text: Drawn) -> rx.Component:
    return rx.flex(
        rx.flex(
            rx.icon(icon, size=18, color="var(--accent-11)", aria_hidden="true"),
            rx.heading(title, size="3", as_="h2"),
            spacing="2",
            align="center",
        ),
        rx.text(text, size="2", color_scheme="gray"),
        direction="column",
        spacing="1",
    )


def _shelf(title: Drawn, tiles: Drawn) -> rx.Component:
    return rx.flex(
        rx.text(title, size="1", weight="medium", color_scheme="gray"),
        rx.grid(
            rx.foreach(tiles, _tile),
            columns="repeat(auto-fill, minmax(min(100%, 230px), 1fr))",
            spacing="2",
        ),
        direction="column",
        spacing="2",
    )


def _tile(tile: Drawn) -> rx.Component:
    return rx.el.button(
        rx.flex(
            logo(tile.logo, tile.initials, tile.tint),
            rx.flex(
                rx.text(tile.label, size="2", weight="medium", as_="span"),
                rx.text(tile.text, size="1", color_scheme="gray", as_="span"),
                direction="column",
                min_width="0",
            ),
            spacing="3",
            align="center",
        ),
        class_name="pb-tile",
        style={"padding": "10px 12px", "alignItems": "center"},
        type="button",
        on_click=ProviderForm.choose(tile.id),
        key=tile.id,
    )
