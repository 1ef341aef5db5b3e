"""The tables of client keys."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a decorator; a plain text is what it documents.

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary
from sqlmodel import Column, Field, SQLModel

from app.domain.ids import uuid7
from app.storage.database.columns import MacRow, Versioned, key_of, now, owner_column, time_column


class ClientKeyRow(MacRow, Versioned, table=True):
    """An application's key: `pb-<public_id>-<random>`; `digest` = SHA-256 of the whole text."""

    __tablename__ = "client_key"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    public_id: str = Field(max_length=16, unique=True)
    name: str = Field(max_length=80)
    digest: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    scope: str = Field(max_length=16)
    all_models: bool  # False = those that its grants name, and without any: nothing
    all_providers: bool
    requests_per_minute: int = 0
    expires_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    version: int = Field(default=1, nullable=True)  # NULL is 1: a MAC of before there were versions stays good
    created_at: datetime = Field(default_factory=now, sa_column=time_column())
    created_by: str = Field(default="", max_length=80)
    updated_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))  # None = as it was issued
    owner_user_id: str | None = Field(default=None, max_length=36, index=True)  # with whom it ends; None = made at the command line
    revoked_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class ClientKeyGrant(MacRow, table=True):
    """What a restricted key may use: a provider, a model of a provider, a model of whichever provider, or an alias. By id, so that
    nothing that is made later under an old name is granted by it."""

    __tablename__ = "client_key_grant"
    __table_args__ = (CheckConstraint("(alias_id IS NOT NULL) <> (provider_id IS NOT NULL OR model IS NOT NULL)", name="one_thing"),)
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    client_key_id: str = Field(sa_column=owner_column("client_key.id"))
    provider_id: str | None = Field(default=None, sa_column=owner_column("provider.id", nullable=True))
    alias_id: str | None = Field(default=None, sa_column=owner_column("alias.id", nullable=True))
    model: str | None = Field(default=None, max_length=512)


class ClientKeyUse(SQLModel, table=True):
    """The newest call with a key. `model` as the caller named it; `ms` until the answer began."""

    __tablename__ = "client_key_use"
    client_key_id: str = Field(sa_column=key_of("client_key.id"))
    at: datetime = Field(sa_column=time_column())
    model: str = Field(default="", max_length=260)
    status: int
    ms: int
