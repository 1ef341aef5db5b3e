"""Above the list of providers: search, status, what else narrows or orders it, grid or table."""

from collections.abc import Sequence

import reflex as rx
from reflex.event import EventType

from app.ui.i18n import t, t_code
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.picker import choice, picker
from app.ui.provider.listing import ANY, GROUPS, SORTS
from app.ui.provider.providers import Providers


def narrowing() -> rx.Component:
    """One line on a desk and on a phone."""
    return rx.flex(
        _search(),
        _status(),
        _more(),
        rx.spacer(display=["none", "none", "block"]),
        _view(),
        spacing=rx.breakpoints(initial="2", sm="3"),
        align="center",
    )


def _search() -> rx.Component:
    # No var holds the field's value, so that a letter stands in it before the server has heard of it.
    return rx.input(
        rx.input.slot(rx.icon("search", size=16, aria_hidden="true")),
        placeholder=t("providers.search"),
        aria_label=t("providers.search"),
        type="search",
        default_value=Providers.search,
        on_change=Providers.find,
        key=Providers.search_seed,
        flex="1",
        min_width="0",
        max_width=["none", "none", "320px"],
        size="2",
        custom_attrs={"data-search": "true"},
    )


def _status() -> rx.Component:
    groups = [choice(t("filter.all"), "all"), *[choice(t(f"filter.{group}"), group) for group in GROUPS]]
    return picker(t("providers.filter"), groups, value=Providers.group, on_change=Providers.choose("status"))


def _more() -> rx.Component:
    """What is asked less often, behind a button that says how many of it are set."""
    button = rx.button(
        rx.icon("sliders-horizontal", size=15, aria_hidden="true"),
        rx.text(t("providers.more_filters"), as_="span", size="2", class_name="pb-wide"),
        rx.cond(Providers.narrowed > 0, rx.badge(Providers.narrowed, variant="solid", radius="full")),
        variant="surface",
        color_scheme="gray",
        size="2",
        aria_label=t("providers.more_filters"),
    )
    any_ = choice(t("filter.any"), ANY)
    kinds = rx.foreach(Providers.kinds, lambda kind: choice(t_code("provider_type", kind), kind))
    auths = rx.foreach(Providers.auth_types, lambda kind: choice(t_code("auth_type", kind), kind))
    tags = rx.foreach(Providers.tags, lambda tag: choice(tag, tag))
    orders = [choice(t(f"providers.sort_{sort}"), sort) for sort in SORTS]
    return rx.popover.root(
        rx.popover.trigger(button),
        rx.popover.content(
            rx.flex(
                _labelled(t("providers.sort"), orders, Providers.sort, Providers.choose("sort")),
                _labelled(t("providers.by_auth"), [any_, auths], Providers.auth_type, Providers.choose("auth")),
                _labelled(t("providers.by_type"), [any_, kinds], Providers.kind, Providers.choose("type")),
                rx.cond(
                    drawn(Providers.tags).length() > 0,
                    _labelled(t("providers.by_tag"), [any_, tags], Providers.tag, Providers.choose("tag")),
                ),
                direction="column",
                spacing="3",
            ),
            width="280px",
            aria_label=t("providers.more_filters"),
        ),
    )


def _labelled(label: Drawn, items: Sequence[rx.Component], value: Drawn, on_change: EventType[str]) -> rx.Component:
    return rx.flex(
        rx.text(label, size="2", weight="medium", aria_hidden="true"),
        picker(label, items, value=value, on_change=on_change),
        direction="column",
        spacing="1",
    )


def _view() -> rx.Component:
    return rx.segmented_control.root(
        rx.segmented_control.item(_sign("layout-grid", t("providers.view_grid")), value="grid"),
        rx.segmented_control.item(_sign("list", t("providers.view_table")), value="table"),
        value=rx.cond(Providers.as_table, "table", "grid"),
        on_change=lambda view: Providers.choose_view(view.to(str)),
        aria_label=t("providers.view"),
        custom_attrs={"data-kept": "true"},  # this browser remembers it; it is no matter of the address
        size="2",
        display=["none", "none", "flex"],
    )


def _sign(icon: str, word: Drawn) -> rx.Component:
    return rx.fragment(rx.icon(icon, size=15, aria_hidden="true"), rx.el.span(word, class_name="pb-hidden"))
