"""What an auth type asks of a person: the fields that forms draw and drafts are checked against."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property

from pydantic import Field

from app.domain.errors import Reason
from app.domain.record import Record


class FieldKind(StrEnum):
    """`secret` is sealed and never shown again; `text` is kept in `auth` and shown."""

    SECRET = "secret"  # noqa: S105 - a word, not a password
    TEXT = "text"


class AuthField(Record):
    """One field. `label` is a key of the words; `name` is the key in `credential.secret` or in `auth`.

    `wrong` says why a text cannot be used, None when it can. `has_scheme`: a secret that goes out whole, so that a
    `Bearer` before it belongs to it; elsewhere it is cut off as a slip of pasting.
    """

    name: str
    kind: FieldKind
    required: bool
    label: str
    wrong: Callable[[str], Reason | None] | None = Field(default=None, exclude=True, repr=False)
    has_scheme: bool = False


def at_home(origin: str, auth: Mapping[str, str]) -> str:
    """Most secrets belong to the provider's origin and to nothing else."""
    return origin


class AuthTypeInfo(Record):
    """An auth type as the edges present it. `destination(origin, auth)` is the text its secrets are sealed for: they open nowhere else.

    `origin` is the provider's, `auth` the readable fields of a complete draft.
    """

    name: str
    fields: tuple[AuthField, ...]
    destination: Callable[[str, Mapping[str, str]], str] = Field(default=at_home, exclude=True, repr=False)

    @cached_property
    def secret_fields(self) -> tuple[str, ...]:
        """Names of the fields that are sealed."""
        return tuple(f.name for f in self.fields if f.kind is FieldKind.SECRET)

    @cached_property
    def text_fields(self) -> tuple[str, ...]:
        """Names of the fields that are kept readable."""
        return tuple(f.name for f in self.fields if f.kind is FieldKind.TEXT)

    @cached_property
    def required_fields(self) -> tuple[str, ...]:
        """Names of the fields without which no call can be made."""
        return tuple(f.name for f in self.fields if f.required)
