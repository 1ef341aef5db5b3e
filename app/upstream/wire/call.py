"""A call of a provider, whatever its wire: the secret opened for it, its limits, its answer checked, its connection closed."""

from collections.abc import Mapping
from functools import lru_cache, partial
from types import TracebackType
from typing import NamedTuple

import aiohttp
from yarl import URL

from app.domain.error_kind import ErrorKind
from app.domain.errors import Refused
from app.domain.providers.address import origin_of
from app.domain.snapshot import Endpoint, Key
from app.upstream import connector, credential, credential_cache, failures, sending
from app.upstream.credential_cache import Opened
from app.upstream.outgoing import Outgoing, extended
from app.upstream.reply import Deadline, Reply, refuse_encoded
from app.upstream.scrub import Scrubber
from app.upstream.sending import AGENT

_origin = lru_cache(4096)(origin_of)
_url = lru_cache(4096)(URL)  # parsed as `origin_of` parses it: what is judged is what is called


class Ask(NamedTuple):  # one a request: a frozen dataclass would take three times as long to make
    """One request, in the shape of the OpenAI protocol. `path` is put behind the base URL; `body` None makes it a GET.
    `key_header`: a plain key goes out in this header instead, which a test tries when the usual one was refused. `is_open`: the answer
    may be of any type (sound, text), and its events of any kind, not those of a chat alone."""

    path: str
    body: bytes | None = None
    stream: bool = False
    key_header: str = ""
    content_type: str = "application/json"
    is_open: bool = False


# In place of what was sent: a body of 32 MiB is not kept for as long as its answer streams.
_SENT = Ask("")


class Call:
    """One call of a provider: entered, it gives a success that has begun; leaving closes the connection unless it was read to its end.

    The secret is opened for this call, or was a moment ago; a token that the provider refuses is replaced once, and the request sent again.
    Raises `UpstreamError` for everything else, an answer that is no success included; `status` is set when there was an answer.
    A wire says how the request is sent: `_begin`.
    """

    __slots__ = ("_ask", "_deadline", "_endpoint", "_key", "_response")

    def __init__(self, endpoint: Endpoint, key: Key | None, ask: Ask) -> None:
        self._endpoint, self._key, self._ask = endpoint, key, ask
        self._deadline = Deadline(endpoint.timeouts)
        self._response: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> Reply:
        endpoint, key = self._endpoint, self._key
        lent = credential_cache.get(endpoint, key) or await self._lent()  # a token is not the provider's time
        try:
            return await self._begun(lent)
        except Refused as error:
            # 401 says that the request was not taken: with another token it may be sent once more.
            if error.status != 401 or (other := await credential.renewed(endpoint, key, lent.secrets)) is None:
                raise
        self._deadline, self._response = Deadline(endpoint.timeouts), None
        try:
            return await self._begun(credential_cache.open_(endpoint, other))
        except Refused:
            credential.note_useless(endpoint, key)
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end(error)

    async def _lent(self) -> Opened:
        endpoint, key = self._endpoint, self._key
        lent = credential_cache.open_(endpoint, await credential.ready(endpoint, key))
        if key is not None and credential.is_lasting(endpoint, key):
            credential_cache.put(endpoint, key, lent)
        return lent

    async def _begun(self, lent: Opened) -> Reply:
        scrub = lent.scrub
        context = connector.CallContext(_origin(self._endpoint.base_url), has_secret=bool(lent.secrets))
        deadline = self._deadline.__enter__()
        try:
            self._response = response = await self._begin(lent, context)
            deadline.pause()
            reply = Reply(response, deadline, scrub, is_open=self._ask.is_open)
            await _check(response, reply, scrub, context.origin)
        except BaseException as error:
            self._end(error)
            raise
        self._ask = _SENT
        return reply

    async def _sent(
        self, lent: Opened, context: connector.CallContext, path: str, headers: dict[str, str], body: bytes | None
    ) -> aiohttp.ClientResponse:
        """Send a request to this path behind the base URL, signed."""
        endpoint, key_header, again = self._endpoint, self._ask.key_header, None
        method, url = "GET" if body is None else "POST", _url(endpoint.base_url + path)
        signed: Mapping[str, str] = headers
        if lent.is_signed_each or key_header:
            again = partial(credential.sign, endpoint, lent.secrets, Outgoing(method, url, headers, body or b""), key_header=key_header)
            request = again()
            url, signed = request.url, request.headers
        else:
            headers |= lent.headers
            if lent.query:
                url = extended(url, lent.query)
        return await sending.start(method, url, body, signed, context, connect=endpoint.timeouts.connect, again=again)

    async def _begin(self, lent: Opened, context: connector.CallContext) -> aiohttp.ClientResponse:
        raise TypeError("a call has a wire")

    def _end(self, error: BaseException | None) -> None:
        if self._response is not None:
            self._response.close()  # a response that was read to its end has given its connection back already
        self._deadline.__exit__(type(error) if error else None, error, None)


def headers_of(ask: Ask) -> dict[str, str]:
    """What every request of ours says about itself."""
    headers = {
        "accept": "*/*" if ask.is_open else "text/event-stream" if ask.stream else "application/json",
        "accept-encoding": "identity",
        "user-agent": AGENT,
    }
    if ask.body is not None:
        headers["content-type"] = ask.content_type
        headers["content-length"] = str(len(ask.body))
    return headers


async def _check(response: aiohttp.ClientResponse, reply: Reply, scrub: Scrubber, origin: str) -> None:
    """Raise unless this is a success that may be read."""
    encoded = refuse_encoded(response.headers)
    if response.status in (200, 201):
        if encoded is not None:
            raise encoded
        if "html" in reply.content_type:
            page = await reply.error_body()
            raise failures.bad_response(ErrorKind.HTML, detail=failures.page_title(page, scrub), status=response.status)
        return
    body = b"" if encoded is not None or 300 <= response.status < 400 else await reply.error_body()
    raise failures.from_status(response.status, response.headers, body, scrub, origin)
