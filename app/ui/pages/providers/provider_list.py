"""The list of providers: summary strip, grid or table, and what stands there when it is empty."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from app.ui.i18n import t, when
from app.ui.kit import empty
from app.ui.kit.browser import Fresh, Latest
from app.ui.kit.data_table import data_table
from app.ui.kit.dialog_host import opens
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.window import window_end
from app.ui.pages.providers.paste import PASTE, Pasting
from app.ui.pages.providers.provider_card import provider_card, provider_row
from app.ui.pages.providers.provider_filter import narrowing
from app.ui.presets.local_servers import local_servers
from app.ui.probe.batches import Batches
from app.ui.probe.probing import Probing
from app.ui.probe.run import Run
from app.ui.provider.providers import Providers
from app.ui.provider_form.form import ADD, CUSTOM, ProviderForm
from app.ui.provider_form.found_servers import FoundServers
from app.ui.session.session import SessionState

BUTTON: Any = rx.breakpoints(initial="3", sm="2")


def listing() -> rx.Component:
    """Everything below the page's title."""
    known = rx.cond(Providers.total > 0, rx.flex(_strip(), _found(), direction="column", spacing="4"), _nothing_yet())
    fresh = Fresh.create(drawn=Providers.drawn, seq=Providers.fresh_seq, cards=Providers.fresh, on_gap=Providers.load)
    return rx.fragment(fresh, rx.cond(Providers.loaded, known, empty.loading()))


def _strip() -> rx.Component:
    add = rx.button(
        rx.icon("plus", size=16, aria_hidden="true"),
        t("providers.add"),
        size=BUTTON,
        width=["100%", "auto"],
        on_click=ProviderForm.add(""),
        **opens(ADD),
    )
    paste = rx.button(
        rx.icon("clipboard-paste", size=16, aria_hidden="true"),
        t("paste.open"),
        size=BUTTON,
        variant="soft",
        on_click=Pasting.open,
        **opens(PASTE),
    )
    all_ = rx.button(
        rx.icon("activity", size=16, aria_hidden="true"), t("batch.open_all"), size=BUTTON, variant="soft", on_click=Batches.open_providers
    )
    return rx.flex(
        rx.flex(
            _summary(),
            rx.spacer(display=["none", "block"]),
            # Together: a language that needs more room takes all of them to a line of their own.
            rx.cond(
                SessionState.is_admin,
                rx.flex(all_, paste, add, spacing="3", wrap=rx.breakpoints(initial="wrap", sm="nowrap"), width=["100%", "auto"]),
            ),
            spacing="3",
            align="center",
            wrap="wrap",
            min_height=["0", "40px"],
        ),
        narrowing(),
        direction="column",
        spacing="4",
    )


def _summary() -> rx.Component:
    working = rx.cond(
        Providers.working > 0,
        t("providers.summary_working", working=Providers.working, total=Providers.in_use),
        t("providers.summary_none_working", total=Providers.in_use),
    )
    colour = rx.cond(Providers.attention > 0, "var(--amber-9)", rx.cond(Providers.working > 0, "var(--green-9)", "var(--gray-8)"))
    more = [
        rx.cond(Providers.attention > 0, rx.text(t("providers.summary_attention", n=Providers.attention), size="2", as_="span")),
        rx.cond(Providers.untested > 0, rx.text(t("providers.summary_untested", n=Providers.untested), size="2", as_="span")),
        rx.cond(
            Providers.checked_at != "",
            rx.text(when("providers.summary_checked", Providers.checked_at), size="2", color_scheme="gray", as_="span"),
        ),
    ]
    return rx.flex(
        rx.box(width="8px", height="8px", border_radius="50%", background=colour, flex_shrink="0", margin_top="6px", aria_hidden="true"),
        rx.box(rx.text(working, size="2", weight="medium", as_="span"), *more, class_name="pb-dots"),
        spacing="2",
        align="start",
        min_height=["48px", "0"],  # two lines on a phone, whatever there is to say
        role="status",
    )


def _found() -> rx.Component:
    more = window_end(drawn(Providers.page).length(), Providers.matching, Providers.show_more)
    return rx.cond(
        Providers.matching > 0,
        rx.box(
            rx.cond(Providers.as_table, _table(), _grid()),
            rx.cond(Providers.matching > drawn(Providers.page).length(), more),
            key=Providers.turned,
        ),
        empty.empty(
            "search-x",
            t("providers.nothing_found"),
            t("providers.nothing_found_text"),
            rx.button(t("providers.reset_filter"), variant="soft", on_click=Providers.show_everything),
        ),
    )


def _each(draw: Callable[..., rx.Component]) -> rx.Component:
    """Every provider of the page with its test, by a memoised drawing."""

    def one(c: Drawn) -> rx.Component:
        runs = drawn(Probing.runs)
        return Latest.create(
            draw(c=c, run=runs[c.id].to(Run), tested=runs.contains(c.id), admin=SessionState.is_admin),
            card=c,
            key=c.id,
        )

    return rx.foreach(Providers.page, one)


def _grid() -> rx.Component:
    return rx.grid(
        _each(provider_card),
        columns=empty.COLUMNS,
        spacing="4",
        role="list",
        aria_label=t("providers.title"),
        align="stretch",
        class_name="pb-cards",
    )


def _table() -> rx.Component:
    columns = ("provider", "address", "status", "models", "on")
    heads = [t(f"providers.column_{column}") for column in columns]
    return data_table(heads, _each(provider_row), actions=t("providers.column_actions"), kind="pb-providers")


def _nothing_yet() -> rx.Component:
    guided = rx.button(
        t("providers.empty.guided"), rx.icon("arrow-right", size=16, aria_hidden="true"), size="3", on_click=rx.redirect("/start")
    )
    doors = rx.grid(
        empty.door("store", t("providers.empty.known"), t("providers.empty.known_text"), ProviderForm.add("")),
        empty.door("plug", t("providers.empty.custom"), t("providers.empty.custom_text"), ProviderForm.add(CUSTOM)),
        empty.door("clipboard-paste", t("providers.empty.paste"), t("providers.empty.paste_text"), Pasting.open),
        columns=rx.breakpoints(initial="1", sm="3"),
        spacing="4",
        width="100%",
        max_width="880px",
    )
    near = rx.box(local_servers(FoundServers.add), max_width="640px", width="100%")
    return rx.cond(
        SessionState.is_admin,
        empty.empty("plug-zap", t("providers.empty.title"), t("providers.empty.text"), guided, rx.box(height="8px"), near, doors),
        empty.empty("plug-zap", t("providers.empty.title"), t("providers.empty.viewer")),
    )
