"""Bodies that only REST has: lists, answers about the caller, drafts with the switches of one route."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.api.lists import Envelope, Paging
from app.domain.actor import Role, Scope
from app.domain.audit import AuditItem
from app.domain.credentials.credential import MOST_KEYS, Credential, KeyLine, Reference
from app.domain.people.people import ClientKey, User
from app.domain.probes.probe import Depth
from app.domain.providers.discovery import FoundServer
from app.domain.providers.health import Health
from app.domain.providers.preset import Preset
from app.domain.providers.provider import Model, ModelEntry, Provider, ProviderDraft
from app.domain.record import Closed, Flag, Identifier, Label, Moment, Record, RequestsPerMinute
from app.domain.secret import Secret
from app.services.providers import ProviderHealth, Trashed


class PasswordAgain(Closed):
    """The password of who is signed in."""

    password: Secret  #: Password of the signed-in user.


class Confirmed(Record):
    """Until when it counts, for one thing that asks for it."""

    confirmed_until: datetime  #: Until when the confirmation counts.


class KitWish(Closed):
    """The language the kit is written in."""

    language: Literal["en", "vi", "zh"] = "en"  #: Language of the text.


class ProviderPage(Envelope):
    items: list[Provider]  #: Providers of this page.


class DraftToTest(ProviderDraft):
    """A draft and how far to test. `provider_name` is the saved provider being edited, whose key an empty field means."""

    name: str = "draft"  #: ID that the draft would have.
    model: Identifier | None = None  #: Model to ask; null = the test chooses one.
    depth: Depth = "chat"  #: How far to test.
    provider_name: str | None = None  #: ID of the saved provider that is being edited; its keys stand for those left out.


class SavedToTest(Closed):
    """How far to test, and with what."""

    model: Identifier | None = None  #: Model to ask; null = the test chooses one.
    credential_id: str | None = None  #: ID of the provider key to use; null = as traffic would.
    depth: Depth = "chat"  #: How far to test.


class CredentialList(Envelope):
    items: list[Credential]  #: Keys of the provider, in the order in which they are tried.


class KeysToAdd(Closed):
    """One key a line."""

    keys: Secret  #: The keys, one a line.


class KeyLines(Record):
    items: list[KeyLine]  #: What became of each line.


class KeyOrder(Closed):
    """Ids of all keys, the one to try first first."""

    #: IDs of all keys of the provider, the first to try first.
    ids: Annotated[list[Annotated[str, Field(max_length=36)]], Field(max_length=MOST_KEYS)]


class OneKeyToTest(Closed):
    """How far to test, and with which model."""

    model: Identifier | None = None  #: Model to ask; null = the test chooses one.
    depth: Depth = "chat"  #: How far to test.


class Copy(Closed):
    """How the copy of a provider is called, and whether its keys come along."""

    name: str | None = None  #: ID of the copy; null = made from that of the original.
    label: Label | None = None  #: Name of the copy that people see; null = made from that of the original.
    with_keys: Flag = False  #: Whether the stored keys are copied too.


class SwitchOff(Closed):
    """Which provider becomes the default where the one that is switched off is it: null = none, left out = it stays the default."""

    next_default: str | None = None  #: ID of the provider that becomes the default; null = none, omitted it stays.


class RotationDraft(Closed):
    """The new key."""

    label: Label | None = None  #: Name of the new key; null = one is made up.
    secret: dict[str, Secret] = Field(default_factory=dict)  #: Secret fields of the auth type with their values.
    reference: dict[str, Reference] = Field(default_factory=dict)  #: Secret fields whose value is read elsewhere, with its place.
    expires_at: Moment | None = None  #: When the new key expires; null = not known.


class Keeping(Closed):
    """How long the old key is kept to go back to."""

    keep_hours: Annotated[int, Field(ge=0, le=720)] = 24  #: Hours for which the old key is kept, so that one can go back to it.


class PresetList(Envelope):
    items: list[Preset]  #: Known providers, in the order of the gallery.


class ModelList(Envelope):
    items: list[Model]  #: Models that are listed, by identifier.


class ModelSync(Closed):
    """Identifiers (or models with a label) to add and identifiers to remove. `default` null clears the default model."""

    add: Annotated[list[ModelEntry], Field(max_length=5_000)] = []  #: Models to list: identifiers, or models with a label.
    remove: Annotated[list[Identifier], Field(max_length=5_000)] = []  #: Identifiers to take off the list.
    default: Identifier | None = None  #: Identifier of the default model; null clears it, omitted it stays.
    version: int | None = None  #: Version of the provider that the change is based on; null = any.


class SessionInfo(Record):
    """Who the caller is. `user`, `csrf_token` and `expires_at` are those of a browser's session; a client key has none."""

    type: str  #: `user` or `client_key`.
    name: str  #: Name of the caller.
    role: Role  #: What the caller may do.
    user: User | None  #: Account that is signed in; null for an app key.
    csrf_token: str | None  #: To be sent as `X-CSRF-Token`; null for an app key.
    expires_at: datetime | None  #: When the session ends at the latest; null for an app key.


