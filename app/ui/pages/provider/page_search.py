"""The search within a tab of a provider's page."""

import reflex as rx

from app.ui.kit.drawn import Drawn
from app.ui.pages.provider.provider_page import ProviderPage


def page_search(label: Drawn) -> rx.Component:
    """What is typed stands in the address; "/" leads here."""
    return rx.input(
        rx.input.slot(rx.icon("search", size=16, aria_hidden="true")),
        placeholder=label,
        aria_label=label,
        type="search",
        default_value=ProviderPage.search,
        key=ProviderPage.search_seed,
        on_change=ProviderPage.find.debounce(150),
        size="2",
        width="100%",
        max_width="360px",
        custom_attrs={"data-search": "true"},
    )
