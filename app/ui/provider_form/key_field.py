"""A field of the auth type. A secret is typed into an input that no var knows; a saved one shows as ••••4f2a with Replace."""

from typing import Any

import reflex as rx

from app.ui import i18n
from app.ui.i18n import t, t_code
from app.ui.kit import field
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.form_parts import Carried, Suspect
from app.ui.provider_form.form import CUSTOM, GUIDED
from app.ui.provider_form.form import ProviderForm as Form


def asked(ask: Drawn) -> rx.Component:
    """One field that the auth type declares. Of several saved secrets one row stands for all: they are replaced together."""
    kept = rx.cond(ask.is_first, _kept(ask))
    readable = rx.cond(drawn(ask.options).length() > 0, _choice(ask), _plain(ask))
    secret = rx.cond(drawn(Form.keys) > 1, rx.cond(ask.is_first, _several()), rx.cond(Form.has_key & ~Form.replacing, kept, _secret(ask)))
    drawn_as = rx.cond(ask.secret, secret, readable)
    # Another way to sign in has other fields: what was typed into the old ones must not stay in their place.
    return rx.fragment(drawn_as, key=ask.name)


def _several() -> rx.Component:
    """Several saved keys: each is replaced on the provider's page. To another host they do not come along."""
    moved = rx.callout.root(
        rx.callout.icon(rx.icon("shield-alert", size=18, aria_hidden="true")),
        rx.callout.text(t("form.several_moved", origin=Form.going_to, n=Form.keys)),
        color_scheme="amber",
        size="1",
        high_contrast=True,
        role="alert",
    )
    return rx.flex(
        rx.cond(Form.going_to != "", moved),
        rx.flex(
            rx.icon("key-round", size=16, color="var(--gray-10)", aria_hidden="true", flex_shrink="0"),
            rx.text(t("form.several", n=Form.keys), size="2", flex="1", min_width="0"),
            rx.link(t("form.several_open"), href=f"/providers/{Form.editing}?tab=keys", size="2", white_space="nowrap"),
            align="center",
            spacing="3",
            padding="8px 12px",
            border_radius="var(--radius-3)",
            border="1px solid var(--gray-a5)",
        ),
        direction="column",
        spacing="2",
    )


def _choice(ask: Drawn) -> rx.Component:
    def way(option: Drawn) -> rx.Component:
        radio = rx.radio_group.item(value=option.value)
        words_ = t_code("auth_option", option.word)
        return rx.text(rx.flex(radio, words_, spacing="2", align="center"), as_="label", size="2", key=option.value)

    shown = rx.radio_group.root(
        rx.flex(rx.foreach(ask.options, way), wrap="wrap", spacing="4"),
        name=ask.name,
        default_value=ask.value,
        on_change=lambda value: Form.type_field(Form.seed, ask.word, value),
        aria_label=t_code("auth", ask.word),
        size="2",
        key=Form.seed,
    )
    return rx.flex(
        rx.text(t_code("auth", ask.word), size="2", weight="medium"),
        shown,
        rx.text(t_code("auth_help", ask.word), size="1", color_scheme="gray"),
        direction="column",
        spacing="1",
        align="start",
    )


def _plain(ask: Drawn) -> rx.Component:
    error = field.error_of(Form.errors, ask.name)

    def typed(text: Any) -> Any:  # Reflex's own event types
        return Form.type_field(Form.seed, ask.word, text).debounce(250)

    return field.field(
        rx.input(
            **field.wired(ask.name, error),
            default_value=ask.value,
            size="3",
            width="100%",
            auto_complete="off",
            spell_check=False,
            class_name="pb-mono",
            key=Form.seed,
            on_change=typed,
        ),
        name=ask.name,
        label=t_code("auth", ask.word),
        help_=t_code("auth_help", ask.word),
        error=error,
        optional=~drawn(ask.required),
    )


def _secret(ask: Drawn) -> rx.Component:
    error = field.error_of(Form.errors, ask.name)
    get_one = rx.cond(
        ask.is_first & (Form.key_url != ""),
        rx.link(
            rx.flex(t("form.get_key"), rx.icon("external-link", size=13, aria_hidden="true"), spacing="1", align="center"),
            href=Form.key_url,
            is_external=True,
            size="2",
        ),
    )
    keep = rx.cond(
        ask.is_first & Form.has_key & (Form.going_to == "") & ~Form.unreadable,
        rx.button(t("form.keep"), variant="ghost", size="1", type="button", on_click=Form.replace_key(False)),
    )
    help_ = rx.cond(Form.unreadable, t("form.key_unreadable"), rx.cond(Form.has_key, t("form.replace_help"), t_code("auth_help", ask.word)))
    one_line = rx.input(
        **field.wired(ask.name, error),
        type="password",
        size="3",
        width="100%",
        class_name="pb-mono",
        spell_check=False,
        custom_attrs={"autoComplete": "new-password", "data-1p-ignore": "true", "data-lpignore": "true"},
        key=Form.preset,
        auto_focus=ask.is_first & (((Form.preset != CUSTOM) & (Form.editing == "")) | Form.replacing) & (Form.step != GUIDED),
    )
    lines = rx.text_area(
        **field.wired(ask.name, error),
        rows="5",
        size="3",
        width="100%",
        class_name="pb-mono",
        spell_check=False,
        custom_attrs={"autoComplete": "off", "data-secret": "true", "data-1p-ignore": "true", "data-lpignore": "true"},
        key=Form.preset,
    )
    return rx.box(
        rx.cond(ask.is_first, _going_to()),
        field.field(
            rx.cond(ask.multiline, lines, one_line),
            name=ask.name,
            label=t_code("auth", ask.word),
            help_=help_,
            error=error,
            optional=~drawn(ask.required),
            aside=rx.flex(keep, get_one, spacing="3", align="center"),
            extra=rx.fragment(
                Suspect.create(own=Form.own_prefixes, vendors=Form.vendor_prefixes, language=i18n.Language.code),
                Carried.create(field=ask.word, at=Form.seed),
            ),
        ),
        custom_attrs={"data-field": "secret"},
    )


def _going_to() -> rx.Component:
    return rx.cond(
        Form.going_to != "",
        rx.callout.root(
            rx.callout.icon(rx.icon("shield-alert", size=18, aria_hidden="true")),
            rx.callout.text(t("form.reentry", origin=Form.going_to)),
            color_scheme="amber",
            size="1",
            high_contrast=True,
            role="alert",
            margin_bottom="12px",
        ),
    )


def _kept(ask: Drawn) -> rx.Component:
    return rx.flex(
        rx.text(t_code("auth", ask.word), size="2", weight="medium"),
        rx.flex(
            rx.icon("key-round", size=16, color="var(--gray-10)", aria_hidden="true"),
            rx.text(rx.cond(Form.key_hint != "", Form.key_hint, "••••"), size="2", class_name="pb-mono", aria_label=t("form.keep_key")),
            rx.spacer(),
            rx.button(t("form.replace"), variant="soft", size="1", type="button", on_click=Form.replace_key(True)),
            align="center",
            spacing="2",
            padding="8px 12px",
            border_radius="var(--radius-3)",
            border="1px solid var(--gray-a5)",
        ),
        rx.cond(Form.unreadable, rx.text(t("form.key_unreadable"), size="1", color_scheme="red")),
        direction="column",
        spacing="1",
    )
