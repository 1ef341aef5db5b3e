"""The wizard's first step: where do the models run."""

import reflex as rx

from app.ui.components import guided
from app.ui.components.choice import doors
from app.ui.components.local_servers import local_servers
from app.ui.state.wizard import Wizard
from app.ui.words import t


def choose() -> rx.Component:
    """Servers nearby, known providers, Custom Provider."""
    return rx.flex(
        guided.heading(t("start.choose_title"), t("start.choose_text"), with_logo=False),
        local_servers(Wizard.take_found),
        doors(Wizard.choose),
        direction="column",
        spacing="5",
    )
