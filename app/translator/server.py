"""The translator's socket: takes calls of its own process and nobody else's, answers each in OpenAI's shape."""

import asyncio
import contextlib
import gc
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import asdict

import msgspec
from aiohttp import web
from pydantic import JsonValue

from app.domain.errors import UpstreamError
from app.domain.providers.address import origin_of
from app.domain.translation import CALL_PATH, FAILURE_HEADER, Failure, Greeting, Task
from app.translator import chat, guard
from app.translator import passage as passages
from app.translator.passage import Passage
from app.upstream import connector, egress, session

_BODY_BYTES = 48 * 2**20  # the gateway takes 32 MiB; a call wraps it
_BACKLOG = 1_024  # callers of a full one are refused at once
_OBJECTS_BETWEEN_COLLECTIONS = 20_000
_DECODER = msgspec.json.Decoder(Task)


class Server:
    """Answers on the socket of a greeting until it is closed."""

    def __init__(self, greeting: Greeting) -> None:
        self._greeting = greeting
        app = web.Application(client_max_size=_BODY_BYTES)
        app.router.add_post(CALL_PATH, self._call)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, auto_decompress=False)

    async def start(self) -> None:
        """Load LiteLLM, put the guard around it, then listen."""
        guard.install()
        session.open()
        guard.seal()
        await self._runner.setup()
        before = os.umask(0o177)
        try:
            await web.UnixSite(self._runner, self._greeting.socket, backlog=_BACKLOG).start()
        finally:
            os.umask(before)
        gc.collect()
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
        gc.enable()

    async def close(self) -> None:
        """Stop listening, end what runs, remove the socket."""
        await self._runner.cleanup()
        with contextlib.suppress(OSError):
            os.unlink(self._greeting.socket)  # noqa: PTH108 - a path of any kind
        await session.close()

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get("authorization", ""), self._greeting.token):
            return web.Response(status=403)
        try:
            task = _DECODER.decode(await request.read())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # its envelope is ours: what is bad is the caller's request
            return _said(chat.unfit())
        origin = origin_of(task.base_url)
        egress.adopt(origin, task.rules)
        passage = Passage(
            task.type,
            connector.CallContext(origin, has_secret=bool(task.headers or task.query or task.signing)),
            task.connect,
            task.headers,
            task.query,
            task.signing,
        )
        before = passages.current.set(passage)
        try:
            return await (_streamed(request, task, passage) if task.request.get("stream") is True else _whole(task, passage))
        finally:
            passages.current.reset(before)
            passage.close()


async def _whole(task: Task, passage: Passage) -> web.Response:
    try:
        answer = await chat.complete(task)
    # LiteLLM raises whatever it likes; what happened stands in the passage.
    except Exception as error:  # noqa: BLE001
        return _failed(error, task, passage)
    return web.json_response(body=_encoded(answer), headers=_told(passage))


async def _streamed(request: web.Request, task: Task, passage: Passage) -> web.StreamResponse:
    async with contextlib.aclosing(chat.stream(task, passage)) as chunks:
        try:
            first = await anext(chunks)
        except Exception as error:  # noqa: BLE001 - as above
            return _failed(error, task, passage)
        response = web.StreamResponse(headers={"content-type": "text/event-stream", **_told(passage)})
        await response.prepare(request)
        try:
            await response.write(_event(first))
            async for chunk in chunks:
                await response.write(_event(chunk))
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - a stream that has begun can only break off
            if request.transport is not None:
                request.transport.abort()
            return response
        await response.write(b"data: [DONE]\n\n")
    return response


def _failed(error: Exception, task: Task, passage: Passage) -> web.Response:
    """Either what the provider answered, as it answered it, or an error of ours."""
    if (answer := passage.answer) is not None:
        return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)
    return _said(chat.failure(error, task, passage))


def _said(found: UpstreamError) -> web.Response:
    said = Failure(type(found).__name__, found.message, found.status, found.details)
    return web.Response(status=502, headers={FAILURE_HEADER: "1", "content-type": "application/json"}, body=json.dumps(asdict(said)))


def _told(passage: Passage) -> dict[str, str]:
    return {name: value for name, value in passage.told.items() if name != "location"}


def _event(chunk: Mapping[str, JsonValue]) -> bytes:
    return b"data: " + _encoded(chunk) + b"\n\n"


def _encoded(document: Mapping[str, JsonValue]) -> bytes:
    return msgspec.json.encode(document)
