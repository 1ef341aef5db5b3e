"""The end of a list of which a part is drawn: how much of it, and the next part for whoever comes near or asks."""

import reflex as rx
from reflex.event import EventType

from app.ui.i18n import t
from app.ui.kit.browser import Near
from app.ui.kit.drawn import Drawn


def window_end(shown: Drawn, total: Drawn, on_more: EventType[()]) -> rx.Component:
    """`shown` of `total` are drawn; `on_more` draws the next ones."""
    return rx.flex(
        rx.text(t("common.shown", shown=shown, total=total), size="2", color_scheme="gray"),
        rx.button(t("common.show_more"), variant="soft", on_click=on_more),
        Near.create(count=shown, on_near=on_more),
        spacing="3",
        align="center",
        justify="center",
        margin_top="16px",
    )
