"""A provider's answer while it arrives: raw bytes under caps and deadlines, without the secrets of the call."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping

import aiohttp
import msgspec

from app.domain.errors import UpstreamError
from app.domain.snapshot import Timeouts
from app.upstream import failures
from app.upstream.scrub import Scrubber

# Caps on raw bytes (SECURITY 4.2).
JSON_BYTES = 32 * 1024 * 1024
ERROR_BYTES = 64 * 1024
LINE_BYTES = 1024 * 1024
STREAM_BYTES = 256 * 1024 * 1024
# Enough for the last events of a stream: [DONE], and before it a usage chunk with the vendor's extras.
_TAIL_BYTES = 8_192
_DONE = re.compile(rb"(?:^|\n)data:[ \t]*\[DONE\]\s*$")
_FINISHED = re.compile(rb'"finish_reason"\s*:\s*"')
_FORWARDED = ("retry-after", "x-request-id")
_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[msgspec.Raw])


class Deadline:
    """One timer for the phases of a call: first byte, then idle between reads, total over all."""

    __slots__ = ("_limits", "_loop", "_moved", "_started", "_timer", "limit", "seconds")

    def __init__(self, timer: asyncio.Timeout, limits: Timeouts) -> None:
        self._timer, self._limits = timer, limits
        self._loop = asyncio.get_running_loop()
        self._started = self._moved = self._loop.time()
        self.limit, self.seconds = "first_byte", limits.first_byte
        self._set(limits.first_byte)

    def read(self) -> None:
        """Something arrived. The timer moves only now and then: a stream reads far more often than it could expire."""
        now = self._loop.time()
        if self.limit == "first_byte" or now - self._moved > self._limits.idle / 8:
            self.limit, self.seconds, self._moved = "idle", self._limits.idle, now
            self._set(self._limits.idle)

    def _set(self, seconds: float) -> None:
        end = self._started + self._limits.total
        if self._loop.time() + seconds >= end:
            self.limit, self.seconds = "total", self._limits.total
            self._timer.reschedule(end)
        else:
            self._timer.reschedule(self._loop.time() + seconds)


class Reply:
    """A success that has begun. Read it once: `read()` for JSON, `chunks()` for events."""

    __slots__ = ("_deadline", "_response", "_scrub", "content_type", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse, deadline: Deadline, scrub: Scrubber) -> None:
        self._response, self._deadline, self._scrub = response, deadline, scrub
        self.status = response.status
        self.content_type = _content_type(response.headers, scrub)
        self.headers = forwarded(response.headers, scrub)

    @property
    def is_events(self) -> bool:
        """Whether the provider streams server-sent events."""
        return self.content_type.startswith("text/event-stream")

    async def read(self) -> bytes:
        """The whole JSON answer, checked to be JSON. Raises `BadResponse` (html, not_json, too_large, cut_off)."""
        parts: list[bytes] = []
        size = 0
        while part := await self._next():
            parts.append(part)
            size += len(part)
            if size > JSON_BYTES:
                raise failures.bad_response("too_large")
        body = self._scrub.bytes_(parts[0] if len(parts) == 1 else b"".join(parts))
        try:
            _DECODER.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            kind = "html" if body.lstrip()[:1] == b"<" or "html" in self.content_type else "not_json"
            raise failures.bad_response(kind, detail=failures.page_title(body[:ERROR_BYTES], self._scrub)) from None
        return body

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Events as they arrive, byte for byte. Raises when the stream breaks off, ends early or is too large."""
        held = b""
        tail = b""
        line = total = 0
        while part := await self._next():
            total += len(part)
            line = _line(part, line)
            if total > STREAM_BYTES or line > LINE_BYTES:
                raise failures.bad_response("too_large")
            if self._scrub:
                part = self._scrub.bytes_(held + part)
                keep = self._scrub.held_back(part)
                part, held = (part[:-keep], part[-keep:]) if keep else (part, b"")
            tail = (tail + part)[-_TAIL_BYTES:]
            if part:
                yield part
        if held:
            yield held
        if not (_DONE.search(tail) or _FINISHED.search(tail)):
            raise failures.bad_response("cut_off")

    async def error_body(self) -> bytes:
        """The first 64 KiB of an answer that is no success; what is behind it is not read."""
        parts: list[bytes] = []
        size = 0
        try:
            while size < ERROR_BYTES and (part := await self._next()):
                parts.append(part)
                size += len(part)
        except UpstreamError:
            pass  # a cut error text is still an error text
        return b"".join(parts)[:ERROR_BYTES]

    async def _next(self) -> bytes:
        """The next bytes, b"" at the end."""
        try:
            part = await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise failures.bad_response("cut_off") from error
        self._deadline.read()
        return part


def refuse_encoded(headers: Mapping[str, str]) -> UpstreamError | None:
    """We ask for `identity`; whoever compresses anyway may be sending a bomb."""
    encodings = (headers.get("content-encoding", ""), headers.get("transfer-encoding", ""))
    if encodings[0].strip().lower() in ("", "identity") and encodings[1].strip().lower() in ("", "chunked", "identity"):
        return None
    return failures.bad_response("encoded")


def forwarded(headers: Mapping[str, str], scrub: Scrubber) -> list[tuple[bytes, bytes]]:
    """The provider's headers that a caller may see. One that holds a secret is left out whole."""
    kept = []
    for name, value in headers.items():
        low = name.lower()
        if low in _FORWARDED or low.startswith("x-ratelimit-"):
            raw = value.encode("latin-1", "replace")
            if scrub.bytes_(raw) is raw and scrub.bytes_(low.encode()) == low.encode():
                kept.append((low.encode("latin-1", "replace"), raw))
    return kept


def _content_type(headers: Mapping[str, str], scrub: Scrubber) -> str:
    value = headers.get("content-type", "")
    raw = value.encode("latin-1", "replace")
    return value if scrub.bytes_(raw) is raw else "application/octet-stream"


def _line(part: bytes, before: int) -> int:
    """Longest line seen in this read, or the length of the one that is still open."""
    last = part.rfind(b"\n")
    if last < 0:
        return before + len(part)
    if len(part) + before > LINE_BYTES:  # only a large read can hold a line that is too long
        longest = max(len(piece) for piece in part.split(b"\n"))
        if longest > LINE_BYTES or before + part.find(b"\n") > LINE_BYTES:
            return LINE_BYTES + 1
    return len(part) - last - 1
