"""`/chat`: one answer for a script.

A POST that costs money: it takes a session of an admin, or a client key of scope `admin`. A key of scope `read` only reads, and
one of scope `gateway` has `/v1/chat/completions`, which is also the place for streams, tools and images.
"""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, TypeVar

from fastapi import Request
from pydantic import Field
from starlette.exceptions import HTTPException

from app.api import errors, guard
from app.api.guard import Caller
from app.domain.record import Closed, Identifier
from app.services import chat

router = guard.router("Chat")
T = TypeVar("T")


class Chat(Closed):
    """`provider` with `model` = that provider's own identifier; `provider` alone = its default model; `model` alone = any selector
    (alias, `provider/model`, or a bare name that only one provider lists); neither = the default."""

    #: The conversation so far, the oldest turn first.
    messages: Annotated[list[chat.Message], Field(min_length=1, max_length=chat.MOST_MESSAGES)]
    provider: Identifier | None = None  #: ID of the provider to ask (its `name`); omit it to go by `model` alone.
    model: Identifier | None = None  #: Model, alias or provider/model; omit it for the default.


@router.post("/chat", responses=errors.documented(404, 409, 429, 502, 503, 504))
async def create_chat(caller: Caller, request: Request, body: Chat) -> chat.ChatAnswer:
    """Ask a model and wait for its whole answer. Whoever hangs up ends the call."""
    return await _while_heard(
        request, chat.ask(caller, body.messages, provider=body.provider, model=body.model, status_of=errors.status_of)
    )


async def _while_heard(request: Request, asking: Awaitable[T]) -> T:
    """The result, unless the caller leaves: then the work is cancelled, and with it the provider's connection closed."""
    work, left = asyncio.ensure_future(asking), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((work, left), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise HTTPException(408)  # heard by nobody
        return work.result()
    finally:
        work.cancel()
        left.cancel()
        await asyncio.wait((work, left))


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
