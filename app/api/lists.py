"""Lists: one envelope, a page at a time, and no parameter that nobody reads."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Cookie, Header, Path
from pydantic import Field, StringConstraints

from app.domain.errors import InvalidDraft
from app.domain.record import Closed, Record


class Paging(Closed):
    """Which page of a list. `cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, StringConstraints(max_length=1_000)] | None = None


class Envelope(Record):
    """What every list has beside its `items`."""

    next_cursor: str | None  #: `cursor` of the next page; null on the last one.
    total: int | None  #: How many match on all pages; null for logs.


T = TypeVar("T")
P = TypeVar("P", bound=Envelope)


def page(kind: type[P], items: Sequence[T], query: Paging, *, key: Callable[[T], str], of: str = "", **more: object) -> P:
    """One page of a list that is at hand as a whole. `key` tells its items apart; `of` = what else the list is of, for example a provider;
    `more` = what the answer has beside them.

    Raises `InvalidDraft` for a cursor of another list, of other filters, or behind an item that is gone."""
    list_ = hashlib.sha256(json.dumps([kind.__name__, of, query.model_dump(mode="json", exclude={"limit", "cursor"})]).encode()).hexdigest()
    start = _after(items, query.cursor, list_[:16], key) if query.cursor else 0
    shown = items[start : start + query.limit]
    following = _cursor(list_[:16], key(shown[-1])) if start + len(shown) < len(items) else None
    return kind.model_validate({"items": list(shown), "next_cursor": following, "total": len(items), **more})


def must_be_known(request: Request, dependant: Dependant) -> None:
    """Raise `InvalidDraft` for a parameter that the route does not have, and for one that is given twice."""
    known = {field.alias for field in get_flat_params(dependant) if not isinstance(field.field_info, Path | Header | Cookie)}
    given = [name for name, _ in request.query_params.multi_items()]
    if unknown := [name for name in given if name not in known]:
        name = unknown[0] if unknown[0].isidentifier() and len(unknown[0]) <= 24 else ""
        raise InvalidDraft({name: "This parameter does not exist. Remove it, or check its spelling."}, suggestions=sorted(known))
    if twice := [name for name in given if given.count(name) > 1]:
        raise InvalidDraft({twice[0]: "This parameter is given twice. Send it once."})


def _after(items: Sequence[T], cursor: str, list_: str, key: Callable[[T], str]) -> int:
    try:
        of, last = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    except (ValueError, TypeError, binascii.Error):
        of, last = "", ""
    place = next((number for number, item in enumerate(items) if key(item) == last), None)
    if of != list_ or place is None:
        raise InvalidDraft({"cursor": "This cursor does not belong to this list. Start from the first page."})
    return place + 1


def _cursor(list_: str, last: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([list_, last]).encode()).decode().rstrip("=")
