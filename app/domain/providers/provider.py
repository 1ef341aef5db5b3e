"""Providers and their models: what a person types (drafts) and what comes back (records)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints
from pydantic import Tag as Kind

from app.domain.credentials.credential import Credential, CredentialDraft
from app.domain.probes.probe import LastTest
from app.domain.providers.capabilities import Capabilities
from app.domain.providers.health import Standing
from app.domain.record import Closed, Flag, Identifier, Label, Record, RequestsPerMinute, Tag

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
    identifier: Identifier
    label: Label | None = None


def _entry(value: object) -> str:
    return "Identifier" if isinstance(value, str) else "ModelDraft"


# A text or an object: what is wrong is said of the one that was written, and not of the other.
ModelEntry = Annotated[Annotated[Identifier, Kind("Identifier")] | Annotated[ModelDraft, Kind("ModelDraft")], Discriminator(_entry)]


MOST_SECONDS = {"connect_seconds": 60, "first_byte_seconds": 600, "idle_seconds": 600, "total_seconds": 3_600}


class Network(Closed):
    """Time limits in seconds. None = the default of `domain.snapshot.Timeouts`."""

    connect_seconds: Annotated[float, Field(ge=1, le=MOST_SECONDS["connect_seconds"])] | None = None
    first_byte_seconds: Annotated[float, Field(ge=1, le=MOST_SECONDS["first_byte_seconds"])] | None = None
    idle_seconds: Annotated[float, Field(ge=1, le=MOST_SECONDS["idle_seconds"])] | None = None
    total_seconds: Annotated[float, Field(ge=1, le=MOST_SECONDS["total_seconds"])] | None = None


class ProviderLimits(Closed):
    """What each gateway process lets through to the provider at most. 0 = no limit."""

    requests_per_minute: RequestsPerMinute = 0
    concurrent: Annotated[int, Field(ge=0, le=MOST_CONCURRENT)] = 0


class ProviderDraft(Closed):
    """A whole provider as typed. `credential` is write-only; left out on replace = keep."""

    name: str
    label: Label | None = None
    description: Annotated[str, StringConstraints(max_length=500)] = ""
    type: ProviderType = ProviderType.CUSTOM
    preset: str | None = None
    base_url: str = ""
    at_root: Flag = False  # the interface lies at the root of the host: an address without a path gets no /v1
    auth_type: str = "api_key"
    auth: dict[str, str] = Field(default_factory=dict)
    credential: CredentialDraft | None = None
    default_model: Identifier | None = None
    models: list[ModelEntry] = Field(default_factory=list, max_length=5_000)
    network: Network = Network()
    limits: ProviderLimits = ProviderLimits()
    only_listed_models: Flag = False
    capabilities: Capabilities = Capabilities()
    tags: list[Tag] = Field(default_factory=list, max_length=20)
    enabled: Flag = True


class ProviderPatch(Closed):
    """Partial update: what is not set stays, None clears where clearing makes sense. `version` guards against a
    lost update. Read it with `model_fields_set`."""

    label: Label | None = None
    description: Annotated[str, StringConstraints(max_length=500)] | None = None
    base_url: str | None = None
    at_root: Flag | None = None
    auth_type: str | None = None
    auth: dict[str, str] | None = None
    credential: CredentialDraft | None = None
    default_model: Identifier | None = None
    models: list[ModelEntry] | None = Field(default=None, max_length=5_000)
    network: Network | None = None
    limits: ProviderLimits | None = None
    only_listed_models: Flag | None = None
    capabilities: Capabilities | None = None
    tags: list[Tag] | None = Field(default=None, max_length=20)
    enabled: Flag | None = None
    detach: Flag = False
    version: int | None = None


class FromPreset(Closed):
    preset: str
    name: str | None = None
    label: Label | None = None
    base_url: str | None = None
    auth_type: str | None = None
    auth: dict[str, str] | None = None
    credential: CredentialDraft | None = None
    models: list[ModelEntry] = Field(default_factory=list, max_length=5_000)
    default_model: Identifier | None = None
    capabilities: Capabilities | None = None


class Model(Record):
    id: str
    identifier: str
    label: str
    source: str  # declared or discovered


class Provider(Record):
    """A provider as the UI and REST show it. Holds no secret and no mask in a writable field."""

    id: str
    name: str
    label: str
    description: str
    type: ProviderType
    preset: str | None
    base_url: str
    at_root: bool  # it has no path
    origin: str
    effective_urls: dict[str, str]
    auth_type: str
    auth: dict[str, str]
    credentials: list[Credential]
    enabled: bool
    is_default: bool
    is_system: bool
    is_local: bool  # the address is on the reader's own network
    default_model: str | None
    default_model_listed: bool | None = None  # by the provider, when it was tested last; None = not known, or it has answered itself
    model_count: int
    network: Network
    limits: ProviderLimits
    only_listed_models: bool
    capabilities: Capabilities  # what an admin declared; where it says nothing, the preset's count
    tags: list[str]
    status: Status
    health: Standing = Standing()
    last_test: LastTest | None
    version: int
    created_at: datetime
    updated_at: datetime
    created_by: str


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
    total: int = 0
