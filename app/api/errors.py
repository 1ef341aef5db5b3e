"""The one table from what happened to a status, and the one shape of an error (FEATURES U6)."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from app.domain import errors, record
from app.services import denials

STATUS: dict[type[errors.PatchbayError], int] = {
    errors.PatchbayError: 500,
    errors.NotFound: 404,
    errors.UnknownProvider: 404,
    errors.UnknownPreset: 404,
    errors.UnknownModel: 404,
    errors.UnknownAlias: 404,
    errors.UnknownClientKey: 404,
    errors.UnknownUser: 404,
    errors.UnknownCredential: 404,
    errors.Conflict: 409,
    errors.NameTaken: 409,
    errors.Stale: 409,
    errors.ReentryRequired: 409,
    errors.ProviderDisabled: 409,
    errors.RotationConflict: 409,
    errors.AlreadySetUp: 409,
    errors.RowRefused: 409,
    errors.InvalidDraft: 422,
    errors.Unsupported: 422,
    errors.AccessError: 403,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.ConfirmationNeeded: 403,
    errors.TooManyAttempts: 429,
    errors.LimitReached: 429,
    errors.VaultError: 503,
    errors.KeyMissing: 503,
    errors.KeyMismatch: 503,
    errors.CanaryCorrupt: 503,
    errors.KeyFileUnsafe: 503,
    errors.SecretUnreadable: 503,
    errors.StorageError: 503,
    errors.StorageUnavailable: 503,
    errors.DiskFull: 503,
    errors.StorageReadOnly: 503,
    errors.StorageDamaged: 503,
    errors.UpstreamError: 502,
    errors.EgressRefused: 422,
    errors.NoCredential: 409,
    errors.Unreachable: 502,
    errors.TlsFailed: 502,
    errors.TimedOut: 504,
    errors.Refused: 502,
    errors.RateLimited: 429,
    errors.Failed: 502,
    errors.BadResponse: 502,
    errors.CircuitOpen: 503,
    errors.TranslatorDown: 503,
    errors.TokenRefused: 502,
    errors.TokenUnreachable: 502,
    errors.TokenBadResponse: 502,
}

_log = logging.getLogger(__name__)
# A field name is shown back; a key pasted in its place is not: keys are longer or hold other characters.
_FIELD_NAME = re.compile(r"[a-z_]{1,24}|\d{1,4}")
_SENTENCES = {
    "missing": "This field is required.",
    "extra_forbidden": "This field does not exist. Remove it, or check its spelling.",
    "json_invalid": "The body is not valid JSON.",
    "string_type": "This must be a string.",
    "bool_type": "This must be true or false.",
    "bool_parsing": "This must be true or false.",
    "int_type": "This must be an integer.",
    "int_parsing": "This must be an integer.",
    "list_type": "This must be an array.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "model_attributes_type": "This must be an object.",
} | dict.fromkeys(
    (record.TIME_FORM, "timezone_aware", "datetime_parsing", "datetime_from_date_parsing", "datetime_type", "datetime_object_invalid"),
    "Write a time with its zone, for example 2026-12-05T14:30:00Z.",
)
_IDENTIFIER = f"Write an identifier of 1 to {record.LONGEST_IDENTIFIER} characters without spaces, for example gpt-4o-mini."
# Kinds whose ready-made sentence names the rule and never the input.
_RULES = ("string_too_", "string_pattern", "greater_than", "less_than", "too_long", "too_short", "enum", "literal_error")


class Error(BaseModel):
    """`code` is for programs, `message` for people. `details` depends on the code; `field` is the path of the first bad field."""

    code: str
    message: str
    details: dict[str, object]
    field: str | None
    suggestions: list[str]


class ErrorBody(BaseModel):
    """Every answer that is not a success."""

    error: Error
    timestamp: datetime
    requestId: str


def answer(
    request_id: str,
    status: int,
    code: str,
    message: str,
    *,
    field: str | None = None,
    details: Mapping[str, object] | None = None,
    suggestions: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error in its one shape."""
    error = Error(code=code, message=message, details=dict(details or {}), field=field, suggestions=list(suggestions))
    body = ErrorBody(error=error, timestamp=datetime.now(UTC), requestId=request_id)
    return JSONResponse(body.model_dump(mode="json"), status, headers={"x-request-id": request_id, **(headers or {})})


