"""The wizard's third step: the ladder, and then the models it found; or what to do where it stopped."""

from typing import Any

import reflex as rx

from app.ui.i18n import t
from app.ui.kit import field
from app.ui.kit.browser import Reveal
from app.ui.pages.start import step_layout
from app.ui.pages.start.model_test import GuidedTest
from app.ui.pages.start.wizard import Wizard
from app.ui.probe.ladder import fix_label, ladder
from app.ui.provider_form.saved import models
from app.ui.provider_form.submission import Submission as Found


def test() -> rx.Component:
    """The test on the right, what follows from it on the left; one under the other on a phone."""
    failed = (GuidedTest.run.outcome == "failed") & ~GuidedTest.testing
    climbing = GuidedTest.testing | (GuidedTest.run.outcome != "")
    unknown = (Found.total == 0) & (GuidedTest.run.model == "")
    works = t("start.tested_title", name=Wizard.label)
    title = rx.cond(
        GuidedTest.testing,
        t("start.testing_title", name=Wizard.label),
        rx.cond(
            climbing,
            rx.cond(failed, t("start.failed_title", name=Wizard.label), rx.cond(unknown, t("start.which_title"), works)),
            t("start.saved_title", name=Wizard.label),
        ),
    )
    text = rx.cond(
        GuidedTest.testing,
        t("start.testing_text"),
        rx.cond(
            climbing,
            rx.cond(failed, t("start.failed_text"), rx.cond(unknown, t("start.which_text"), t("start.tested_text"))),
            t("start.not_tested_text"),
        ),
    )
    return rx.flex(
        step_layout.heading(title, text),
        rx.grid(
            rx.box(
                Reveal.create(when=~GuidedTest.testing & (GuidedTest.run.outcome != "")),
                rx.cond(
                    GuidedTest.testing,
                    _finding(),
                    rx.cond(GuidedTest.run.outcome == "", _untested(), rx.cond(failed, _ways_on(), _models())),
                ),
                min_width="0",
                class_name="pb-last-on-phone",
            ),
            step_layout.panel(
                rx.cond(
                    climbing, ladder(GuidedTest.run, repairs=_repairs()), rx.text(t("start.not_tested"), size="2", color_scheme="gray")
                ),
                min_height=rx.cond(climbing, "280px", "0"),
            ),
            columns=rx.breakpoints(initial="1", md="1fr 380px"),
            spacing="6",
            align="start",
        ),
        direction="column",
        spacing="5",
    )


def _finding() -> rx.Component:
    return rx.flex(
        rx.text(t("saved.finding"), size="2", color_scheme="gray"),
        rx.skeleton(height="200px"),
        step_layout.foot(step_layout.back(Wizard.edit)),
        direction="column",
        spacing="4",
    )


def _untested() -> rx.Component:
    return rx.flex(
        step_layout.foot(step_layout.back(Wizard.edit), rx.button(t("form.test"), size="3", on_click=Wizard.test({"model": ""}))),
        direction="column",
        spacing="4",
    )


def _models() -> rx.Component:
    """It works: the list, the default preselected. Where there is no list, the model that answered."""
    known = rx.text(t("start.one_model", model=GuidedTest.run.model), size="2")
    default = rx.checkbox(t("form.make_default"), checked=Wizard.make_default, on_change=Wizard.choose_make_default, size="2")
    chosen: Any = (Found.chosen != "") | ((Found.total == 0) & (GuidedTest.run.model != ""))
    return rx.flex(
        rx.cond(Found.total > 0, models(), rx.cond(GuidedTest.run.model != "", known, _ask_model())),
        rx.cond(Wizard.no_default & chosen, default),
        step_layout.foot(
            step_layout.back(Wizard.edit),
            rx.cond(
                (Found.total > 0) | (GuidedTest.run.model != ""),
                rx.button(t("start.use_model"), size="3", disabled=~chosen, on_click=Wizard.use_model),
            ),
        ),
        direction="column",
        spacing="4",
    )


def _ways_on() -> rx.Component:
    """It does not work yet: never a dead end."""
    is_model = GuidedTest.run.fix == "choose_model"
    pick = rx.flex(
        models(),
        rx.box(rx.button(t("start.test_model"), size="3", disabled=Found.chosen == "", on_click=Wizard.test({"model": Found.chosen}))),
        direction="column",
        spacing="4",
    )
    quiet: dict[str, Any] = {"variant": "soft", "color_scheme": "gray", "size": "3", "type": "button"}
    return rx.flex(
        rx.cond(is_model, rx.cond(Found.total > 0, pick, _ask_model())),
        step_layout.foot(
            rx.cond(
                is_model,
                rx.button(t("start.change"), on_click=Wizard.edit, **quiet),
                rx.button(t("start.change"), size="3", on_click=Wizard.edit),
            ),
            rx.button(t("start.test_again"), on_click=Wizard.test({"model": ""}), **quiet),
            rx.button(t("start.choose_other"), on_click=Wizard.start_over, **quiet),
            rx.button(t("start.go_on_anyway"), on_click=Wizard.go_on, **quiet),
        ),
        rx.text(t("start.stays_saved", name=Wizard.label), size="1", color_scheme="gray"),
        direction="column",
        spacing="4",
    )


def _ask_model() -> rx.Component:
    """A provider without a list of models: somebody has to say which one."""
    return rx.el.form(
        rx.flex(
            field.field(
                rx.input(**field.wired("model"), size="3", width="100%", auto_complete="off", spell_check=False, class_name="pb-mono"),
                name="model",
                label=t("start.model"),
                help_=t("start.model_help"),
            ),
            rx.box(rx.button(t("start.test_model"), size="3", type="submit")),
            direction="column",
            spacing="3",
        ),
        no_validate=True,
        on_submit=Wizard.test,
        auto_complete="off",
    )


def _repairs() -> rx.Component:
    run = GuidedTest.run
    return rx.cond(
        run.fix_value != "",
        rx.button(fix_label(run), variant="soft", size="2", type="button", on_click=Wizard.repair),
    )
