"""Two wrappers that never show what they hold: `Secret` (plaintext, briefly) and `Sealed` (an `s1` value)."""

import hmac
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

SEALED_PREFIX = "s1."


class Secret:
    """Plaintext of a credential for the shortest possible time.

    No `repr`, no pickle, no JSON: whoever needs the text says so with `reveal()`.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The plaintext. Callers: sealing in services, attaching in upstream."""
        return self._text

    def same_as(self, other: "Secret") -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __bool__(self) -> bool:
        return bool(self._text)

    def __len__(self) -> int:
        return len(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        from_text = core_schema.no_info_after_validator_function(cls, core_schema.str_schema(max_length=65_536))
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), from_text]),
            serialization=core_schema.plain_serializer_function_ser_schema(_refuse),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "password", "writeOnly": True}


def _refuse(_: Secret) -> NoReturn:
    raise TypeError("a Secret cannot be serialised")


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a sealed value belongs. Opening with any other binding fails (SECURITY 2.2)."""

    table: str
    row_id: str
    field: str
    destination: str  # canonical origin, or "-" for a system secret


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """An `s1` value as stored. Loading one does no crypto; only `vault.open` turns it into a `Secret`."""

    text: str

    @property
    def kid(self) -> str:
        """Id of the master key that wraps it (10 hex characters), or "" when malformed."""
        parts = self.text.split(".", 2)
        return parts[1] if len(parts) == 3 and self.text.startswith(SEALED_PREFIX) else ""

    def __repr__(self) -> str:
        return f"Sealed({self.kid or 'malformed'})"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class SealedField:
    """What is stored of one field of a credential. `hint` = the last four characters, or "" where they would say too much."""

    value: Sealed
    hint: str
    fingerprint: str
