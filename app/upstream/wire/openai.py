"""The wire `openai`: bytes pass through untouched, to every address that speaks the OpenAI protocol."""

import aiohttp

from app.domain.snapshot import Endpoint, Key
from app.upstream import connector, credential
from app.upstream.credential_cache import Opened
from app.upstream.wire.call import Ask, Call, headers_of


class Passed(Call):
    """A call whose body and answer nobody touches."""

    __slots__ = ()

    async def _begin(self, lent: Opened, context: connector.CallContext) -> aiohttp.ClientResponse:
        ask = self._ask
        return await self._sent(lent, context, ask.path, headers_of(ask), ask.body)


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
    headers, query = credential.placeholders(endpoint)
    parts.append(_quoted(url) + (f'"{"&" if "?" in url else "?"}{query}"' if query else ""))
    parts += [f'-H "{name}: {value}"' for name, value in headers.items()]
    parts += credential.curl_options(endpoint)
    if body is not None:
        parts += ["-H 'Content-Type: application/json'", "-d " + _quoted(body.decode(errors="replace"))]
    return " ".join(parts)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
