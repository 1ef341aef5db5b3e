"""The folded part of the provider form."""

from dataclasses import asdict

import reflex as rx

from app.domain.providers.provider import ProviderLimits
from app.domain.snapshot import Timeouts
from app.ui.i18n import t
from app.ui.kit import field
from app.ui.kit.drawn import drawn
from app.ui.probe.options_dialog import suggestion
from app.ui.provider_form.abilities import choices
from app.ui.provider_form.form import ProviderForm as Form

# Our limits where a provider has none of its own (`domain.snapshot.Timeouts`).
USUAL = {f"{name}_seconds": f"{seconds:g}" for name, seconds in asdict(Timeouts()).items()}


def advanced() -> rx.Component:
    """The model to begin with, and what hardly anybody needs, folded."""
    errors = Form.errors
    new_only = rx.cond(
        Form.editing == "",
        field.field(
            field.text("name", errors, default_value=Form.name),
            name="name",
            label=t("form.name"),
            help_=t("form.name_help", name="name"),
            error=field.error_of(errors, "name"),
            optional=True,
        ),
    )
    return rx.fragment(
        field.field(
            field.text(
                "default_model",
                errors,
                default_value=Form.default_model,
                key=Form.default_model,
                list="models-known",
                class_name="pb-mono",
            ),
            extra=rx.el.datalist(rx.foreach(Form.models, suggestion), id="models-known"),
            name="default_model",
            label=rx.cond(Form.editing != "", t("form.default_model"), t("form.model")),
            help_=rx.cond(Form.editing != "", t("form.default_model_help"), t("form.model_help")),
            error=field.error_of(errors, "default_model"),
            optional=True,
        ),
        rx.el.details(
            rx.el.summary(rx.text(t("form.advanced"), size="2", weight="medium", as_="span")),
            rx.flex(
                new_only,
                field.field(
                    rx.text_area(
                        **field.wired("description", field.error_of(errors, "description")),
                        default_value=Form.description,
                        rows="2",
                    ),
                    name="description",
                    label=t("form.description"),
                    help_=t("form.description_help"),
                    error=field.error_of(errors, "description"),
                    optional=True,
                ),
                field.field(
                    field.text("tags", errors, default_value=Form.tags, key=Form.seed),
                    name="tags",
                    label=t("form.tags"),
                    help_=t("form.tags_help"),
                    error=field.error_of(errors, "tags"),
                    optional=True,
                ),
                *[_limit(name, usual) for name, usual in USUAL.items()],
                *[_most(name) for name in ProviderLimits.model_fields],
                rx.text(
                    rx.flex(
                        rx.checkbox(name="only_listed_models", default_checked=Form.only_listed),
                        t("form.only_listed"),
                        spacing="2",
                        align="center",
                    ),
                    as_="label",
                    size="2",
                ),
                choices(),
                direction="column",
                spacing="4",
                padding_top="12px",
            ),
            class_name="pb-details",
        ),
    )


def _limit(name: str, usual: str) -> rx.Component:
    """One time limit of the provider."""
    helped = t("form.first_byte_help") if name == "first_byte_seconds" else t("form.limit_usual", seconds=usual)
    value = rx.cond(drawn(Form.limits).contains(name), drawn(Form.limits)[name], "")
    return field.field(
        field.text(name, Form.errors, default_value=value, input_mode="decimal", placeholder=usual, key=Form.seed),
        name=name,
        label=t(f"form.limit_{name}"),
        help_=helped,
        error=field.error_of(Form.errors, name),
        optional=True,
    )


def _most(name: str) -> rx.Component:
    """How many calls go to the provider at most."""
    value = rx.cond(drawn(Form.allowed).contains(name), drawn(Form.allowed)[name], "")
    return field.field(
        field.text(name, Form.errors, default_value=value, input_mode="numeric", placeholder=t("form.no_limit"), key=Form.seed),
        name=name,
        label=t(f"form.limit_{name}"),
        help_=t(f"form.limit_{name}_help"),
        error=field.error_of(Form.errors, name),
        optional=True,
    )
