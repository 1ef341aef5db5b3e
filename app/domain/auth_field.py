"""What an auth type asks of a person: the fields that forms draw and drafts are checked against."""

from enum import StrEnum
from functools import cached_property

from app.domain.provider import Record


class FieldKind(StrEnum):
    """`secret` is sealed and never shown again; `text` is kept in `auth` and shown."""

    SECRET = "secret"  # noqa: S105 - a word, not a password
    TEXT = "text"


class AuthField(Record):
    """One field. `label` is a key of the words; `name` is the key in `credential.secret` or in `auth`."""

    name: str
    kind: FieldKind
    required: bool
    label: str


class AuthTypeInfo(Record):
    """An auth type as the edges present it."""

    name: str
    fields: tuple[AuthField, ...]

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
