"""The table of what calls taught about providers. Nothing but `storage.health` writes it."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a decorator; a plain text is what it documents.

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlmodel import Column, Field, SQLModel

from app.storage.database.columns import json_column


class HealthRow(SQLModel, table=True):
    """The newest attempts at a provider, of all processes: [[at, code, ms, keys], …], the oldest first. `configuration` is the digest
    they were made for, as with a probe. `seq` is higher than that of every row written before."""

    __tablename__ = "provider_health"
    provider_id: str = Field(sa_column=Column(String(36), ForeignKey("provider.id", ondelete="CASCADE"), primary_key=True))
    configuration: str = Field(max_length=64)
    attempts: list[list[Any]] = Field(sa_column=json_column())
    seq: int = Field(sa_type=BigInteger, index=True)
