"""What went wrong, in our words: an exception of the HTTP client or a status of the provider → a domain error."""

import errno
import re
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec
from yarl import URL

from app.domain.error_kind import ErrorKind, TimeLimit
from app.domain.errors import BadResponse, Failed, RateLimited, Refused, TimedOut, TlsFailed, Unreachable, UpstreamError
from app.domain.providers.address import origin_of
from app.upstream import egress
from app.upstream.connector import EgressDenied
from app.upstream.scrub import REMOVED, Scrubber

NOTHING_TO_SCRUB = Scrubber(())  # for text that was scrubbed when it was read
LONGEST_DETAIL = 2_000  # characters of a provider's own text that a person gets to see
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,2000})</title>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")

# What vendors call a key they do not take any more: in codes and types, and in sentences.
_KEY_CODE = re.compile(r"api_?key|key_(revoked|expired|disabled|invalid)|invalid_(key|token)|authenticat|unauthori[sz]ed|credential"
                       r"|account_(deactivated|suspended|disabled)", re.IGNORECASE)  # fmt: skip
_BAD_KEY = r"invalid|incorrect|expired|revoked|unknown|missing|disabled|blocked|suspended|deactivated|not valid"
_KEY_NAME = r"api[ _-]?key|access[ _-]?key|subscription key|credentials?|access token|auth token|account"
_KEY_WORDS = re.compile(rf"({_BAD_KEY})\b.{{0,40}}\b({_KEY_NAME})|({_KEY_NAME})\b.{{0,40}}\b({_BAD_KEY})", re.IGNORECASE | re.DOTALL)

# A refusal that any request but this one might not have met: OpenAI's sentence (a 429), and OpenRouter's (a 402).
_TOO_LARGE = re.compile(r"request too large|fewer max_tokens", re.IGNORECASE)

# OpenSSL's X509_V_ERR_… numbers, from openssl/x509_vfy.h
_VERIFY_KINDS = {
    10: ErrorKind.EXPIRED,
    9: ErrorKind.EXPIRED,  # not valid yet
    18: ErrorKind.SELF_SIGNED,
    19: ErrorKind.SELF_SIGNED,  # in the chain
    20: ErrorKind.UNKNOWN_ISSUER,
    21: ErrorKind.UNKNOWN_ISSUER,
    62: ErrorKind.WRONG_NAME,
    64: ErrorKind.WRONG_NAME,  # IP address
}
_TLS_SENTENCES = {
    ErrorKind.EXPIRED: "The provider's certificate has expired or is not valid yet.",
    ErrorKind.SELF_SIGNED: "The provider's certificate is self-signed and not trusted.",
    ErrorKind.UNKNOWN_ISSUER: "The provider's certificate comes from an issuer that is not trusted.",
    ErrorKind.WRONG_NAME: "The provider's certificate belongs to another host name.",
    ErrorKind.NOT_SPOKEN: "The port does not use TLS. Perhaps the address should start with http://.",
    ErrorKind.FAILED: "The secure connection to the provider failed.",
}
# Reasons with which OpenSSL says that the other side talks something else.
_NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}


def from_exception(error: BaseException, origin: str) -> UpstreamError:
    """Map what aiohttp, asyncio or ssl raised before an answer began."""
    match error:
        case UpstreamError():
            return error
        case EgressDenied():
            return egress.refusal(error.reason, origin)
        case aiohttp.ClientConnectorDNSError() | UnicodeError():  # a name that cannot even be asked for
            return Unreachable("The provider's host name cannot be found.", details={"kind": ErrorKind.DNS})
        case aiohttp.ClientConnectorCertificateError():
            return tls_failed(error.certificate_error)
        case aiohttp.ClientConnectorSSLError():
            return tls_failed(error.os_error)
        case aiohttp.ClientConnectorError():
            return unreachable(error.os_error)
        case aiohttp.ServerDisconnectedError():
            return Unreachable("The provider closed the connection without a response.", details={"kind": ErrorKind.LOST})
        case aiohttp.ClientResponseError():
            # The parser quotes the offending bytes; 0x15 0x03 begins a TLS alert.
            kind = ErrorKind.TLS_EXPECTED if "\\x15\\x03" in error.message else ErrorKind.NOT_HTTP
            return BadResponse("The server at this address does not use HTTP.", details={"kind": kind})
        case ssl.SSLError():
            return tls_failed(error)
        case OSError():
            return unreachable(error)
        case _:
            return Failed("The request to the provider failed.")


