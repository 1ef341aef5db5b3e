"""A choice from a short list: the browser's own, which every phone and every screen reader knows."""

from collections.abc import Iterable

import reflex as rx
from reflex.event import EventType

from app.ui.kit.drawn import Drawn


def picker(label: Drawn, choices: Iterable[rx.Component], *, value: Drawn, on_change: EventType[str], name: str = "") -> rx.Component:
    """`choices` are made by `choice`. `label` is read out; put a visible one above where the value alone does not explain itself."""
    return rx.el.span(
        rx.el.select(*choices, value=value, on_change=on_change, aria_label=label, name=name, class_name="pb-select"),
        rx.icon("chevron-down", size=14, aria_hidden="true"),
        class_name="pb-picker",
    )


def choice(word: Drawn, value: Drawn) -> rx.Component:
    """One entry."""
    return rx.el.option(word, value=value)
