"""One request of an application: read, resolve, call, hand the answer over as it comes."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import aclosing
from typing import Any

from app import registry, relay
from app.domain.errors import PatchbayError, UpstreamError
from app.domain.snapshot import Endpoint
from app.gateway import errors, guard, streams
from app.gateway.errors import Fault
from app.gateway.streams import Receive
from app.relay import outcomes, request
from app.relay.outcomes import Outcome

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_BYTES = 32 * 1024 * 1024
_NAMED = 200  # characters kept of a model nobody knows

_log = logging.getLogger(__name__)
_ENDING = errors.fault(503, "Patchbay is shutting down. Send the request again.", type_="api_error", code="shutting_down", retry_after=1)


class CallerLeft(Exception):
    """The request ended before it was complete: its caller hung up, or fell silent in the middle of the body."""


async def forward(scope: Scope, receive: Receive, send: Send, path: str) -> None:
    """Pass a POST on to the provider its `model` names. Raises `PatchbayError` until the first byte was sent."""
    started, at = time.perf_counter(), time.time()
    key = await guard.check(scope["headers"])
    if streams.is_draining():
        await refuse(send, _ENDING)
        return
    body = await _body(scope, receive)
    if body is None:
        await refuse(send, _too_large())
        return
    asked = request.parse(body)
    try:
        route = registry.shared.resolve(asked.selector, allowed=key)
        if route.endpoint.capabilities.declined:
            request.refuse_declined(asked, route.endpoint)
    except PatchbayError as error:
        named, status, ms = asked.selector[:_NAMED], errors.answer(error).status, (time.perf_counter() - started) * 1_000
        outcomes.note(
            Outcome(
                at=at, client_key_id=key.id, selector=named, status=status, error=error.code, began_ms=ms, total_ms=ms, stream=asked.stream
            )
        )
        raise
    ask = relay.Ask(path, asked.for_model(route.model), stream=asked.stream)
    named, streamed = asked.selector[:_NAMED], asked.stream
    del body, asked
    answering = Answering(send, route.endpoint)
    with streams.Running(receive) as running:
        await answering.run(ask, running)
    if answering.status:
        outcomes.note(
            Outcome(
                at=at,
                client_key_id=key.id,
                selector=named,
                provider_id=route.endpoint.id,
                model=route.model,
                status=answering.status,
                error=answering.error,
                began_ms=(answering.began_at - started) * 1_000,
                total_ms=(time.perf_counter() - started) * 1_000,
                stream=streamed,
                attempts=1,
            )
        )


class Answering:
    """Sends one answer. Knows whether it has begun (`status`, 0 before; `began_at` on the clock of `perf_counter`), which decides
    how it may end. `error` is the code of what went wrong."""

    __slots__ = ("_endpoint", "_is_at_line_start", "_send", "began_at", "error", "status")

    def __init__(self, send: Send, endpoint: Endpoint) -> None:
        self._send, self._endpoint = send, endpoint
        self.status, self.began_at, self.error, self._is_at_line_start = 0, 0.0, "", True

    async def run(self, ask: relay.Ask, running: streams.Running) -> None:
        """Call and hand over; a failure is answered as an error or, once bytes were sent, as the stream's last event."""
        try:
            async with relay.call(self._endpoint, ask) as reply:
                await (self._stream(reply) if reply.is_events else self._whole(reply))
        except UpstreamError as error:
            self.error = error.code
            _log.warning("provider %s: %s (%s) %s", self._endpoint.name, error.code, error.status or "no status", error.detail[:300])
            await self._fail(errors.answer(error))
        except PatchbayError as error:
            self.error = error.code
            await self._fail(errors.answer(error))
        except asyncio.CancelledError:
            self.error = "caller_left" if running.has_left else "shutting_down"
            if running.has_left:
                return  # the provider's connection is closed by now; nobody listens
            if not running.is_cut:
                raise
            running.task.uncancel()
            await self._fail(_ENDING)

    async def _whole(self, reply: relay.Reply) -> None:
        body = await reply.read()
        headers = [(b"content-type", _type(reply, b"application/json")), (b"content-length", b"%d" % len(body)), *reply.headers]
        self._begin(reply.status)
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def _stream(self, reply: relay.Reply) -> None:
        headers = [
            (b"content-type", _type(reply, b"text/event-stream")), (b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"),
            *reply.headers,
        ]  # fmt: skip
        self._begin(reply.status)
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
        send = self._send
        async with aclosing(reply.chunks()) as chunks:
            async for chunk in chunks:
                self._is_at_line_start = chunk.endswith(b"\n")
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _fail(self, problem: Fault) -> None:
        """After the first byte an error can only be an event; a made-up [DONE] would call a torso complete."""
        if not self.status:
            self._begin(problem.status)
            await refuse(self._send, problem)
            return
        gap = b"" if self._is_at_line_start else b"\n\n"
        await self._send({"type": "http.response.body", "body": gap + errors.event(problem)})

    def _begin(self, status: int) -> None:
        self.status, self.began_at = status, time.perf_counter()


async def refuse(send: Send, problem: Fault) -> None:
    """Answer with an error."""
    more = [(b"retry-after", b"%d" % max(1, round(problem.retry_after)))] if problem.retry_after is not None else []
    await respond(send, problem.status, problem.body, more)


async def respond(send: Send, status: int, body: bytes, more: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Answer with JSON of the gateway's own."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, None when it is larger than allowed: the rest of it is not read."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > BODY_BYTES:
            return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerLeft
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES:
            return None
        if part:
            parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large() -> Fault:
    limit = f"The request is larger than {BODY_BYTES // (1024 * 1024)} MiB, which is the most that is accepted."
    return errors.fault(413, limit, type_="invalid_request_error", code="request_too_large")


def _type(reply: relay.Reply, otherwise: bytes) -> bytes:
    return reply.content_type.encode("latin-1", "replace") or otherwise
