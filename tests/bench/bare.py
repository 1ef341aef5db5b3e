"""The floor to compare with: an aiohttp pass-through without keys, checks, limits or care for a caller who leaves."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from yarl import URL

App = Callable[[Any, Any, Any], Awaitable[None]]


def make() -> App:
    session: aiohttp.ClientSession | None = None
    url = URL(os.environ["BARE_UPSTREAM"])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal session
        if scope["type"] == "lifespan":
            await receive()
            connector = aiohttp.TCPConnector(limit=0)
            session = aiohttp.ClientSession(connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await session.close()
            return await send({"type": "lifespan.shutdown.complete"})
        if scope["method"] == "GET" or session is None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return await send({"type": "http.response.body", "body": b""})
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {"content-type": "application/json", "authorization": "Bearer sk-bench", "accept-encoding": "identity"}
        async with session.post(url, data=body, headers=headers) as response:
            kind = response.headers["content-type"].encode()
            if kind != b"text/event-stream":
                whole = await response.read()
                head = [(b"content-type", kind), (b"content-length", b"%d" % len(whole))]
                await send({"type": "http.response.start", "status": response.status, "headers": head})
                return await send({"type": "http.response.body", "body": whole})
            await send({"type": "http.response.start", "status": response.status, "headers": [(b"content-type", kind)]})
            while part := await response.content.readany():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            return await send({"type": "http.response.body", "body": b""})

    return app
