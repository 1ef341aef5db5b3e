"""One guarded request: what a call and the translator both send through."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from functools import lru_cache

import aiohttp
from yarl import URL

from app import __version__
from app.domain.error_kind import TimeLimit
from app.upstream import connector, failures, session
from app.upstream.outgoing import Outgoing
from app.upstream.response_protocol import ResponseProtocol

AGENT = f"Patchbay/{__version__}"
_SLICE = 256 * 1024
# A kept connection that the provider had closed says so within one round trip. Who closes later may have taken the request.
_DEAD_WITHIN_SECONDS = 1.0


async def start(
    method: str,
    url: URL,
    body: bytes | None,
    headers: Mapping[str, str],
    context: connector.CallContext,
    *,
    connect: float,
    again: Callable[[], Outgoing] | None = None,
) -> aiohttp.ClientResponse:
    """Send, and once more if a kept connection turned out to be dead at once, before a single byte came back.

    `connect` in seconds. `again` signs the request anew when it is sent once more. Redirects are not followed. Raises `UpstreamError`.
    """
    token = connector.current_call.set(context)
    began = time.monotonic()
    try:
        try:
            return await _request(method, url, body, headers, connect)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            # A connector error never reached the provider's application either, but a new connection would fail as well.
            if context.connected or context.refusals or isinstance(error, aiohttp.ClientConnectorError) or _was_heard(context, began):
                raise
            if again is not None:
                signed = again()
                url, headers = signed.url, signed.headers
            return await _request(method, url, body, headers, connect)
    except TimeoutError as error:
        raise failures.timed_out(TimeLimit.CONNECT, connect) from error
    except aiohttp.ClientResponseError as error:
        # Its repr shows the headers of the request, the key among them: it is not kept as a cause.
        raise failures.from_exception(error, context.origin) from None
    except (aiohttp.ClientError, OSError, UnicodeError) as error:
        raise failures.from_exception(error, context.origin) from error
    finally:
        connector.current_call.reset(token)


def _was_heard(context: connector.CallContext, began: float) -> bool:
    """Whether the provider may have taken the request: it began to answer, or it thought about it before the connection was lost."""
    has_answered = isinstance(context.protocol, ResponseProtocol) and context.protocol.head_bytes > 0
    return has_answered or time.monotonic() - began > _DEAD_WITHIN_SECONDS


async def _request(method: str, url: URL, body: bytes | None, headers: Mapping[str, str], connect: float) -> aiohttp.ClientResponse:
    return await session.current().http.request(
        method, url, data=None if body is None else _body(body), headers=headers, allow_redirects=False, timeout=_limits(connect)
    )


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
