"""What a search for model servers near this Patchbay found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that answers. `preset` None = it answers like OpenAI, but what it is is not known; `models` are those it
    lists to somebody without a key; `provider` names a provider that is set up at this address already."""

    preset: str | None  #: ID of the known provider that it is; null = not known.
    label: str  #: What to call it.
    base_url: str  #: Address of its interface.
    models: tuple[str, ...]  #: Identifiers that it lists without a key.
    provider: str | None  #: ID of the provider that is set up at this address (`name`); null = none is.


@dataclass(frozen=True, slots=True)
class Discovery:
    """`hosts`: where was looked, whether or not something was there."""

    servers: tuple[FoundServer, ...]
    hosts: tuple[str, ...]
