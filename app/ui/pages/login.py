"""Sign in: a native form, so that it works without a websocket and the cookie is set by a plain answer."""

import reflex as rx

from app.ui.page import Page


def content() -> rx.Component:
    return rx.center(rx.heading("Patchbay"), min_height="100vh")


PAGE = Page(route="/login", title="login.title", content=content, role=None)
