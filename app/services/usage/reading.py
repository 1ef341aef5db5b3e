"""Usage as the edges show it: lines, points over time, and the figures of one provider."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from app.domain.actor import Actor
from app.domain.errors import InvalidDraft, UnknownProvider
from app.domain.usage import By, Figures, Latency, Step, UsageLine, UsagePoint, UsageReport, UsageSeries
from app.services.usage.recording import DAY, HOUR
from app.storage import providers as provider_rows
from app.storage import usage as rows
from app.storage.database import engine
from app.storage.usage import Named, Within
from app.storage.usage_tables import CLASSES, EDGES, LISTED

LONGEST = timedelta(days=100)  # more than is kept
_COLUMNS = {
    By.PROVIDER: ("provider_id",),
    By.MODEL: ("provider_id", "model"),
    By.CREDENTIAL: ("provider_id", "credential_id"),
    By.CLIENT_KEY: ("client_key_id",),
}
_SECONDS = {Step.HOUR: HOUR, Step.DAY: DAY}
_NOBODY = Named("", "", False)


async def report(
    actor: Actor, by: By, *, since: datetime, until: datetime, provider: str = "", client_key_id: str = "", limit: int = 500
) -> UsageReport:
    """Usage between two moments, widened to whole hours; `provider` is a name. Raises `InvalidDraft`, `UnknownProvider`."""
    actor.must_view()
    async with engine.session() as session:
        within = Within(*_hours(since, until), await _id_of(session, provider), client_key_id)
        found = await rows.by(session, within, *_COLUMNS[by])
        found.sort(key=lambda one: (-one[1]["requests"], one[0]))
        shown, all_ = found[:limit], [sums for _, sums in found]
        names = await rows.names(session, {part for key, _ in found for part in key})
        known = await rows.durations(session, within, [key for key, sums in shown if _is_listed([sums])], *_COLUMNS[by])
        every = await rows.durations(session, within, [()]) if _is_listed(all_) else {}
    lines = [_line(by, key, sums, names, known.get(key)) for key, sums in shown]
    total = figures(all_, every.get(()))
    return UsageReport(by=by, since=_moment(within.since), until=_moment(within.until), total=total, items=lines,
                       left_out=len(found) - len(lines))  # fmt: skip


async def series(actor: Actor, step: Step, *, since: datetime, until: datetime, provider: str = "", client_key_id: str = "") -> UsageSeries:
    """The same hour by hour or day by day, days in UTC. Raises as `report`."""
    actor.must_view()
    seconds = _SECONDS[step]
    begin, end = _hours(since, until)
    begin -= begin % seconds
    async with engine.session() as session:
        within = Within(begin, end, await _id_of(session, provider), client_key_id)
        found = await rows.over_time(session, within, seconds)
        known = await rows.durations(session, within, [(at,) for at, sums in found.items() if _is_listed([sums])], seconds=seconds)
    points = [
        UsagePoint(at=_moment(at), **figures([found[at]] if at in found else [], known.get((at,))).model_dump())
        for at in range(begin, end, seconds)
    ]
    return UsageSeries(step=step, since=_moment(begin), until=_moment(end), items=points)


async def summary(actor: Actor, provider_id: str, since: datetime) -> Figures:
    """What one provider was used for from the hour of `since` until now."""
    actor.must_view()
    within = Within(*_hours(since, datetime.now(UTC)), provider_id)
    async with engine.session() as session:
        all_ = [sums for _, sums in await rows.by(session, within)]
        known = await rows.durations(session, within, [()]) if _is_listed(all_) else {}
    return figures(all_, known.get(()))


async def change(actor: Actor) -> int:
    """A number that differs when more was written: whoever follows usage asks for it first."""
    actor.must_view()
    async with engine.session() as session:
        return await rows.change(session)


def figures(all_: Sequence[dict[str, int]], durations: tuple[list[int], list[int]] | None = None) -> Figures:
    """Sums as figures. `durations`: those that were kept as they were, until the answers began and until their end."""
    began, total = durations or ([], [])
    sums = {name: sum(one[name] for one in all_) for name in all_[0]} if all_ else {}
    reported, priced = sums.get("reported", 0), sums.get("priced", 0)
    return Figures(
        requests=sums.get("requests", 0),
        errors=sums.get("errors", 0),
        reported=reported,
        tokens_in=sums["tokens_in"] if reported else None,
        tokens_out=sums["tokens_out"] if reported else None,
        tokens_cached=sums["tokens_cached"] if reported else None,
        priced=priced,
        cost_usd=sums["cost"] / 1e9 if priced else None,
        began_ms=_latency([sums.get(f"began_{number}", 0) for number in range(CLASSES)], began),
        total_ms=_latency([sums.get(f"total_{number}", 0) for number in range(CLASSES)], total),
    )


def _is_listed(all_: Sequence[dict[str, int]]) -> bool:
    """Whether there are so few answers that each duration was kept."""
    return 0 < sum(one[f"total_{number}"] for one in all_ for number in range(CLASSES)) < LISTED


def _latency(classes: Sequence[int], kept: Sequence[int]) -> Latency | None:
    """Read off the durations themselves where all are there, else off their classes: of few, a class would name a time nobody waited."""
    if kept and len(kept) == sum(classes):
        ranked = sorted(kept)
        return Latency(p50=_rank(ranked, 0.5), p95=_rank(ranked, 0.95))
    return Latency(p50=_quantile(classes, 0.5), p95=_quantile(classes, 0.95)) if any(classes) else None


def _rank(ranked: Sequence[int], share: float) -> float:
    """The smallest of them that so large a share took no longer than."""
    return float(ranked[max(math.ceil(share * len(ranked)) - 1, 0)])


def _quantile(classes: Sequence[int], share: float) -> float:
    """Inside of its class as if the durations lay evenly between its edges; the last class has only a lower one."""
    wanted = share * sum(classes)
    up_to = list(accumulate(classes))
    index = next(number for number, reached in enumerate(up_to) if reached >= wanted)
    low = EDGES[index - 1] if index else 0
    high = EDGES[index] if index < len(EDGES) else low
    return round(low + (high - low) * (wanted - (up_to[index] - classes[index])) / classes[index], 1)


def _line(
    by: By, key: tuple[str, ...], sums: dict[str, int], names: dict[str, Named], durations: tuple[list[int], list[int]] | None
) -> UsageLine:
    owner, found = names.get(key[0], _NOBODY), figures([sums], durations).model_dump()
    if by is By.MODEL:
        return UsageLine(id=key[1], name=key[1], provider=owner.name, is_gone=owner.is_gone, **found)
    own = names.get(key[-1], Named(key[-1], key[-1], bool(key[-1])))
    provider = "" if by is By.CLIENT_KEY else owner.name
    return UsageLine(id=key[-1], name=own.label, provider=provider, is_gone=own.is_gone, **found)


async def _id_of(session: engine.AsyncSession, provider: str) -> str:
    """The id of a provider by name, "" for all; one that was deleted last is found too."""
    if not provider:
        return ""
    row = await provider_rows.get(session, provider) or await provider_rows.trashed(session, provider)
    if row is None:
        raise UnknownProvider(UnknownProvider.GONE)
    return row.id


def _hours(since: datetime, until: datetime) -> tuple[int, int]:
    """First second of the first hour, and of the one after the last."""
    begin, end = int(since.timestamp()) // HOUR * HOUR, -(-int(until.timestamp()) // HOUR) * HOUR
    if begin >= end:
        raise InvalidDraft({"from": "The start must be before the end. Choose an earlier time."})
    if until - since > LONGEST:
        raise InvalidDraft({"from": "This is more than 100 days before the end. Choose a shorter period."})
    return begin, end


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
