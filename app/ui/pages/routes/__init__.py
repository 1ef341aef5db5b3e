"""Routes: type a name as an application sends it, and see where a call would go and why."""

import reflex as rx

from app.ui.kit.url_query import Whereabouts
from app.ui.page import Nav, Page
from app.ui.pages.routes.route_map import route_map
from app.ui.pages.routes.routes import Routes


def content() -> rx.Component:
    """The question and the way; it follows changes by itself."""
    return rx.fragment(Whereabouts.create(query=Routes.query, at="/routes", on_move=Routes.load), route_map())


PAGE = Page(route="/routes", title="nav.routes", content=content, nav=Nav("route", order=54), on_load=(Routes.load,))
