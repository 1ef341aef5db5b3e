"""The one shape of an error (FEATURES U6), and the responses of it that routes share in the document."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from app.domain.errors import ErrorCode


class Fault(BaseModel):
    """One thing that is wrong with what was sent. What was sent is not repeated."""

    field: Annotated[str | None, Field(description="Dotted path of the field, for example `models.3.identifier`; null for the whole body.")]
    code: Annotated[str, Field(description="Which rule it breaks, in lower snake_case; new ones can be added.")]
    message: Annotated[str, Field(description="The rule, in one English sentence.")]


class ErrorDetails(BaseModel):
    """What a program needs to know about the error; which fields there are depends on its code, and more can be added."""

    model_config = ConfigDict(extra="allow")

    errors: Annotated[list[Fault], Field(description="Every fault of the input, with `invalid` and `unsupported`.")] = []
    retry_after: Annotated[int | float, Field(description="Seconds until it is worth trying again.")] = 0
    scope: Annotated[str, Field(description="Scope that the app key lacks, with `scope_missing`.")] = ""
    version: Annotated[int, Field(description="Current version of the resource, with `stale`.")] = 0


class Error(BaseModel):
    """What went wrong and what to do."""

    code: Annotated[ErrorCode, Field(description="For programs: docs/errors.md says what each means. New ones can be added.")]
    message: Annotated[str, Field(description="For people: one English sentence.")]
    details: Annotated[ErrorDetails, Field(description="For programs, by `code`; empty where there is nothing to add.")]
    field: Annotated[str | None, Field(description="Dotted path of the first field that is wrong, null where it is none.")]
    suggestions: Annotated[list[str], Field(description="Values that would be accepted instead, the closest first.")]


class ErrorBody(BaseModel):
    """Every answer that is not a success."""

    error: Annotated[Error, Field(description="What went wrong.")]
    timestamp: Annotated[datetime, Field(description="When it was answered, in UTC.")]
    requestId: Annotated[str, Field(description="ID of the request, also in `x-request-id` and in the server log.")]


def answer(
    request_id: str,
    code: ErrorCode,
    message: str,
    *,
    field: str | None = None,
    details: Mapping[str, Any] | None = None,
    suggestions: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error in its one shape, with the status of its code. 401 names how to sign in, 503 when to try again."""
    told = {"x-request-id": request_id, **_always(code), **(headers or {})}
    return JSONResponse(
        written(request_id, code, message, field=field, details=details, suggestions=suggestions), code.status, headers=told
    )


def written(
    request_id: str,
    code: ErrorCode,
    message: str,
    *,
    field: str | None = None,
    details: Mapping[str, Any] | None = None,
    suggestions: Sequence[str] = (),
) -> dict[str, Any]:
    """The body as JSON takes it."""
    known = ErrorDetails.model_validate(details or {})
    error = Error(code=code, message=message, details=known, field=field, suggestions=list(suggestions))
    body = ErrorBody(error=error, timestamp=datetime.now(UTC), requestId=request_id)
    return body.model_dump(mode="json", exclude_unset=True)


def documented(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The `responses` of a route: these statuses, each with the one error body."""
    return {status: {"model": ErrorBody, "description": HTTPStatus(status).phrase} for status in statuses}


def _always(code: ErrorCode) -> dict[str, str]:
    match code.status:
        case 401:
            return {"www-authenticate": "Bearer"}
        case 503:
            return {"retry-after": "5"}
        case _:
            return {}
