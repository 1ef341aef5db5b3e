"""How a command ends: one table of exit codes, and the failure that is told on stderr and, with `--json`, on stdout as REST would."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from app.domain import errors


class Exit(IntEnum):
    """What a script learns from `$?`."""

    DONE = 0
    FAILED = 1  # refused, or it did not work
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4  # also stale
    UNWELL = 5  # the thing that was tested, verified or examined
    UNREACHABLE = 6  # the server or the database
    LATER = 75  # EX_TEMPFAIL
    CONFIGURATION = 78  # EX_CONFIG
    INTERRUPTED = 130  # 128 + SIGINT
    PIPE = 141  # 128 + SIGPIPE


# Statuses of REST that are more than a plain refusal.
OF_STATUS: Mapping[int, Exit] = {
    404: Exit.NOT_FOUND,
    409: Exit.CONFLICT,
    412: Exit.CONFLICT,
    429: Exit.LATER,
    503: Exit.LATER,
}
# Codes of failures that no answer of REST brought.
_CODES: Mapping[Exit, str] = {
    Exit.USAGE: "usage",
    Exit.UNWELL: "unwell",
    Exit.UNREACHABLE: "unreachable",
    Exit.LATER: "try_later",
    Exit.CONFIGURATION: "configuration",
}


class Failure(Exception):
    """A command that ends with something else than 0. `body` is REST's own where it answered; `is_told` = stdout holds the answer
    already, so that nothing more belongs there."""

    def __init__(self, message: str, code: Exit = Exit.FAILED, *, body: dict[str, Any] | None = None, is_told: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.body = body or shape(_CODES.get(code, "failed"), message)
        self.is_told = is_told


def shape(code: str, message: str, *, details: Mapping[str, Any] | None = None, field: str | None = None) -> dict[str, Any]:
    """An error as REST shapes it."""
    error = {"code": code, "message": message, "details": dict(details or {}), "field": field, "suggestions": []}
    return {"error": error, "timestamp": datetime.now(UTC).isoformat(timespec="seconds"), "requestId": ""}


def of_answer(status: int, body: dict[str, Any]) -> Failure:
    """An error that REST answered with, as one sentence."""
    error = body["error"]
    return Failure(_sentence(error["message"], error.get("suggestions") or ()), OF_STATUS.get(status, Exit.FAILED), body=body)


def of_error(error: errors.PatchbayError) -> Failure:
    """An error of the house, met without REST in between; what the key ring or the database says is about the installation."""
    from app.api import errors as rest

    answer = rest.answer("", error.code, error.message, field=error.field, details=error.details, suggestions=error.suggestions)
    body = json.loads(bytes(answer.body))
    match error:
        case errors.DiskFull() | errors.StorageReadOnly():
            code = Exit.CONFIGURATION
        case errors.StorageUnavailable():
            code = Exit.UNREACHABLE
        case errors.VaultError() | errors.StorageError():
            code = Exit.CONFIGURATION
        case _:
            code = OF_STATUS.get(rest.status_of(error), Exit.FAILED)
    return Failure(_sentence(error.message, error.suggestions), code, body=body)


def _sentence(message: str, suggestions: Any) -> str:
    """What is wrong, with what would work instead."""
    return f"{message} Try: {', '.join(suggestions)}." if suggestions else message
