"""What a provider shows of itself wherever it stands: its status, its test, its switch."""

from typing import Any, Literal

import reflex as rx

from app.ui.i18n import ago, t
from app.ui.kit.busy import sign
from app.ui.kit.dialog_host import opens
from app.ui.kit.drawn import Drawn
from app.ui.probe import status
from app.ui.probe.ladder import ladder
from app.ui.probe.probing import Probing
from app.ui.provider import key_state
from app.ui.provider.next_default_state import SWITCH_OFF
from app.ui.provider.providers import Providers
from app.ui.provider_form.probe_fixes import Repairing


def busy(run: Drawn, tested: Drawn) -> Drawn:
    """Whether the test on the screen still runs."""
    return tested & (run.outcome == "")


def state(c: Drawn, run: Drawn, tested: Drawn, *, place: Literal["card", "row", "page"]) -> rx.Component:
    """Its status, what answers take, what says so and when. On its page there is room for all of it, and the keys say themselves which
    of them ends soon."""
    testing = busy(run, tested)
    ending = rx.box(key_state.ending(c.key_ends, c.key_reminder, of_key=True)) if place != "page" else rx.fragment()
    marks = status.badge(c.status, testing), rx.cond(~testing, status.latency(c.latency_ms))
    whole = rx.cond(c.seen != "", f"{c.seen}. {c.problem}", c.problem)
    if place == "row":  # in a table two lines have to do, in every language
        seen = rx.text(ago(c.seen_at), size="1", color_scheme="gray", white_space="nowrap")
        told = rx.cond(c.status == "degraded", c.seen, c.problem)  # how many failed says more here than what to do; a badge says the rest
        problem = rx.text(told, size="1", color_scheme="gray", class_name="pb-cut", title=whole)
        below = rx.cond((c.problem != "") & ~tested, problem, rx.cond(c.seen_at != "", seen))
        lines = _marks(*marks, _keys(c)), rx.box(below, class_name="pb-line"), ending
    else:
        seen = rx.text(c.seen, " · ", ago(c.seen_at), size="1", color_scheme="gray", class_name="pb-cut")
        cut = {"class_name": "pb-two-lines", "title": whole} if place == "card" else {}
        problem = rx.text(c.problem, size="2", color_scheme="gray", **cut)
        lines = (
            _marks(*marks, _keys(c)),
            rx.box(rx.cond(c.seen_at != "", seen), class_name="pb-line"),
            rx.cond((c.problem != "") & ~tested, problem),
            ending,
        )
    return rx.flex(*lines, direction="column", spacing="2", min_width="0")


def _marks(*marks: rx.Component) -> rx.Component:
    return rx.flex(*marks, spacing="2", align="center", wrap="wrap")


def default_badge(c: Drawn) -> rx.Component:
    """Marks the one that requests go to which name none."""
    return rx.cond(
        c.is_default,
        rx.tooltip(
            rx.badge(t("card.default"), variant="solid", radius="full", class_name="pb-above", tab_index=0), content=t("card.default_hint")
        ),
    )


def result(c: Drawn, run: Drawn, repairs: rx.Component | None = None) -> rx.Component:
    """The ladder, and the button that folds it away."""
    return rx.box(
        ladder(run, repairs=repairs),
        rx.flex(
            rx.button(
                rx.cond(run.outcome == "", t("card.stop"), t("card.hide_result")),
                variant="ghost",
                color_scheme="gray",
                size="1",
                type="button",
                on_click=Probing.hide(c.id),
            ),
            justify="end",
            padding="8px 8px 0",
        ),
        class_name="pb-above pb-ran",
        padding="12px",
        border_radius="var(--radius-3)",
        background="var(--gray-a2)",
    )


def test_button(c: Drawn, testing: Drawn, size: Any) -> rx.Component:
    """Starts the ladder."""
    return rx.button(
        sign("activity", testing, 14),
        t("card.test"),
        size=size,
        variant="soft",
        type="button",
        aria_label=t("card.test_name", name=c.label),
        aria_busy=testing,
        on_click=Probing.test(c.id, c.name, c.preset),
        class_name="pb-above",
    )


def fix_button(c: Drawn, size: Any) -> rx.Component:
    """Opens the form with what the last test proposes; the test runs again there."""
    return rx.button(
        t("card.fix"),
        size=size,
        variant="soft",
        color_scheme="amber",
        high_contrast=True,
        type="button",
        aria_label=t("card.fix_name", name=c.label),
        on_click=Repairing.fix(c.name),
        class_name="pb-above",
    )


def switch(c: Drawn, *, word: bool = True) -> rx.Component:
    """On or off."""
    return rx.flex(
        *(
            [rx.text(rx.cond(c.enabled, t("common.on"), t("common.off")), size="2", color_scheme="gray", aria_hidden="true")]
            if word
            else []
        ),
        rx.switch(
            checked=c.enabled,
            on_change=lambda on: Providers.switch(c.name, on),
            aria_label=t("card.enabled_name", name=c.label),
            **opens(SWITCH_OFF, when=c.is_default & c.enabled),
        ),
        spacing="2",
        align="center",
        class_name="pb-above",
    )


def _keys(c: Drawn) -> rx.Component:
    """How many of several keys are in use."""
    said = t("card.keys", used=c.keys_used, n=c.key_count)
    shown = rx.flex(
        rx.icon("key-round", size=12, aria_hidden="true"),
        rx.text(f"{c.keys_used}/{c.key_count}", size="1", as_="span", aria_hidden="true"),
        rx.el.span(said, class_name="pb-hidden"),
        title=said,
        spacing="1",
        align="center",
        color="var(--gray-11)",
    )
    return rx.cond(c.key_count > 1, shown)
