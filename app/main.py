"""Composition root of the console: the Reflex app, its guard, its pages, and what lives as long as the worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx

from app import lifespan, registry
from app.services import health, rollout
from app.ui import page
from app.ui.session import errors, guard, live, sockets
from app.ui.shell import brand, shell

app = rx.App(
    html_lang="en",
    head_components=brand.head(),
    app_wraps=shell.wraps(),
    toaster=shell.toaster(),
    backend_exception_handler=errors.answer,
    frontend_exception_handler=errors.reported,
)
app.add_middleware(guard.SessionGuard(), index=0)  # before the one of Reflex that answers `hydrate`
sockets.install(app)

for entry in page.pages():
    app.add_page(
        lambda entry=entry: shell.frame(entry),
        route=entry.route,
        title=shell.title(entry),
        on_load=shell.on_load(entry),
    )


@app.register_lifespan_task
@asynccontextmanager
async def serving() -> AsyncIterator[None]:
    """The house is open while the worker serves; tabs hear of changes, sockets of ended sessions are closed."""
    async with lifespan.runtime():
        beacon = live.Beacon(app, revision=registry.shared.snapshot.revision)
        live.light(beacon)
        spread = rollout.Rollout(beacon.follow)
        leaves = [registry.shared.subscribe(beacon.flash, hints=True), registry.shared.subscribe(spread.news)]
        running = {"beacon": beacon.run(), "rollout": spread.run(), "health": health.Watch().run(), "session watch": guard.watch(app)}
        tasks = [asyncio.create_task(work, name=name) for name, work in running.items()]
        try:
            yield
        finally:
            for leave in leaves:
                leave()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
