"""The gateway's one table: a domain error → status and body in OpenAI's shape.

A provider's own words reach the caller only where the caller can mend the request (4xx), scrubbed and capped. A
provider's 401 never becomes the caller's: their key was fine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from app.domain import errors
from app.domain.error_kind import OwnLimit


@dataclass(frozen=True, slots=True)
class Answer:
    """`hides` = the message stays ours alone, because the error's own speaks of the inside."""

    status: int
    type: str
    code: str
    hides: str = ""


_UNAVAILABLE = Answer(503, "api_error", "provider_unavailable")
_INVALID = Answer(400, "invalid_request_error", "invalid_request")
_INTERNAL = Answer(500, "api_error", "internal_error", hides="Something went wrong. Try again.")
_VAULT = Answer(503, "api_error", "provider_unavailable", hides="The provider key cannot be read right now. Contact the operator.")
_STORAGE = Answer(503, "api_error", "unavailable", hides="The configuration cannot be read right now. Try again.")
_NOT_FOUND = Answer(404, "invalid_request_error", "not_found")
_CONFLICT = Answer(409, "invalid_request_error", "conflict")

ANSWERS: dict[type[errors.PatchbayError], Answer] = {
    errors.PatchbayError: _INTERNAL,
    errors.NotFound: _NOT_FOUND,
    errors.UnknownProvider: Answer(404, "invalid_request_error", "provider_not_found"),
    errors.UnknownPreset: _NOT_FOUND,
    errors.UnknownModel: Answer(404, "invalid_request_error", "model_not_found"),
    errors.UnknownAlias: _NOT_FOUND,
    errors.UnknownClientKey: _NOT_FOUND,
    errors.UnknownUser: _NOT_FOUND,
    errors.UnknownCredential: _NOT_FOUND,
    errors.Conflict: _CONFLICT,
    errors.Taken: _CONFLICT,
    errors.NameTaken: _CONFLICT,
    errors.EmailTaken: _CONFLICT,
    errors.DuplicateKey: _CONFLICT,
    errors.AlreadyCreated: _CONFLICT,
    errors.InUse: _CONFLICT,
    errors.LastAdmin: _CONFLICT,
    errors.Revoked: _CONFLICT,
    errors.Stale: _CONFLICT,
    errors.ReentryRequired: _CONFLICT,
    errors.ProviderDisabled: _UNAVAILABLE,
    errors.RotationConflict: _CONFLICT,
    errors.AlreadySetUp: _CONFLICT,
    errors.RowRefused: _CONFLICT,
    errors.InvalidDraft: _INVALID,
    errors.Unsupported: Answer(400, "invalid_request_error", "unsupported_parameter"),
    errors.Unreadable: _INVALID,
    errors.AccessError: Answer(403, "invalid_request_error", "forbidden"),
    errors.NotSignedIn: Answer(401, "invalid_request_error", "invalid_api_key"),
    errors.Forbidden: Answer(403, "invalid_request_error", "forbidden"),
    errors.ScopeMissing: Answer(403, "invalid_request_error", "forbidden"),
    errors.CsrfRequired: Answer(403, "invalid_request_error", "forbidden"),
    errors.ConfirmationNeeded: Answer(403, "invalid_request_error", "forbidden"),
    errors.TooManyAttempts: Answer(429, "requests", "rate_limit_exceeded"),
    errors.LimitReached: Answer(429, "requests", "rate_limit_exceeded"),
    errors.VaultError: _VAULT,
    errors.KeyMissing: _VAULT,
    errors.KeyMismatch: _VAULT,
    errors.CanaryCorrupt: _VAULT,
    errors.KeyFileUnsafe: _VAULT,
    errors.SecretUnreadable: _VAULT,
    errors.StorageError: _STORAGE,
    errors.StorageUnavailable: _STORAGE,
    errors.DiskFull: _STORAGE,
    errors.StorageReadOnly: _STORAGE,
    errors.StorageDamaged: _STORAGE,
    errors.UpstreamError: Answer(502, "api_error", "upstream_failed"),
    errors.EgressRefused: Answer(502, "api_error", "refused_by_policy"),
    errors.NoCredential: _UNAVAILABLE,
    errors.Unreachable: Answer(502, "api_error", "upstream_unreachable"),
    errors.TlsFailed: Answer(502, "api_error", "upstream_tls_failed"),
    errors.TimedOut: Answer(504, "api_error", "upstream_timeout"),
    errors.Refused: Answer(502, "api_error", "upstream_refused"),
    errors.RateLimited: Answer(429, "requests", "rate_limit_exceeded"),
    errors.Failed: Answer(502, "api_error", "upstream_failed"),
    errors.CircuitOpen: _UNAVAILABLE,
    errors.TranslatorDown: _UNAVAILABLE,
    errors.BadResponse: Answer(502, "api_error", "upstream_bad_response"),
    errors.TokenRefused: Answer(502, "api_error", "upstream_refused"),
    errors.TokenUnreachable: Answer(502, "api_error", "upstream_unreachable"),
    errors.TokenBadResponse: Answer(502, "api_error", "upstream_bad_response"),
}

# What a provider says with these is about the request, and its author can mend it.
_CALLERS_OWN = frozenset({400, 404, 405, 409, 410, 413, 415, 422})
_OVERLOADED = frozenset({503, 529})


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer of the gateway's own, in OpenAI's shape."""

    status: int
    body: bytes
    retry_after: float | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()


def fault(status: int, message: str, *, type_: str, code: str | None, param: str | None = None, retry_after: float | None = None) -> Fault:
    """A fault in OpenAI's shape."""
    error = {"message": message, "type": type_, "param": param, "code": code}
    return Fault(status, msgspec.json.encode({"error": error}), retry_after)


def answer(error: errors.PatchbayError) -> Fault:
    """The fault for an error."""
    known = next((ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS), _INTERNAL)
    said = error.details.get("error")
    if isinstance(error, errors.Failed) and isinstance(said, Mapping) and error.status in _CALLERS_OWN:
        return _callers_own(error.status or 400, said)
    status = 503 if isinstance(error, errors.Failed) and error.status in _OVERLOADED else known.status
    wait = error.retry_after if isinstance(error, errors.UpstreamError) else error.details.get("retry_after")
    made = fault(
        status,
        known.hides or error.message,
        type_=known.type,
        code=known.code,
        param=error.field,
        retry_after=float(wait) if isinstance(wait, int | float) else None,
    )
    return replace(made, headers=_used_up(error)) if isinstance(error, errors.LimitReached) else made


def event(problem: Fault) -> bytes:
    """The fault as the last event of a stream that has begun."""
    return b"data: " + problem.body + b"\n\n"


def _used_up(error: errors.LimitReached) -> tuple[tuple[bytes, bytes], ...]:
    """A limit of requests a minute in the headers that OpenAI's SDKs and their users know."""
    if error.limit is OwnLimit.PROVIDER_CONCURRENT:
        return ()
    told = {"limit": error.details["most"], "remaining": 0, "reset": f"{error.details['retry_after']}s"}
    return tuple((f"x-ratelimit-{name}-requests".encode(), str(value).encode()) for name, value in told.items())


def _callers_own(status: int, said: Mapping[str, str]) -> Fault:
    """The provider's words about the request, put into OpenAI's shape."""
    message = said.get("message") or "The provider rejected this request."
    type_ = said.get("type") or "invalid_request_error"
    return fault(status, message, type_=type_, code=said.get("code") or None, param=said.get("param") or None)
