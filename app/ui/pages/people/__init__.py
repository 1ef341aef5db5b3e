"""People: who may sign in, and as what."""

import reflex as rx

from app.domain.actor import Role
from app.ui.kit.browser import Pulse
from app.ui.page import Nav, Page
from app.ui.pages.people.people import People
from app.ui.pages.people.person_list import form, listing
from app.ui.session.live import Live


def content() -> rx.Component:
    """The list and the form. Looks anew whenever something changed anywhere."""
    return rx.fragment(listing(), form(), Pulse.create(beat=Live.beat, on_beat=People.load))


PAGE = Page(route="/people", title="nav.people", content=content, role=Role.ADMIN, nav=Nav("users", order=70), on_load=(People.load,))
