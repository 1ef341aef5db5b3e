"""A vendor's logo, or initials on a tint where there is none."""

import reflex as rx

from app.ui.kit.drawn import Drawn


def logo(name: Drawn, initials: Drawn, tint: Drawn, *, size: int = 36) -> rx.Component:
    """`name` is one of the logos that are built into the pages; "" shows the initials. Decoration only: the label stands beside it."""
    return rx.cond(name, _image(name, size), _initials(initials, tint, size))


def _image(name: Drawn, size: int) -> rx.Component:
    url = rx.Var.create(f"url(/logos/{name}.svg)")
    ink = rx.box(
        width=f"{round(size * 0.62)}px",
        height=f"{round(size * 0.62)}px",
        background_color="var(--gray-12)",
        # A mask, not an image: the mark follows the text colour in light and dark.
        style={"maskImage": url, "maskSize": "contain", "maskRepeat": "no-repeat", "maskPosition": "center"},
    )
    return rx.center(
        ink,
        width=f"{size}px",
        height=f"{size}px",
        flex_shrink="0",
        border_radius="var(--radius-3)",
        background_color="var(--gray-a3)",
        aria_hidden="true",
    )


def _initials(initials: Drawn, tint: Drawn, size: int) -> rx.Component:
    return rx.center(
        rx.cond(initials != "", rx.text(initials, size="2", weight="bold"), rx.icon("plug", size=round(size * 0.5))),
        width=f"{size}px",
        height=f"{size}px",
        flex_shrink="0",
        border_radius="var(--radius-3)",
        style={"background": f"var(--{tint}-a3)", "color": f"var(--{tint}-12)"},
        aria_hidden="true",
    )
