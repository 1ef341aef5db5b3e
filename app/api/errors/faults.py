"""What is wrong with an input that does not fit its description: a code and a sentence for each fault, never the input."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.domain import record
from app.domain.errors import fault

# A field name is shown back; a key pasted in its place is not: keys are longer or hold other characters.
_FIELD_NAME = re.compile(r"[a-z_]{1,24}|\d{1,4}")
_TIMES = (record.TIME_FORM, "timezone_aware", "datetime_parsing", "datetime_from_date_parsing", "datetime_type", "datetime_object_invalid")
# The kind that pydantic names → our code and sentence.
_SENTENCES = {
    "missing": ("required", "This field is required."),
    "extra_forbidden": ("unknown_field", "This field does not exist. Remove it, or check its spelling."),
    "string_type": ("wrong_type", "This must be a string."),
    "bool_type": ("wrong_type", "This must be true or false."),
    "bool_parsing": ("wrong_type", "This must be true or false."),
    "int_type": ("wrong_type", "This must be an integer."),
    "int_parsing": ("wrong_type", "This must be an integer."),
    "list_type": ("wrong_type", "This must be an array."),
    "dict_type": ("wrong_type", "This must be an object."),
    "model_type": ("wrong_type", "This must be an object."),
    "model_attributes_type": ("wrong_type", "This must be an object."),
} | dict.fromkeys(_TIMES, ("time_form", "Write a time with its zone, for example 2026-12-05T14:30:00Z."))
_IDENTIFIER = f"Write an identifier of 1 to {record.LONGEST_IDENTIFIER} characters without spaces, for example gpt-4o-mini."
# Kinds whose ready-made sentence names the rule and never the input, with our code.
_RULES = {
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "string_pattern": "wrong_form",
    "greater_than": "out_of_range",
    "less_than": "out_of_range",
    "too_long": "too_long",
    "too_short": "too_short",
    "enum": "not_a_choice",
    "literal_error": "not_a_choice",
}


def faults(found: Sequence[Mapping[str, Any]]) -> list[dict[str, str | None]]:
    """`details.errors` for what pydantic found: one a field, the last that it says of it."""
    told = {_path(one["loc"]): _sentence(one) for one in found}
    return [fault(field, code, message) for field, (code, message) in told.items()]


def _path(place: Iterable[str | int]) -> str:
    """`body.credential.label` as people write it; parts that do not look like a field name are left out."""
    parts = [str(part) for part in place]
    parts = parts[1:] if parts and parts[0] in ("body", "query", "path", "header") else parts
    return ".".join(part for part in parts if _FIELD_NAME.fullmatch(part))


def _sentence(found: Mapping[str, Any]) -> tuple[str, str]:
    kind = str(found["type"])
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    context = found.get("ctx")
    if isinstance(context, Mapping) and context.get("pattern") == record.IDENTIFIER:
        return "wrong_form", _IDENTIFIER
    rule = next((code for start, code in _RULES.items() if kind.startswith(start)), "")
    return (rule, f"{found['msg']}.") if rule else ("invalid", "This value is not allowed.")
