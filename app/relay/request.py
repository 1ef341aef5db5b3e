"""A request of the OpenAI protocol: what is read of it, and the one thing that is changed, the model's name."""

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import msgspec

from app.domain.errors import InvalidDraft, Unsupported
from app.domain.snapshot import Endpoint
from app.relay.multipart import Form

_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER = msgspec.json.Encoder()
_TEXT = msgspec.json.Decoder(str)
# Providers written in Go read these as `model` too, and take the last one.
_ALIKE = frozenset(map("".join, product(*zip("model", "MODEL", strict=True)))) - {"model"}


class _Format(msgspec.Struct):
    type: str = ""


class Request(NamedTuple):
    """Top-level fields, each still the caller's own bytes. `selector` "" = none given."""

    fields: Mapping[str, msgspec.Raw]
    selector: str
    stream: bool
    content_type: str = "application/json"

    def for_model(self, model: str) -> bytes:
        """The body for a provider: every value byte for byte, `model` replaced.

        Always written anew from the parsed fields: of a field sent twice, provider and selector must see the same one.
        """
        return _ENCODER.encode({**self.fields, "model": model})


def refuse_declined(asked: Request | Form, endpoint: Endpoint) -> None:
    """Raise `Unsupported` when the request asks for something that the provider is declared not to do. Nothing was sent yet."""
    for field in sorted(endpoint.capabilities.declined & asked.fields.keys()):
        if _asks(field, bytes(asked.fields[field])):
            raise Unsupported({field: f"The provider {endpoint.label!r} {_CANNOT[field]}. Remove {field}, or choose another model."})


_CANNOT = {
    "stream": "does not support streaming",
    "tools": "does not support tools",
    "functions": "does not support tools",
    "response_format": "does not support JSON output",
}


def _asks(field: str, value: bytes) -> bool:
    """Whether the value of a field asks for the thing, rather than saying that it is not wanted."""
    if field != "response_format":
        return value not in (b"false", b"null", b"[]")
    try:
        return msgspec.json.decode(value, type=_Format).type not in ("", "text")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False  # not understood here: the provider says what is wrong with it


def parse(body: bytes) -> Request:
    """Read the top level only. Raises `InvalidDraft` with one sentence; the body is never echoed."""
    try:
        fields = _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidDraft({"body": "The body must be a JSON object."}) from error
    if not _ALIKE.isdisjoint(fields):
        raise InvalidDraft({"model": "Send the field model once, in lowercase."})
    raw = fields.get("model")
    try:
        selector = "" if raw is None or bytes(raw) == b"null" else _TEXT.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidDraft({"model": "The model must be a string."}) from error
    return Request(fields, selector, bytes(fields.get("stream", b"")) == b"true")
