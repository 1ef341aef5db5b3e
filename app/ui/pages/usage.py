"""Usage: what applications asked for, by provider, model, key and application."""

import reflex as rx

from app.ui.components.browser import Whereabouts
from app.ui.components.usage_sums import sums
from app.ui.page import Nav, Page
from app.ui.state.usage import Usage


def content() -> rx.Component:
    """Plots and lines; it follows traffic by itself."""
    return rx.fragment(Whereabouts.create(query=Usage.query, at="/usage", on_move=Usage.load), sums())


PAGE = Page(route="/usage", title="nav.usage", content=content, nav=Nav("chart-column-big", order=53), on_load=(Usage.load,))
