"""What stands around every page: rail, top bar, and the gate that shows nothing before sign-in is known."""

import reflex as rx

from app.ui import page
from app.ui.state.session import SessionState


def frame(entry: page.Page) -> rx.Component:
    """The page inside the shell; a page without a role is drawn bare."""
    if entry.role is None:
        return entry.content()
    return rx.cond(rx.State.is_hydrated & SessionState.is_known, entry.content(), rx.skeleton(height="40vh"))
