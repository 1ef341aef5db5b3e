"""A few big options of which one is taken, each with a sentence."""

from collections.abc import Iterable
from typing import Any

import reflex as rx
from reflex.event import EventType

from app.ui.kit.drawn import Drawn


def options(
    choices: Iterable[tuple[str, Drawn, Drawn]], *, value: Drawn, on_choose: EventType[str], label: Drawn, columns: Any = "1"
) -> rx.Component:
    """`choices`: value, title, sentence."""
    return rx.flex(
        rx.text(label, size="2", weight="medium"),
        rx.radio_cards.root(
            *[rx.radio_cards.item(_option(title, text), value=choice) for choice, title, text in choices],
            value=value,
            on_value_change=on_choose,
            columns=columns,
            gap="2",
            aria_label=label,
        ),
        direction="column",
        spacing="1",
    )


def _option(title: Drawn, text: Drawn) -> rx.Component:
    return rx.flex(
        rx.text(title, weight="medium", size="2"),
        rx.text(text, size="1", color_scheme="gray"),
        direction="column",
        width="100%",
    )
