"""The wizard's second step: only what the choice needs."""

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.dialog_host import Kept
from app.ui.kit.form_parts import FirstError, Forget
from app.ui.pages.start import step_layout
from app.ui.pages.start.wizard import Wizard
from app.ui.provider_form.connection_fields import address_field, asks, calls, kinds, label
from app.ui.provider_form.form import CUSTOM
from app.ui.provider_form.form import ProviderForm as Form


def connect() -> rx.Component:
    """The fields. What is typed is saved first, then tested."""
    is_custom = Form.preset == CUSTOM
    title = rx.cond(Wizard.label != "", t("start.connect_title", name=Wizard.label), t("start.connect_custom"))
    more = rx.el.details(
        rx.el.summary(rx.text(t("start.more"), size="2", as_="span")),
        rx.flex(
            label(),
            rx.cond(Form.address_folded, address_field()),
            rx.cond(is_custom, rx.fragment(), kinds()),
            direction="column",
            spacing="4",
            padding_top="12px",
        ),
        class_name="pb-details",
    )
    return rx.flex(
        step_layout.heading(title, t("start.connect_text")),
        rx.el.form(
            rx.el.input(type="hidden", name="auth_type", value=Form.auth_type, read_only=True),
            rx.el.input(type="hidden", name="at_root", value=rx.cond(Form.at_root, "on", ""), read_only=True),
            FirstError.create(seq=Form.error_seq),
            Kept.create(scope=rx.cond(Wizard.provider != "", Wizard.provider, Wizard.preset)),
            Forget.create(seq=Form.forget_seq),
            rx.flex(
                rx.cond(Form.address_folded, rx.fragment(), address_field()),
                rx.cond(is_custom, kinds()),
                asks(),
                calls(),
                more,
                step_layout.foot(
                    step_layout.back(Wizard.start_over, t("start.choose_other")),
                    rx.button(t("start.save_test"), size="3", type="submit", loading=Wizard.saving),
                ),
                direction="column",
                spacing="4",
            ),
            on_submit=Wizard.connect,
            key=Form.ticket,
            no_validate=True,
            auto_complete="off",
            style={"maxWidth": "560px"},
            custom_attrs={"data-kept": "true"},
        ),
        direction="column",
        spacing="5",
    )
