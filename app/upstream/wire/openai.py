"""The wire `openai`: bytes pass through untouched, to every address that speaks the OpenAI protocol."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType

import aiohttp
from yarl import URL

from app import __version__
from app.domain.address import origin_of
from app.domain.snapshot import Endpoint, Key
from app.upstream import connector, credential, failures, session
from app.upstream.reply import Deadline, Reply, refuse_encoded
from app.upstream.scrub import Scrubber

_SLICE = 256 * 1024
_url = lru_cache(4096)(URL)  # parsed as `origin_of` parses it: what is judged is what is called
_origin = lru_cache(4096)(origin_of)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `path` is put behind the base URL; `body` None makes it a GET."""

    path: str
    body: bytes | None = None
    stream: bool = False


class Call:
    """One call of a provider: entered, it gives a success that has begun; leaving closes the connection unless it was read to its end.

    The secret is opened here, for this call. Raises `UpstreamError` for everything else, an answer that is no
    success included; `status` is set when there was an answer.
    """

    __slots__ = ("_ask", "_deadline", "_endpoint", "_key", "_response")

    def __init__(self, endpoint: Endpoint, key: Key | None, ask: Ask) -> None:
        self._endpoint, self._key, self._ask = endpoint, key, ask
        self._deadline = Deadline(endpoint.timeouts)
        self._response: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> Reply:
        endpoint, ask = self._endpoint, self._ask
        secrets = credential.opened(endpoint, self._key)
        scrub = Scrubber(secrets.values())
        headers = _headers(ask)
        credential.attach(headers, endpoint, secrets)
        flight = connector.Flight(_origin(endpoint.base_url), has_secret=bool(secrets))
        del secrets
        deadline = self._deadline.__enter__()
        try:
            self._response = response = await _start(endpoint, ask, headers, flight)
            del headers
            deadline.read()
            reply = Reply(response, deadline, scrub)
            await _check(response, reply, scrub, flight.origin)
        except BaseException as error:
            self._end(error)
            raise
        return reply

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        if self._response is not None:
            self._response.close()  # a response that was read to its end has given its connection back already
        self._deadline.__exit__(type(error) if error else None, error, None)


def send(endpoint: Endpoint, key: Key | None, ask: Ask) -> Call:
    """The call, to be entered with `async with`."""
    return Call(endpoint, key, ask)


async def _start(endpoint: Endpoint, ask: Ask, headers: Mapping[str, str], flight: connector.Flight) -> aiohttp.ClientResponse:
    """Send, and once more if a kept connection turned out to be dead before a single byte came back."""
    token = connector.current.set(flight)
    try:
        try:
            return await _request(endpoint, ask, headers)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            # A connector error never reached the provider's application either, but a new connection would fail as well.
            if flight.connected or flight.refusals or isinstance(error, aiohttp.ClientConnectorError):
                raise
            return await _request(endpoint, ask, headers)
    except TimeoutError as error:
        raise failures.timed_out("connect", endpoint.timeouts.connect) from error
    except aiohttp.ClientResponseError as error:
        # Its repr shows the headers of the request, the key among them: it is not kept as a cause.
        raise failures.from_exception(error, flight.origin) from None
    except (aiohttp.ClientError, OSError, UnicodeError) as error:
        raise failures.from_exception(error, flight.origin) from error
    finally:
        connector.current.reset(token)


async def _request(endpoint: Endpoint, ask: Ask, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
    return await session.current().http.request(
        "GET" if ask.body is None else "POST",
        _url(endpoint.base_url + ask.path),
        data=None if ask.body is None else _body(ask.body),
        headers=headers,
        allow_redirects=False,
        timeout=_limits(endpoint.timeouts.connect),
    )


async def _check(response: aiohttp.ClientResponse, reply: Reply, scrub: Scrubber, origin: str) -> None:
    """Raise unless this is a success that may be read."""
    encoded = refuse_encoded(response.headers)
    if response.status in (200, 201):
        if encoded is not None:
            raise encoded
        if "html" in reply.content_type:
            page = await reply.error_body()
            raise failures.bad_response("html", detail=failures.page_title(page, scrub), status=response.status)
        return
    body = b"" if encoded is not None or 300 <= response.status < 400 else await reply.error_body()
    raise failures.from_status(response.status, response.headers, body, scrub, origin)


def _headers(ask: Ask) -> dict[str, str]:
    headers = {
        "accept": "text/event-stream" if ask.stream else "application/json",
        "accept-encoding": "identity",
        "user-agent": f"Patchbay/{__version__}",
    }
    if ask.body is not None:
        headers["content-type"] = "application/json"
        headers["content-length"] = str(len(ask.body))
    return headers


def _body(body: bytes) -> bytes | AsyncIterator[bytes]:
    """Large bodies go out in slices, so that one of them does not hold the loop."""
    return body if len(body) <= 2 * _SLICE else _slices(body)


async def _slices(body: bytes) -> AsyncIterator[bytes]:
    view = memoryview(body)
    for start in range(0, len(body), _SLICE):
        yield bytes(view[start : start + _SLICE])


@lru_cache(64)
def _limits(connect: float) -> aiohttp.ClientTimeout:
    """Only the connect limit is aiohttp's; the others are `Deadline`'s, which knows their names."""
    return aiohttp.ClientTimeout(total=None, connect=connect)


def repeatable(endpoint: Endpoint, ask: Ask) -> str:
    """The request as a curl command without the secret, for copying."""
    parts = ["curl"]
    if ask.stream:
        parts.append("-N")
    parts.append(_quoted(endpoint.base_url + ask.path))
    parts += [f'-H "{name}: {value}"' for name, value in credential.placeholders(endpoint).items()]
    if ask.body is not None:
        parts += ["-H 'Content-Type: application/json'", "-d " + _quoted(ask.body.decode(errors="replace"))]
    return " ".join(parts)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
