"""What a list shows before there is something in it, and while it is not known."""

import reflex as rx
from reflex.event import EventType

from app.ui.kit.drawn import Drawn


def empty(icon: str, title: Drawn, text: Drawn, *actions: rx.Component) -> rx.Component:
    """One calm sentence and what to do."""
    return rx.flex(
        rx.center(
            rx.icon(icon, size=24, color="var(--accent-11)"),
            width="56px",
            height="56px",
            border_radius="50%",
            background="var(--accent-a3)",
            aria_hidden="true",
        ),
        rx.heading(title, size="5", as_="h2", align="center"),
        rx.text(text, size="2", color_scheme="gray", align="center", max_width="480px"),
        *actions,
        direction="column",
        align="center",
        spacing="3",
        padding="64px 16px",
        width="100%",
    )


def door(icon: str, title: Drawn, text: Drawn, on_click: EventType[()]) -> rx.Component:
    """A big choice: the whole tile is the button."""
    return rx.el.button(
        rx.flex(
            rx.icon(icon, size=22, color="var(--accent-11)", aria_hidden="true"),
            rx.text(title, size="3", weight="medium", as_="span"),
            rx.text(text, size="2", color_scheme="gray", as_="span"),
            direction="column",
            spacing="2",
            align="start",
        ),
        class_name="pb-tile",
        type="button",
        on_click=on_click,
    )


def loading(height: str = "168px", count: int = 3) -> rx.Component:
    """Grey shapes in place of cards."""
    return rx.grid(
        *[rx.skeleton(height=height, border_radius="var(--radius-4)") for _ in range(count)], columns=COLUMNS, spacing="4", width="100%"
    )


COLUMNS = "repeat(auto-fill, minmax(min(100%, 300px), 1fr))"
