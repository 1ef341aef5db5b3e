"""The two tables of the audit. Nothing but `storage.audit` writes them."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a decorator; a plain text is what it documents.

from pydantic import JsonValue
from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Column, Field, SQLModel

from app.storage.database.columns import json_column


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
    changes: dict[str, JsonValue] = Field(default_factory=dict, sa_column=json_column())
    reason: str = Field(default="", max_length=200)
    prev_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    seal: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))


class AuditHead(SQLModel, table=True):
    """Singleton (id 1): the lock taken last in a transaction that writes to the audit. Its MAC says that it ends here."""

    __tablename__ = "audit_head"
    id: int = Field(default=1, primary_key=True)
    seq: int = Field(default=0, sa_type=BigInteger)
    hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    mac: bytes | None = Field(default=None, sa_type=LargeBinary)
