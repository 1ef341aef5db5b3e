"""What a search for model servers near this Patchbay found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that answers. `preset` None = it answers like OpenAI, but what it is is not known; `models` are those it
    lists to somebody without a key; `provider` names a provider that is set up at this address already."""

    preset: str | None
    label: str
    base_url: str
    models: tuple[str, ...]
    provider: str | None


@dataclass(frozen=True, slots=True)
class Discovery:
    """`hosts`: where was looked, whether or not something was there."""

    servers: tuple[FoundServer, ...]
    hosts: tuple[str, ...]
