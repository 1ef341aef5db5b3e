"""The fields that say what a key for an application may do: which providers, which models, how often, until when."""

import reflex as rx
from reflex.event import EventType

from app.ui.client_keys.client_keys import ClientKeys
from app.ui.client_keys.key_rights import ALL, NEW_MODEL, SOME, KeyRights
from app.ui.i18n import t
from app.ui.kit import field
from app.ui.kit.drawn import Drawn, drawn
from app.ui.kit.picker import choice, picker
from app.ui.session.session import SessionState

_ADDING = "add-model"  # the form that the field for another model belongs to: Enter adds it, and does not save the key


def restrictions() -> rx.Component:
    """Providers, models and requests a minute, of a key that calls models."""
    return rx.fragment(
        _which("providers", KeyRights.which_providers, KeyRights.choose_providers, _providers()),
        _which("models", KeyRights.which_models, KeyRights.choose_models, _models()),
        field.field(
            field.text(
                "requests_per_minute",
                ClientKeys.errors,
                default_value=KeyRights.per_minute,
                input_mode="numeric",
                placeholder=t("form.no_limit"),
                key=KeyRights.seed,
            ),
            name="requests_per_minute",
            label=t("client_keys.per_minute"),
            help_=t("client_keys.per_minute_help"),
            error=field.error_of(ClientKeys.errors, "requests_per_minute"),
            optional=True,
        ),
    )


def until() -> rx.Component:
    """The day a key ends."""
    return field.field(
        field.text("expires_at", ClientKeys.errors, type="date", default_value=KeyRights.expires_at, key=KeyRights.seed),
        name="expires_at",
        label=t("client_keys.expires"),
        help_=rx.fragment(t("client_keys.expires_help"), rx.el.br(), t("common.day_ends", zone=SessionState.zone)),
        error=field.error_of(ClientKeys.errors, "expires_at"),
        optional=True,
    )


def adding() -> rx.Component:
    """The form of the field for another model. Stands beside the key's form: one form cannot hold another."""
    return rx.el.form(id=_ADDING, on_submit=KeyRights.add_model, no_validate=True, auto_complete="off", style={"position": "absolute"})


def _which(name: str, value: Drawn, on_change: EventType[str], some: rx.Component) -> rx.Component:
    label = t(f"client_keys.{name}")
    chosen = picker(
        label, [choice(t(f"client_keys.all_{name}"), ALL), choice(t(f"client_keys.some_{name}"), SOME)], value=value, on_change=on_change
    )
    error = field.error_of(ClientKeys.errors, name)
    return rx.flex(
        rx.text(label, size="2", weight="medium"),
        rx.box(chosen),
        rx.cond(value == SOME, some),
        rx.box(rx.cond(error != "", rx.text(error, size="1", color_scheme="red", weight="medium")), aria_live="polite", id=f"{name}-error"),
        direction="column",
        spacing="2",
        role="group",
        aria_label=label,
        tab_index=-1,
        custom_attrs={"data-invalid": rx.cond(error != "", "true", "false"), "aria-describedby": f"{name}-error"},
    )


def _providers() -> rx.Component:
    return rx.flex(
        rx.foreach(
            KeyRights.providers,
            lambda tick: rx.text(
                rx.flex(
                    rx.box(
                        rx.checkbox(checked=tick.on, on_change=lambda on: KeyRights.tick(tick.name, on), aria_label=tick.label, size="2"),
                        flex_shrink="0",
                    ),
                    rx.text(tick.label, as_="span", style={"overflowWrap": "anywhere"}),
                    spacing="2",
                    align="center",
                ),
                as_="label",
                size="2",
                key=tick.name,
            ),
        ),
        direction="column",
        spacing="2",
        max_height="200px",
        overflow_y="auto",
        padding="4px",
        tab_index=0,
        role="group",
        aria_label=t("client_keys.some_providers"),
    )


def _models() -> rx.Component:
    typed = rx.input(
        id=NEW_MODEL,
        name=NEW_MODEL,
        list="models-nameable",
        placeholder="openai/gpt-4o",
        aria_label=t("client_keys.add_model"),
        size="3",
        flex="1",
        min_width="0",
        key=KeyRights.typed,
        auto_complete="off",
        class_name="pb-mono",
        custom_attrs={"form": _ADDING, "data-unguarded": "true"},
    )
    add = rx.button(t("client_keys.add_model"), type="submit", variant="soft", size="3", custom_attrs={"form": _ADDING})
    return rx.flex(
        rx.cond(drawn(KeyRights.models).length() > 0, rx.el.ul(rx.foreach(KeyRights.models, _model), class_name="pb-plain")),
        rx.flex(typed, add, spacing="2", width="100%"),
        rx.el.datalist(rx.foreach(KeyRights.known, lambda model: rx.el.option(value=model)), id="models-nameable"),
        rx.text(t("client_keys.models_help"), size="1", color_scheme="gray"),
        direction="column",
        spacing="2",
    )


def _model(model: Drawn) -> rx.Component:
    drop = rx.icon_button(
        rx.icon("x", size=14),
        variant="ghost",
        color_scheme="gray",
        size="1",
        type="button",
        aria_label=t("client_keys.drop_model", name=model),
        on_click=KeyRights.drop_model(model),
    )
    name = rx.text(model, size="2", class_name="pb-mono", style={"overflowWrap": "anywhere"})
    return rx.el.li(rx.flex(name, rx.spacer(), drop, align="center", spacing="3", padding="6px 4px"), key=model)
