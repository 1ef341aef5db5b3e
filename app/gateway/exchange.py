"""One request of an application: read, resolve, call, hand the answer over as it comes."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import aclosing
from functools import partial

from app import registry, relay
from app.asgi_types import Receive, Scope, Send
from app.domain.errors import PatchbayError, UpstreamError
from app.domain.snapshot import Target
from app.domain.usage import Usage
from app.gateway import errors, guard, incoming, streams
from app.gateway.errors import Fault
from app.gateway.operations import Operation
from app.relay import failover, limits, multipart, request
from app.relay.request_record import RequestRecord

_log = logging.getLogger(__name__)
_ENDING = errors.fault(503, "Patchbay is shutting down. Send the request again.", type_="api_error", code="shutting_down", retry_after=1)


async def forward(scope: Scope, receive: Receive, send: Send, operation: Operation, provider: str = "") -> None:
    """Pass a POST on to the provider its `model` names; at the address of one `provider`, the model is that one's own identifier.

    Raises `PatchbayError` until the first byte was sent, `CallerLeft`.
    """
    note = RequestRecord(time.perf_counter())
    key = await guard.check(scope["headers"])
    note.key_id = key.id
    with streams.Running(receive) as running:
        try:
            limits.admit(key)
            body = None if streams.is_draining() else await incoming.body(scope, running)
            if body is None:
                await refuse(send, _ENDING)
                return
            asked = operation.read(body, scope["headers"])
            note.asks(asked.selector, provider, stream=asked.stream)
            route = (
                registry.shared.resolve_at(provider, asked.selector, allowed=key)
                if provider
                else registry.shared.resolve(asked.selector, allowed=key)
            )
        except PatchbayError as error:
            note.refused(error, errors.answer(error).status)
            raise
        answering = Answering(send, failover.Trying(route, partial(_ask, asked, operation), key.id))
        del body, asked
        await answering.run(running)
    note.ended(answering.trying, answering.status, answering.error, answering.usage, answering.began_at)


def _ask(asked: request.Request | multipart.Form, operation: Operation, target: Target) -> relay.Ask:
    """The request for one target."""
    if target.endpoint.capabilities.declined:
        request.refuse_declined(asked, target.endpoint)
    return relay.Ask(
        operation.path, asked.for_model(target.model), stream=asked.stream, content_type=asked.content_type, is_open=operation.is_open
    )


class Answering:
    """Sends one answer. Knows whether it has begun (`status`, 0 before; `began_at` on the clock of `perf_counter`), which decides
    how it may end; how it ended (`error` = a code, "" = well), and what the provider counted (`usage`, None = not said)."""

    __slots__ = ("_is_at_line_start", "_is_events", "_rewrite", "_send", "began_at", "error", "status", "trying", "usage")

    def __init__(self, send: Send, trying: failover.Trying, *, rewrite: Callable[[bytes], bytes] | None = None) -> None:
        self._send, self.trying, self._rewrite = send, trying, rewrite
        self.status, self.began_at, self.error, self._is_at_line_start, self._is_events = 0, 0.0, "", True, True
        self.usage: Usage | None = None

    async def run(self, running: streams.Running) -> None:
        """Call and hand over; a failure is answered as an error or, once bytes were sent, as the stream's last event."""
        try:
            async with self.trying as reply:
                try:
                    await (self._whole(reply, running) if reply.is_whole else self._stream(reply, running))
                finally:
                    self.usage = reply.usage  # of a stream that broke off, what it had reported by then
        except UpstreamError as error:
            name = self.trying.target.endpoint.name
            _log.warning("provider %s: %s (%s) %s", name, error.code, error.status or "no status", error.detail[:300])
            await self._fail(errors.answer(error), error.code)
        except PatchbayError as error:
            await self._fail(errors.answer(error), error.code)
        except asyncio.CancelledError:
            self.error = "caller_left"
            if running.has_left:
                return  # the provider's connection is closed by now; nobody listens
            if not running.is_cut:
                raise
            running.task.uncancel()
            await self._fail(_ENDING, "shutting_down")

    async def _whole(self, reply: relay.Reply, running: streams.Running) -> None:
        body = await reply.read()
        if self._rewrite is not None:
            body = self._rewrite(body)
        headers = [(b"content-type", _type(reply, b"application/json")), (b"content-length", b"%d" % len(body)), *reply.headers]
        self._begin(reply.status)
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
        running.handed += 1
        await self._send({"type": "http.response.body", "body": body})
        running.handed += 1

    async def _stream(self, reply: relay.Reply, running: streams.Running) -> None:
        headers = [
            (b"content-type", _type(reply, b"application/octet-stream")), (b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"),
            *reply.headers,
        ]  # fmt: skip
        self._begin(reply.status)
        self._is_events = reply.is_events
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
        send = self._send
        async with aclosing(reply.chunks()) as chunks:
            async for chunk in chunks:
                self._is_at_line_start = chunk.endswith(b"\n")
                running.handed += 1
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                running.handed += 1
        await send({"type": "http.response.body", "body": b""})

    async def _fail(self, problem: Fault, code: str) -> None:
        """After the first byte an error can only be an event; a made-up [DONE] would call a torso complete. Sound or text is left
        without its end, which every client notices."""
        self.error = code
        if not self.status:
            self._begin(problem.status)
            await refuse(self._send, problem)
            return
        if not self._is_events:
            return
        gap = b"" if self._is_at_line_start else b"\n\n"
        await self._send({"type": "http.response.body", "body": gap + errors.event(problem)})

    def _begin(self, status: int) -> None:
        self.status, self.began_at = status, time.perf_counter()


async def refuse(send: Send, problem: Fault) -> None:
    """Answer with an error."""
    more = [(b"retry-after", b"%d" % max(1, round(problem.retry_after)))] if problem.retry_after is not None else []
    await respond(send, problem.status, problem.body, [*more, *problem.headers])


async def respond(send: Send, status: int, body: bytes, more: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Answer with JSON of the gateway's own."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _type(reply: relay.Reply, otherwise: bytes) -> bytes:
    return reply.content_type.encode("latin-1", "replace") or otherwise
