"""Usage by the hour: added to in batches, read in sums."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, text, tuple_
from sqlalchemy import select as columns_of
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.storage.database.shielded_session import finish_despite_cancel
from app.storage.tables import ClientKeyRow, CredentialRow, ModelRow, ProviderRow
from app.storage.usage_tables import KEYS, LISTED, LISTS, SUMS, UsageBatch, UsageName, usage_hour

Slot = tuple[int, str, str, str, str]
"""hour, provider_id, model, credential_id, client_key_id"""

_ALL = (*KEYS, *SUMS, *LISTS)
_FULL = LISTED * 10  # characters; a duration has at most eight digits, so that a list below has all of fewer than `LISTED`
_ADDED = [f"{name} = usage_hour.{name} + excluded.{name}" for name in SUMS]
_ADDED += [
    f"{name} = CASE WHEN length(usage_hour.{name}) < {_FULL} THEN usage_hour.{name} || excluded.{name} ELSE usage_hour.{name} END"
    for name in LISTS
]
# Both databases know this form; counters are added, whoever else writes the same row.
_ADD = text(
    f"INSERT INTO usage_hour ({', '.join(_ALL)}) VALUES ({', '.join(f':{name}' for name in _ALL)})"  # noqa: S608 - names of ours
    f" ON CONFLICT ({', '.join(KEYS)}) DO UPDATE SET {', '.join(_ADDED)}"
)
_NAME = text(
    "INSERT INTO usage_name (id, name, seen_hour) VALUES (:id, :name, :seen_hour)"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, seen_hour = excluded.seen_hour"
)
_BATCH = text(
    "INSERT INTO usage_batch (writer_id, number, hour) VALUES (:writer_id, :number, :hour)"
    " ON CONFLICT (writer_id) DO UPDATE SET number = excluded.number, hour = excluded.hour"
)


@dataclass(frozen=True, slots=True)
class Within:
    """Which hours, and whose: first seconds since 1970, the end is not included; "" = all."""

    since: int
    until: int
    provider_id: str = ""
    client_key_id: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """What calls of one row add up to, in the order of `SUMS`, and their first durations in ms: until the answer began, until its end."""

    sums: Sequence[int]
    began: Sequence[int] = ()
    total: Sequence[int] = ()


async def add(session: AsyncSession, counted: Mapping[Slot, Counted]) -> None:
    """Add to the counters of these rows, made where they are missing."""
    rows = [dict(zip(_ALL, (*slot, *one.sums, _listed(one.began), _listed(one.total)), strict=True)) for slot, one in counted.items()]
    await finish_despite_cancel((await session.connection()).execute(_ADD, rows))


async def keep_names(session: AsyncSession, names: Mapping[str, str], hour: int) -> None:
    """Remember what these ids are called."""
    rows = [{"id": id_, "name": name, "seen_hour": hour} for id_, name in names.items()]
    await finish_despite_cancel((await session.connection()).execute(_NAME, rows))


async def number_of(session: AsyncSession, writer_id: str) -> int:
    """Number of the last batch that this writer committed, 0 before the first."""
    row = await session.get(UsageBatch, writer_id)
    return row.number if row else 0


async def finish(session: AsyncSession, writer_id: str, number: int, hour: int) -> None:
    """Say in the same transaction that this batch is in."""
    await finish_despite_cancel((await session.connection()).execute(_BATCH, {"writer_id": writer_id, "number": number, "hour": hour}))


async def change(session: AsyncSession) -> int:
    """A number that differs after every batch."""
    return int((await session.exec(select(func.coalesce(func.sum(UsageBatch.number), 0)))).one())


async def forget(session: AsyncSession, *, before: int, batches_before: int) -> None:
    """Forget usage and names of before an hour, and writers that have been quiet since another."""
    await session.exec(delete(usage_hour).where(usage_hour.c.hour < before))
    await session.exec(delete(UsageName).where(col(UsageName.seen_hour) < before))
    await session.exec(delete(UsageBatch).where(col(UsageBatch.hour) < batches_before))


async def by(session: AsyncSession, within: Within, *names: str) -> list[tuple[tuple[str, ...], dict[str, int]]]:
    """Sums for each combination of these columns, in no order."""
    grouped = [usage_hour.c[name] for name in names]
    query = columns_of(*grouped, *_sums()).where(*_those(within)).group_by(*grouped)
    rows = await finish_despite_cancel((await session.connection()).execute(query))
    return [(tuple(row[: len(names)]), _counted(row[len(names) :])) for row in rows]


Durations = dict[tuple[str | int, ...], tuple[list[int], list[int]]]


async def durations(
    session: AsyncSession, within: Within, groups: Collection[tuple[str | int, ...]], *names: str, seconds: int = 0
) -> Durations:
    """The durations that were kept of these groups, as `by` and `over_time` (with `seconds`) name them: `began_ms` and `total_ms`."""
    if not groups:
        return {}
    grouped: list[ColumnElement[object]] = (
        [usage_hour.c.hour - usage_hour.c.hour % seconds] if seconds else [usage_hour.c[n] for n in names]
    )
    asked = [tuple_(*grouped).in_(list(groups))] if grouped else []
    query = columns_of(*grouped, *(usage_hour.c[name] for name in LISTS)).where(*_those(within), *asked, usage_hour.c[LISTS[1]] != "")
    found: Durations = {}
    for row in map(tuple, await finish_despite_cancel((await session.connection()).execute(query))):
        began, total = found.setdefault(row[: len(grouped)], ([], []))
        began += _values(row[len(grouped)])
        total += _values(row[len(grouped) + 1])
    return found


async def over_time(session: AsyncSession, within: Within, seconds: int) -> dict[int, dict[str, int]]:
    """Begin of an hour or day → its sums; empty ones are left out."""
    begin = usage_hour.c.hour - usage_hour.c.hour % seconds
    query = columns_of(begin, *_sums()).where(*_those(within)).group_by(begin)
    rows = await finish_despite_cancel((await session.connection()).execute(query))
    return {int(row[0]): _counted(row[1:]) for row in rows}


async def pricing(session: AsyncSession, models: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Mapping[str, object]]:
    """(provider id, identifier) → what the model's row says of its price; models without a row or without a price are left out."""
    wanted = set(models)
    providers, identifiers = {provider for provider, _ in wanted}, {identifier for _, identifier in wanted}
    query = select(ModelRow.provider_id, ModelRow.identifier, ModelRow.pricing).where(
        col(ModelRow.provider_id).in_(providers), col(ModelRow.identifier).in_(identifiers)
    )
    return {(p, m): price for p, m, price in (await session.exec(query)).all() if price and (p, m) in wanted}


