"""How a provider is reached: name, address, sign-in, and where calls will go. Parts of the dialog's form and of the wizard's."""

from typing import Any

import reflex as rx

from app.ui.i18n import t, t_code
from app.ui.kit import field
from app.ui.kit.drawn import Drawn, drawn
from app.ui.provider_form.form import CUSTOM, GUIDED
from app.ui.provider_form.form import ProviderForm as Form
from app.ui.provider_form.key_field import asked
from app.ui.provider_form.token_now import token_now


def _mirrored(handler: Any) -> dict[str, Any]:
    """Tell the handler what is typed: a moment after the last key, and at once when the field is left. With the seed of the field it
    was typed into, so that what arrives after another choice is dropped."""
    return {
        "on_change": lambda text: handler(Form.seed, text).debounce(250),
        "on_blur": lambda text: handler(Form.seed, text),
    }


def label() -> rx.Component:
    """How people call it."""
    return field.field(
        field.text(
            "label",
            Form.errors,
            default_value=Form.label,
            **_mirrored(Form.type_label),
            key=Form.seed,
            auto_focus=((Form.preset == CUSTOM) | ((Form.editing != "") & ~Form.replacing)) & (Form.step != GUIDED),
        ),
        name="label",
        label=t("form.label"),
        help_=t("form.label_help"),
        error=field.error_of(Form.errors, "label"),
    )


def address() -> rx.Component:
    """The address, folded away where the preset knows it."""
    folded = rx.el.details(
        rx.el.summary(rx.text(t("form.address_show"), size="2", as_="span")),
        rx.box(address_field(), padding_top="8px"),
        class_name="pb-details",
    )
    return rx.cond(Form.address_folded, folded, address_field())


def address_field() -> rx.Component:
    """The address, to be typed."""
    return field.field(
        field.text(
            "base_url",
            Form.errors,
            default_value=Form.base_url,
            **_mirrored(Form.type_address),
            key=Form.seed,
            placeholder="https://api.example.com/v1",
            input_mode="url",
            class_name="pb-mono",
        ),
        name="base_url",
        label=t("form.address"),
        help_=rx.cond(Form.address_error != "", Form.address_error, t("form.address_help")),
        error=field.error_of(Form.errors, "base_url"),
    )


def sign_in() -> rx.Component:
    """How it signs in, where that is a choice, and what that asks for."""
    return rx.fragment(kinds(), asks(), token_now())


def asks() -> rx.Component:
    """The fields that the auth type declares."""
    return rx.fragment(rx.foreach(Form.asks, asked))


def kinds() -> rx.Component:
    """The choice of the auth type; where there is only one, nothing."""
    shown = rx.radio_group.root(
        rx.flex(rx.foreach(Form.auth_types, _way), wrap="wrap", spacing="4"),
        value=Form.auth_type,
        on_change=Form.choose_auth,
        aria_label=t("form.auth"),
        size="2",
    )
    return rx.cond(
        drawn(Form.auth_types).length() > 1,
        rx.flex(rx.text(t("form.auth"), size="2", weight="medium"), shown, direction="column", spacing="1", align="start"),
    )


def _way(kind: Drawn) -> rx.Component:
    radio = rx.radio_group.item(value=kind)
    return rx.text(rx.flex(radio, t_code("auth_type", kind), spacing="2", align="center"), as_="label", size="2", key=kind)


def calls() -> rx.Component:
    """The permanent line. It never hides, so that nobody sends a key to the wrong place."""
    target = rx.cond(
        Form.calls_to != "",
        rx.text(Form.calls_to, size="2", class_name="pb-mono", style={"overflowWrap": "anywhere"}),
        rx.text(t("form.calls_unknown"), size="2", color_scheme="gray"),
    )
    return rx.box(
        rx.text(t("form.calls_go_to"), size="1", color_scheme="gray"),
        target,
        rx.foreach(Form.notes, lambda note: rx.text(t_code("form.note", note), size="1", color_scheme="gray")),
        _root(),
        rx.cond(
            Form.is_local,
            rx.flex(
                rx.icon("house", size=14, aria_hidden="true", flex_shrink="0", margin_top="2px"),
                rx.text(t("form.is_local"), size="1"),
                spacing="2",
                margin_top="4px",
                color="var(--gray-11)",
            ),
        ),
        padding="12px",
        border_radius="var(--radius-3)",
        background="var(--gray-a2)",
        border="1px solid var(--gray-a3)",
        aria_live="polite",
    )


def _root() -> rx.Component:
    """The way out of the rule that an address without a path gets /v1, and back."""

    def turn(word: Drawn, on: bool) -> rx.Component:
        return rx.button(word, variant="ghost", size="1", type="button", on_click=Form.choose_root(on), margin_top="4px")

    return rx.cond(
        drawn(Form.notes).contains("version_added"),
        turn(t("form.leave_out"), True),
        rx.cond(drawn(Form.notes).contains("at_root"), turn(t("form.add_version"), False)),
    )
