"""What goes in is closed, what comes out is frozen; and the short values that both are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LONGEST_IDENTIFIER = 200
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_IDENTIFIER, pattern=r"^[^\s\x00-\x1f\x7f]+$")]
LONGEST_LABEL = 80
Label = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LABEL, strip_whitespace=True)]
MOST_PER_MINUTE = 100_000
RequestsPerMinute = Annotated[int, Field(ge=0, le=MOST_PER_MINUTE)]  # 0 = no limit
Tag = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[\w.:-]+$")]


class Closed(BaseModel):
    """Input: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Record(BaseModel):
    """Output: frozen."""

    model_config = ConfigDict(frozen=True)
