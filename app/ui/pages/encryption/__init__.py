"""Encryption: the master key, where it lives, and the recovery kit."""

import reflex as rx

from app.domain.actor import Role
from app.ui.kit.browser import Pulse
from app.ui.page import Nav, Page
from app.ui.pages.encryption import master_keys
from app.ui.pages.encryption.encryption import Encryption
from app.ui.session.live import Live


def content() -> rx.Component:
    """The page and its dialog."""
    return rx.fragment(master_keys.content(), master_keys.dialog(), Pulse.create(beat=Live.beat, on_beat=Encryption.load))


PAGE = Page(
    route="/encryption",
    title="nav.encryption",
    content=content,
    role=Role.ADMIN,
    nav=Nav("shield-check", order=80),
    on_load=(Encryption.arrive,),
)
