"""The three dots that open a menu of what else can be done with something."""

from typing import Any

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.drawn import Drawn


def more(name: Drawn, *entries: rx.Component, size: Any = "2", **props: Any) -> rx.Component:
    """`name` is what the menu belongs to, for whoever hears it. `size` and `props` are those of the button."""
    button = rx.icon_button(
        rx.icon("ellipsis", size=18),
        variant="ghost",
        color_scheme="gray",
        size=size,
        aria_label=t("common.more_for", name=name),
        type="button",
        **props,
    )
    # A modal menu hides every other element of a long page from screen readers, one by one, before it shows.
    return rx.dropdown_menu.root(rx.dropdown_menu.trigger(button), rx.dropdown_menu.content(*entries), modal=False)
