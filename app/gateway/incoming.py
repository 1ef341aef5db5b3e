"""The body of a request, as it comes in: whole, not larger than allowed, and not for ever."""

import asyncio

from app.asgi_types import Scope
from app.gateway.streams import Running

BODY_BYTES = 32 * 1024 * 1024


class CallerLeft(Exception):
    """The request ended before it was complete: its caller hung up, or fell silent in the middle of the body."""


class TooLarge(Exception):
    """The body is larger than `BODY_BYTES`. The rest of it is not read."""


async def body(scope: Scope, running: Running) -> bytes | None:
    """The whole body, None when this process ends before it is there. Raises `CallerLeft`, `TooLarge`."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > BODY_BYTES:
            raise TooLarge
    parts: list[bytes] = []
    size = 0
    try:
        while True:
            message = await running.receive()
            if message["type"] == "http.disconnect":
                raise CallerLeft
            part = message.get("body", b"")
            size += len(part)
            if size > BODY_BYTES:
                raise TooLarge
            if part:
                parts.append(part)
            if not message.get("more_body"):
                running.is_whole = True
                return parts[0] if len(parts) == 1 else b"".join(parts)
    except asyncio.CancelledError:
        if running.is_cut:
            running.task.uncancel()
            return None
        if running.has_stalled:
            running.task.uncancel()
            raise CallerLeft from None
        raise
