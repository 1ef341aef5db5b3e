"""Every table. Rows never leave `storage` and `services`; what people see are the records of `domain`.

Ids are UUIDv7 text made by us (a sealed value is bound to its row before the row exists). Times are UTC.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, LargeBinary, MetaData, String, Text, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Column, Field, SQLModel

from app.domain.ids import uuid7
from app.domain.secret import Sealed

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention


class UtcTime(TypeDecorator[datetime]):
    """Stored as UTC, read back aware. SQLite would otherwise hand out naive times."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class SealedText(TypeDecorator[Sealed]):
    """Wrap-only: no crypto on load. Refuses anything that is not already sealed, so nothing is stored in clear."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Any) -> str | None:
        if value is not None and not isinstance(value, Sealed):
            raise TypeError("only a Sealed value can be stored in this column")
        return value.text if value else None

    def process_result_value(self, value: str | None, dialect: Any) -> Sealed | None:
        return Sealed(value) if value is not None else None


def now() -> datetime:
    return datetime.now(UTC)


def _time(*, nullable: bool = False, index: bool = False) -> Column[Any]:
    return Column(UtcTime(), nullable=nullable, index=index)


def _json() -> Column[Any]:
    return Column(JSON, nullable=False)


def _owner(target: str, *, index: bool = True) -> Column[Any]:
    return Column(String(36), ForeignKey(target, ondelete="CASCADE"), nullable=False, index=index)


class Instance(SQLModel, table=True):
    """Singleton (id 1). `revision` is the registry's truth; every committed change adds one."""

    id: int = Field(default=1, primary_key=True)
    instance_id: str = Field(max_length=36)
    revision: int = Field(default=0, sa_type=BigInteger)
    default_provider_id: str | None = Field(default=None, max_length=36)
    setup_token_hash: str | None = Field(default=None, max_length=64)
    setup_expires_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    setup_done_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=_time())


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
    created_at: datetime = Field(default_factory=now, sa_column=_time())
    activated_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    retired_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class SystemSecret(SQLModel, table=True):
    """Random keys of our own (fingerprint, audit seal), sealed under the master key."""

    __tablename__ = "system_secret"
    name: str = Field(primary_key=True, max_length=40)
    value: Sealed = Field(sa_column=Column(SealedText(), nullable=False))
    created_at: datetime = Field(default_factory=now, sa_column=_time())


class WorkerHeartbeat(SQLModel, table=True):
    """One row a serving process, every 10 s and on a new revision."""

    __tablename__ = "worker_heartbeat"
    worker_id: str = Field(primary_key=True, max_length=36)
    kind: str = Field(max_length=16)  # serve, gateway
    host: str = Field(max_length=255)
    pid: int
    started_at: datetime = Field(sa_column=_time())
    seen_at: datetime = Field(sa_column=_time(index=True))
    kids: list[str] = Field(default_factory=list, sa_column=_json())
    revision: int = Field(default=0, sa_type=BigInteger)


class UserRow(SQLModel, table=True):
    __tablename__ = "user_account"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    email: str = Field(max_length=254, unique=True)  # lower case
    name: str = Field(max_length=80)
    role: str = Field(max_length=16)
    password_hash: str = Field(max_length=255)
    is_active: bool = True
    last_login_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=_time())
    updated_at: datetime = Field(default_factory=now, sa_column=_time())


class SessionRow(SQLModel, table=True):
    """A signed-in browser. Only the SHA-256 of its token is here."""

    __tablename__ = "user_session"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    user_id: str = Field(sa_column=_owner("user_account.id"))
    token_hash: str = Field(max_length=64, unique=True)
    csrf_token: str = Field(max_length=64)
    ip: str = Field(default="", max_length=64)
    user_agent: str = Field(default="", max_length=200)
    created_at: datetime = Field(default_factory=now, sa_column=_time())
    seen_at: datetime = Field(default_factory=now, sa_column=_time())
    expires_at: datetime = Field(sa_column=_time(index=True))
    confirmed_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class LoginThrottle(SQLModel, table=True):
    """Failures per account and per address: `subject` is "account:<sha256>" or "ip:<address>"."""

    __tablename__ = "login_throttle"
    subject: str = Field(primary_key=True, max_length=80)
    failures: int = 0
    last_at: datetime = Field(default_factory=now, sa_column=_time())
    locked_until: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class ProviderRow(SQLModel, table=True):
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
    auth: dict[str, str] = Field(default_factory=dict, sa_column=_json())
    network: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    limits: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    capabilities: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    default_model: str | None = Field(default=None, max_length=200)
    only_listed_models: bool = False
    tags: list[str] = Field(default_factory=list, sa_column=_json())
    enabled: bool = True
    is_system: bool = False
    version: int = 1
    revision: int = Field(default=0, sa_type=BigInteger, index=True)  # registry revision of the last change
    created_at: datetime = Field(default_factory=now, sa_column=_time())
    updated_at: datetime = Field(default_factory=now, sa_column=_time())
    created_by: str = Field(default="", max_length=80)
    deleted_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class CredentialRow(SQLModel, table=True):
    __tablename__ = "credential"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    provider_id: str = Field(sa_column=_owner("provider.id"))
    label: str = Field(max_length=80)
    state: str = Field(default="active", max_length=16)
    weight: int = 1
    priority: int = 1
    origin: str = Field(max_length=300)
    reference: str | None = Field(default=None, max_length=500)
    expires_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    state_reason: str = Field(default="", max_length=200)
    state_since: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    next_retry_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    retire_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=_time())
    updated_at: datetime = Field(default_factory=now, sa_column=_time())


