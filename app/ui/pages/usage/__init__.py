"""Usage: what applications asked for, by provider, model, key and application."""

import reflex as rx

from app.ui.kit.url_query import Whereabouts
from app.ui.page import Nav, Page
from app.ui.pages.usage.usage import Usage
from app.ui.pages.usage.usage_sums import sums


def content() -> rx.Component:
    """Plots and lines; it follows traffic by itself."""
    return rx.fragment(Whereabouts.create(query=Usage.query, at="/usage", on_move=Usage.load), sums())


PAGE = Page(route="/usage", title="nav.usage", content=content, nav=Nav("chart-column-big", order=53), on_load=(Usage.load,))
