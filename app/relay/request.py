"""A request of the OpenAI protocol: what is read of it, and the one thing that is changed, the model's name."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from app.domain.errors import InvalidDraft

_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER = msgspec.json.Encoder()
_TEXT = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class Request:
    """Top-level fields, each still the caller's own bytes. `selector` "" = none given."""

    fields: Mapping[str, msgspec.Raw]
    selector: str
    stream: bool

    def for_model(self, model: str) -> bytes:
        """The body for a provider: every value byte for byte, `model` replaced.

        Always written anew from the parsed fields: of a field sent twice, provider and selector must see the same one.
        """
        return _ENCODER.encode({**self.fields, "model": model})


def parse(body: bytes) -> Request:
    """Read the top level only. Raises `InvalidDraft` with one sentence; the body is never echoed."""
    try:
        fields = _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidDraft({"body": "The body must be a JSON object."}) from error
    raw = fields.get("model")
    try:
        selector = "" if raw is None or bytes(raw) == b"null" else _TEXT.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidDraft({"model": "The model must be a text."}) from error
    return Request(fields, selector, bytes(fields.get("stream", b"")) == b"true")
