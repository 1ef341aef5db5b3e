"""What a pasted text speaks of: a provider, and where in the text its secrets stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Source(StrEnum):
    """What kind of text it was found in."""

    KEY = "key"
    CURL = "curl"
    ENV = "env"
    ADDRESS = "address"


class Doubt(StrEnum):
    """What a person should look at before it is used."""

    MASKED = "masked"  # a key as vendors show it, not the key
    NO_KEY = "no_key"  # the text holds none, or a placeholder
    WHICH_VENDOR = "which_vendor"  # nothing in the text says whose key it is
    SHARED_PREFIX = "shared_prefix"  # other vendors' keys begin like this as well
    ADDRESS = "address"  # it cannot be called as it stands


@dataclass(frozen=True, slots=True)
class Pasted:
    """One provider that a text speaks of. `preset` None = any address; `base_url` "" = the preset's own.

    `secrets` maps a field of the auth type to (start, end) in the text. `variable` is the name it had in a .env file.
    """

    source: Source
    preset: str | None = None
    base_url: str = ""
    auth_type: str = "api_key"
    auth: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    model: str = ""
    variable: str = ""
    doubts: tuple[Doubt, ...] = ()
