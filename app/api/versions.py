"""Optimistic locking over HTTP: `ETag` out, `If-Match` and `If-None-Match` in. No route ignores a precondition: one whose handler takes no
`IfMatch` refuses the header (`guard`)."""

import re
from typing import Annotated, Protocol, TypeVar

from fastapi import Header, Request, Response

from app.domain.errors import InvalidDraft, Unreadable

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="Version that the change is based on, as in the `ETag` of the answer. Any other version is answered with 412 `stale`.",
    ),
]


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


T = TypeVar("T", bound=Versioned)
_VERSION = re.compile(r'"?(\d{1,9})"?')
_UNSUPPORTED = ("if-unmodified-since", "if-range")


def expected(if_match: str | None, version: int | None = None) -> int | None:
    """The version a caller bases a change on: the header, or else the body; None = any. Raises `InvalidDraft` for a header that names no
    version, `Unreadable` where header and body name two."""
    if if_match is None or if_match.strip() == "*":
        return version
    found = _VERSION.fullmatch(if_match.strip())
    if not found:
        raise InvalidDraft({"If-Match": "Send the version number from the ETag of the response."})
    said = int(found[1])
    if version is not None and version != said:
        raise Unreadable("If-Match and version in the body name two versions. Send one of them.", field="version")
    return said


def tagged(response: Response, record: T) -> T:
    """Name the version in the `ETag` of the answer."""
    response.headers["ETag"] = f'"{record.version}"'
    return record


def must_take(request: Request, *, takes_if_match: bool) -> None:
    """Raise `Unreadable` for a precondition that the route would ignore."""
    refused = [name for name in _UNSUPPORTED if name in request.headers]
    if not takes_if_match and "if-match" in request.headers:
        refused.append("if-match")
    if refused:
        raise Unreadable(f"This address does not support {refused[0].title()}. Send the request without it.")


def unchanged(request: Request, response: Response) -> Response:
    """304 in place of an answer that the caller has already (`If-None-Match`); weak tags count too, as RFC 9110 says."""
    tag = response.headers.get("etag")
    given = request.headers.get("if-none-match")
    if response.status_code != 200 or tag is None or given is None:
        return response
    known = {one.strip().removeprefix("W/") for one in given.split(",")}
    return Response(status_code=304, headers={"ETag": tag}) if known & {tag, "*"} else response