def install(app: FastAPI, methods: Callable[[str], list[str]]) -> None:
    """Answer every error of this application from here. `methods`: what may be done at a path."""
    app.state.methods = methods
    app.add_exception_handler(errors.PatchbayError, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ResponseValidationError, _broken)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def status_of(error: errors.PatchbayError) -> int:
    """The status of an error; one that is not in the table answers as the nearest kind above it."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def status_of_any(error: Exception) -> int:
    """The status that whatever was raised is answered with."""
    match error:
        case errors.PatchbayError():
            return status_of(error)
        case HTTPException():
            return error.status_code
        case _:
            return 422 if isinstance(error, RequestValidationError) else 500


def request_id(request: Request) -> str:
    """The number of this request, given by the outer wall."""
    return getattr(request.state, "request_id", "")


def documented(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The `responses` of a route: these statuses, each with the one error body."""
    return {status: {"model": ErrorBody, "description": HTTPStatus(status).phrase} for status in statuses}


async def _domain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.PatchbayError)  # noqa: S101 - registered for this class alone
    if isinstance(error, errors.Forbidden) and (actor := getattr(request.state, "actor", None)):
        await denials.record(actor, f"{request.method} {getattr(request.scope.get('route'), 'path', '')}")
    code = error.reason_code if isinstance(error, errors.InvalidDraft) else error.code
    status, headers = status_of(error), {}
    wait = error.retry_after if isinstance(error, errors.UpstreamError) else error.details.get("retry_after")
    if isinstance(wait, int | float):
        headers["retry-after"] = str(max(1, round(wait)))
    elif status == 503:
        headers["retry-after"] = "5"
    return answer(
        request_id(request),
        status,
        code,
        error.message,
        field=error.field,
        details=error.details,
        suggestions=error.suggestions,
        headers=headers,
    )


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Name the fields and the rules they break; the input itself is never repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    fields = {_path(found["loc"]): _sentence(found) for found in error.errors()}
    first, message = next(iter(fields.items()))
    return answer(request_id(request), 422, "invalid", message, field=first or None, details={"fields": fields})


async def _http(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself: an unknown path, another method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    known = {
        400: ("bad_request", "The request cannot be read."),
        404: ("not_found", "There is nothing at this address. All addresses are listed in /api/v1/openapi.json."),
        405: ("method_not_allowed", "This address does not support this method."),
        413: ("too_large", "The body is larger than 4 MiB."),
        415: ("unsupported_media_type", "Send the body as application/json."),
    }
    code, message = known.get(error.status_code, ("error", HTTPStatus(error.status_code).phrase))
    headers = {"allow": ", ".join(request.app.state.methods(request.url.path))} if error.status_code == 405 else error.headers
    return answer(request_id(request), error.status_code, code, message, headers=headers)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    """Our own answer does not fit its description. What it holds stays out of the log."""
    _log.error("An answer did not fit its description: %s %s", request.method, request.url.path)
    return unforeseen(request_id(request))


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    """The answer to what nobody foresaw; the framework raises the error on, and `LastResort` logs where it came from."""
    return unforeseen(request_id(request))


def unforeseen(number: str) -> JSONResponse:
    """Says nothing about the inside."""
    return answer(number, 500, "error", "Something went wrong. The server log has details under this request ID.")


def _path(place: Iterable[str | int]) -> str:
    """`body.credential.label` as people write it; parts that do not look like a field name are left out."""
    parts = [str(part) for part in place]
    parts = parts[1:] if parts and parts[0] in ("body", "query", "path", "header") else parts
    return ".".join(part for part in parts if _FIELD_NAME.fullmatch(part))


def _sentence(found: Mapping[str, object]) -> str:
    kind = str(found["type"])
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    context = found.get("ctx")
    if isinstance(context, Mapping) and context.get("pattern") == record.IDENTIFIER:
        return _IDENTIFIER
    return f"{found['msg']}." if kind.startswith(_RULES) else "This value is not allowed."
