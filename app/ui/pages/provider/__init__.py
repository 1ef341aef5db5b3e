"""Provider: everything about one of them, its keys above all."""

import reflex as rx

from app.ui.i18n import Language, t
from app.ui.kit import empty
from app.ui.kit.browser import Pulse, Slash
from app.ui.kit.drawn import drawn
from app.ui.kit.url_query import Whereabouts
from app.ui.page import Page
from app.ui.pages.provider.keys.key_dialog import key_dialog
from app.ui.pages.provider.keys.key_table import remove_question
from app.ui.pages.provider.keys.rotation_wizard import rotation_wizard
from app.ui.pages.provider.provider_head import provider_head
from app.ui.pages.provider.provider_page import ProviderPage
from app.ui.pages.provider.provider_tabs import provider_tabs
from app.ui.probe.batch_dialog import batch_dialog
from app.ui.probe.options_dialog import test_dialog
from app.ui.provider.delete_question import delete_question
from app.ui.provider.duplicate_dialog import duplicate_dialog
from app.ui.provider.next_default import off_question
from app.ui.provider_form.provider_dialog import provider_dialog
from app.ui.session.live import Live


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
        delete_question(ProviderPage, drawn(ProviderPage.card)),
        off_question(),
        Slash.create(),
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
