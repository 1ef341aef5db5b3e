"""Audit: who changed what and when, and the proof that nobody touched it since."""

import reflex as rx

from app.ui.history.audit import Audit
from app.ui.history.entries import entries
from app.ui.i18n import Language
from app.ui.kit.browser import Pulse
from app.ui.kit.url_query import Whereabouts
from app.ui.page import Nav, Page
from app.ui.session.live import Live


def content() -> rx.Component:
    """The entries, the newest first."""
    where = Whereabouts.create(query=Audit.query, at="/audit", on_move=Audit.arrive)
    return rx.fragment(where, entries(), Pulse.create(beat=f"{Live.beat} {Language.code}", on_beat=Audit.load))


PAGE = Page(route="/audit", title="nav.audit", content=content, nav=Nav("scroll-text", order=60), on_load=(Audit.arrive,))
