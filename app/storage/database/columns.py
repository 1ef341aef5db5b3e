"""Column types and shapes that the tables share: aware UTC times, sealed text, JSON, owners."""

from datetime import UTC, datetime

from pydantic import JsonValue
from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, LargeBinary, MetaData, String, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator
from sqlmodel import Column, Field, SQLModel

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

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SealedText(TypeDecorator[Sealed]):
    """Wrap-only: no crypto on load. Refuses anything that is not already sealed, so nothing is stored in clear."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> str | None:
        if value is not None and not isinstance(value, Sealed):
            raise TypeError("only a Sealed value can be stored in this column")
        return value.text if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> Sealed | None:
        return Sealed(value) if value is not None else None


class bytewise(GenericFunction[str]):
    """A text ordered and compared by its bytes, whatever language the database was made for: SQLite's own order."""

    type = String()
    inherit_cache = True


@compiles(bytewise)
def _plainly(element: bytewise, compiler: SQLCompiler, **given: object) -> str:
    return compiler.process(element.clauses, **given)


@compiles(bytewise, "postgresql")
def _in_c(element: bytewise, compiler: SQLCompiler, **given: object) -> str:
    return f'({compiler.process(element.clauses, **given)} COLLATE "C")'


class MacRow(SQLModel):
    """A row that lets somebody in or allows something. `storage.macs` makes and checks its MAC; None = no row of ours."""

    mac: bytes | None = Field(default=None, sa_type=LargeBinary)


class Versioned(SQLModel):
    """A row that people change. Every change makes one more version, through `Work.change`."""

    version: int = 1


def now() -> datetime:
    return datetime.now(UTC)


def time_column(*, nullable: bool = False, index: bool = False) -> Column[datetime]:
    return Column(UtcTime(), nullable=nullable, index=index)


def json_column() -> Column[JsonValue]:
    return Column(JSON[JsonValue](), nullable=False)


def owner_column(target: str, *, index: bool = True, nullable: bool = False) -> Column[str]:
    return Column(String(36), ForeignKey(target, ondelete="CASCADE"), nullable=nullable, index=index)


def key_of(target: str) -> Column[str]:
    """The key of a table with at most one row for each of another."""
    return Column(String(36), ForeignKey(target, ondelete="CASCADE"), primary_key=True)
