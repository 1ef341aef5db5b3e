"""Status as word, icon and colour; never colour alone."""

import reflex as rx
from reflex_components_radix.themes.base import LiteralAccentColor

from app.domain.providers.provider import Status
from app.ui.i18n import t, t_code
from app.ui.kit.drawn import Drawn

LOOKS: dict[str, tuple[str, LiteralAccentColor]] = {
    Status.WORKING: ("circle-check", "green"),
    Status.KEY_ACCEPTED: ("key-round", "green"),
    Status.REACHABLE: ("plug", "cyan"),
    Status.LIMITED: ("gauge", "amber"),
    Status.DEGRADED: ("trending-down", "amber"),
    Status.ATTENTION: ("triangle-alert", "amber"),
    Status.DOWN: ("circle-x", "red"),
    Status.UNREADABLE: ("lock", "red"),
    Status.OFF: ("circle-off", "gray"),
    Status.NOT_TESTED: ("circle-dashed", "gray"),
}


def badge(status: Drawn, testing: Drawn) -> rx.Component:
    """The status of a provider; while a test runs, that it runs."""
    looks = [(code.value if isinstance(code, Status) else code, _look(icon, colour, status)) for code, (icon, colour) in LOOKS.items()]
    return rx.cond(
        testing,
        rx.badge(rx.spinner(size="1"), t("status.testing"), color_scheme="iris", variant="soft", size="2", high_contrast=True),
        rx.match(status, *looks, _look("circle-help", "gray", status)),
    )


def _look(icon: str, colour: LiteralAccentColor, status: Drawn) -> rx.Component:
    return rx.badge(
        rx.icon(icon, size=14, aria_hidden="true"),
        t_code("status", status),
        color_scheme=colour,
        variant="soft",
        size="2",
        white_space="nowrap",
        high_contrast=True,
    )


def latency(ms: Drawn) -> rx.Component:
    """How long the last answer took, in bands: up to 1 s, 3 s, 5 s, and above."""
    colour = rx.cond(ms <= 1_000, "green", rx.cond(ms <= 3_000, "lime", rx.cond(ms <= 5_000, "yellow", "red")))
    text = t("card.latency", ms=ms)
    return rx.cond(
        ms > 0,
        rx.badge(text, color_scheme=colour, variant="outline", size="1", high_contrast=True, style={"fontVariantNumeric": "tabular-nums"}),
    )
