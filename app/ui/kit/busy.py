"""Buttons that take a while. They stay what they are meanwhile: a button that is switched off loses the focus, and with it the place of
whoever works with the keyboard. Their handlers ignore a second press."""

import reflex as rx

from app.ui.kit.drawn import Drawn


def sign(icon: str, is_busy: Drawn, size: int = 16) -> rx.Component:
    """The button's icon, turning while it is busy; both take the same room."""
    return rx.spinner(rx.icon(icon, size=size, aria_hidden="true"), loading=is_busy, size="2")
