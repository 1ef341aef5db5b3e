"""Providers and their models: what a person types (drafts) and what comes back (records)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, model_validator
from pydantic import Tag as Kind

from app.domain.credentials.credential import Credential, CredentialDraft
from app.domain.probes.probe import LastTest
from app.domain.providers.capabilities import Capabilities, CapabilitiesPatch
from app.domain.providers.health import Standing
from app.domain.record import Closed, Flag, Identifier, Label, Record, RequestsPerMinute, Tag, without

MOST_CONCURRENT = 10_000


class ProviderType(StrEnum):
    """The vendor family a provider speaks as. `custom` = any address that speaks the OpenAI protocol; `anthropic`, `bedrock` and
    `azure` are those vendors' own protocols (Messages, Converse, deployments with an API version)."""

    OPENAI = "openai"
    CUSTOM = "custom"
    ANTHROPIC = "anthropic"
    BEDROCK = "bedrock"
    AZURE = "azure"


class Wire(StrEnum):
    """How a request is written and a reply read: passed through, or translated by LiteLLM in a process of its own."""

    OPENAI = "openai"
    LITELLM = "litellm"


WIRES: dict[ProviderType, Wire] = {
    ProviderType.OPENAI: Wire.OPENAI,
    ProviderType.CUSTOM: Wire.OPENAI,
    ProviderType.ANTHROPIC: Wire.LITELLM,
    ProviderType.BEDROCK: Wire.LITELLM,
    ProviderType.AZURE: Wire.LITELLM,
}


class Status(StrEnum):
    """What the card says. Derived from the newest calls and the last test of the present configuration, never stored."""

    NOT_TESTED = "not_tested"
    WORKING = "working"
    KEY_ACCEPTED = "key_accepted"  # key proven, chat not tried
    REACHABLE = "reachable"  # answers, but no key was proven (none is needed, or the list is open), chat not tried
    LIMITED = "limited"
    DEGRADED = "degraded"  # some calls fail, or are slow
    ATTENTION = "attention"
    DOWN = "down"
    OFF = "off"
    UNREADABLE = "unreadable"


class ModelDraft(Closed):
    identifier: Identifier  #: What the provider calls it.
    label: Label | None = None  #: Name that people see; null = the identifier.


def _entry(value: object) -> str:
    return "Identifier" if isinstance(value, str) else "ModelDraft"


# A text or an object: what is wrong is said of the one that was written, and not of the other.
ModelEntry = Annotated[Annotated[Identifier, Kind("Identifier")] | Annotated[ModelDraft, Kind("ModelDraft")], Discriminator(_entry)]


MOST_SECONDS = {"connect_seconds": 60, "first_byte_seconds": 600, "idle_seconds": 600, "total_seconds": 3_600}


class Network(Closed):
    """Time limits in seconds. None = the default of `domain.snapshot.Timeouts`."""

    #: Seconds until the connection stands; null = the default.
    connect_seconds: Annotated[float, Field(ge=1, le=MOST_SECONDS["connect_seconds"])] | None = None
    #: Seconds until an answer begins; null = the default.
    first_byte_seconds: Annotated[float, Field(ge=1, le=MOST_SECONDS["first_byte_seconds"])] | None = None
    #: Seconds between two parts of an answer; null = the default.
    idle_seconds: Annotated[float, Field(ge=1, le=MOST_SECONDS["idle_seconds"])] | None = None
    #: Seconds for the whole answer; null = the default.
    total_seconds: Annotated[float, Field(ge=1, le=MOST_SECONDS["total_seconds"])] | None = None


class ProviderLimits(Closed):
    """What each gateway process lets through to the provider at most. 0 = no limit."""

    requests_per_minute: RequestsPerMinute = 0  #: Most requests per minute and gateway process; 0 = no limit.
    concurrent: Annotated[int, Field(ge=0, le=MOST_CONCURRENT)] = 0  #: Most concurrent requests per gateway process; 0 = no limit.


