"""Providers: the page an admin lands on."""

import reflex as rx

from app.ui.components.batch_dialog import batch_dialog
from app.ui.components.browser import Pulse, Whereabouts
from app.ui.components.duplicate_dialog import duplicate_dialog
from app.ui.components.how_to_test import test_dialog
from app.ui.components.next_default import off_question
from app.ui.components.paste_dialog import paste_dialog
from app.ui.components.provider_dialog import provider_dialog
from app.ui.components.provider_list import delete_question, listing, searching
from app.ui.page import Nav, Page
from app.ui.state.live import Live
from app.ui.state.providers import Providers
from app.ui.words import Language


def content() -> rx.Component:
    """The list and its dialogs. Looks anew whenever something changed anywhere, or another language was chosen."""
    return rx.fragment(
        Whereabouts.create(query=Providers.query, at="/", on_move=Providers.arrive),
        listing(),
        provider_dialog(),
        paste_dialog(),
        duplicate_dialog(),
        delete_question(),
        off_question(),
        test_dialog(),
        batch_dialog(),
        searching(),
        Pulse.create(beat=f"{Live.beat} {Language.code}", on_beat=Providers.follow),
    )


PAGE = Page(route="/", title="nav.providers", content=content, nav=Nav("plug", order=10), on_load=(Providers.arrive,))
