"""The line above every page while nobody has said that the recovery kit is kept."""

import reflex as rx

from app.ui.i18n import t
from app.ui.session.session import SessionState

ROUTE = "/encryption"


def reminder() -> rx.Component:
    """A calm line above the page until an admin said that the key is kept."""
    return rx.cond(
        SessionState.is_admin & SessionState.is_kit_due,
        rx.flex(
            rx.icon("life-buoy", size=16, color="var(--amber-11)", aria_hidden="true", flex_shrink="0"),
            rx.text(t("encryption.remind"), size="2", flex="1", min_width="200px"),
            rx.link(t("encryption.remind_link"), href=ROUTE, size="2", weight="medium"),
            align="center",
            gap="12px",
            wrap="wrap",
            padding="10px 16px",
            margin_bottom="16px",
            border="1px solid var(--amber-a6)",
            background="var(--amber-a2)",
            border_radius="var(--radius-4)",
            role="note",
        ),
    )
