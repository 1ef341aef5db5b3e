"""How REST answers what went wrong, whoever raised it: by the code of the error (`domain.error_code`), in one shape (`error_body`)."""

import logging
from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.api.errors.error_body import answer
from app.api.errors.error_body import documented as documented
from app.api.errors.faults import faults
from app.domain import errors
from app.domain.errors import ErrorCode
from app.services import denials

_log = logging.getLogger(__name__)
# What the framework and the body's reader refuse by themselves.
_REFUSED = {
    404: (ErrorCode.NOT_FOUND, "There is nothing at this address. All addresses are listed in /api/v1/openapi.json."),
    405: (ErrorCode.METHOD_NOT_ALLOWED, "This address does not support this method."),
    413: (ErrorCode.TOO_LARGE, "The body is larger than 4 MiB."),
    415: (ErrorCode.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."),
}
_UNREADABLE = (ErrorCode.BAD_REQUEST, "The request cannot be read.")


def install(app: FastAPI, methods: Callable[[str], list[str]]) -> None:
    """Answer every error of this application from here. `methods`: what may be done at a path."""
    app.state.methods = methods
    app.add_exception_handler(errors.PatchbayError, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ResponseValidationError, _broken)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def status_of(error: errors.PatchbayError) -> int:
    """The status of an error."""
    return error.code.status


def status_of_any(error: Exception) -> int:
    """The status that whatever was raised is answered with."""
    match error:
        case errors.PatchbayError():
            return status_of(error)
        case HTTPException():
            return _REFUSED.get(error.status_code, _UNREADABLE)[0].status
        case _:
            return 422 if isinstance(error, RequestValidationError) else 500


def request_id(request: Request) -> str:
    """The number of this request, given by the outer wall."""
    return getattr(request.state, "request_id", "")


async def _domain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.PatchbayError)  # noqa: S101 - registered for this class alone
    if isinstance(error, errors.Forbidden) and (actor := getattr(request.state, "actor", None)):
        await denials.record(actor, f"{request.method} {getattr(request.scope.get('route'), 'path', '')}")
    wait = error.retry_after if isinstance(error, errors.UpstreamError) else error.details.get("retry_after")
    headers = {"retry-after": str(max(1, round(wait)))} if isinstance(wait, int | float) else {}
    told = {"field": error.field, "details": error.details, "suggestions": error.suggestions}
    return answer(request_id(request), error.code, error.message, headers=headers, **told)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Name the fields and the rules they break; the input itself is never repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    found = faults(error.errors())
    first = found[0]
    return answer(request_id(request), ErrorCode.INVALID, first["message"] or "", field=first["field"], details={"errors": found})


async def _http(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself: an unknown path, another method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    code, message = _REFUSED.get(error.status_code, _UNREADABLE)
    allowed = {"allow": ", ".join(request.app.state.methods(request.url.path))} if code is ErrorCode.METHOD_NOT_ALLOWED else error.headers
    return answer(request_id(request), code, message, headers=allowed)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    """Our own answer does not fit its description. What it holds stays out of the log."""
    _log.error("An answer did not fit its description: %s %s", request.method, request.url.path)
    return unforeseen(request_id(request))


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    """The answer to what nobody foresaw; the framework raises the error on, and `LastResort` logs where it came from."""
    return unforeseen(request_id(request))


def unforeseen(number: str) -> JSONResponse:
    """Says nothing about the inside."""
    return answer(number, ErrorCode.INTERNAL_ERROR, "Something went wrong. The server log has details under this request ID.")