class CredentialSecret(SQLModel, table=True):
    """One sealed field of a credential, bound to (credential_secret, credential id, field, origin)."""

    __tablename__ = "credential_secret"
    credential_id: str = Field(sa_column=Column(String(36), ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True))
    field: str = Field(primary_key=True, max_length=40)
    value: Sealed = Field(sa_column=Column(SealedText(), nullable=False))
    hint: str = Field(default="", max_length=4)
    fingerprint: str = Field(max_length=12, index=True)
    broken_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    updated_at: datetime = Field(default_factory=now, sa_column=_time())


class ModelRow(SQLModel, table=True):
    __tablename__ = "model"
    __table_args__ = (Index("uq_model_provider_identifier", "provider_id", "identifier", unique=True),)
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    provider_id: str = Field(sa_column=_owner("provider.id", index=False))
    identifier: str = Field(max_length=200)
    label: str = Field(default="", max_length=80)
    description: str = Field(default="", max_length=500)
    context_length: int | None = None
    output_limit: int | None = None
    capabilities: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    pricing: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    sources: dict[str, str] = Field(default_factory=dict, sa_column=_json())  # field → declared, discovered, checked
    status: str = Field(default="active", max_length=16)
    created_at: datetime = Field(default_factory=now, sa_column=_time())
    updated_at: datetime = Field(default_factory=now, sa_column=_time())


class ProbeRow(SQLModel, table=True):
    """Last probe of a provider (credential_id "" and model "") or of one key or model of it. `configuration` is the
    digest it was made for; another digest means the result no longer speaks of this configuration."""

    __tablename__ = "probe"
    provider_id: str = Field(sa_column=Column(String(36), ForeignKey("provider.id", ondelete="CASCADE"), primary_key=True))
    credential_id: str = Field(default="", primary_key=True, max_length=36)
    model: str = Field(default="", primary_key=True, max_length=200)
    configuration: str = Field(max_length=64)
    result: dict[str, Any] = Field(sa_column=_json())
    tested_by: str = Field(default="", max_length=80)
    checked_at: datetime = Field(sa_column=_time())


class AliasRow(SQLModel, table=True):
    __tablename__ = "alias"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    name: str = Field(max_length=200, unique=True)
    description: str = Field(default="", max_length=500)
    enabled: bool = True
    version: int = 1
    created_at: datetime = Field(default_factory=now, sa_column=_time())
    updated_at: datetime = Field(default_factory=now, sa_column=_time())
    created_by: str = Field(default="", max_length=80)


class AliasTarget(SQLModel, table=True):
    __tablename__ = "alias_target"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    alias_id: str = Field(sa_column=_owner("alias.id"))
    provider_id: str = Field(sa_column=_owner("provider.id"))
    model: str = Field(max_length=200)
    priority: int = 1
    weight: int = 1


class TemplateRow(SQLModel, table=True):
    """A user's own starting point. `body` is a provider draft without `credential`."""

    __tablename__ = "template"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    name: str = Field(max_length=80, unique=True)
    description: str = Field(default="", max_length=500)
    body: dict[str, Any] = Field(sa_column=_json())
    version: int = 1
    created_at: datetime = Field(default_factory=now, sa_column=_time())
    updated_at: datetime = Field(default_factory=now, sa_column=_time())
    created_by: str = Field(default="", max_length=80)


class ClientKeyRow(SQLModel, table=True):
    """An application's key: `pb-<public_id>-<random>`; `digest` = SHA-256 of the whole text."""

    __tablename__ = "client_key"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    public_id: str = Field(max_length=16, unique=True)
    name: str = Field(max_length=80)
    digest: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    scope: str = Field(max_length=16)
    models: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    providers: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    requests_per_minute: int = 0
    expires_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    created_at: datetime = Field(default_factory=now, sa_column=_time())
    created_by: str = Field(default="", max_length=80)
    revoked_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class EgressApproval(SQLModel, table=True):
    """An origin on a loopback or private address that an admin approved by testing or saving it."""

    __tablename__ = "egress_approval"
    origin: str = Field(primary_key=True, max_length=300)
    approved_by: str = Field(max_length=80)
    approved_at: datetime = Field(default_factory=now, sa_column=_time())


class AuditRow(SQLModel, table=True):
    """Append-only (triggers), gap-free, hash-chained, sealed. Never batch-rebuild this table in a migration."""

    __tablename__ = "audit"
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    ts: int = Field(sa_type=BigInteger)  # microseconds since 1970, UTC
    actor_type: str = Field(max_length=16)
    actor_id: str = Field(max_length=80)
    actor_name: str = Field(max_length=254)
    ip: str = Field(default="", max_length=64)
    session_id_hash: str = Field(default="", max_length=16)
    request_id: str = Field(default="", max_length=64)
    action: str = Field(max_length=60, index=True)
    target_type: str = Field(max_length=30)
    target_id: str = Field(max_length=80, index=True)
    target_name: str = Field(max_length=254)
    outcome: str = Field(max_length=8)
    changes: dict[str, Any] = Field(default_factory=dict, sa_column=_json())
    reason: str = Field(default="", max_length=200)
    prev_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    seal: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))


class AuditHead(SQLModel, table=True):
    """Singleton (id 1): the lock taken last in a transaction that writes to the audit."""

    __tablename__ = "audit_head"
    id: int = Field(default=1, primary_key=True)
    seq: int = Field(default=0, sa_type=BigInteger)
    hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
