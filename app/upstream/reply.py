"""A provider's answer while it arrives: raw bytes under caps and deadlines, without the secrets of the call."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Self

import aiohttp
import msgspec

from app.domain.error_kind import ErrorKind, TimeLimit
from app.domain.errors import UpstreamError
from app.domain.snapshot import Timeouts
from app.domain.usage import Usage
from app.upstream import failures
from app.upstream.scrub import Scrubber
from app.upstream.token_count import TokenCount

# Caps on raw bytes (SECURITY 4.2).
JSON_BYTES = 32 * 1024 * 1024
ERROR_BYTES = 64 * 1024
# What failed is known by then; only the provider's own words about it are still on their way.
ERROR_SECONDS = 5.0
LINE_BYTES = 1024 * 1024
STREAM_BYTES = 256 * 1024 * 1024
# Enough for the last events of a stream: [DONE], and before it a usage chunk with the vendor's extras.
_TAIL_BYTES = 8_192
_DONE = re.compile(rb"data:[ \t]*\[DONE\]")
_FINISHED = re.compile(rb'"finish_reason"\s*:\s*"')
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
# By these the events of other endpoints say that they are complete. Their last one may be as long as the whole answer.
_ENDED = re.compile(
    rb'"type"\s*:\s*"(?:response\.(?:completed|failed|incomplete)|image_(?:generation|edit)\.completed|speech\.audio\.done'
    rb'|transcript\.text\.done|error)"'
)
_ENDED_BYTES = 64
_FORWARDED = ("retry-after", "x-request-id")
_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[msgspec.Raw])


class Deadline:
    """The limits of a call, inside `with`: first byte, then idle between reads, total over all.

    Only the provider's time counts: between `pause` and `resume` the answer is in other hands, perhaps in those of a caller who
    reads slowly. One timer for all limits: a read only notes the time, and the timer asks when it fires whether it had to. Raises
    `TimedOut` in the name of the limit that was reached.
    """

    __slots__ = ("_before", "_due", "_handle", "_has_begun", "_last", "_limits", "_loop", "_paused", "_started", "_task")

    def __init__(self, limits: Timeouts) -> None:
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._due = self._has_begun = self._paused = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a call runs in a task")
        self._task, self._before = task, task.cancelling()
        self._started = self._last = self._loop.time()
        # The first look comes in time for an answer that begins at once and then goes silent.
        self._handle = self._loop.call_at(self._started + min(self._limits.first_byte, self._limits.idle, self._limits.total), self._look)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._handle.cancel()
        if self._due and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise failures.timed_out(*self._next()[1:]) from error

    def pause(self) -> None:
        """Something arrived: what is done with it is not the provider's time."""
        self._has_begun = self._paused = True
        self._last = self._loop.time()

    def resume(self) -> None:
        """The provider is waited for again."""
        if self._paused:
            now = self._loop.time()
            self._started += now - self._last
            self._last, self._paused = now, False

    def _next(self) -> tuple[float, TimeLimit, float]:
        """The limit that comes first: its moment, its name, its seconds."""
        limits = self._limits
        end = self._started + limits.total
        limit, seconds = (TimeLimit.IDLE, limits.idle) if self._has_begun else (TimeLimit.FIRST_BYTE, limits.first_byte)
        return (end, TimeLimit.TOTAL, limits.total) if self._last + seconds >= end else (self._last + seconds, limit, seconds)

    def _look(self) -> None:
        now = self._loop.time()
        moment = now + min(self._limits.idle, self._limits.total) if self._paused else self._next()[0]
        if now < moment:
            self._handle = self._loop.call_at(moment, self._look)
        else:
            self._due = True
            self._task.cancel()


