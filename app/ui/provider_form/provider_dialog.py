"""The dialog that adds and edits a provider: choice, fields, what was found."""

import reflex as rx

from app.ui.i18n import t
from app.ui.kit.dialog import sheet
from app.ui.provider_form.choice import choice
from app.ui.provider_form.form import ADD, EDIT, ProviderForm
from app.ui.provider_form.provider_fields import fields
from app.ui.provider_form.saved import saved


def provider_dialog() -> rx.Component:
    """One per page that can open it. The fields stay in the page while the choice is shown, so nothing typed is lost."""
    return sheet(
        rx.cond(ProviderForm.step == "choose", choice()),
        rx.cond((ProviderForm.step != "saved") & (ProviderForm.preset != ""), fields()),
        rx.cond(ProviderForm.step == "saved", saved()),
        kinds=(ADD, EDIT),
        width="920px",
        description=t("form.dialog"),
    )
