"""What answers an address that does not exist, whoever asks: it sends nobody elsewhere."""

import reflex as rx

from app.ui.i18n import t
from app.ui.page import Page
from app.ui.shell import auth_layout


def content() -> rx.Component:
    """The page."""
    return auth_layout.card(
        "not_found.title",
        rx.text(t("not_found.text"), color_scheme="gray"),
        rx.link(t("not_found.back"), href="/", margin_top="16px", display="inline-block"),
    )


# Reflex serves the page of this name with status 404.
PAGE = Page(route="404", title="not_found.title", content=content, role=None)
