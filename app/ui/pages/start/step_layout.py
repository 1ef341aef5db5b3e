"""What the wizard's steps share: where one is, the heading, the buttons below."""

from typing import Any

import reflex as rx
from reflex.event import EventType

from app.ui.i18n import t, t_code
from app.ui.kit.drawn import Drawn
from app.ui.pages.start.wizard import STEPS, Wizard
from app.ui.presets.logo import logo


def steps() -> rx.Component:
    """Which step this is, and the way out."""
    return rx.flex(
        rx.el.ol(*[_step(number, name) for number, name in enumerate(STEPS, 1)], aria_label=t("start.steps"), class_name="pb-steps"),
        rx.el.div(t("start.step_of", n=Wizard.number, total=len(STEPS)), class_name="pb-steps-short"),
        rx.spacer(),
        rx.link(t("start.skip"), href="/", size="2", color_scheme="gray", high_contrast=True, class_name="pb-skip-steps"),
        align="center",
        spacing="4",
        width="100%",
    )


def heading(title: Drawn, text: rx.Component | Drawn, *, with_logo: bool = True) -> rx.Component:
    """The step's heading, which gets the focus, and one sentence. With the logo of what was chosen."""
    face = [logo(Wizard.logo, Wizard.initials, Wizard.tint, size=40)] if with_logo else []
    return rx.flex(
        *face,
        rx.flex(
            rx.heading(title, as_="h2", size="6", tab_index=-1, class_name="pb-arrive", custom_attrs={"data-arrive": "true"}),
            rx.text(text, size="2", color_scheme="gray", max_width="620px"),
            direction="column",
            spacing="1",
            min_width="0",
        ),
        spacing="4",
        align="start",
    )


def foot(*buttons: rx.Component) -> rx.Component:
    """Buttons below a step: the way back first, the primary one last."""
    return rx.flex(*buttons, align="center", spacing="3", wrap="wrap", class_name="pb-step-foot")


def back(on_click: EventType[()], label: Drawn = None) -> rx.Component:
    """One step back."""
    return rx.button(
        rx.icon("arrow-left", size=16, aria_hidden="true"),
        t("common.back") if label is None else label,
        variant="soft",
        color_scheme="gray",
        size="3",
        type="button",
        on_click=on_click,
    )


def panel(*content: rx.Component, **props: Any) -> rx.Component:
    """A quiet frame around something that fills while one waits."""
    looks: dict[str, Any] = {"padding": "16px", "border_radius": "var(--radius-4)", "border": "1px solid var(--gray-a4)", "min_width": "0"}
    return rx.box(*content, **(looks | props))


def _step(number: int, name: str) -> rx.Component:
    is_now, is_past = Wizard.number == number, Wizard.number > number
    mark = rx.cond(is_past, rx.icon("check", size=13, role="img", aria_label=t("start.step_done")), rx.el.span(str(number)))
    return rx.el.li(
        rx.el.span(mark, class_name="pb-step-mark"),
        rx.el.span(t_code("start.step", name)),
        class_name=rx.cond(is_now, "pb-step pb-step-now", rx.cond(is_past, "pb-step pb-step-past", "pb-step")),
        custom_attrs={"aria-current": rx.cond(is_now, "step", "false")},
    )
