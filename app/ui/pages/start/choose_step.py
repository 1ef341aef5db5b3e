"""The wizard's first step: where do the models run."""

import reflex as rx

from app.ui.i18n import t
from app.ui.pages.start import step_layout
from app.ui.pages.start.wizard import Wizard
from app.ui.presets.local_servers import local_servers
from app.ui.provider_form.choice import doors


def choose() -> rx.Component:
    """Servers nearby, known providers, Custom Provider."""
    return rx.flex(
        step_layout.heading(t("start.choose_title"), t("start.choose_text"), with_logo=False),
        local_servers(Wizard.take_found),
        doors(Wizard.choose),
        direction="column",
        spacing="5",
    )
