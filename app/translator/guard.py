"""Nothing leaves this process but one request of a call, to that call's origin, signed by us (SECURITY 4.3).

Two belts: LiteLLM's clients get a transport of ours, and no socket may connect that our connector did not make.
"""

import sys
from collections.abc import AsyncIterator
from functools import partial

import aiohttp
import httpx
from yarl import URL

from app.domain.error_kind import EgressReason
from app.domain.errors import EgressRefused, UpstreamError
from app.domain.providers.address import origin_of
from app.domain.secret import Secret
from app.domain.translation import Signing
from app.translator import passage as passages
from app.translator.passage import Passage
from app.upstream import connector, reply, sending, signing
from app.upstream.outgoing import Outgoing, extended

# Of what LiteLLM and the vendors' libraries put on a request, this and nothing else goes out.
_KEPT = frozenset({"content-type", "accept", "anthropic-version", "anthropic-beta"})
_FORBIDDEN = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.system", "pty.spawn"})


def install() -> None:
    """Put the guard into LiteLLM. Call it right after the first import, before any call: some clients are built once."""
    import litellm
    from litellm.llms.custom_httpx import http_handler

    transport = Transport()

    def client(
        self: object,
        timeout: float | httpx.Timeout | None = None,
        event_hooks: object = None,
        ssl_verify: object = None,
        shared_session: object = None,
    ) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=transport, timeout=timeout or 600, trust_env=False, follow_redirects=False)

    def no_client(self: object) -> httpx.Client:
        return httpx.Client(transport=NoTransport(), trust_env=False)

    http_handler.AsyncHTTPHandler.create_client = client
    http_handler.HTTPHandler.create_client = no_client
    litellm.aclient_session = httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)
    litellm.client_session = httpx.Client(transport=NoTransport(), trust_env=False)
    litellm.module_level_aclient = http_handler.AsyncHTTPHandler(timeout=600)
    litellm.module_level_client = http_handler.HTTPHandler(timeout=600)
    litellm.disable_aiohttp_trust_env = True
    litellm.in_memory_llm_clients_cache.flush_cache()


def seal() -> None:
    """From now on only sockets that our connector judged and made may connect, and nothing may be started."""
    sys.addaudithook(_watch)


def _watch(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.connect" and not isinstance(args[0], connector.Judged):
        raise EgressRefused("Only the calls of this process may connect.", details={"reason": EgressReason.RESERVED})
    if event in _FORBIDDEN:
        raise EgressRefused("The translator starts no other process.", details={"reason": EgressReason.RESERVED})


class NoTransport(httpx.BaseTransport):
    """Blocking calls are never made here."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)


class Transport(httpx.AsyncBaseTransport):
    """httpx over the guarded session. Fails closed: without a call, for a second request, for another origin."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        found = passages.current.get()
        url = URL(str(request.url), encoded=True)
        if found is None or found.is_used or request.method != "POST" or origin_of(url) != found.context.origin:
            raise httpx.ConnectError("refused", request=request)
        found.is_used = True
        headers = {name: value for name, value in request.headers.items() if name in _KEPT}
        headers |= {"accept-encoding": "identity", "user-agent": sending.AGENT, **found.headers}
        body = await request.aread()
        made = Outgoing(request.method, extended(url, found.query), headers, body)
        try:
            response = await _sent(found, made)
        except UpstreamError as error:
            found.failure = error
            raise httpx.ConnectError("failed", request=request) from None
        finally:
            del headers, made
        found.came(response)
        kind = response.headers.get("content-type", "application/json")
        if response.status not in (200, 201) or "html" in kind:
            return httpx.Response(response.status, headers={"content-type": kind}, content=await found.refused(response), request=request)
        if encoded := reply.refuse_encoded(response.headers):
            found.failure = encoded
            response.close()
            raise httpx.ReadError("encoded", request=request)
        headers_back = found.told | {"content-type": kind}
        return httpx.Response(response.status, headers=headers_back, stream=_Body(found, response, request), request=request)


async def _sent(found: Passage, made: Outgoing) -> aiohttp.ClientResponse:
    again = partial(_signed, found.signing, made) if found.signing is not None else None
    signed = again() if again is not None else made
    return await sending.start(
        signed.method, signed.url, signed.body or None, signed.headers, found.context, connect=found.connect, again=again
    )


def _signed(by: Signing, request: Outgoing) -> Outgoing:
    return signing.sign(by.auth_type, by.auth, {name: Secret(text) for name, text in by.secrets.items()}, request)


class _Body(httpx.AsyncByteStream):
    def __init__(self, found: Passage, response: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._found, self._response, self._request = found, response, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._found.body(self._response):
                yield part
        except UpstreamError:
            raise httpx.ReadError("failed", request=self._request) from None

    async def aclose(self) -> None:
        self._response.close()
