"""Providers: the page an admin lands on."""

import reflex as rx

from app.ui.i18n import Language
from app.ui.kit.browser import Pulse, Slash
from app.ui.kit.drawn import drawn
from app.ui.kit.url_query import Whereabouts
from app.ui.page import Nav, Page
from app.ui.pages.providers.paste_dialog import paste_dialog
from app.ui.pages.providers.provider_list import listing
from app.ui.probe.batch_dialog import batch_dialog
from app.ui.probe.options_dialog import test_dialog
from app.ui.provider.delete_question import delete_question
from app.ui.provider.duplicate_dialog import duplicate_dialog
from app.ui.provider.next_default import off_question
from app.ui.provider.providers import Providers
from app.ui.provider_form.provider_dialog import provider_dialog
from app.ui.session.live import Live


def content() -> rx.Component:
    """The list and its dialogs. Looks anew whenever something changed anywhere, or another language was chosen."""
    return rx.fragment(
        Whereabouts.create(query=Providers.query, at="/", on_move=Providers.arrive),
        listing(),
        provider_dialog(),
        paste_dialog(),
        duplicate_dialog(),
        delete_question(Providers, drawn(Providers.deleting)),
        off_question(),
        test_dialog(),
        batch_dialog(),
        Slash.create(),
        Pulse.create(beat=f"{Live.beat} {Language.code}", on_beat=Providers.follow),
    )


PAGE = Page(route="/", title="nav.providers", content=content, nav=Nav("plug", order=10), on_load=(Providers.arrive,))
