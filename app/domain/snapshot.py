"""The immutable picture a request is answered from. Plain slotted records: they are read on the hot path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from app.domain.actor import Scope
from app.domain.credentials.credential import Held, KeyState
from app.domain.providers.capabilities import UNDECLARED, Capabilities
from app.domain.providers.provider import ProviderType, Wire
from app.domain.secret import Sealed

NO_FIELDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. Defaults of SECURITY 4.2; `first_byte` is 120 so that a local model may load cold."""

    connect: float = 5.0
    first_byte: float = 120.0
    idle: float = 60.0
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class Key:
    """One credential, still sealed. `secrets` maps field → sealed value bound to (credential_secret, id, field, origin).
    `origin` is the destination the secret was entered for (see `AuthTypeInfo`); it must equal the endpoint's or the key is refused."""

    id: str
    label: str
    state: KeyState
    weight: int
    priority: int
    origin: str
    secrets: Mapping[str, Sealed]
    references: Mapping[str, str] = field(
        default_factory=lambda: NO_FIELDS
    )  # field → where its value lives, as the row says; the sealed text must agree
    state_reason: str = ""
    expires_at: datetime | None = None
    next_retry_at: datetime | None = None
    state_since: datetime | None = None
    mark: str = ""  # tells this secret from others, see `domain.evidence`

    @property
    def is_held(self) -> bool:
        """Half of a rotation that is not traffic's to use: the new key before its promotion, the old one after."""
        return self.state_reason in (Held.ROTATION, Held.ROLLBACK)

    def is_expired(self, at: datetime) -> bool:
        """Whether its date is over."""
        return self.expires_at is not None and self.expires_at <= at


class KeyUse(Enum):
    """Which of an endpoint's keys a call may use, and whether anything is learned from it."""

    TRAFFIC = 1  # those that are usable
    TEST = 2  # a person tests the provider: where none is usable, one that is out is tried after all
    ONE = 3  # a person, or a trial, asks for the first key, unless it was switched off
    DRAFT = 4  # as TEST, of a configuration that nobody saved: it says nothing about the stored keys


@dataclass(frozen=True, slots=True)
class Limits:
    """What we let through to a provider at most. 0 = no limit."""

    requests_per_minute: int = 0
    concurrent: int = 0


UNLIMITED = Limits()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A provider as calls need it. `problem` names why it cannot be called ("" = it can): unreadable, unknown_auth_type…"""

    id: str
    name: str
    label: str
    type: ProviderType
    wire: Wire
    preset: str | None
    base_url: str
    origin: str
    auth_type: str
    auth: Mapping[str, str]
    keys: tuple[Key, ...]
    models: tuple[str, ...]
    default_model: str | None
    only_listed: bool
    enabled: bool
    timeouts: Timeouts = Timeouts()
    capabilities: Capabilities = UNDECLARED
    problem: str = ""
    use: KeyUse = KeyUse.TRAFFIC
    limits: Limits = UNLIMITED


@dataclass(frozen=True, slots=True)
class ModelGrants:
    """The models that a client key may use. None of anything = nothing."""

    bare: frozenset[str] = frozenset()  # of whichever provider
    at: frozenset[tuple[str, str]] = frozenset()  # (provider id, model)
    aliases: frozenset[str] = frozenset()  # their ids


@dataclass(frozen=True, slots=True)
class ClientKeyEntry:
    """A client key as the gateway checks it. `digest` = SHA-256 of the whole key text; `models` and `providers` (ids): None = all."""

    id: str
    name: str
    digest: bytes
    scope: Scope
    models: ModelGrants | None = None
    providers: frozenset[str] | None = None
    expires_at: datetime | None = None
    requests_per_minute: int = 0  # 0 = no limit


@dataclass(frozen=True, slots=True)
class AliasTargetEntry:
    """One place an alias leads to. Lower `priority` comes first, among equals each as often as its `weight` says."""

    provider_id: str
    model: str
    priority: int = 1
    weight: int = 1


@dataclass(frozen=True, slots=True)
class AliasEntry:
    """A public name for models of one or several providers."""

    id: str
    name: str
    targets: tuple[AliasTargetEntry, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one revision. `by_model`: bare identifier → names of the enabled providers that list it, sorted."""

    revision: int
    built_at: float
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    by_model: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    client_keys: Mapping[str, ClientKeyEntry] = field(default_factory=dict)  # public id → entry
    default: str | None = None  # name of the default provider
    approved_origins: frozenset[str] = frozenset()  # local origins an admin approved
    aliases: Mapping[str, AliasEntry] = field(default_factory=dict)  # name → alias that is switched on
    names: Mapping[str, str] = field(default_factory=dict)  # provider id → name
    # (alias, providers of the client key) → its route, kept once it was asked for: nothing it is made of can change.
    routes: "dict[tuple[str, frozenset[str] | None], Route]" = field(default_factory=dict, compare=False, repr=False)


class Target(NamedTuple):  # made for every request, as a route is: a frozen dataclass would take three times as long
    """A model of a provider that may answer a request."""

    endpoint: Endpoint
    model: str
    priority: int = 1
    weight: int = 1


class Route(NamedTuple):
    """What a selector resolves to: one target, or those of an alias, never none. `alias` "" = no alias was named."""

    targets: tuple[Target, ...]
    alias: str = ""

    @property
    def endpoint(self) -> Endpoint:
        """The provider of the first target."""
        return self.targets[0].endpoint

    @property
    def model(self) -> str:
        """The model of the first target."""
        return self.targets[0].model
