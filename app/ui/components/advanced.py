"""The folded part of the provider form."""

import reflex as rx

from app.ui.components import field
from app.ui.components.abilities import choices
from app.ui.state.provider_form import ProviderForm as Form
from app.ui.words import t


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
            field.text("default_model", errors, default_value=Form.default_model, class_name="pb-mono"),
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
                        max_length=500,
                        rows="2",
                    ),
                    name="description",
                    label=t("form.description"),
                    help_=t("form.description_help"),
                    error=field.error_of(errors, "description"),
                    optional=True,
                ),
                field.field(
                    field.text("first_byte_seconds", errors, default_value=Form.first_byte, input_mode="decimal", placeholder="120"),
                    name="first_byte_seconds",
                    label=t("form.first_byte"),
                    help_=t("form.first_byte_help"),
                    error=field.error_of(errors, "first_byte_seconds"),
                    optional=True,
                ),
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
