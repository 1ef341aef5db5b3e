"""The choice of what to add: known providers and Custom Provider, side by side. In the dialog, and as a part of the wizard."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from app.ui.i18n import Language, t, t_code
from app.ui.kit.browser import Pulse
from app.ui.kit.dialog import body, head
from app.ui.kit.drawn import Drawn, drawn
from app.ui.presets.gallery import Gallery
from app.ui.presets.local_servers import local_servers
from app.ui.presets.logo import logo
from app.ui.provider_form.form import CUSTOM, ProviderForm
from app.ui.provider_form.found_servers import FoundServers

Choose = Callable[[Any], Any]  # the id of a preset, or CUSTOM → what happens


def choice() -> rx.Component:
    """The dialog's first step."""
    return rx.fragment(
        head(t("form.add_title")),
        body(
            rx.flex(
                local_servers(FoundServers.add),
                doors(ProviderForm.choose, auto_focus=True),
                _step_by_step(),
                direction="column",
                spacing="5",
            ),
            min_height=["0", "420px"],
        ),
    )


def _step_by_step() -> rx.Component:
    return rx.link(t("form.step_by_step"), href="/start", size="2")


def doors(choose: Choose, *, auto_focus: bool = False) -> rx.Component:
    """Known provider on the left, Custom Provider on the right; one under the other on a phone. With `auto_focus` the search has it."""
    return rx.grid(
        _known(choose, auto_focus=auto_focus),
        _custom(choose),
        columns=rx.breakpoints(initial="1", sm="2fr 1fr"),
        spacing=rx.breakpoints(initial="6", sm="6"),
        align="start",
    )


def _known(choose: Choose, *, auto_focus: bool) -> rx.Component:
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
            auto_focus=auto_focus,
        ),
        Pulse.create(beat=Language.code, on_beat=Gallery.retell),
        rx.cond(drawn(Gallery.local).length() > 0, _shelf(t("form.local"), Gallery.local, choose)),
        rx.cond(drawn(Gallery.cloud).length() > 0, _shelf(t("form.cloud"), Gallery.cloud, choose)),
        rx.cond(
            (drawn(Gallery.local).length() == 0) & (drawn(Gallery.cloud).length() == 0),
            rx.text(t("form.no_preset"), size="2", color_scheme="gray", role="status"),
        ),
        direction="column",
        spacing="4",
    )


def _custom(choose: Choose) -> rx.Component:
    return rx.flex(
        _title("plug", t("form.custom"), t("form.custom_text")),
        rx.button(t("form.custom_start"), rx.icon("arrow-right", size=16), size="3", variant="soft", on_click=choose(CUSTOM)),
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


def _shelf(title: Drawn, tiles: Drawn, choose: Choose) -> rx.Component:
    return rx.flex(
        rx.text(title, size="1", weight="medium", color_scheme="gray"),
        rx.grid(
            rx.foreach(tiles, lambda tile: _tile(tile, choose)),
            columns="repeat(auto-fill, minmax(min(100%, 230px), 1fr))",
            spacing="2",
        ),
        direction="column",
        spacing="2",
    )


def _tile(tile: Drawn, choose: Choose) -> rx.Component:
    return rx.el.button(
        rx.flex(
            logo(tile.logo, tile.initials, tile.tint),
            rx.flex(
                rx.text(tile.label, size="2", weight="medium", as_="span"),
                rx.text(tile.text, size="1", color_scheme="gray", as_="span"),
                rx.flex(
                    rx.match(
                        tile.needs,
                        ("nothing", rx.icon("lock-open", size=12, aria_hidden="true")),
                        ("address", rx.icon("link", size=12, aria_hidden="true")),
                        rx.icon("key-round", size=12, aria_hidden="true"),
                    ),
                    rx.text(t_code("needs", tile.needs), size="1", as_="span"),
                    spacing="1",
                    align="center",
                    color="var(--gray-11)",
                    margin_top="2px",
                ),
                direction="column",
                min_width="0",
            ),
            spacing="3",
            align="center",
        ),
        class_name="pb-tile",
        style={"padding": "10px 12px", "alignItems": "center"},
        type="button",
        on_click=choose(tile.id),
        key=tile.id,
    )
