"""The wizard's fourth step: a question, and the first answer as it comes."""

import reflex as rx

from app.ui.i18n import Language, t
from app.ui.kit import field
from app.ui.pages.start import step_layout
from app.ui.pages.start.first_answer import FirstAnswer
from app.ui.pages.start.first_key import FirstKey
from app.ui.pages.start.wizard import Wizard


def first_answer() -> rx.Component:
    """The same way an application's question takes."""
    is_ours = FirstAnswer.of == Wizard.selector
    done = is_ours & FirstAnswer.done
    send = rx.button(
        rx.icon("send", size=16, aria_hidden="true"),
        rx.cond(done, t("start.ask_again"), t("start.ask")),
        size="3",
        type="submit",
        variant=rx.cond(done, "soft", "solid"),
    )
    stop = rx.button(
        rx.icon("square", size=14, aria_hidden="true"), t("card.stop"), size="3", type="button", variant="soft", on_click=FirstAnswer.stop
    )
    return rx.flex(
        step_layout.heading(t("start.answer_title"), t("start.answer_text", model=Wizard.model)),
        rx.el.form(
            rx.flex(
                field.field(
                    rx.text_area(
                        **field.wired("question"),
                        default_value=t("start.question_example"),
                        key=Language.code,
                        rows="3",
                        size="3",
                        width="100%",
                    ),
                    name="question",
                    label=t("start.question"),
                ),
                rx.box(rx.cond(is_ours & FirstAnswer.running, stop, send)),
                direction="column",
                spacing="3",
            ),
            no_validate=True,
            on_submit=FirstAnswer.ask,
            auto_complete="off",
        ),
        step_layout.panel(rx.cond(is_ours, _answer(), _before()), min_height="148px", aria_busy=is_ours & FirstAnswer.running),
        step_layout.foot(
            step_layout.back(Wizard.back_to_test),
            rx.button(
                rx.icon("key-round", size=16, aria_hidden="true"),
                t("start.make_key"),
                size="3",
                variant=rx.cond(done, "solid", "soft"),
                on_click=FirstKey.issue,
            ),
        ),
        direction="column",
        spacing="5",
        style={"maxWidth": "720px"},
    )


def _before() -> rx.Component:
    return rx.text(t("start.answer_here"), size="2", color_scheme="gray")


def _answer() -> rx.Component:
    waiting = rx.flex(rx.spinner(size="1"), rx.text(t("start.waiting"), size="2", color_scheme="gray"), spacing="2", align="center")
    said = rx.text(FirstAnswer.text, size="3", style={"whiteSpace": "pre-wrap", "overflowWrap": "anywhere"})
    took = rx.cond(
        FirstAnswer.done & (FirstAnswer.first_ms > 0),
        rx.text(t("start.took", first=FirstAnswer.first_ms, total=FirstAnswer.total_ms), size="1", color_scheme="gray", role="status"),
    )
    return rx.flex(
        rx.cond(FirstAnswer.running & (FirstAnswer.text == ""), waiting),
        rx.cond(FirstAnswer.text != "", said),
        took,
        rx.cond(FirstAnswer.problem != "", _problem()),
        direction="column",
        spacing="3",
    )


def _problem() -> rx.Component:
    return rx.callout.root(
        rx.callout.icon(rx.icon("circle-x", size=18, aria_hidden="true")),
        rx.callout.text(FirstAnswer.problem, " ", t("start.problem_way_on")),
        color_scheme="red",
        size="1",
        high_contrast=True,
        role="alert",
    )
