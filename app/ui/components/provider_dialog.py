"""The dialog that adds and edits a provider: choice, fields, what was found."""

import reflex as rx

from app.ui.components.choice import choice
from app.ui.components.provider_fields import fields
from app.ui.components.saved import saved
from app.ui.components.sheet import sheet
from app.ui.state.provider_form import ADD, EDIT, ProviderForm
from app.ui.words import t


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
