"""What is shown once: a key that lies in a hidden field of the page and in no var."""

from typing import Any

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.browser import Copy, Once
from app.ui.kit.drawn import Drawn


def place(source: str) -> rx.Component:
    """The hidden field; stands in the page at all times, empty but while a key is shown."""
    return rx.el.input(type="hidden", id=source, read_only=True, custom_attrs={"data-unguarded": "true", "data-once": "true"})


def copy(source: str, text: Drawn, label: Drawn, **props: Any) -> rx.Component:
    """Copies the text with {key} filled in."""
    looks: dict[str, Any] = {"variant": "soft", "size": "2", "color_scheme": "gray", "type": "button"} | props
    return Copy.create(
        rx.button(rx.icon("copy", size=14, aria_hidden="true"), label, **looks), text=text, source=source, copied=t("common.copied")
    )


def key(source: str, label: Drawn) -> rx.Component:
    """The key itself, in one line, with its copy button."""
    return rx.flex(
        rx.el.code(
            Once.create(source=source, text="{key}"),
            aria_label=label,
            tab_index=0,
            style={"overflowX": "auto", "whiteSpace": "nowrap", "flex": "1", "minWidth": "0", "padding": "10px 12px", "fontSize": "14px"},
            class_name="pb-mono",
        ),
        rx.box(copy(source, "{key}", t("client_keys.copy_key"), variant="solid", color_scheme="iris"), padding="6px", flex_shrink="0"),
        align="center",
        border="1px solid var(--accent-a7)",
        border_radius="var(--radius-3)",
        background="var(--accent-a2)",
    )


def snippet(source: str, code: Drawn, label: Drawn) -> rx.Component:
    """A block of code with the key filled in, and its copy button."""
    return rx.box(
        rx.el.pre(rx.el.code(Once.create(source=source, text=code)), aria_label=label, tab_index=0, class_name="pb-snippet pb-mono"),
        rx.box(copy(source, code, t("common.copy"), size="1", variant="surface"), position="absolute", top="8px", right="8px"),
        position="relative",
    )
