"""The tables of people, their sessions and the wrong passwords that were tried."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a decorator; a plain text is what it documents.

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.domain.ids import uuid7
from app.storage.database.columns import MacRow, Versioned, key_of, now, owner_column, time_column


class UserRow(MacRow, Versioned, table=True):
    __tablename__ = "user_account"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    email: str = Field(max_length=254, unique=True)  # lower case
    name: str = Field(max_length=80)
    role: str = Field(max_length=16)
    password_hash: str = Field(max_length=255)
    is_active: bool = True
    version: int = Field(default=1, nullable=True)  # NULL is 1: a MAC of before there were versions stays good
    created_at: datetime = Field(default_factory=now, sa_column=time_column())
    updated_at: datetime = Field(default_factory=now, sa_column=time_column())


class UserUse(SQLModel, table=True):
    """When a person signed in last."""

    __tablename__ = "user_account_use"
    user_id: str = Field(sa_column=key_of("user_account.id"))
    signed_in_at: datetime = Field(sa_column=time_column())


class SessionRow(MacRow, table=True):
    """A signed-in browser. Only the SHA-256 of its token is here."""

    __tablename__ = "user_session"
    id: str = Field(default_factory=uuid7, primary_key=True, max_length=36)
    user_id: str = Field(sa_column=owner_column("user_account.id"))
    token_hash: str = Field(max_length=64, unique=True)
    csrf_token: str = Field(max_length=64)
    ip: str = Field(default="", max_length=64)
    user_agent: str = Field(default="", max_length=200)
    created_at: datetime = Field(default_factory=now, sa_column=time_column())
    expires_at: datetime = Field(sa_column=time_column(index=True))
    confirmed_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class SessionUse(SQLModel, table=True):
    """When something was done in a session last. A session without such a row is over."""

    __tablename__ = "user_session_use"
    session_id: str = Field(sa_column=key_of("user_session.id"))
    seen_at: datetime = Field(sa_column=time_column())


class LoginThrottle(SQLModel, table=True):
    """Failures per account and per address: `subject` is "account:<sha256>" or "ip:<address>"."""

    __tablename__ = "login_throttle"
    subject: str = Field(primary_key=True, max_length=80)
    failures: int = 0
    last_at: datetime = Field(default_factory=now, sa_column=time_column())
    locked_until: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
