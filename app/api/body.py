"""The JSON of a request, read once and strictly: a field that is there twice would mean one thing to us and another to a proxy."""

import json
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from app.domain.errors import Unreadable

_NO_JSON = "The body is not valid JSON."


class _Read(Request):
    """A request whose body was read."""

    _json: Any

    async def json(self) -> Any:
        """What `readable` found."""
        return self._json


async def readable(request: Request) -> Request:
    """The request with its body read. Raises `Unreadable` for one that is no JSON or has a field twice; an empty one is for the route."""
    read = _Read(request.scope, request.receive)
    try:
        body = await read.body()
    except ClientDisconnect:
        raise Unreadable("The body ended early.") from None
    if body:
        try:
            read._json = json.loads(body, object_pairs_hook=_once, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Unreadable(_NO_JSON) from None
    return read


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("The body has a field twice. Send each field once.")
    return found


def _no_number(_: str) -> None:
    """NaN and Infinity are words of Python, not of JSON."""
    raise ValueError
