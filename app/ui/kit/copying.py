"""A button that copies."""

from typing import Any

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.browser import Copy
from app.ui.kit.drawn import Drawn


def button(text: Drawn, label: Drawn = None, **props: Any) -> rx.Component:
    """Copies `text` and says so for a moment."""
    looks: dict[str, Any] = {"variant": "soft", "size": "2", "color_scheme": "gray", "type": "button"} | props
    return Copy.create(
        rx.button(rx.icon("copy", size=14), t("common.copy") if label is None else label, **looks), text=text, copied=t("common.copied")
    )
