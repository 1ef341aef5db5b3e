"""What an auth type asks of a person: the fields that forms draw and drafts are checked against."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property

from pydantic import Field

from app.domain.errors import Reason
from app.domain.providers.provider import ProviderType
from app.domain.record import Record


class FieldKind(StrEnum):
    """`secret` is sealed and never shown again; `text` and `choice` (one of the field's options) are kept in `auth` and shown."""

    SECRET = "secret"  # noqa: S105 - a word, not a password
    TEXT = "text"
    CHOICE = "choice"


class AuthField(Record):
    """One field. `label` and `help` (what stands under it) are its English words; other languages have them as `auth.<name>` and
    `auth_help.<name>`. `name` is the key in `credential.secret` or in `auth`.

    `wrong` says why a text cannot be used, None when it can. `has_scheme`: a secret that goes out whole, so that a `Bearer` before it
    belongs to it; elsewhere it is cut off as a slip of pasting. `blanks`: a secret that may have spaces inside; a key never has.
    `multiline`: one that may have line breaks, a file for example. `options` of a choice: value → its English words, the first one
    counts when it is left out. `only_for` is the one type of provider that the field means something to; None = all.
    """

    name: str
    kind: FieldKind
    required: bool
    label: str
    help: str = ""
    wrong: Callable[[str], Reason | None] | None = Field(default=None, exclude=True, repr=False)
    has_scheme: bool = False
    blanks: bool = False
    multiline: bool = False
    options: Mapping[str, str] = {}
    only_for: ProviderType | None = None


def at_home(origin: str, auth: Mapping[str, str]) -> str:
    """Most secrets belong to the provider's origin and to nothing else."""
    return origin


def nowhere_else(auth: Mapping[str, str]) -> dict[str, str]:
    """Most ways to sign in call nobody but the provider."""
    return {}


class AuthTypeInfo(Record):
    """An auth type as the edges present it, `label` in English. `destination(origin, auth)` is the text its secrets are sealed for: they
    open nowhere else.

    `origin` is the provider's, `auth` the readable fields of a complete draft. `servers(auth)`: field → origin that signing in
    calls beside the provider's. `needs_token`: a token is fetched first, with secrets that the provider itself never sees.
    """

    name: str
    label: str
    fields: tuple[AuthField, ...]
    destination: Callable[[str, Mapping[str, str]], str] = Field(default=at_home, exclude=True, repr=False)
    servers: Callable[[Mapping[str, str]], dict[str, str]] = Field(default=nowhere_else, exclude=True, repr=False)
    needs_token: bool = False

    @cached_property
    def secret_fields(self) -> tuple[str, ...]:
        """Names of the fields that are sealed."""
        return tuple(f.name for f in self.fields if f.kind is FieldKind.SECRET)

    @cached_property
    def text_fields(self) -> tuple[str, ...]:
        """Names of the fields that are kept readable."""
        return tuple(f.name for f in self.fields if f.kind is not FieldKind.SECRET)

    @cached_property
    def required_fields(self) -> tuple[str, ...]:
        """Names of the fields without which no call can be made."""
        return tuple(f.name for f in self.fields if f.required)