class Reply:
    """A success that has begun. Read it once: `read()` for JSON, `chunks()` for everything else."""

    __slots__ = ("_deadline", "_is_open", "_response", "_scrub", "_tokens", "content_type", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse, deadline: Deadline, scrub: Scrubber, *, is_open: bool = False) -> None:
        self._response, self._deadline, self._scrub, self._is_open = response, deadline, scrub, is_open
        self.status = response.status
        self.content_type = _content_type(response.headers, scrub)
        self.headers = forwarded(response.headers, scrub)
        self._tokens = TokenCount()

    @property
    def usage(self) -> Usage | None:
        """The tokens it reported, after it was read as far as it came; None = not reported."""
        return self._tokens.usage

    @property
    def is_events(self) -> bool:
        """Whether the provider streams server-sent events."""
        return self.content_type.lower().startswith("text/event-stream")

    @property
    def is_whole(self) -> bool:
        """Whether it is JSON, which is checked before any of it is passed on; sound and text are passed on as they come."""
        return not self.is_events and (not self._is_open or "json" in self.content_type)

    async def read(self) -> bytes:
        """The whole JSON answer, checked to be JSON. Raises `BadResponse` (html, not_json, too_large, cut_off)."""
        parts: list[bytes] = []
        size = 0
        while part := await self._next():
            parts.append(part)
            size += len(part)
            if size > JSON_BYTES:
                raise failures.bad_response(ErrorKind.TOO_LARGE)
        body = self._scrub.bytes_(parts[0] if len(parts) == 1 else b"".join(parts))
        try:
            answer = _decoded(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            kind = ErrorKind.HTML if body.lstrip()[:1] == b"<" or "html" in self.content_type else ErrorKind.NOT_JSON
            raise failures.bad_response(kind, detail=failures.page_title(body[:ERROR_BYTES], self._scrub)) from None
        if isinstance(answer, dict):
            self._tokens.answer(answer)
        return body

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Events, sound or text as they arrive, byte for byte. Raises when they break off, end early or are too large."""
        held = b""
        tail = b""
        line = total = 0
        longest = JSON_BYTES if self._is_open else LINE_BYTES
        has_ended = self._is_open and not self.is_events  # how long it is says the connection alone
        count = self._tokens.chunk
        while part := await self._next():
            total += len(part)
            line = longest_line(part, line)
            if total > STREAM_BYTES or (line > longest and self.is_events):
                raise failures.bad_response(ErrorKind.TOO_LARGE)
            if self._scrub:
                part = self._scrub.bytes_(held + part)
                keep = self._scrub.held_back(part)
                part, held = (part[:-keep], part[-keep:]) if keep else (part, b"")
            if self._is_open:
                has_ended = has_ended or _ENDED.search(tail[-_ENDED_BYTES:] + part) is not None
            tail = (tail + part)[-_TAIL_BYTES:]
            if part:
                count(part)
                yield part
        if held:
            count(held)
            yield held
        if not has_ended and not _is_complete(tail):
            raise failures.bad_response(ErrorKind.CUT_OFF)

    async def error_body(self) -> bytes:
        """The first 64 KiB of an answer that is no success; what is behind it, or does not come soon, is not read."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(ERROR_SECONDS):
                while size < ERROR_BYTES and (part := await self._response.content.readany()):
                    parts.append(part)
                    size += len(part)
        except (aiohttp.ClientError, OSError):
            pass  # a cut error text is still an error text
        return b"".join(parts)[:ERROR_BYTES]

    async def _next(self) -> bytes:
        """The next bytes, b"" at the end."""
        self._deadline.resume()
        try:
            part = await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise failures.bad_response(ErrorKind.CUT_OFF) from error
        self._deadline.pause()
        return part


def _decoded(body: bytes) -> dict[str, msgspec.Raw] | list[msgspec.Raw]:
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError:
        # Half a pair of escapes is JSON all the same: what cuts a text after so many letters may leave one.
        return _DECODER.decode(_HALF_PAIR.sub(rb"\\u0020", body))


def refuse_encoded(headers: Mapping[str, str]) -> UpstreamError | None:
    """We ask for `identity`; whoever compresses anyway may be sending a bomb."""
    encodings = (headers.get("content-encoding", ""), headers.get("transfer-encoding", ""))
    if encodings[0].strip().lower() in ("", "identity") and encodings[1].strip().lower() in ("", "chunked", "identity"):
        return None
    return failures.bad_response(ErrorKind.ENCODED)


def forwarded(headers: Mapping[str, str], scrub: Scrubber) -> list[tuple[bytes, bytes]]:
    """The provider's headers that a caller may see. One that holds a secret, or what no header may hold, is left out whole."""
    kept = []
    for name, value in headers.items():
        low = name.lower()
        if (low in _FORWARDED or low.startswith("x-ratelimit-")) and _is_plain(value):
            line = (low.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            if scrub.bytes_(both := b"\n".join(line)) is both:
                kept.append(line)
    return kept


def _content_type(headers: Mapping[str, str], scrub: Scrubber) -> str:
    value = headers.get("content-type", "")
    raw = value.encode("latin-1", "replace")
    return value if scrub.bytes_(raw) is raw and _is_plain(value) else "application/octet-stream"


def _is_plain(value: str) -> bool:
    """Whether a header's value may be sent on: aiohttp lets control characters in, and no server lets them out."""
    return value.isascii() and value.isprintable()


def _is_complete(tail: bytes) -> bool:
    """Whether a stream that ends like this has said that it is at its end."""
    whole = tail.rstrip()
    return bool(_DONE.fullmatch(whole, max(whole.rfind(b"\n"), whole.rfind(b"\r")) + 1) or _FINISHED.search(tail))


def longest_line(part: bytes, before: int) -> int:
    """Longest line seen in this read, or the length of the one that is still open."""
    last = part.rfind(b"\n")
    if last < 0:
        return before + len(part)
    if len(part) + before > LINE_BYTES:  # only a large read can hold a line that is too long
        longest = max(len(piece) for piece in part.split(b"\n"))
        if longest > LINE_BYTES or before + part.find(b"\n") > LINE_BYTES:
            return LINE_BYTES + 1
    return len(part) - last - 1
