"""The wire `openai`: bytes pass through untouched, to every address that speaks the OpenAI protocol."""

from functools import lru_cache

import aiohttp
from yarl import URL

from app.domain.snapshot import Endpoint, Key
from app.upstream import connector, credential, sending
from app.upstream.credential_cache import Opened
from app.upstream.wire.call import Ask, Call, headers_of

_url = lru_cache(4096)(URL)  # parsed as `origin_of` parses it: what is judged is what is called


class Passed(Call):
    """A call whose body and answer nobody touches."""

    __slots__ = ()

    async def _begin(self, lent: Opened, context: connector.CallContext) -> aiohttp.ClientResponse:
        endpoint, ask = self._endpoint, self._ask
        headers = headers_of(ask)
        if ask.key_header:
            credential.attach(headers, endpoint, lent.secrets, key_header=ask.key_header)
        else:
            headers |= lent.headers
        method = "GET" if ask.body is None else "POST"
        url = _url(endpoint.base_url + ask.path)
        credential.sign(headers, endpoint, lent.secrets, method, url, ask.body)
        return await sending.start(method, url, ask.body, headers, context, connect=endpoint.timeouts.connect)


def send(endpoint: Endpoint, key: Key | None, ask: Ask) -> Call:
    """The call, to be entered with `async with`."""
    return Passed(endpoint, key, ask)


def repeatable(endpoint: Endpoint, ask: Ask) -> str:
    """The request as a curl command without the secret, for copying."""
    return curl(endpoint, endpoint.base_url + ask.path, ask.body, stream=ask.stream)


def curl(endpoint: Endpoint, url: str, body: bytes | None, *, stream: bool = False) -> str:
    """A request as a curl command, `$API_KEY` in place of the secret."""
    parts = ["curl"]
    if stream:
        parts.append("-N")
    parts.append(_quoted(url))
    parts += [f'-H "{name}: {value}"' for name, value in credential.placeholders(endpoint).items()]
    parts += credential.curl_options(endpoint)
    if body is not None:
        parts += ["-H 'Content-Type: application/json'", "-d " + _quoted(body.decode(errors="replace"))]
    return " ".join(parts)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
