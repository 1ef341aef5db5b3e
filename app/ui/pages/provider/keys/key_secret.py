"""How a key is given in the dialogs: typed into fields that no var knows, or named by the place where it lives."""

import reflex as rx

from app.ui.i18n import t, t_code
from app.ui.kit import field
from app.ui.kit.drawn import Drawn
from app.ui.pages.provider.keys.key_draft import FILE, PASTE, PLACE, VARIABLE
from app.ui.pages.provider.keys.key_form import SEVERAL

_SECRET: dict[str, str] = {"autoComplete": "off", "data-1p-ignore": "true", "data-lpignore": "true"}


def given(state: Drawn, *, several: Drawn = False) -> rx.Component:
    """The choice of the way, and the fields that follow from it. `state` has way, fields, errors and choose_way; `several`: whether more
    than one key may be pasted."""
    pasted = rx.cond(several, _lines(state), rx.foreach(state.fields, lambda f: _secret(state, f)))
    places = rx.foreach(state.fields, lambda f: _place(state, f))
    return rx.flex(
        rx.segmented_control.root(
            rx.segmented_control.item(t("key_form.way_paste"), value=PASTE),
            rx.segmented_control.item(t("key_form.way_env"), value=VARIABLE),
            rx.segmented_control.item(t("key_form.way_file"), value=FILE),
            value=state.way,
            on_change=lambda way: state.choose_way(way.to(str)),
            aria_label=t("key_form.way"),
            width="100%",
        ),
        rx.cond(state.way == PASTE, pasted, places),
        direction="column",
        spacing="3",
    )


def _lines(state: Drawn) -> rx.Component:
    name = f"secret.{SEVERAL}"
    error = field.error_of(state.errors, name)
    return field.field(
        rx.el.textarea(
            **field.wired(name, error),
            rows="4",
            spell_check=False,
            auto_focus=True,
            class_name="pb-paste pb-mono",
            custom_attrs=_SECRET | {"data-secret": "true"},
        ),
        name=name,
        label=t("key_form.keys"),
        help_=t("key_form.keys_help"),
        error=error,
    )


def _secret(state: Drawn, f: Drawn) -> rx.Component:
    name = f"secret.{f.word}"
    error = field.error_of(state.errors, name)
    return field.field(
        rx.input(
            **field.wired(name, error),
            type="password",
            size="3",
            width="100%",
            spell_check=False,
            class_name="pb-mono",
            custom_attrs=_SECRET | {"autoComplete": "new-password"},
        ),
        name=name,
        label=t_code("auth", f.word),
        help_=t_code("auth_help", f.word),
        error=error,
    )


def _place(state: Drawn, f: Drawn) -> rx.Component:
    name = f"{PLACE}{f.word}"
    error = field.error_of(state.errors, name)
    is_file = state.way == FILE
    return field.field(
        rx.input(
            **field.wired(name, error),
            placeholder=rx.cond(is_file, "/run/secrets/openai", "PATCHBAY_SECRET_OPENAI"),
            size="3",
            width="100%",
            auto_complete="off",
            spell_check=False,
            class_name="pb-mono",
            key=state.way,
        ),
        name=name,
        label=rx.cond(is_file, t("key_form.file_of", what=t_code("auth", f.word)), t("key_form.variable_of", what=t_code("auth", f.word))),
        help_=rx.cond(is_file, t("key_form.file_help"), t("key_form.variable_help")),
        error=error,
    )
