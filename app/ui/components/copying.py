"""Buttons that copy."""

from typing import Any

import reflex as rx

from app.ui.components.browser import Copy
from app.ui.components.drawn import Drawn
from app.ui.words import t


def button(text: Drawn, label: Drawn = None, **props: Any) -> rx.Component:
    """Copies `text` and says so for a moment."""
    looks: dict[str, Any] = {"variant": "soft", "size": "2", "color_scheme": "gray", "type": "button"} | props
    return Copy.create(
        rx.button(rx.icon("copy", size=14), t("common.copy") if label is None else label, **looks), text=text, copied=t("common.copied")
    )


def snippet(code: Drawn, label: Drawn) -> rx.Component:
    """A block of code with its copy button. `label` names it for screen readers."""
    return rx.box(
        rx.el.pre(
            rx.el.code(code),
            aria_label=label,
            tab_index=0,
            style={
                "margin": "0",
                "padding": "16px",
                "overflowX": "auto",
                "fontFamily": "var(--code-font-family)",
                "fontSize": "13px",
                "lineHeight": "1.6",
                "background": "var(--gray-a2)",
                "border": "1px solid var(--gray-a4)",
                "borderRadius": "var(--radius-3)",
            },
        ),
        rx.box(button(code, size="1", variant="surface"), position="absolute", top="8px", right="8px"),
        position="relative",
        width="100%",
    )