class LimitsPatch(Closed):
    """Partial update of `ProviderLimits`: what is not set stays, null = no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)  # whole ones set all of it

    requests_per_minute: RequestsPerMinute | None = None  #: Most requests per minute and gateway process; null = no limit.
    #: Most concurrent requests per gateway process; null = no limit.
    concurrent: Annotated[int, Field(ge=0, le=MOST_CONCURRENT)] | None = None


class ProviderFields(Closed):
    """What a provider has of its own, as typed: all but its name, its address, its keys and its models."""

    label: Label | None = None  #: Name that people see; null = made from the ID.
    description: Annotated[str, StringConstraints(max_length=500)] = ""  #: Note.
    type: ProviderType = ProviderType.CUSTOM  #: Protocol it speaks.
    preset: str | None = None  #: ID of the known provider that it is; null = a custom provider.
    #: Whether the interface lies at the root, without /v1.
    at_root: Flag = False  # the interface lies at the root of the host: an address without a path gets no /v1
    auth_type: str = "api_key"  #: Authentication.
    auth: dict[str, str] = Field(default_factory=dict)  #: Fields of the authentication that are not secret.
    default_model: Identifier | None = None  #: Identifier of the default model; null = none.
    network: Network = Network()  #: Time limits.
    limits: ProviderLimits = ProviderLimits()  #: Request limits.
    only_listed_models: Flag = False  #: Whether requests for other models are rejected.
    capabilities: Capabilities = Capabilities()  #: What it can do.
    tags: list[Tag] = Field(default_factory=list, max_length=20)  #: Tags.
    enabled: Flag = True  #: Whether it is on.


class ProviderDraft(ProviderFields):
    """A whole provider as typed. `credential` is write-only; left out on replace = keep."""

    name: str  #: ID that apps use; it cannot be changed later.
    base_url: str = ""  #: Address of its interface.
    credential: CredentialDraft | None = None  #: Its key, write-only; omitted, stored keys are kept.
    models: list[ModelEntry] = Field(default_factory=list, max_length=5_000)  #: Models to list: identifiers, or models with a label.


class ProviderPut(ProviderFields):
    """All own fields of a provider; its models and keys stay as they are. The answer of a GET may be sent: fields that are only read are
    ignored. What is left out takes its default; `base_url` may not be, so that one field alone never empties the others."""

    name: str = ""  #: ID of the provider; it cannot be changed.
    base_url: str  #: Address of its interface.
    version: int | None = None  #: Version that the change is based on; null = any.
    detach: Flag = False  #: Keep keys of an old host, unreadable, when the address moves to another one.

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_read(cls, given: object) -> object:
        return without(given, Provider.model_fields.keys() - cls.model_fields.keys())

    def over(self, current: ProviderDraft) -> ProviderDraft:
        """The whole draft, with the models of the present one."""
        own = {f: getattr(self, f) for f in self.model_fields_set - {"version", "detach"}}
        return ProviderDraft(**own | {"name": self.name or current.name, "models": current.models})


class ProviderPatch(Closed):
    """JSON merge patch (RFC 7396): what is not set stays, objects merge, null means back to the default, lists are replaced. `version`
    guards against a lost update. Read it with `model_fields_set`."""

    label: Label | None = None  #: Name that people see; null = made from the ID.
    description: Annotated[str, StringConstraints(max_length=500)] | None = None  #: Note.
    base_url: str | None = None  #: Address of its interface.
    at_root: Flag | None = None  #: Whether the interface lies at the root, without /v1.
    auth_type: str | None = None  #: Authentication.
    auth: dict[str, str | None] | None = None  #: Fields of the authentication that are not secret.
    credential: CredentialDraft | None = None  #: Its key, write-only, in place of the stored one.
    default_model: Identifier | None = None  #: Identifier of the default model; null = none.
    models: list[ModelEntry] | None = Field(default=None, max_length=5_000)  #: Models to list, in place of all before.
    network: Network | None = None  #: Time limits; null = the defaults.
    limits: LimitsPatch | None = None  #: Request limits; null = none.
    only_listed_models: Flag | None = None  #: Whether requests for other models are rejected.
    capabilities: CapabilitiesPatch | None = None  #: What it can do; null = not known.
    tags: list[Tag] | None = Field(default=None, max_length=20)  #: Tags, in place of all before.
    enabled: Flag | None = None  #: Whether it is on.
    detach: Flag = False  #: Keep keys of an old host, unreadable, when the address moves to another one.
    version: int | None = None  #: Version that the change is based on; null = any.


class FromPreset(Closed):
    preset: str  #: ID of the known provider.
    name: str | None = None  #: ID that apps use; null = that of the known provider.
    label: Label | None = None  #: Name that people see; null = that of the known provider.
    base_url: str | None = None  #: Address of its interface; null = that of the known provider.
    auth_type: str | None = None  #: Authentication; null = that of the known provider.
    auth: dict[str, str] | None = None  #: Fields of the authentication that are not secret.
    credential: CredentialDraft | None = None  #: Its first key; null = none.
    models: list[ModelEntry] = Field(default_factory=list, max_length=5_000)  #: Models to list: identifiers, or models with a label.
    default_model: Identifier | None = None  #: Identifier of the default model; null = none.
    capabilities: Capabilities | None = None  #: What it can do; null = as the known provider.


class Model(Record):
    id: str  #: ID of the model (UUIDv7).
    identifier: str  #: What the provider calls it.
    label: str  #: Name that people see.
    #: How it came onto the list.
    source: str  # declared or discovered


class Provider(Record):
    """A provider as the UI and REST show it. Holds no secret and no mask in a writable field."""

    id: str  #: ID of the row (UUIDv7).
    name: str  #: ID that apps use; it cannot be changed.
    label: str  #: Name that people see.
    description: str  #: Note, "" where there is none.
    type: ProviderType  #: Protocol it speaks.
    preset: str | None  #: ID of the known provider that it is; null = a custom provider.
    base_url: str  #: Address of its interface, as it was typed.
    #: Whether the interface lies at the root, without /v1.
    at_root: bool  # it has no path
    origin: str  #: Scheme, host and port of the address.
    effective_urls: dict[str, str]  #: Operation → address that is called.
    auth_type: str  #: Authentication.
    auth: dict[str, str]  #: Fields of the authentication that are not secret.
    credentials: list[Credential]  #: Its keys, in the order in which they are tried.
    enabled: bool  #: Whether it is on.
    is_default: bool  #: Whether requests that name no provider go here.
    is_system: bool  #: Whether Patchbay made it.
    #: Whether its address is on the own network.
    is_local: bool  # the address is on the reader's own network
    default_model: str | None  #: Identifier of the default model; null = none.
    #: Whether the default model is on the list; null = there is none.
    default_model_listed: bool | None = None  # by the provider, when it was tested last; None = not known, or it has answered itself
    model_count: int  #: How many models are listed.
    network: Network  #: Time limits.
    limits: ProviderLimits  #: Request limits.
    only_listed_models: bool  #: Whether requests for other models are rejected.
    #: What it can do.
    capabilities: Capabilities  # what an admin declared; where it says nothing, the preset's count
    tags: list[str]  #: Tags.
    status: Status  #: What the console shows of it, in one word.
    health: Standing = Standing()  #: How it does, and what says so.
    last_test: LastTest | None  #: Last test of this configuration; null = none.
    version: int  #: Grows with every change.
    created_at: datetime  #: When it was created.
    updated_at: datetime  #: When it was last changed.
    created_by: str  #: Name of who created it.


class ProviderQuery(Closed):
    """What to list. `cursor` is the `next_cursor` of the page before; it belongs to the same `sort` and `order`."""

    search: Annotated[str, StringConstraints(max_length=100)] | None = None
    status: Status | None = None
    auth_type: Annotated[str, StringConstraints(max_length=20)] | None = None
    type: ProviderType | None = None
    tag: Tag | None = None
    sort: Literal["label", "name", "created_at", "updated_at"] = "label"
    order: Literal["asc", "desc"] = "asc"
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, StringConstraints(max_length=1_000)] | None = None


class Page(Record):
    """One page of a list. `next_cursor` None = the end."""

    items: list[Any]
    next_cursor: str | None = None
    total: int | None = None
