"""Bodies that only REST has: lists, answers about the caller, drafts with the switches of one route."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.domain.actor import Role, Scope
from app.domain.audit import AuditItem
from app.domain.credentials.credential import MOST_KEYS, Credential, KeyLine, Reference
from app.domain.people.people import ClientKey, User
from app.domain.probes.probe import Depth
from app.domain.providers.alias import AliasDraft
from app.domain.providers.discovery import FoundServer
from app.domain.providers.preset import Preset
from app.domain.providers.provider import Model, ModelEntry, Provider, ProviderDraft
from app.domain.record import Closed, Flag, Identifier, Label, Moment, Record, RequestsPerMinute
from app.domain.secret import Secret
from app.services.providers import Trashed


class PasswordAgain(Closed):
    """The password of who is signed in."""

    password: Secret


class Confirmed(Record):
    """Until when it counts, for one thing that asks for it."""

    confirmed_until: datetime


class KitWish(Closed):
    """The language the kit is written in."""

    language: Literal["en", "vi", "zh"] = "en"


class ProviderPage(Record):
    items: list[Provider]
    next_cursor: str | None
    total: int


class ProviderPut(ProviderDraft):
    """The whole provider. `name` may be left out, since the address says it. `detach` leaves keys of an old host behind, unreadable."""

    name: str = ""
    version: int | None = None
    detach: Flag = False


class AliasPut(AliasDraft):
    """The whole alias, and the version it is based on."""

    version: int | None = None


class DraftToTest(ProviderDraft):
    """A draft and how far to test. `provider_name` is the saved provider being edited, whose key an empty field means."""

    name: str = "draft"
    model: Identifier | None = None
    depth: Depth = "chat"
    provider_name: str | None = None


class SavedToTest(Closed):
    """How far to test, and with what."""

    model: Identifier | None = None
    credential_id: str | None = None
    depth: Depth = "chat"


class CredentialList(Record):
    items: list[Credential]


class KeysToAdd(Closed):
    """One key a line."""

    keys: Secret


class KeyLines(Record):
    items: list[KeyLine]


class KeyOrder(Closed):
    """Ids of all keys, the one to try first first."""

    ids: Annotated[list[Annotated[str, Field(max_length=36)]], Field(max_length=MOST_KEYS)]


class OneKeyToTest(Closed):
    """How far to test, and with which model."""

    model: Identifier | None = None
    depth: Depth = "chat"


class Copy(Closed):
    """How the copy of a provider is called, and whether its keys come along."""

    name: str | None = None
    label: Label | None = None
    with_keys: Flag = False


class SwitchOff(Closed):
    """Which provider becomes the default where the one that is switched off is it: null = none, left out = it stays the default."""

    next_default: str | None = None


class RotationDraft(Closed):
    """The new key."""

    label: Label | None = None
    secret: dict[str, Secret] = Field(default_factory=dict)
    reference: dict[str, Reference] = Field(default_factory=dict)
    expires_at: Moment | None = None


class Keeping(Closed):
    """How long the old key is kept to go back to."""

    keep_hours: Annotated[int, Field(ge=0, le=720)] = 24


class PresetList(Record):
    items: list[Preset]


class ModelList(Record):
    items: list[Model]


class ModelSync(Closed):
    """Identifiers (or models with a label) to add and identifiers to remove. `default` null clears the default model."""

    add: Annotated[list[ModelEntry], Field(max_length=5_000)] = []
    remove: Annotated[list[Identifier], Field(max_length=5_000)] = []
    default: Identifier | None = None
    version: int | None = None


class SessionInfo(Record):
    """Who the caller is. `user`, `csrf_token` and `expires_at` are those of a browser's session; a client key has none."""

    type: str
    name: str
    role: Role
    user: User | None
    csrf_token: str | None
    expires_at: datetime | None


class ClientKeyDraft(Closed):
    """A key for an application. `models` and `providers` narrow what it may call; left out = all. `requests_per_minute` 0 = no limit."""

    name: Label
    scope: Scope = Scope.GATEWAY
    models: Annotated[list[Identifier], Field(max_length=1_000)] | None = None
    providers: Annotated[list[Identifier], Field(max_length=1_000)] | None = None
    requests_per_minute: RequestsPerMinute = 0
    expires_at: Moment | None = None


class ClientKeyList(Record):
    items: list[ClientKey]


class UserDraft(Closed):
    email: Annotated[str, Field(min_length=3, max_length=254)]
    name: Label
    role: Role = Role.VIEWER
    password: Secret


class TrashList(Record):
    items: list[Trashed]


class UserList(Record):
    items: list[User]


class AuditPage(Record):
    items: list[AuditItem]
    next_cursor: str | None


class LocalServers(Record):
    """Servers that answered, and the hosts that were asked. `preset` null = it answers like OpenAI, but what it is is not known."""

    items: list[FoundServer]
    hosts: list[str]


class WorkerStanding(Record):
    """One serving process, as it said `age_seconds` ago. `is_current`: it answers by the newest revision."""

    worker_id: str
    kind: str
    host: str
    pid: int
    revision: int
    started_at: datetime
    age_seconds: float
    is_current: bool


class RegistryStatus(Record):
    """What the registry of this process holds, and the workers. More fields may follow."""

    model_config = {"extra": "allow", "frozen": True}

    revision: int
    workers: list[WorkerStanding]


ExportFormat = Literal["jsonl", "csv"]
