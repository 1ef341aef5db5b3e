"""Composition root of the console: the Reflex app, its guard and its pages."""

import reflex as rx

from app.ui import page, shell
from app.ui.state.session import SessionState

app = rx.App(html_lang="en")

for entry in page.pages():
    app.add_page(
        lambda entry=entry: shell.frame(entry),
        route=entry.route,
        title="Patchbay",
        on_load=[SessionState.load, *entry.on_load] if entry.role else list(entry.on_load),
    )
