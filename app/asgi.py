"""The outermost ASGI application, granian's factory target.

`/v1` and `/health` go straight to the gateway, before Reflex and everything of it; `/api` and `/auth` pass the wall of the
console; the rest is Reflex: pages, websocket, lifespan.
"""

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from app import below, gateway, logs, settings
from app.asgi_types import App, Message, Receive, Scope, Send
from app.domain.errors import PatchbayError
from app.server import HURRY, forget_signals

log = logging.getLogger(__name__)
# How long granian may wait for connections that nobody needs any more.
_PATIENCE_SECONDS = 1.0
# A request leaves nothing for the collector, so looking after every 700 new objects finds only those of requests that run.
_OBJECTS_BETWEEN_COLLECTIONS = 20_000


def make() -> App:
    """Build the application of one worker."""
    forget_signals()
    logs.configure(settings.current().log_level)
    from app import main, web
    from app.api.edge import Edge
    from app.ui.build import bundle
    from app.ui.session import refused
    from app.ui.session.frames import Frames

    console = Edge(Frames(Pages(main.app(), bundle.served() / "build" / "client")), refused.page)
    site = web.make_web(refused.page)
    return below.placed(settings.current().base_path, Outer(site, console, site.warm))


def make_gateway() -> App:
    """Build the application of one worker of `patchbay gateway`: no Reflex, no FastAPI."""
    forget_signals()
    logs.configure(settings.current().log_level)
    from app import lifespan, web

    return below.placed(settings.current().base_path, Alone(web.make_gateway(), lambda: lifespan.runtime("gateway")))


class Alone:
    """An application with the house around it as its lifespan."""

    def __init__(self, site: App, house: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self.site = site
        self.house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            lifespan = Lifespan(receive, send)
            await self._live(lifespan.receive, lifespan.send)
        else:
            await self.site(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self.house():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except PatchbayError as error:
            await send({"type": "lifespan.startup.failed", "message": error.message})
            return
        await send({"type": "lifespan.shutdown.complete"})


class Outer:
    """Picks who answers by the start of the path; adds the end of the start to the lifespan."""

    paths = ("/v1/", "/health/", "/api/", "/auth/")

    def __init__(self, site: App, console: App, warm: Callable[[], None]) -> None:
        self.site = site
        self.console = console
        self.warm = warm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self.paths):
            await self.site(scope, receive, send)
        elif scope["type"] == "lifespan":
            lifespan = Lifespan(receive, send, self.warm)
            await self.console(scope, lifespan.receive, lifespan.send)
        else:
            await self.console(scope, receive, send)


class Pages:
    """Reflex, without the endpoints nobody needs, and without the redirect to an absolute address it would make of `/login`."""

    closed = ("/_upload", "/_health", "/_all_routes", "/ping", "/auth-codespace")

    def __init__(self, reflex: App, client: Path) -> None:
        self.reflex = reflex
        self.folders = frozenset(f"/{file.parent.relative_to(client).as_posix()}" for file in client.rglob("index.html"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path.startswith(self.closed):
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"Not found"})
            return
        if path in self.folders:
            scope = {**scope, "path": f"{path}/", "raw_path": f"{path}/".encode()}
        await self.reflex(scope, receive, send)


def settle() -> None:
    """Everything long-lived is there by now: the collector leaves it alone, and looks less often."""
    gc.collect()
    gc.freeze()  # a full collection over Reflex's heap would stall the gateway for 70 ms
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


class Lifespan:
    """What granian says of start and end, and the end said by us where granian would wait for a caller who reads nothing until it is
    killed, and nothing would be closed or written."""

    def __init__(self, receive: Receive, send: Send, warm: Callable[[], None] | None = None) -> None:
        """`warm` is called in a thread once everything is served: it must not delay the start."""
        self._receive, self._send, self._warm = receive, send, warm
        self._end = asyncio.Event()
        self._is_ending = False
        self._over = asyncio.Event()

    async def receive(self) -> Message:
        """The next word, whoever says it first."""
        said = asyncio.ensure_future(self._receive())
        ours = asyncio.ensure_future(self._end.wait())
        await asyncio.wait([said, ours], return_when=asyncio.FIRST_COMPLETED)
        ours.cancel()
        if said.done():
            self._is_ending = said.result()["type"] == "lifespan.shutdown"
            return said.result()
        said.cancel()
        return {"type": "lifespan.shutdown"}

    async def send(self, message: Message) -> None:
        """Pass on how it went; the start ends with what only a worker needs."""
        if message["type"] == "lifespan.startup.complete":
            _end_streams_on_sigterm(self)
            settle()
            if self._warm is not None:
                threading.Thread(target=_warmed, args=(self._warm,), name="warming", daemon=True).start()
        elif message["type"].startswith("lifespan.shutdown."):
            self._over.set()
        await self._send(message)

    async def end(self) -> bool:
        """Close everything unless that has begun; whether it was done here."""
        if self._is_ending:
            return False
        self._end.set()
        await self._over.wait()
        return True


def _warmed(warm: Callable[[], None]) -> None:
    warm()
    gc.freeze()  # what it made stays as long as we do


def _end_streams_on_sigterm(lifespan: Lifespan) -> None:
    """Granian waits for running streams without saying anything to them; we let them finish for a while, then end them properly.
    The launcher's `HURRY` ends the while, whichever of the two arrives first."""
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []

    async def end() -> None:
        cut = await gateway.drain(settings.current().drain_seconds)
        if cut:
            log.warning("%d running requests were ended", cut)
        os.kill(os.getpid(), signal.SIGINT)  # granian's own handler does the rest
        await asyncio.sleep(_PATIENCE_SECONDS)
        if await lifespan.end():
            os._exit(0)

    def on_signal() -> None:
        if not ending:
            ending.append(asyncio.ensure_future(end()))

    loop.add_signal_handler(signal.SIGTERM, on_signal)
    loop.add_signal_handler(HURRY, gateway.hurry)
