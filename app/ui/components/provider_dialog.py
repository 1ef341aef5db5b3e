"""The dialog that adds and edits a provider: choice, fields, what was found."""

import reflex as rx

from app.ui.components.choice import choice
from app.ui.components.provider_fields import fields
from app.ui.components.saved import saved
from app.ui.components.sheet import question, sheet
from app.ui.state.provider_form import ProviderForm
from app.ui.words import t


def provider_dialog() -> rx.Component:
    """One per page that can open it. The fields stay in the page while the choice is shown, so nothing typed is lost."""
    return rx.fragment(
        sheet(
            rx.cond(ProviderForm.step == "choose", choice()),
            rx.cond((ProviderForm.step != "saved") & (ProviderForm.preset != ""), fields()),
            rx.cond(ProviderForm.step == "saved", saved()),
            open_=ProviderForm.is_open,
            on_open_change=ProviderForm.ask_close,
            width="920px",
            description=t("form.dialog"),
        ),
        question(
            open_=ProviderForm.leaving,
            title=t("unsaved.title"),
            text=t("unsaved.text"),
            yes=t("unsaved.discard"),
            on_yes=ProviderForm.discard,
            no=t("unsaved.stay"),
            on_no=ProviderForm.stay,
        ),
    )
