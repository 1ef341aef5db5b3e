"""How far something has come, as a bar."""

from typing import Any

import reflex as rx

from app.ui.kit.drawn import Drawn


def progress(done: Drawn, total: Drawn, label: Drawn, **props: Any) -> rx.Component:
    """`done` of `total`. While nothing is known there is nothing to measure by, and a bar that ends at 0 is none."""
    return rx.progress(value=done, max=rx.cond(total > 0, total, 1), size="1", aria_label=label, **props)
