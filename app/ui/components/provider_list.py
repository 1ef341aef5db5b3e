"""The list of providers: summary strip, search, filter, grid or table, and what stands there when it is empty."""

import reflex as rx

from app.ui.components import empty
from app.ui.components.browser import Slash
from app.ui.components.drawn import Drawn, drawn
from app.ui.components.provider_card import provider_card, provider_row
from app.ui.components.sheet import question
from app.ui.state.cards import Card, Run
from app.ui.state.probing import Probing
from app.ui.state.provider_form import CUSTOM, ProviderForm
from app.ui.state.providers import GROUPS, Providers
from app.ui.state.session import SessionState
from app.ui.words import ago, t


def listing() -> rx.Component:
    """Everything below the page's title."""
    return rx.cond(
        Providers.loaded,
        rx.cond(Providers.total > 0, rx.flex(_strip(), _found(), direction="column", spacing="4"), _nothing_yet()),
        empty.loading(),
    )


def delete_question() -> rx.Component:
    """Asks before a provider goes to the trash."""
    doomed = drawn(Providers.deleting)
    text = rx.fragment(
        t("delete.text"), rx.cond(doomed.is_default, rx.text(t("delete.text_default"), color_scheme="red", as_="span", margin_left="4px"))
    )
    return question(
        open_=doomed.is_not_none(),
        title=t("delete.title", name=doomed.label),
        text=text,
        yes=t("delete.confirm"),
        on_yes=Providers.delete,
        no=t("common.cancel"),
        on_no=Providers.keep,
    )


def _strip() -> rx.Component:
    add = rx.button(
        rx.icon("plus", size=16, aria_hidden="true"), t("providers.add"), size="3", width=["100%", "auto"], on_click=ProviderForm.add("")
    )
    return rx.flex(
        rx.flex(
            _summary(), rx.spacer(display=["none", "block"]), rx.cond(SessionState.is_admin, add), spacing="3", align="center", wrap="wrap"
        ),
        rx.flex(_search(), _filter(), rx.spacer(display=["none", "none", "block"]), _view(), spacing="3", align="center"),
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
        rx.cond(Providers.attention > 0, rx.text("· ", t("providers.summary_attention", n=Providers.attention), size="2", as_="span")),
        rx.cond(Providers.untested > 0, rx.text("· ", t("providers.summary_untested", n=Providers.untested), size="2", as_="span")),
        rx.cond(
            Providers.checked_at != "",
            rx.text("· ", t("providers.summary_checked"), " ", ago(Providers.checked_at), size="2", color_scheme="gray", as_="span"),
        ),
    ]
    return rx.flex(
        rx.box(width="8px", height="8px", border_radius="50%", background=colour, flex_shrink="0", aria_hidden="true"),
        rx.text(working, size="2", weight="medium", as_="span"),
        *more,
        spacing="2",
        align="center",
        wrap="wrap",
        role="status",
    )


def _search() -> rx.Component:
    return rx.input(
        rx.input.slot(rx.icon("search", size=16, aria_hidden="true")),
        placeholder=t("providers.search"),
        aria_label=t("providers.search"),
        type="search",
        value=Providers.search,
        on_change=Providers.find.debounce(200),
        flex="1",
        max_width=["none", "none", "320px"],
        size="2",
        custom_attrs={"data-search": "true"},
    )


def _filter() -> rx.Component:
    return rx.select.root(
        rx.select.trigger(aria_label=t("providers.filter")),
        rx.select.content(
            rx.select.item(t("filter.all"), value="all"),
            *[rx.select.item(t(f"filter.{group}"), value=group) for group in GROUPS],
        ),
        value=Providers.group,
        on_change=Providers.choose_group,
        size="2",
    )


def _view() -> rx.Component:
    return rx.segmented_control.root(
        rx.segmented_control.item(rx.icon("layout-grid", size=15, role="img", aria_label=t("providers.view_grid")), value="grid"),
        rx.segmented_control.item(rx.icon("list", size=15, role="img", aria_label=t("providers.view_table")), value="table"),
        value=rx.cond(Providers.as_table, "table", "grid"),
        on_change=lambda view: Providers.choose_view(view.to(str)),
        aria_label=t("providers.view"),
        size="2",
        display=["none", "none", "flex"],
    )


def _found() -> rx.Component:
    more = rx.flex(
        rx.text(t("common.shown", shown=drawn(Providers.page).length(), total=Providers.matching), size="2", color_scheme="gray"),
        rx.button(t("common.show_more"), variant="soft", on_click=Providers.show_more),
        spacing="3",
        align="center",
        justify="center",
    )
    return rx.cond(
        Providers.matching > 0,
        rx.fragment(
            rx.cond(
                Providers.as_table,
                rx.fragment(rx.box(_table(), display=["none", "none", "block"]), rx.box(_grid(), display=["block", "block", "none"])),
                _grid(),
            ),
            rx.cond(Providers.matching > drawn(Providers.page).length(), more),
        ),
        empty.empty(
            "search-x",
            t("providers.nothing_found"),
            t("providers.nothing_found_text"),
            rx.button(t("providers.reset_filter"), variant="soft", on_click=Providers.show_everything),
        ),
    )


def _now(c: Drawn) -> dict[str, Drawn]:
    """The card as it is now, its test, and whether buttons are offered: what the memoised card compares."""
    return {
        "c": rx.cond(drawn(Providers.fresh).contains(c.id), Providers.fresh[c.id], c).to(Card),
        "run": drawn(Probing.runs)[c.id].to(Run),
        "tested": drawn(Probing.runs).contains(c.id),
        "admin": SessionState.is_admin,
    }


def _grid() -> rx.Component:
    cards = rx.foreach(Providers.page, lambda c: rx.fragment(provider_card(**_now(c)), key=c.id))
    return rx.grid(
        cards, columns=empty.COLUMNS, spacing="4", role="list", aria_label=t("providers.title"), align="stretch", class_name="pb-cards"
    )


def _table() -> rx.Component:
    columns = ("provider", "address", "status", "models", "on")
    heads = [rx.table.column_header_cell(t(f"providers.column_{column}")) for column in columns]
    actions = rx.table.column_header_cell(rx.el.span(t("providers.column_actions"), class_name="pb-hidden"))
    rows = rx.foreach(Providers.page, lambda c: rx.fragment(provider_row(**_now(c)), key=c.id))
    return rx.table.root(rx.table.header(rx.table.row(*heads, actions)), rx.table.body(rows), variant="surface", size="2", width="100%")


def _nothing_yet() -> rx.Component:
    doors = rx.grid(
        empty.door("store", t("providers.empty.known"), t("providers.empty.known_text"), ProviderForm.add("")),
        empty.door("plug", t("providers.empty.custom"), t("providers.empty.custom_text"), ProviderForm.add(CUSTOM)),
        columns=rx.breakpoints(initial="1", sm="2"),
        spacing="4",
        width="100%",
        max_width="640px",
    )
    return rx.cond(
        SessionState.is_admin,
        empty.empty("plug-zap", t("providers.empty.title"), t("providers.empty.text"), rx.box(height="8px"), doors),
        empty.empty("plug-zap", t("providers.empty.title"), t("providers.empty.viewer")),
    )


def searching() -> rx.Component:
    """Makes "/" jump into the search."""
    return Slash.create()
