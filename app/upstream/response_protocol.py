"""One connection of aiohttp's, with less trust in what comes back over it."""

from typing import Any

from aiohttp import ClientPayloadError
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import _EXC_SENTINEL  # what stands for "no cause" in its signature
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage
from aiohttp.streams import StreamReader

# All that may come before an answer's body: interim answers (1xx), status line, headers. A model provider's take 1 KB.
HEAD_BYTES = 64 * 1024
_SLICE = 16 * 1024


class ResponseProtocol(ResponseHandler):
    """Gives up on an answer whose head does not come to an end, and closes where something is said that nobody asked for.

    aiohttp limits each header, but reads interim answers for ever, and keeps what a resting connection is sent: the next request
    would take it for its answer, and a flood of it would fill the memory.
    """

    head_bytes = 0  # of the present answer, as far as they came; of its first body bytes those that came with the head
    _is_in_head = False

    def set_response_params(self, **options: Any) -> None:  # aiohttp's own options
        """A request is about to be sent."""
        self.head_bytes, self._is_in_head = 0, True
        super().set_response_params(**options)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """A head was parsed; its body is to come."""
        if data[0].code >= 200:
            self._is_in_head = False
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Bytes from the provider."""
        if self._is_in_head:
            self._head_received(data)
        elif data and self._payload is not None and self._payload.is_eof():
            self._give_up("more than one answer")
        else:
            super().data_received(data)

    def set_exception(self, exc: BaseException, exc_cause: BaseException = _EXC_SENTINEL) -> None:
        """What comes is no HTTP any more, or the connection is lost. aiohttp leaves whoever reads the body waiting."""
        body = self._payload
        super().set_exception(exc, exc_cause)
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(ClientPayloadError("the answer cannot be read on"), exc)

    def _head_received(self, data: bytes) -> None:
        """In slices: a flood that came in one read ends where the limit is."""
        while data and self._is_in_head:
            part, data = data[:_SLICE], data[_SLICE:]
            self.head_bytes += len(part)
            super().data_received(part)
            if self._is_in_head and self.head_bytes >= HEAD_BYTES:
                self._give_up("the head does not end")
                return
        if data:
            super().data_received(data)

    def _give_up(self, why: str) -> None:
        if self.transport is not None:
            self.transport.abort()
        self._buffer.clear()
        self.set_exception(HttpProcessingError(code=400, message=why))
