"""The way out of one call: where it may go, what signs it in, and what came back. Everything the translator answers is judged by
this record and not by LiteLLM's exceptions: those lose statuses (529), rename them (413), and repeat keys in their texts."""

import contextvars
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import aiohttp
import msgspec

from app.domain.error_kind import ErrorKind
from app.domain.errors import UpstreamError
from app.domain.providers.provider import ProviderType
from app.domain.translation import Signing
from app.upstream import connector, failures, reply

# By these bytes a vendor says that a stream is at its end. LiteLLM makes up a finish_reason when they never come.
_ENDS: dict[ProviderType, re.Pattern[bytes]] = {
    ProviderType.ANTHROPIC: re.compile(rb'"stop_reason"\s*:\s*"'),
    ProviderType.BEDROCK: re.compile(rb"\x07\x00\x0bmessageStop"),  # the value of a header of a binary event: a text holds no zero
    ProviderType.AZURE: re.compile(rb'"finish_reason"\s*:\s*"'),
}
_OVERLAP = 64
# What Anthropic says as an event when it has promised a success already, and the status it says otherwise (docs.claude.com, Errors).
_STATUSES = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403, "not_found_error": 404,
    "request_too_large": 413, "rate_limit_error": 429, "api_error": 500, "timeout_error": 504, "overloaded_error": 529,
}  # fmt: skip
_FIRST_ERROR = re.compile(rb"\s*event:[ \t]*error[ \t]*\r?\ndata:[ \t]*(\{[^\r\n]*\})[ \t]*\r?\n")
_TOLD = ("retry-after", "location", "x-request-id", "request-id", "x-amzn-requestid")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered that is no success: its status, the headers that matter, the first 64 KiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True, eq=False)
class Passage:
    """`failure` or `answer` is set when the call failed; `has_ended` when the vendor said that its stream is complete."""

    type: ProviderType
    context: connector.CallContext
    connect: float
    headers: Mapping[str, str] = field(repr=False)
    query: str = field(default="", repr=False)
    signing: Signing | None = field(default=None, repr=False)
    is_used: bool = False
    failure: UpstreamError | None = None
    answer: Answer | None = None
    has_ended: bool = False
    told: dict[str, str] = field(default_factory=dict)
    _response: aiohttp.ClientResponse | None = None

    def came(self, response: aiohttp.ClientResponse) -> None:
        """The provider began to answer."""
        self._response = response
        self.told = told(response.headers)

    async def refused(self, response: aiohttp.ClientResponse) -> bytes:
        """Keep an answer that is no success; gives back what was read of it."""
        body = b"" if reply.refuse_encoded(response.headers) or 300 <= response.status < 400 else await _first(response)
        kind = {"content-type": response.headers.get("content-type", "application/json")}
        self.answer = Answer(response.status, self.told | kind, body)
        response.close()
        return body

    async def body(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        """A success as it arrives, under caps. A failure in the middle of it is kept and raised."""
        is_stream = self._is_stream(response)
        most = reply.STREAM_BYTES if is_stream else reply.JSON_BYTES
        has_lines = "event-stream" in response.headers.get("content-type", "") and "amazon" not in response.headers["content-type"]
        total = line = 0
        tail = b""
        try:
            while part := await response.content.readany():
                total += len(part)
                line = reply.longest_line(part, line) if has_lines else 0
                if total > most or line > reply.LINE_BYTES:
                    raise failures.bad_response(ErrorKind.TOO_LARGE)
                tail = tail[-_OVERLAP:] + part
                if total == len(part) and self.type is ProviderType.ANTHROPIC:
                    self._look_for_an_error(part)
                self.has_ended = self.has_ended or bool(_ENDS[self.type].search(tail))
                yield part
        except UpstreamError as error:
            self.failure = error
            raise
        except (aiohttp.ClientError, OSError) as error:
            self.failure = failures.bad_response(ErrorKind.CUT_OFF)
            raise self.failure from error

    def close(self) -> None:
        """Close the provider's connection, unless its answer was read to the end."""
        if self._response is not None:
            self._response.close()

    def _look_for_an_error(self, first: bytes) -> None:
        """Keep a stream that begins with an error as the refusal it is: nothing was handed over, so it may be tried elsewhere."""
        if not (found := _FIRST_ERROR.match(first)):
            return
        try:
            kind = str(msgspec.json.decode(found[1])["error"]["type"])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, TypeError):
            kind = ""
        self.answer = Answer(_STATUSES.get(kind, 500), self.told | {"content-type": "application/json"}, found[1])
        raise failures.bad_response(ErrorKind.CUT_OFF)

    def _is_stream(self, response: aiohttp.ClientResponse) -> bool:
        return "stream" in response.headers.get("content-type", "")


def told(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a provider that travel back."""
    return {low: value for name, value in headers.items() if (low := name.lower()) in _TOLD or "ratelimit" in low}


async def _first(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    try:
        while len(body) < reply.ERROR_BYTES and (part := await response.content.readany()):
            body += part
    except (aiohttp.ClientError, OSError):
        pass  # a cut error text is still an error text
    return body[: reply.ERROR_BYTES]


current: contextvars.ContextVar[Passage | None] = contextvars.ContextVar("passage", default=None)
