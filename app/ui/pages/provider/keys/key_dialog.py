"""The dialog that adds keys, what became of each line, and the dialog that changes one."""

from typing import Any

import reflex as rx
from reflex.event import EventType

from app.domain.credentials.credential import KeyState
from app.ui.i18n import t
from app.ui.kit import field
from app.ui.kit.dialog import body, cancel, foot, head, sheet
from app.ui.kit.dialog_host import close, stamp
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.form_parts import FirstError
from app.ui.kit.options import options
from app.ui.pages.provider.keys import key_secret
from app.ui.pages.provider.keys.key_draft import PASTE
from app.ui.pages.provider.keys.key_form import ADD, EDIT, KeyForm
from app.ui.session.session import SessionState


def key_dialog() -> rx.Component:
    """Adding and editing; one for the page."""
    looks: dict[str, Any] = {"width": "640px", "description": t("key_form.about")}
    return rx.fragment(
        sheet(rx.cond(KeyForm.step == "added", _added(), _add()), kinds=(ADD,), **looks),
        sheet(_edit(), kinds=(EDIT,), **looks),
    )


def _add() -> rx.Component:
    save = rx.button(rx.icon("plus", size=16, aria_hidden="true"), t("key_form.add"), size="3", type="submit")
    several = KeyForm.one_a_line & (KeyForm.way == PASTE)
    use = _states((KeyState.ACTIVE, KeyState.STANDBY))
    return rx.fragment(
        head(t("keys.add_to", name=KeyForm.provider_label)),
        _form(KeyForm.submit, (key_secret.given(KeyForm, several=several), _label(), use, _more(rx.fragment())), save),
    )


def _edit() -> rx.Component:
    use = rx.cond(KeyForm.can_switch, _states((KeyState.ACTIVE, KeyState.STANDBY, KeyState.DISABLED)))
    save = rx.button(t("common.save"), size="3", type="submit")
    return rx.fragment(
        head(t("key_form.edit_title", name=KeyForm.label)), _form(KeyForm.save, (_label(), use, _more(_priority(), is_open=True)), save)
    )


def _added() -> rx.Component:
    return rx.fragment(
        head(t("key_form.added_title")),
        body(rx.el.ol(rx.foreach(KeyForm.results, _line), class_name="pb-plain pb-finds", aria_label=t("key_form.added_title"))),
        foot(rx.button(t("common.done"), size="3", on_click=close())),
    )


def _line(one: Drawn) -> rx.Component:
    good = rx.flex(
        rx.text(one.label, size="2", weight="medium"),
        rx.text(one.hint, size="1", class_name="pb-mono"),
        spacing="2",
        align="center",
    )
    warned = rx.cond(one.also_at != "", rx.text(t("key_form.also_at", places=one.also_at), size="1", color="var(--amber-11)"))
    is_stored = one.problem == ""
    return rx.el.li(
        rx.flex(
            rx.cond(
                is_stored,
                rx.icon("circle-check", size=16, color="var(--green-11)", role="img", aria_label=t("key_form.line_ok")),
                rx.icon("circle-x", size=16, color="var(--red-11)", role="img", aria_label=t("key_form.line_failed")),
            ),
            rx.text(t("key_form.line", n=one.line), size="1", color_scheme="gray", white_space="nowrap", min_width="56px"),
            rx.box(rx.cond(is_stored, good, rx.text(one.problem, size="2")), warned, min_width="0", flex="1"),
            spacing="3",
            align="center",
        ),
        style={"padding": "10px 0"},
        key=one.line,
    )


def _form(on_submit: EventType[dict[str, str]], parts: tuple[rx.Component, ...], save: rx.Component) -> rx.Component:
    return rx.el.form(
        FirstError.create(seq=KeyForm.error_seq),
        stamp(),
        body(rx.flex(*parts, direction="column", spacing="4")),
        foot(cancel(), save),
        on_submit=on_submit,
        key=KeyForm.ticket,
        no_validate=True,
        auto_complete="off",
    )


def _label() -> rx.Component:
    return field.field(
        field.text("label", KeyForm.errors, default_value=KeyForm.label),
        name="label",
        label=t("key_form.label"),
        help_=t("key_form.label_help"),
        error=field.error_of(KeyForm.errors, "label"),
        optional=True,
    )


def _states(which: tuple[KeyState, ...]) -> rx.Component:
    return options(
        [(s.value, t(f"key_form.state_{s.value}"), t(f"key_form.state_{s.value}_help")) for s in which],
        value=KeyForm.state,
        on_choose=KeyForm.choose_state,
        label=t("key_form.state"),
        columns=rx.breakpoints(initial="1", sm=str(len(which))),
    )


def _more(extra: rx.Component, *, is_open: bool = False) -> rx.Component:
    """The date and the numbers; folded where hardly anybody needs them."""
    parts = rx.flex(
        field.field(
            field.text("expires_at", KeyForm.errors, type="date", default_value=KeyForm.expires_on),
            name="expires_at",
            label=t("key_form.expires"),
            help_=rx.fragment(t("key_form.expires_help"), rx.el.br(), t("common.day_ends", zone=SessionState.zone)),
            error=field.error_of(KeyForm.errors, "expires_at"),
            optional=True,
        ),
        extra,
        field.field(
            field.text("weight", KeyForm.errors, default_value=drawn(KeyForm.weight).to_string(), input_mode="numeric"),
            name="weight",
            label=t("key_form.weight"),
            help_=t("key_form.weight_help"),
            error=field.error_of(KeyForm.errors, "weight"),
        ),
        direction="column",
        spacing="4",
        padding_top="12px",
    )
    if is_open:
        return parts
    return rx.el.details(rx.el.summary(rx.text(t("key_form.more"), size="2", weight="medium", as_="span")), parts, class_name="pb-details")


def _priority() -> rx.Component:
    return field.field(
        field.text("priority", KeyForm.errors, default_value=drawn(KeyForm.priority).to_string(), input_mode="numeric"),
        name="priority",
        label=t("key_form.priority"),
        help_=t("key_form.priority_help"),
        error=field.error_of(KeyForm.errors, "priority"),
    )
