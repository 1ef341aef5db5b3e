"""Every table. Rows never leave `storage` and `services`; what people see are the records of `domain`.

Ids are UUIDv7 text made by us (a sealed value is bound to its row before the row exists). Times are UTC.
"""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a decorator; a plain text is what it documents.

from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlmodel import Column, Field, SQLModel

from app.domain.ids import uuid7
from app.domain.secret import Sealed
from app.storage.audit_tables import AuditHead as AuditHead
from app.storage.audit_tables import AuditRow as AuditRow
from app.storage.client_key_tables import ClientKeyGrant as ClientKeyGrant
from app.storage.client_key_tables import ClientKeyRow as ClientKeyRow
from app.storage.client_key_tables import ClientKeyUse as ClientKeyUse
from app.storage.database.columns import MacRow, SealedText, Versioned, json_column, now, owner_column, time_column
from app.storage.health_tables import HealthRow as HealthRow
from app.storage.people_tables import LoginThrottle as LoginThrottle
from app.storage.people_tables import SessionRow as SessionRow
from app.storage.people_tables import SessionUse as SessionUse
from app.storage.people_tables import UserRow as UserRow
from app.storage.people_tables import UserUse as UserUse
from app.storage.usage_tables import UsageBatch as UsageBatch
from app.storage.usage_tables import UsageName as UsageName


class Instance(SQLModel, table=True):
    """Singleton (id 1). `revision` is the registry's truth; every committed change adds one."""

    id: int = Field(default=1, primary_key=True)
    instance_id: str = Field(max_length=36)
    revision: int = Field(default=0, sa_type=BigInteger)
    default_provider_id: str | None = Field(default=None, max_length=36)
    setup_token_hash: str | None = Field(default=None, max_length=64)
    setup_expires_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    setup_done_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=time_column())


