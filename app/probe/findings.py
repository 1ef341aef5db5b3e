"""From an error to what a probe says of it: the finding, its facts, the verdict and the repair we know."""

from collections.abc import Mapping
from typing import Any

from yarl import URL

from app import presets
from app.domain.errors import (
    BadResponse,
    EgressRefused,
    Failed,
    NoCredential,
    RateLimited,
    Refused,
    TimedOut,
    TlsFailed,
    TokenBadResponse,
    TokenRefused,
    TokenUnreachable,
    TranslatorDown,
    Unreachable,
    UpstreamError,
)
from app.domain.probes.probe import Finding, ProbeError, Verdict
from app.domain.providers.routes import ROUTES
from app.domain.snapshot import Endpoint
from app.probe import fixes, messages, paths, requests
from app.upstream import auth, container

_F = Finding
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# class of error → details[key] → finding; the first entry is for everything else.
_BY_KIND: dict[type[UpstreamError], tuple[str, Finding, dict[str, Finding]]] = {
    EgressRefused: (
        "reason",
        _F.REFUSED_BY_POLICY,
        {"local": _F.LOCAL_NOT_APPROVED, "local_off": _F.LOCAL_NOT_APPROVED, "key_in_clear": _F.KEY_IN_CLEAR},
    ),
    NoCredential: (
        "kind",
        _F.NO_CREDENTIAL,
        {
            "unreadable": _F.KEY_UNREADABLE,
            "reference": _F.KEY_PLACE_EMPTY,
            "sealed": _F.KEY_UNREADABLE,
            "characters": _F.KEY_UNREADABLE,
            "other_origin": _F.NO_CREDENTIAL,
            "refused": _F.KEY_REFUSED,
            "expired": _F.KEY_EXPIRED,
            "unknown_auth_type": _F.UNKNOWN_AUTH_TYPE,
            "header_name": _F.UNKNOWN_AUTH_TYPE,
        },
    ),
    Unreachable: (
        "kind",
        _F.UNREACHABLE,
        {"dns": _F.HOST_NOT_FOUND, "refused": _F.CONNECTION_REFUSED, "lost": _F.CONNECTION_LOST},
    ),
    TlsFailed: (
        "kind",
        _F.TLS_FAILED,
        {
            "self_signed": _F.TLS_SELF_SIGNED,
            "expired": _F.TLS_EXPIRED,
            "wrong_name": _F.TLS_WRONG_NAME,
            "unknown_issuer": _F.TLS_UNKNOWN_ISSUER,
            "not_spoken": _F.TLS_NOT_SPOKEN,
        },
    ),
    TimedOut: (
        "limit",
        _F.TOTAL_TIMEOUT,
        {"connect": _F.CONNECT_TIMEOUT, "first_byte": _F.FIRST_BYTE_TIMEOUT, "idle": _F.IDLE_TIMEOUT},
    ),
    RateLimited: ("kind", _F.RATE_LIMITED, {"no_credit": _F.NO_CREDIT}),
    Refused: ("kind", _F.KEY_REFUSED, {}),
    TokenRefused: ("kind", _F.TOKEN_REFUSED, {}),
    TokenUnreachable: ("kind", _F.TOKEN_UNREACHABLE, {}),
    TokenBadResponse: ("kind", _F.TOKEN_BAD_RESPONSE, {}),
    TranslatorDown: ("kind", _F.TRANSLATOR_DOWN, {}),
    BadResponse: (
        "kind",
        _F.NOT_JSON,
        {
            "redirect": _F.REDIRECTED,
            "html": _F.HTML,
            "encoded": _F.ENCODED,
            "too_large": _F.TOO_LARGE,
            "cut_off": _F.CUT_OFF,
            "not_http": _F.NOT_HTTP,
            "tls_expected": _F.TLS_EXPECTED,
        },
    ),
}

