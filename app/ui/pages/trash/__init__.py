"""Trash: deleted providers until they are removed for good."""

import reflex as rx

from app.ui.i18n import Language
from app.ui.kit.browser import Pulse
from app.ui.page import Nav, Page
from app.ui.pages.trash.trash import Trash
from app.ui.pages.trash.trash_list import listing, purge_question
from app.ui.session.live import Live


def content() -> rx.Component:
    """The list and its question. Looks anew whenever something changed anywhere, or another language was chosen."""
    return rx.fragment(listing(), purge_question(), Pulse.create(beat=f"{Live.beat} {Language.code}", on_beat=Trash.load))


PAGE = Page(route="/trash", title="nav.trash", content=content, nav=Nav("trash-2", order=75), on_load=(Trash.load,))
