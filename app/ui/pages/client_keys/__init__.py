"""Keys for apps: what an application shows to be let in."""

import reflex as rx

from app.ui.client_keys.client_keys import ClientKeys
from app.ui.kit.browser import Pulse
from app.ui.kit.url_query import Whereabouts
from app.ui.page import Nav, Page
from app.ui.pages.client_keys.client_key_table import dialogs, listing
from app.ui.session.live import Live


def content() -> rx.Component:
    """The list and its dialogs."""
    where = Whereabouts.create(query=ClientKeys.query, at="/client-keys", on_move=ClientKeys.arrive)
    return rx.fragment(where, listing(), dialogs(), Pulse.create(beat=Live.beat, on_beat=ClientKeys.load))


PAGE = Page(route="/client-keys", title="nav.client_keys", content=content, nav=Nav("key-round", order=50), on_load=(ClientKeys.arrive,))
