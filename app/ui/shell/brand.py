"""The mark, and what stands in the head of every page. Colours and measures are in `brand.css`."""

import reflex as rx


def head() -> list[rx.Component]:
    """What stands in the head of every page."""
    return [rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml")]


def mark(size: int) -> rx.Component:
    """Two jacks and the cable between them; `size` in pixels."""
    stroke = {"stroke": "var(--accent-9)", "strokeWidth": "2.4", "strokeLinecap": "round"}
    return rx.el.svg(
        rx.el.svg.circle(cx="5", cy="6", r="3.2", fill="none", custom_attrs=stroke),
        rx.el.svg.circle(cx="19", cy="18", r="3.2", fill="none", custom_attrs=stroke),
        rx.el.svg.path(d="M8.2 6 H12 C18 6 6 18 12 18 H15.8", fill="none", custom_attrs=stroke),
        view_box="0 0 24 24",
        width=f"{size}px",
        height=f"{size}px",
        aria_hidden="true",
    )
