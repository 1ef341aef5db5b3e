"""A table, which on a phone becomes a list of cards where each cell names its column itself."""

from collections.abc import Sequence
from typing import Literal

import reflex as rx

from app.ui.kit.drawn import Drawn


def data_table(
    heads: Sequence[Drawn], rows: rx.Component, *, actions: Drawn = None, size: Literal["1", "2"] = "2", kind: str = ""
) -> rx.Component:
    """`heads` name the columns; `actions` names one more, of buttons, to those who hear the page. `rows`: usually `rx.foreach`. `kind` is a
    class of the style sheet, for a table with an order of its own on a phone."""
    columns = [rx.table.column_header_cell(head) for head in heads]
    if actions is not None:
        columns.append(rx.table.column_header_cell(rx.el.span(actions, class_name="pb-hidden")))
    return rx.table.root(
        rx.table.header(rx.table.row(*columns)),
        rx.table.body(rows),
        variant="surface",
        size=size,
        width="100%",
        class_name=f"pb-stack {kind}".strip(),
    )


def cell(head: Drawn, content: Drawn) -> rx.Component:
    """A cell of the column of this name."""
    return rx.table.cell(rx.box(content, min_width="0"), custom_attrs={"data-label": head})
