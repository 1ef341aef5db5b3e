"""Optimistic locking over HTTP: `ETag` out, `If-Match` in."""

import re
from typing import Annotated, Protocol, TypeVar

from fastapi import Header, Response

from app.domain.errors import InvalidDraft

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The version that the change is based on; any other version is answered with 409 stale."),
]


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


T = TypeVar("T", bound=Versioned)
_VERSION = re.compile(r'(?:W/)?"?(\d{1,9})"?')


def expected(if_match: str | None, version: int | None = None) -> int | None:
    """The version a caller bases a change on: the header, or else the body. `*` means any."""
    if if_match is None or if_match.strip() == "*":
        return version
    found = _VERSION.fullmatch(if_match.strip())
    if not found:
        raise InvalidDraft({"If-Match": "Send the version number from the ETag of the response."})
    return int(found[1])


def tagged(response: Response, record: T) -> T:
    """Name the version in the `ETag` of the answer."""
    response.headers["ETag"] = f'"{record.version}"'
    return record