def tls_failed(error: BaseException) -> TlsFailed:
    """Of the kind EXPIRED, SELF_SIGNED, UNKNOWN_ISSUER, WRONG_NAME, NOT_SPOKEN or FAILED."""
    kind = ErrorKind.FAILED
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            kind = _VERIFY_KINDS.get(cause.verify_code, ErrorKind.FAILED)
        elif isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS:
            kind = ErrorKind.NOT_SPOKEN
    return TlsFailed(_TLS_SENTENCES[kind], details={"kind": kind})


def unreachable(error: OSError) -> Unreachable:
    """Of the kind REFUSED, LOST or NETWORK."""
    match error.errno:
        case errno.ECONNREFUSED:
            return Unreachable("Nothing responds at the provider's address and port.", details={"kind": ErrorKind.REFUSED})
        case errno.ECONNRESET | errno.EPIPE | errno.ECONNABORTED:
            return Unreachable("The provider closed the connection without a response.", details={"kind": ErrorKind.LOST})
    if "refused" in str(error).lower() or "Errno 111" in str(error) or "Errno 61" in str(error):
        return Unreachable("Nothing responds at the provider's address and port.", details={"kind": ErrorKind.REFUSED})
    return Unreachable("The provider cannot be reached over the network.", details={"kind": ErrorKind.NETWORK})


_LIMITS = {
    TimeLimit.CONNECT: "The provider did not accept a connection within {:g} s (our limit).",
    TimeLimit.FIRST_BYTE: "The provider did not start to respond within {:g} s (our limit).",
    TimeLimit.IDLE: "The provider sent nothing for {:g} s in the middle of its response (our limit).",
    TimeLimit.TOTAL: "The provider's response took longer than {:g} s in total (our limit).",
}


def timed_out(limit: TimeLimit, seconds: float) -> TimedOut:
    """Says whose limit it was: ours, and which."""
    return TimedOut(_LIMITS[limit].format(seconds), details={"limit": limit, "seconds": seconds})


def from_status(status: int, headers: Mapping[str, str], body: bytes, scrub: Scrubber, origin: str) -> UpstreamError:
    """Map an answer that is not a success. `body` is what was read of it (≤ 64 KiB)."""
    said = _said(body, scrub)
    detail = said["message"]
    if status in (402, 429) and _TOO_LARGE.search(detail):
        sentence = "The request is too large for this account at the provider. Make it shorter, or ask for fewer tokens."
        return RateLimited(sentence, detail=detail, status=status, details={"kind": ErrorKind.TOO_LARGE})
    match status:
        case 401 | 403:
            kind = ErrorKind.KEY if status == 401 or _speaks_of_the_key(said) else ErrorKind.DENIED
            return Refused("The provider rejected the key.", detail=detail, status=status, details={"kind": kind})
        case 402:
            return RateLimited(
                "The account at the provider has no credit left.", detail=detail, status=status, details={"kind": ErrorKind.NO_CREDIT}
            )
        case 429:
            kind = ErrorKind.NO_CREDIT if said["code"] == "insufficient_quota" else ErrorKind.RATE_LIMIT
            wait = retry_after(headers.get("retry-after"))
            return RateLimited(
                "The provider is limiting requests right now.", detail=detail, status=status, retry_after=wait, details={"kind": kind}
            )
        case _ if 300 <= status < 400:
            target = _target(headers.get("location", ""), origin, scrub)
            return BadResponse(
                "The provider responded with a redirect, which is never followed.",
                status=status,
                details={"kind": ErrorKind.REDIRECT, "target": target},
            )
        case _ if status < 300:
            return BadResponse(
                "The provider's response has an unexpected status.", detail=detail, status=status, details={"kind": ErrorKind.STATUS}
            )
    if _speaks_tls(said["message"]):
        return BadResponse(
            "The server at this address expects HTTPS.", detail=detail, status=status, details={"kind": ErrorKind.TLS_EXPECTED}
        )
    wait = retry_after(headers.get("retry-after"))
    return Failed("The provider could not process this request.", detail=detail, status=status, retry_after=wait, details={"error": said})