@dataclass(frozen=True, slots=True)
class Named:
    """What something is called. `label` is for people, `name` for programs; `is_gone`: deleted or revoked."""

    name: str
    label: str
    is_gone: bool


async def names(session: AsyncSession, ids: Iterable[str]) -> dict[str, Named]:
    """Ids of providers, credentials and client keys → what they are called, or were when they were used last."""
    wanted = list(set(ids))
    kept = select(UsageName.id, UsageName.name).where(col(UsageName.id).in_(wanted))
    found = {id_: Named(name, name, True) for id_, name in (await session.exec(kept)).all()}
    keys = select(CredentialRow.id, CredentialRow.label).where(col(CredentialRow.id).in_(wanted))
    found |= {id_: Named(label, label, False) for id_, label in (await session.exec(keys)).all()}
    apps = select(ClientKeyRow.id, ClientKeyRow.name, ClientKeyRow.revoked_at).where(col(ClientKeyRow.id).in_(wanted))
    found |= {id_: Named(name, name, revoked is not None) for id_, name, revoked in (await session.exec(apps)).all()}
    providers = select(ProviderRow.id, ProviderRow.name, ProviderRow.label, ProviderRow.deleted_at).where(col(ProviderRow.id).in_(wanted))
    found |= {id_: Named(name, label, deleted is not None) for id_, name, label, deleted in (await session.exec(providers)).all()}
    return found


def _listed(values: Sequence[int]) -> str:
    return "".join(f"{value}," for value in values[:LISTED])


def _values(listed: str) -> list[int]:
    return [int(value) for value in listed.split(",") if value]


def _sums() -> list[ColumnElement[int]]:
    return [func.sum(usage_hour.c[name]) for name in SUMS]


def _those(within: Within) -> list[ColumnElement[bool]]:
    found = [usage_hour.c.hour >= within.since, usage_hour.c.hour < within.until]
    found += [usage_hour.c.provider_id == within.provider_id] if within.provider_id else []
    found += [usage_hour.c.client_key_id == within.client_key_id] if within.client_key_id else []
    return found


def _counted(values: Iterable[object]) -> dict[str, int]:
    """PostgreSQL adds whole numbers up to decimals; nothing to add is null."""
    return {name: int(str(value or 0)) for name, value in zip(SUMS, values, strict=True)}
