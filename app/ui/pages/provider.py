"""Provider: everything about one of them, its keys above all."""

import reflex as rx

from app.ui.components import empty
from app.ui.components.batch_dialog import batch_dialog
from app.ui.components.browser import Pulse, Whereabouts
from app.ui.components.drawn import drawn
from app.ui.components.duplicate_dialog import duplicate_dialog
from app.ui.components.how_to_test import test_dialog
from app.ui.components.key_dialog import key_dialog
from app.ui.components.key_table import remove_question
from app.ui.components.next_default import off_question
from app.ui.components.provider_dialog import provider_dialog
from app.ui.components.provider_head import delete_question, provider_head
from app.ui.components.provider_list import searching
from app.ui.components.provider_tabs import provider_tabs
from app.ui.components.rotation_wizard import rotation_wizard
from app.ui.page import Page
from app.ui.state.live import Live
from app.ui.state.provider_page import ProviderPage
from app.ui.words import Language, t


def content() -> rx.Component:
    """Head and tabs. Looks anew whenever something changed anywhere, or another language was chosen."""
    back = rx.button(t("not_found.back"), variant="soft", on_click=rx.redirect("/"))
    gone = empty.empty("unplug", t("provider_page.gone"), t("provider_page.gone_text"), back)
    shown = rx.flex(provider_head(), provider_tabs(), direction="column", spacing="5")
    return rx.fragment(
        Whereabouts.create(query=ProviderPage.query, at=ProviderPage.path, on_move=ProviderPage.load),
        Pulse.create(beat=f"{Live.beat} {Language.code}", on_beat=ProviderPage.follow),
        rx.cond(ProviderPage.gone, gone, rx.cond(drawn(ProviderPage.card).is_not_none(), shown, empty.loading("240px", 2))),
        provider_dialog(),
        duplicate_dialog(),
        test_dialog(),
        batch_dialog(),
        key_dialog(),
        rotation_wizard(),
        remove_question(),
        delete_question(),
        off_question(),
        searching(),
    )


def subject() -> rx.Var[str]:
    """The name of the provider."""
    return rx.cond(drawn(ProviderPage.card).is_not_none(), drawn(ProviderPage.card).label, "")


PAGE = Page(
    route="/providers/[provider_name]",
    title="provider_page.title",
    content=content,
    within="/",
    subject=subject,
    on_load=(ProviderPage.load,),
)
