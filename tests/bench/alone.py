"""The product without the console, for comparison: what `make_web` answers, with the house opened around it."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from app import asgi, web

App = Callable[[Any, Any, Any], Awaitable[None]]


def make() -> App:
    site, opened = web.make_web(), AsyncExitStack()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            return await site(scope, receive, send)
        await receive()
        await opened.enter_async_context(web.house())
        asgi.settle()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await opened.aclose()
        return await send({"type": "lifespan.shutdown.complete"})

    return app