VERDICTS: dict[Finding, Verdict] = {
    _F.NO_MODEL_LIST: Verdict.NO_MODEL_LIST,
    _F.NO_MODELS: Verdict.NO_MODEL_LIST,
    _F.NO_MODEL_KNOWN: Verdict.NO_MODEL_LIST,
    _F.LIST_IS_PUBLIC: Verdict.KEY_NOT_PROVEN,
    _F.KEY_NOT_PROVEN: Verdict.KEY_NOT_PROVEN,
    _F.DEFAULT_NOT_LISTED: Verdict.DEFAULT_NOT_LISTED,
    _F.ADDRESS_INVALID: Verdict.NOT_FOUND,
    _F.REFUSED_BY_POLICY: Verdict.REFUSED_BY_POLICY,
    _F.LOCAL_NOT_APPROVED: Verdict.REFUSED_BY_POLICY,
    _F.KEY_IN_CLEAR: Verdict.REFUSED_BY_POLICY,
    _F.HOST_NOT_FOUND: Verdict.UNREACHABLE,
    _F.NO_LOOK_UP: Verdict.UNREACHABLE,
    _F.LOCALHOST_OF_CONTAINER: Verdict.UNREACHABLE,
    _F.CONNECTION_REFUSED: Verdict.UNREACHABLE,
    _F.CONNECTION_LOST: Verdict.UNREACHABLE,
    _F.UNREACHABLE: Verdict.UNREACHABLE,
    _F.CONNECT_TIMEOUT: Verdict.TIMEOUT,
    _F.FIRST_BYTE_TIMEOUT: Verdict.TIMEOUT,
    _F.IDLE_TIMEOUT: Verdict.TIMEOUT,
    _F.TOTAL_TIMEOUT: Verdict.TIMEOUT,
    _F.TLS_SELF_SIGNED: Verdict.TLS_FAILED,
    _F.TLS_EXPIRED: Verdict.TLS_FAILED,
    _F.TLS_WRONG_NAME: Verdict.TLS_FAILED,
    _F.TLS_UNKNOWN_ISSUER: Verdict.TLS_FAILED,
    _F.TLS_NOT_SPOKEN: Verdict.TLS_FAILED,
    _F.TLS_FAILED: Verdict.TLS_FAILED,
    _F.TRANSLATOR_DOWN: Verdict.UNREACHABLE,
    _F.NOT_FOUND: Verdict.NOT_FOUND,
    _F.VERSION_DOUBLED: Verdict.NOT_FOUND,
    _F.VERSION_MISSING: Verdict.NOT_FOUND,
    _F.NO_CREDENTIAL: Verdict.NO_CREDENTIAL,
    _F.KEY_UNREADABLE: Verdict.NO_CREDENTIAL,
    _F.KEY_PLACE_EMPTY: Verdict.NO_CREDENTIAL,
    _F.UNKNOWN_AUTH_TYPE: Verdict.NO_CREDENTIAL,
    _F.KEY_EXPIRED: Verdict.NO_CREDENTIAL,
    _F.KEY_REQUIRED: Verdict.NO_CREDENTIAL,
    _F.KEY_REFUSED: Verdict.AUTH_FAILED,
    _F.TOKEN_REFUSED: Verdict.AUTH_FAILED,
    _F.TOKEN_UNREACHABLE: Verdict.UNREACHABLE,
    _F.RATE_LIMITED: Verdict.LIMITED,
    _F.LIMITED_UNPROVEN: Verdict.LIMITED,
    _F.NO_CREDIT: Verdict.LIMITED,
    _F.MODEL_NOT_FOUND: Verdict.MODEL_NOT_FOUND,
}  # whatever is not here is a bad response


NO_TOKEN = frozenset({_F.TOKEN_REFUSED, _F.TOKEN_UNREACHABLE, _F.TOKEN_BAD_RESPONSE})  # the provider was not asked


def is_of_the_key(finding: Finding) -> bool:
    """Whether it is the key's step that is red, whichever step met it."""
    return finding in NO_TOKEN or VERDICTS.get(finding) in (Verdict.NO_CREDENTIAL, Verdict.AUTH_FAILED)


def of(error: UpstreamError, endpoint: Endpoint) -> tuple[Finding, dict[str, Any]]:
    """The finding behind an error, and the facts its sentence names."""
    url = URL(endpoint.base_url)
    facts: dict[str, Any] = {"host": url.host, "port": url.port, "origin": endpoint.origin}
    if error.status is not None:
        facts["status"] = error.status
    facts |= {k: v for k, v in error.details.items() if k in ("seconds", "target", "reason", "token_host", "place")}
    if type(error) not in _BY_KIND:
        return _F.PROVIDER_ERROR, facts
    key, otherwise, by_kind = _BY_KIND[type(error)]
    found = by_kind.get(str(error.details.get(key, "")), otherwise)
    return _nearer(found, endpoint, url.host or ""), facts


def _nearer(found: Finding, endpoint: Endpoint, host: str) -> Finding:
    """What the same error means at this place."""
    if found is _F.KEY_REFUSED and not auth.needs_key(endpoint.auth_type):
        return _F.KEY_REQUIRED
    if found is _F.HOST_NOT_FOUND and any(host == URL(vendor.base_url).host for vendor in presets.all_() if "{" not in vendor.base_url):
        return _F.NO_LOOK_UP
    if found is _F.CONNECTION_REFUSED and host in LOOPBACK and container.current() is not None:
        return _F.LOCALHOST_OF_CONTAINER
    return found


def error(finding: Finding, facts: Mapping[str, Any], endpoint: Endpoint, *, detail: str = "") -> ProbeError:
    """The finding as a probe's error, with the repair where one is known."""
    return ProbeError(
        code=finding,
        message=messages.sentence(finding, facts),
        values=dict(facts),
        detail=detail,
        fix=fixes.of(finding, facts, endpoint),
    )


def of_chat(error: UpstreamError, endpoint: Endpoint, model: str, *, is_stream: bool) -> Finding | None:
    """What only a chat knows about an error: which model was asked, that it was a stream. None = nothing more than `of` does."""
    kind = error.details.get("kind")
    if isinstance(error, Failed) and requests.names_the_model(error, model):
        return _F.MODEL_NOT_FOUND
    if isinstance(error, Failed) and error.status in (404, 405):
        return misplaced(endpoint)
    if isinstance(error, Failed) and error.status is not None and 400 <= error.status < 500:
        return _F.CHAT_REJECTED
    if kind == "cut_off" and is_stream:
        return _F.STREAM_CUT
    return {"not_chat": _F.NOT_CHAT, "not_streamed": _F.NOT_STREAMED}.get(str(kind))


def misplaced(endpoint: Endpoint) -> Finding:
    """What a 404 most likely means, judged by the version in the path: doubled, missing where one belongs, or something else."""
    if ROUTES[endpoint.type].is_rooted:
        return _F.NOT_FOUND
    if paths.versions(endpoint.base_url) > 1:
        return _F.VERSION_DOUBLED
    return _F.VERSION_MISSING if paths.lacks_version(endpoint) else _F.NOT_FOUND