def bad_response(kind: ErrorKind, *, detail: str = "", status: int | None = None) -> BadResponse:
    """`kind`: HTML, NOT_JSON, ENCODED, TOO_LARGE or CUT_OFF."""
    return BadResponse(_BAD[kind], detail=detail, status=status, details={"kind": kind})


_BAD = {
    ErrorKind.HTML: "The provider responded with a web page instead of JSON. Check the address.",
    ErrorKind.NOT_JSON: "The provider's response is not JSON.",
    ErrorKind.ENCODED: "The provider sent a compressed response that was not asked for.",
    ErrorKind.TOO_LARGE: "The provider's response is larger than allowed.",
    ErrorKind.CUT_OFF: "The provider's response ended before it was complete.",
}


def retry_after(value: str | None) -> float | None:
    """Seconds to wait, from seconds or an HTTP date, held between 1 and 300. None when absent or unreadable.

    >>> retry_after("7")
    7.0
    """
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 1.0), 300.0) if seconds == seconds else None


def page_title(body: bytes, scrub: Scrubber) -> str:
    """What a web page says it is, for the folded detail."""
    text = body.decode(errors="replace")
    title = found[1] if (found := _TITLE.search(text)) else _TAG.sub(" ", text)
    return scrub.text(" ".join(title.split()), 200)


def _said(body: bytes, scrub: Scrubber) -> dict[str, str]:
    """The provider's own words: message, type, code, param, each scrubbed and capped; "" where it said none."""
    found: dict[str, object] = {}
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        text = body.decode(errors="replace")
        found["message"] = page_title(body, scrub) if "<html" in text[:2_000].lower() else text
    else:
        found = _error_object(document)
    limits = {"message": LONGEST_DETAIL, "type": 100, "code": 100, "param": 200}
    return {k: scrub.text(v, limit) if isinstance(v := found.get(k), str) else "" for k, limit in limits.items()}


def _speaks_of_the_key(said: Mapping[str, str]) -> bool:
    """Whether a 403 means the key rather than what was asked for: a model or a text may be forbidden to a key that is good."""
    return bool(_KEY_CODE.search(f"{said['code']} {said['type']}") or _KEY_WORDS.search(said["message"]))


def _error_object(document: object) -> dict[str, object]:
    """Find {message, …} in the shapes in use: {"error": {…}}, {"error": "…"}, [{"error": …}], {"message"|"detail": …}."""
    if isinstance(document, list):
        document = document[0] if document else {}
    if not isinstance(document, dict):
        return {"message": str(document)}
    error = document.get("error", document)
    if isinstance(error, str):
        return {"message": error}
    if not isinstance(error, dict):
        error = document
    message = next((m for k in ("message", "detail", "error_description", "error") if (m := error.get(k)) is not None), "")
    if not isinstance(message, str):
        message = msgspec.json.encode(message).decode(errors="replace")
    code = error.get("code")
    return {"message": message, "type": error.get("type"), "code": str(code) if code is not None else "", "param": error.get("param")}


def _speaks_tls(message: str) -> bool:
    """Web servers' own words for "this port wants https" (nginx, Go, Apache)."""
    low = message.lower()
    return "plain http request was sent to https port" in low or "http request to an https server" in low or "speaking plain http" in low


def _target(location: str, origin: str, scrub: Scrubber) -> str:
    """The origin a redirect points to, and nothing else of it: the rest may carry tokens. A host named after the key is not told."""
    if scrub.finds(location):
        return REMOVED.decode()
    try:
        return origin_of(URL(origin).join(URL(location)))
    except ValueError:
        return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = getattr(seen, "os_error", None) or getattr(seen, "certificate_error", None) or seen.__cause__
