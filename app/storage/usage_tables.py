"""Usage by the hour: what calls of applications add up to. Sums only: no row speaks of a single request."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a decorator; a plain text is what it documents.

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text, text
from sqlmodel import Field, SQLModel

# Upper edges of the classes of a duration, in ms; the last class has none.
EDGES = tuple(25 * 2**step for step in range(15))
CLASSES = len(EDGES) + 1

KEYS = ("hour", "provider_id", "model", "credential_id", "client_key_id")
SUMS = (
    "requests",
    "errors",
    "reported",  # requests whose tokens the provider reported
    "tokens_in",
    "tokens_out",
    "tokens_cached",  # part of `tokens_in`
    "priced",  # requests whose cost is known
    "cost",  # in billionths of a US dollar
    "began_ms",  # sums and classes of durations: of answers without an error
    "total_ms",
    *(f"began_{number}" for number in range(CLASSES)),
    *(f"total_{number}" for number in range(CLASSES)),
)

# Durations of a row as they were, each followed by a comma: all of them while there are fewer than `LISTED`, else some.
LISTS = ("began_list", "total_list")
LISTED = 100

# One row an hour and combination. `hour` is its first second since 1970, "" stands for "none".
usage_hour = Table(
    "usage_hour",
    SQLModel.metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("provider_id", String(36), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("credential_id", String(36), primary_key=True),
    Column("client_key_id", String(36), primary_key=True),
    *(Column(name, Integer if name[-1].isdigit() else BigInteger, nullable=False) for name in SUMS),
    *(Column(name, Text, nullable=False, server_default=text("''")) for name in LISTS),
)


class UsageName(SQLModel, table=True):
    """What a provider, credential or client key was called when it was used last: readable after it is deleted."""

    __tablename__ = "usage_name"
    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(max_length=80)
    seen_hour: int = Field(sa_type=BigInteger)


class UsageBatch(SQLModel, table=True):
    """The last batch that each writer has committed: one whose end was not heard of is not added twice."""

    __tablename__ = "usage_batch"
    writer_id: str = Field(primary_key=True, max_length=36)
    number: int = Field(sa_type=BigInteger)
    hour: int = Field(sa_type=BigInteger)