class CryptoKey(SQLModel, table=True):
    """A master key known by its id. `canary` = s1 of "canary:<instance_id>"."""

    __tablename__ = "crypto_key"
    __table_args__ = (
        Index(
            "uq_crypto_key_one_active",
            "state",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )
    kid: str = Field(primary_key=True, max_length=10)
    state: str = Field(max_length=16)  # staged, active, decrypt_only, retired
    canary: Sealed = Field(sa_column=Column(SealedText(), nullable=False))
    created_at: datetime = Field(default_factory=now, sa_column=time_column())
    activated_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    retired_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    kit_issued_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    kit_acknowledged_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class SystemSecret(SQLModel, table=True):
    """Random keys of our own (fingerprint, audit seal), sealed under the master key."""

    __tablename__ = "system_secret"
    name: str = Field(primary_key=True, max_length=40)
    value: Sealed = Field(sa_column=Column(SealedText(), nullable=False))
    created_at: datetime = Field(default_factory=now, sa_column=time_column())


class WorkerHeartbeat(SQLModel, table=True):
    """One row a serving process, every 10 s and on a new revision."""

    __tablename__ = "worker_heartbeat"
    worker_id: str = Field(primary_key=True, max_length=36)
    kind: str = Field(max_length=16)  # serve, gateway
    host: str = Field(max_length=255)
    pid: int
    started_at: datetime = Field(sa_column=time_column())
    seen_at: datetime = Field(sa_column=time_column(index=True))
    kids: list[str] = Field(default_factory=list, sa_column=json_column())
    revision: int = Field(default=0, sa_type=BigInteger)
    forwarded_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    forwarded_by: str = Field(default="", max_length=64)


class ProviderRow(Versioned, table=True):
    __tablename__ = "provider"
    __table_args__ = (
        Index(
            "uq_provider_live_name",
            "name",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    name: str = Field(max_length=50)
    label: str = Field(max_length=80)
    description: str = Field(default="", max_length=500)
    type: str = Field(max_length=20)
    preset: str | None = Field(default=None, max_length=50)
    base_url: str = Field(max_length=2048)
    origin: str = Field(max_length=300)
    auth_type: str = Field(max_length=20)
    auth: dict[str, str] = Field(default_factory=dict, sa_column=json_column())
    network: dict[str, JsonValue] = Field(default_factory=dict, sa_column=json_column())
    limits: dict[str, JsonValue] = Field(default_factory=dict, sa_column=json_column())
    capabilities: dict[str, JsonValue] = Field(default_factory=dict, sa_column=json_column())
    default_model: str | None = Field(default=None, max_length=200)
    only_listed_models: bool = False
    tags: list[str] = Field(default_factory=list, sa_column=json_column())
    enabled: bool = True
    is_system: bool = False
    revision: int = Field(default=0, sa_type=BigInteger, index=True)  # registry revision of the last change
    created_at: datetime = Field(default_factory=now, sa_column=time_column())
    updated_at: datetime = Field(default_factory=now, sa_column=time_column())
    created_by: str = Field(default="", max_length=80)
    deleted_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class CredentialRow(Versioned, table=True):
    __tablename__ = "credential"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    provider_id: str = Field(sa_column=owner_column("provider.id"))
    label: str = Field(max_length=80)
    state: str = Field(default="active", max_length=16)
    weight: int = 1
    priority: int = 1
    origin: str = Field(max_length=300)
    reference: str | None = Field(default=None, max_length=500)  # JSON: field → text of a `Reference`, for showing; the sealed one counts
    expires_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    state_reason: str = Field(default="", max_length=200)
    state_since: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    next_retry_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    retire_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    replaces: str | None = Field(default=None, max_length=36)  # id of the key whose place it takes in a rotation
    last_used_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=time_column())
    updated_at: datetime = Field(default_factory=now, sa_column=time_column())


class CredentialSecret(SQLModel, table=True):
    """One sealed field of a credential, bound to (credential_secret, credential id, field, origin)."""

    __tablename__ = "credential_secret"
    credential_id: str = Field(sa_column=Column(String(36), ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True))
    field: str = Field(primary_key=True, max_length=40)
    value: Sealed = Field(sa_column=Column(SealedText(), nullable=False))
    hint: str = Field(default="", max_length=4)
    fingerprint: str = Field(max_length=12, index=True)
    broken_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    updated_at: datetime = Field(default_factory=now, sa_column=time_column())


class ModelRow(SQLModel, table=True):
    __tablename__ = "model"
    __table_args__ = (Index("uq_model_provider_identifier", "provider_id", "identifier", unique=True),)
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    provider_id: str = Field(sa_column=owner_column("provider.id", index=False))
    identifier: str = Field(max_length=200)
    label: str = Field(default="", max_length=80)
    description: str = Field(default="", max_length=500)
    context_length: int | None = None
    output_limit: int | None = None
    capabilities: dict[str, JsonValue] = Field(default_factory=dict, sa_column=json_column())
    pricing: dict[str, JsonValue] = Field(default_factory=dict, sa_column=json_column())
    sources: dict[str, str] = Field(default_factory=dict, sa_column=json_column())  # field → declared, discovered, checked
    status: str = Field(default="active", max_length=16)
    created_at: datetime = Field(default_factory=now, sa_column=time_column())
    updated_at: datetime = Field(default_factory=now, sa_column=time_column())


class ProbeRow(SQLModel, table=True):
    """Last probe of a provider (credential_id "" and model "") or of one key or model of it. `configuration` is the
    digest it was made for; another digest means the result no longer speaks of this configuration."""

    __tablename__ = "probe"
    provider_id: str = Field(sa_column=Column(String(36), ForeignKey("provider.id", ondelete="CASCADE"), primary_key=True))
    credential_id: str = Field(default="", primary_key=True, max_length=36)
    model: str = Field(default="", primary_key=True, max_length=200)
    configuration: str = Field(max_length=64)
    result: dict[str, Any] = Field(sa_column=json_column())
    tested_by: str = Field(default="", max_length=80)
    checked_at: datetime = Field(sa_column=time_column())


class AliasRow(Versioned, table=True):
    __tablename__ = "alias"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    name: str = Field(max_length=200, unique=True)
    description: str = Field(default="", max_length=500)
    enabled: bool = True
    created_at: datetime = Field(default_factory=now, sa_column=time_column())
    updated_at: datetime = Field(default_factory=now, sa_column=time_column())
    created_by: str = Field(default="", max_length=80)


class AliasTarget(SQLModel, table=True):
    __tablename__ = "alias_target"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    alias_id: str = Field(sa_column=owner_column("alias.id"))
    provider_id: str = Field(sa_column=owner_column("provider.id"))
    model: str = Field(max_length=200)
    priority: int = 1
    weight: int = 1


class TemplateRow(Versioned, table=True):
    """A user's own starting point. `body` is a provider draft without `credential`."""

    __tablename__ = "template"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    name: str = Field(max_length=80, unique=True)
    description: str = Field(default="", max_length=500)
    body: dict[str, JsonValue] = Field(sa_column=json_column())
    created_at: datetime = Field(default_factory=now, sa_column=time_column())
    updated_at: datetime = Field(default_factory=now, sa_column=time_column())
    created_by: str = Field(default="", max_length=80)


class RevisionNote(SQLModel, table=True):
    """What one version of a row changed: field → its value then, and who changed it. The newest `work.MOST_NOTES` of each row."""

    __tablename__ = "revision_note"
    resource_id: str = Field(primary_key=True, max_length=36)
    version: int = Field(primary_key=True)
    fields: dict[str, JsonValue] = Field(sa_column=json_column())
    actor_type: str = Field(max_length=16)
    actor_id: str = Field(max_length=80)
    actor_name: str = Field(max_length=254)
    at: datetime = Field(default_factory=now, sa_column=time_column())


class EgressApproval(MacRow, table=True):
    """An origin on a loopback or private address that an admin approved by testing or saving it."""

    __tablename__ = "egress_approval"
    origin: str = Field(primary_key=True, max_length=300)
    approved_by: str = Field(max_length=80)
    approved_at: datetime = Field(default_factory=now, sa_column=time_column())
