"""One call of a token server, through the guarded session: no redirects, little time, small answers, nothing repeated in errors."""

import asyncio
import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus, urlencode

import aiohttp
import msgspec
from yarl import URL

from app.domain.credentials.token import TokenInfo
from app.domain.error_kind import ErrorKind
from app.domain.errors import BadResponse, TokenBadResponse, TokenRefused, TokenUnreachable, UpstreamError
from app.domain.providers.address import origin_of
from app.domain.secret import Secret
from app.upstream import connector, reply, sending
from app.upstream.scrub import Scrubber

ANSWER_SECONDS = 15.0
CONNECT_SECONDS = 5.0
LONGEST_ANSWER = 64 * 1024
# Life of a token, in seconds, where the server says none, and at most.
USUAL_LIFE, LONGEST_LIFE = 300.0, 86_400.0
_TOKEN = re.compile(r"[\x21-\x7e]{1,12000}")
_LONGEST_WORD = 500


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A POST of `form` to `url`. `basic`: client id and secret for the header. `secrets`: what no error may repeat."""

    url: str
    form: Mapping[str, str] = field(repr=False)
    secrets: tuple[Secret, ...]
    basic: tuple[str, Secret] | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """`life` in seconds from `born`, the moment it was asked for by a clock that never goes back: a wrong wall clock changes nothing.
    `born` is set by whoever keeps it."""

    secret: Secret
    life: float
    info: TokenInfo
    born: float = 0.0

    @property
    def ends(self) -> float:
        """When it is not valid any more."""
        return self.born + self.life

    @property
    def ripens(self) -> float:
        """When a new one should be fetched: 60 s before the end; of a short life after 80 % of it."""
        return self.born + max(0.8 * self.life, self.life - 60.0)


def client_credentials(
    url: str, client_id: str, secret: Secret, *, in_header: bool = False, more: Mapping[str, str | None] | None = None
) -> TokenRequest:
    """OAuth 2, section 4.4. `more`: scope, audience and the like; empty ones are left out."""
    form = {"grant_type": "client_credentials", **{name: value for name, value in (more or {}).items() if value}}
    if in_header:
        return TokenRequest(url, form, (secret,), basic=(client_id, secret))
    return TokenRequest(url, form | {"client_id": client_id, "client_secret": secret.reveal()}, (secret,))


async def exchange(request: TokenRequest) -> Token:
    """Ask for a token. Raises `TokenRefused`, `TokenUnreachable`, `TokenBadResponse`, each with the server's words scrubbed."""
    url = URL(request.url)
    headers = {
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": sending.AGENT,
    }
    hidden = list(request.secrets)
    if request.basic is not None:
        # Both are form-encoded first (RFC 6749, 2.3.1).
        pair = f"{quote_plus(request.basic[0])}:{quote_plus(request.basic[1].reveal())}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        hidden.append(Secret(headers["authorization"]))
    body = urlencode(request.form).encode()
    scrub, host = Scrubber(hidden), url.host or ""
    context = connector.CallContext(origin_of(url), has_secret=True)
    asked_at = datetime.now(UTC)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            response = await sending.start("POST", url, body, headers, context, connect=CONNECT_SECONDS)
            try:
                data = await _read(response)
            finally:
                response.close()
    except TimeoutError:
        raise _unreachable(host, f"No response within {ANSWER_SECONDS:g} s, which is our limit.") from None
    except BadResponse as error:
        raise _no_token(host, error.message) from error
    except UpstreamError as error:
        raise _unreachable(host, error.message) from error
    except (aiohttp.ClientError, OSError) as error:
        raise _unreachable(host, "The token server closed the connection in the middle of its response.") from error
    return _judged(response.status, data, host, scrub, asked_at)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The whole answer, which is small. Raises `BadResponse`."""
    if encoded := reply.refuse_encoded(response.headers):
        raise encoded
    data = b""
    while part := await response.content.readany():
        data += part
        if len(data) > LONGEST_ANSWER:
            raise BadResponse("The token server's response is larger than allowed.")
    return data


def _judged(status: int, data: bytes, host: str, scrub: Scrubber, asked_at: datetime) -> Token:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        found = None
    said: dict[str, object] = found if isinstance(found, dict) else {}
    if status == 200 and found is not None:
        return _token(said, host, scrub, asked_at)
    words = ": ".join(scrub.text(text, _LONGEST_WORD) for name in ("error", "error_description") if isinstance(text := said.get(name), str))
    detail = f"{words or 'The token server did not say why.'} (status {status})"
    if status in (401, 403) or (status == 400 and words):
        why = "The token server rejected the client ID, client secret or scope."
        raise TokenRefused(why, detail=detail, details={"token_host": host, "kind": ErrorKind.TOKEN, "status": status})
    if status in (408, 425, 429) or status >= 500:
        raise _unreachable(host, detail)
    raise _no_token(host, "It responds with a redirect, which is never followed." if 300 <= status < 400 else detail)


def _token(said: Mapping[str, object], host: str, scrub: Scrubber, asked_at: datetime) -> Token:
    text, kind, scope = said.get("access_token"), said.get("token_type"), said.get("scope")
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise _no_token(host, "The response contains no usable access token.")
    if isinstance(kind, str) and kind.lower() != "bearer":
        raise _no_token(host, f"Tokens of the type {scrub.text(kind, 40)} are not supported; only Bearer is.")
    secret, life = Secret(text), _life(said.get("expires_in"))
    quiet = Scrubber([secret])
    shown = quiet.text(scrub.text(scope, _LONGEST_WORD), _LONGEST_WORD) if isinstance(scope, str) else ""
    expires_at = asked_at + timedelta(seconds=life)
    return Token(secret, life, TokenInfo(expires_at=expires_at, token_type="Bearer" if kind else "", scope=shown))


def _life(value: object) -> float:
    """Seconds; some servers write the number as a text."""
    if not isinstance(value, int | float | str):
        return USUAL_LIFE
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return USUAL_LIFE
    return min(seconds, LONGEST_LIFE) if seconds > 0 else USUAL_LIFE


def _unreachable(host: str, detail: str) -> TokenUnreachable:
    return TokenUnreachable(
        "The token server does not respond right now.", detail=detail, details={"token_host": host, "kind": ErrorKind.TOKEN}
    )


def _no_token(host: str, detail: str) -> TokenBadResponse:
    return TokenBadResponse(
        "The token server did not return an access token.", detail=detail, details={"token_host": host, "kind": ErrorKind.TOKEN}
    )
