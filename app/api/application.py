"""The REST application: every noun's routes under `/api/v1`, refused by default, answered in one shape."""

import asyncio
import logging
import secrets

from fastapi import APIRouter, FastAPI, HTTPException

from app import __version__
from app.api import (
    aliases,
    audit,
    batches,
    chat,
    client_keys,
    credentials,
    discovery,
    errors,
    guard,
    health,
    keyring,
    models,
    people,
    providers,
    routes,
    tokens,
    trash,
    usage,
)
from app.api.openapi import document
from app.asgi_types import App, Message, Receive, Scope, Send

PREFIX = "/api/v1"
BODY_BYTES = 4 * 1024 * 1024
ROUTERS = (
    people.router,
    audit.router,
    batches.router,
    health.router,
    providers.router,
    credentials.router,
    models.router,
    aliases.router,
    routes.router,
    client_keys.router,
    discovery.router,
    chat.router,
    tokens.router,
    trash.router,
    keyring.router,
    usage.router,
    document.router,
)

_log = logging.getLogger(__name__)


def make_api() -> "LastResort":
    """The application under `/api`. Whoever mounts it has opened the house."""
    return LastResort(make_fastapi())


def make_fastapi() -> FastAPI:
    """The bare application: what the document is made of."""
    app = FastAPI(
        title="Patchbay",
        version=__version__,
        summary="One console and one address for LLM providers.",
        openapi_tags=[{"name": name, "description": said} for name, said in document.TAGS.items()],
        generate_unique_id_function=lambda route: route.name,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in ROUTERS:
        _must_be_guarded(router)
        app.include_router(router, prefix=PREFIX)
    errors.install(app, methods_at)
    return app


def methods_at(path: str) -> list[str]:
    """What may be done at a path. Starlette would name the methods of the first route that fits, and there may be several."""
    inner = path.removeprefix(PREFIX)
    found = {
        method
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, guard.GuardedRoute) and route.path_regex.match(inner)
        for method in route.methods or ()
    }
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


class LastResort:
    """Numbers the request, answers HEAD as GET without its body, cuts a body that is too large, and answers what nobody foresaw without
    saying why."""

    def __init__(self, app: App) -> None:
        self.app = app

    def warm(self) -> None:
        """Ask for what is not there: FastAPI looks into all of its routes at the first request, for half a second. Blocks; for a thread
        beside the loop that serves."""

        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(_: Message) -> None:
            """Nobody listens."""

        path = f"{PREFIX}/-"
        asked: Scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "query_string": b"", "headers": []}
        asyncio.run(self.app(asked, receive, send))  # type: ignore[arg-type] # a coroutine, as ASGI's callables are

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request_id = scope.setdefault("state", {}).setdefault("request_id", secrets.token_hex(8))
        started, finished, received, is_head = False, False, 0, scope["method"] == "HEAD"
        if is_head:
            scope = {**scope, "method": "GET"}

        announced = max(
            (int(value[:20]) for name, value in scope["headers"] if name.lower() == b"content-length" and value.isdigit()), default=0
        )

        async def receiving() -> Message:
            nonlocal received
            if announced > BODY_BYTES:
                raise HTTPException(413)
            message = await receive()
            received += len(message.get("body", b""))
            if received > BODY_BYTES:
                raise HTTPException(413)
            return message

        async def sending(message: Message) -> None:
            nonlocal started, finished
            is_body, was_finished = message["type"] == "http.response.body", finished
            started, finished = True, is_body and (is_head or not message.get("more_body"))
            if is_head and is_body:
                message = {"type": "http.response.body"}
            if not was_finished:
                await send(message)

        try:
            await self.app(scope, receiving, sending)
        except Exception as error:
            # Only the kind of error and the place: its text could hold what was sent.
            _log.error("Unforeseen %s in %s %s, request %s", _where(error), scope["method"], scope["path"], request_id)
            if finished:
                return
            if started:
                raise
            answer = errors.unforeseen(request_id)
        else:
            return
        await answer(scope, receive, send)


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{type(error).__name__} at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else type(error).__name__


def _must_be_guarded(router: APIRouter) -> None:
    """A route that was not made by `guard.router` would answer strangers: such a program does not start."""
    for route in router.routes:
        if not isinstance(route, guard.GuardedRoute):
            raise TypeError(f"{route!r} is not guarded")
