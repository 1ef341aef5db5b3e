"""What goes in is closed, what comes out is frozen; and the short values that both are made of."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints
from pydantic_core import PydanticCustomError

LONGEST_IDENTIFIER = 200
IDENTIFIER = r"^[^\s\x00-\x1f\x7f]+$"
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_IDENTIFIER, pattern=IDENTIFIER)]
LONGEST_LABEL = 80
Label = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LABEL, strip_whitespace=True)]
MOST_PER_MINUTE = 100_000
RequestsPerMinute = Annotated[int, Field(ge=0, le=MOST_PER_MINUTE)]  # 0 = no limit
Tag = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[\w.:-]+$")]
Flag = Annotated[bool, Strict()]  # true or false: "yes", "off" and 1 are none
_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}(?:[Tt ].*)?")
TIME_FORM = "time_form"


def written(value: object) -> object:
    """A time as people and programs write it. A number could be seconds, milliseconds or a slip: 0.5 would be 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and _WRITTEN.fullmatch(value)):
        return value
    raise PydanticCustomError(TIME_FORM, "Write a time with its zone, for example 2026-12-05T14:30:00Z")


Moment = Annotated[datetime, BeforeValidator(written)]


class Closed(BaseModel):
    """Input: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def without(given: object, fields: Collection[str]) -> object:
    """An object that was sent, without these of its fields; anything else as it is."""
    return {f: value for f, value in given.items() if f not in fields} if isinstance(given, dict) else given


class Record(BaseModel):
    """Output: frozen."""

    model_config = ConfigDict(frozen=True)