class ClientKeyDraft(Closed):
    """A key for an application. `models` and `providers` narrow what it may call; left out = all. `requests_per_minute` 0 = no limit."""

    name: Label  #: Name that people see.
    scope: Scope = Scope.GATEWAY  #: What the key may be used for.
    models: Annotated[list[Identifier], Field(max_length=1_000)] | None = None  #: Models it may use; null = all.
    providers: Annotated[list[Identifier], Field(max_length=1_000)] | None = None  #: IDs of the providers it may use (`name`); null = all.
    requests_per_minute: RequestsPerMinute = 0  #: Most requests per minute; 0 = no limit.
    expires_at: Moment | None = None  #: When it stops working; null = never.


class ClientKeyQuery(Paging):
    """Which app keys to list, the newest first."""

    name: Annotated[str, Field(max_length=80, description="Only app keys of exactly this name.")] | None = None


class ClientKeyList(Envelope):
    items: list[ClientKey]  #: Every app key, revoked ones included.


class UserDraft(Closed):
    email: Annotated[str, Field(min_length=3, max_length=254)]  #: Email address to sign in with.
    name: Label  #: Name that people see.
    role: Role = Role.VIEWER  #: What the user may do.
    password: Secret  #: First password.


class TrashList(Envelope):
    items: list[Trashed]  #: Deleted providers, the newest first.


class UserQuery(Paging):
    """Which accounts to list, by email address."""

    email: Annotated[str, Field(max_length=254)] | None = None


class UserList(Envelope):
    items: list[User]  #: Every account, by email address.


class AuditPage(Envelope):
    items: list[AuditItem]  #: Entries of this page, the newest first.


class HealthList(Envelope):
    """`counts`: health → how many of all."""

    items: list[ProviderHealth]  #: Providers of this page, by their label.
    counts: dict[Health, int]  #: Health → number of providers.


class LocalServers(Record):
    """Servers that answered, and the hosts that were asked. `preset` null = it answers like OpenAI, but what it is is not known."""

    items: list[FoundServer]  #: Servers that answered.
    hosts: list[str]  #: Hosts that were asked.


class WorkerStanding(Record):
    """One serving process, as it said `age_seconds` ago. `is_current`: it answers by the newest revision."""

    worker_id: str  #: ID of the worker.
    kind: str  #: What the worker serves.
    host: str  #: Host name of its machine.
    pid: int  #: Process ID on its machine.
    revision: int  #: Configuration revision that it serves.
    started_at: datetime  #: When it started.
    age_seconds: float  #: Seconds since it was last heard of.
    is_current: bool  #: Whether it serves the newest revision.


class RegistryStatus(Record):
    """What the registry of this process holds, and the workers. More fields may follow."""

    model_config = {"extra": "allow", "frozen": True}

    revision: int  #: Configuration revision that this process serves.
    workers: list[WorkerStanding]  #: Workers that serve now.


ExportFormat = Literal["jsonl", "csv"]
