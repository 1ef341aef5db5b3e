"""Step two: only the fields this choice needs, where calls will go, and the test beside them."""

from typing import Any

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.browser import Reveal
from app.ui.kit.busy import sign
from app.ui.kit.dialog import body, foot, head
from app.ui.kit.dialog_host import stamp
from app.ui.kit.drawn import drawn
from app.ui.kit.form_parts import Again, FirstError, Forget, MoveKey, submit_as
from app.ui.kit.picker import choice, picker
from app.ui.presets.logo import logo
from app.ui.probe.ladder import fix_label, ladder
from app.ui.probe.options_dialog import how_far, model
from app.ui.provider_form.abilities import chips
from app.ui.provider_form.advanced import advanced
from app.ui.provider_form.connection_fields import address, calls, label, sign_in
from app.ui.provider_form.form import ProviderForm as Form
from app.ui.provider_form.probe_fixes import Repairing
from app.ui.provider_form.submission import Submission


def fields() -> rx.Component:
    """The form. It stays in the page, unseen, while the choice is shown."""
    left = stale(), label(), address(), sign_in(), calls(), chips(), advanced()
    return rx.box(
        head(
            rx.cond(Form.editing != "", t("form.edit_title", name=Form.title), rx.cond(Form.title != "", Form.title, t("form.custom"))),
            before=logo(Form.logo, Form.initials, Form.tint, size=32),
        ),
        rx.el.form(
            rx.el.input(type="hidden", name="intent", default_value="save"),
            rx.el.input(type="hidden", name="auth_type", value=Form.auth_type, read_only=True),
            rx.el.input(type="hidden", name="at_root", value=rx.cond(Form.at_root, "on", ""), read_only=True),
            stamp(),
            FirstError.create(seq=Form.error_seq),
            Forget.create(seq=Form.forget_seq),
            MoveKey.create(seq=Form.carry_seq),
            Again.create(when=Form.again),
            body(
                rx.grid(
                    rx.flex(*left, direction="column", spacing="4", min_width="0"),
                    _side(),
                    columns=rx.breakpoints(initial="1", md="1fr 340px"),
                    spacing="6",
                    align="start",
                )
            ),
            _buttons(),
            on_submit=Submission.submit,
            key=Form.ticket,
            no_validate=True,
            auto_complete="off",
        ),
        style={"display": rx.cond(Form.step == "fields", "contents", "none")},
    )


def stale() -> rx.Component:
    """Somebody else saved it in between."""
    return rx.cond(
        Form.stale != "",
        rx.callout.root(
            rx.callout.icon(rx.icon("git-compare", size=18, aria_hidden="true")),
            rx.callout.text(rx.text(t("form.stale_title"), weight="bold", as_="span"), " ", t("form.stale_text", changes=Form.stale)),
            rx.button(t("form.stale_reload"), variant="soft", size="2", type="button", on_click=Form.reload),
            color_scheme="amber",
            size="1",
            high_contrast=True,
            role="alert",
        ),
    )


def _side() -> rx.Component:
    idle = rx.flex(
        rx.icon("list-checks", size=20, color="var(--gray-9)", aria_hidden="true"),
        rx.text(t("form.test_side"), size="2", color_scheme="gray"),
        rx.text(t("form.stays"), size="2", color_scheme="gray"),
        direction="column",
        spacing="2",
    )
    return rx.box(
        Reveal.create(when=Form.testing),
        rx.cond(Form.tested, ladder(Form.run, repairs=_repairs()), idle),
        rx.cond(Form.editing != "", rx.box(model(Form.models, asked=Form.asked_model, within="form"), padding_top="16px")),
        padding="16px",
        border_radius="var(--radius-4)",
        border=rx.cond(Form.tested, "1px solid var(--gray-a4)", "1px dashed var(--gray-a5)"),
        min_width="0",
    )


def _repairs() -> rx.Component:
    """What the form can do about it by itself; the test runs again afterwards."""
    looks: dict[str, Any] = {"variant": "soft", "size": "2", "type": "button"}
    known = rx.button(fix_label(Form.run), on_click=Repairing.repair, **looks)
    key = rx.button(t("fix.replace_key"), on_click=Form.replace_key(True), **looks)
    fitting = (Form.run.fix == "test_chat") | ((Form.run.fix == "add_key") & (Form.auth_type == "none"))
    others = rx.foreach(Form.models, lambda one: choice(one.model, one.model))
    other = picker(t("fix.choose_model"), [choice(t("fix.choose_model"), ""), others], value="", on_change=Repairing.ask_model)
    return rx.fragment(
        rx.cond((Form.run.fix_value != "") | fitting, known),
        rx.cond((Form.run.fix == "replace_key") & Form.has_key & ~Form.replacing, key),
        rx.cond((Form.run.fix == "choose_model") & (drawn(Form.models).length() > 0), other),
    )


def _buttons() -> rx.Component:
    red = (Form.run.outcome == "failed") & ~Form.testing
    return foot(
        rx.cond(
            Form.editing == "",
            rx.button(
                rx.icon("arrow-left", size=16),
                t("common.back"),
                variant="ghost",
                color_scheme="gray",
                size="3",
                type="button",
                on_click=Form.back,
                margin_left="0",
            ),
        ),
        rx.spacer(),
        how_far(size="3"),
        rx.button(
            sign("activity", Form.testing),
            t("form.test"),
            variant="soft",
            size="3",
            type="button",
            aria_busy=Form.testing,
            on_click=submit_as("test"),
        ),
        rx.button(
            sign("check", Form.saving),
            rx.cond(red, t("form.save_anyway"), t("form.save")),
            size="3",
            type="submit",
            aria_busy=Form.saving,
            min_width="96px",
        ),
    )
