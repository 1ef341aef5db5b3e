"""What a provider can do, as its preset or an admin declares it. Nothing here was measured; unknown stays possible."""

from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Support(StrEnum):
    """`no` is a promise that a request would fail; `yes`, that at least some of the provider's models can."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


# Below the base URL: no other host, no query, no way up.
TestPath = Annotated[str, StringConstraints(max_length=200, pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*$")]
MOST_TOKENS = 100_000_000
ABILITIES: tuple[str, ...] = ("system_messages", "streaming", "tools", "json_mode", "reasoning", "images")
_DECLINED = {"streaming": ("stream",), "tools": ("tools", "functions"), "json_mode": ("response_format",)}


class Capabilities(BaseModel):
    """`context_limit` in tokens. `test_path` is asked (GET) to prove address and key, instead of the model list; "" = none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system_messages: Support = Support.UNKNOWN  #: Whether it takes system messages.
    streaming: Support = Support.UNKNOWN  #: Whether it can answer as a stream.
    tools: Support = Support.UNKNOWN  #: Whether it can call tools.
    json_mode: Support = Support.UNKNOWN  #: Whether it can answer in JSON.
    reasoning: Support = Support.UNKNOWN  #: Whether it shows its reasoning.
    images: Support = Support.UNKNOWN  #: Whether it takes images.
    context_limit: Annotated[int, Field(ge=1, le=MOST_TOKENS)] | None = None  #: Most tokens of a request and its answer; null = not known.
    test_path: TestPath = ""  #: Path that is asked (GET) to prove address and key; "" = the model list.

    @cached_property
    def declined(self) -> frozenset[str]:
        """Fields of a request that the provider is declared not to answer. Empty in nearly every case."""
        return frozenset(field for ability, fields in _DECLINED.items() if getattr(self, ability) is Support.NO for field in fields)

    def over(self, other: "Capabilities | None") -> "Capabilities":
        """These, and where they say nothing, the other ones: an admin's word over the preset's."""
        if other is None:
            return self
        return Capabilities(**{f: getattr(self if self.says(f) else other, f) for f in Capabilities.model_fields})

    def says(self, field: str) -> bool:
        """Whether this field was declared."""
        return getattr(self, field) not in (Support.UNKNOWN, None, "")


class CapabilitiesPatch(BaseModel):
    """Partial update of `Capabilities`: what is not set stays, null = not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)  # whole ones set all of it

    system_messages: Support | None = None  #: Whether it takes system messages.
    streaming: Support | None = None  #: Whether it can answer as a stream.
    tools: Support | None = None  #: Whether it can call tools.
    json_mode: Support | None = None  #: Whether it can answer in JSON.
    reasoning: Support | None = None  #: Whether it shows its reasoning.
    images: Support | None = None  #: Whether it takes images.
    context_limit: Annotated[int, Field(ge=1, le=MOST_TOKENS)] | None = None  #: Most tokens of a request and its answer; null = not known.
    test_path: TestPath | None = None  #: Path that is asked (GET) to prove address and key; null = the model list.


UNDECLARED = Capabilities()
