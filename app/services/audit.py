"""Reading the audit: pages of it, the proof that nobody changed it, and a copy to take away."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.domain.actor import Actor
from app.domain.audit import Action, AuditVerdict
from app.domain.providers.provider import Page
from app.storage import audit, providers, refusals, usage
from app.storage.database import engine
from app.storage.work import work

Format = Literal["jsonl", "csv"]
LONGEST_PAGE = 100
_CHUNK = 1_000
# A spreadsheet takes a cell that begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def page(actor: Actor, *, before_seq: int | None = None, limit: int = 50, target_id: str | None = None) -> Page:
    """Entries, the newest first. `next_cursor` is the `before_seq` of the next page; `target_id` keeps one object's history."""
    actor.must_view()
    limit = max(1, min(limit, LONGEST_PAGE))
    async with engine.session() as session:
        items = await audit.page(session, before=before_seq, limit=limit + 1, target_id=target_id)
        total, _ = await audit.head_of(session)
    more = str(items[limit - 1].seq) if len(items) > limit else None
    return Page(items=items[:limit], next_cursor=more, total=total)


@dataclass(frozen=True, slots=True)
class Names:
    """What entries speak of, as it is called now, or was last: by id, and providers by their short name."""

    of_id: Mapping[str, str] = field(default_factory=dict)
    of_provider: Mapping[str, str] = field(default_factory=dict)


async def names(actor: Actor, ids: Iterable[str]) -> Names:
    """The names behind these ids of providers, credentials and client keys, and the labels of all providers."""
    actor.must_view()
    async with engine.session() as session:
        found = await usage.names(session, ids)
        labels = await providers.labels(session)
    return Names({id_: named.label for id_, named in found.items()}, labels)


async def verify(actor: Actor) -> AuditVerdict:
    """Follow the whole chain: every hash, every link, every seal, no gap, no missing beginning or tail; and look for rows that let
    somebody in and are not as we wrote them.

    Reads in chunks, each in a transaction of its own, so that a long audit never holds up a writer.
    """
    actor.must_view()
    seen = engine.audit_end()
    async with engine.session() as session:
        end, begins_well, breaks = await audit.end_of(session, seen), await audit.begins_well(session), await audit.breaks(session)
        refused = await refusals.all_refused(session)
    seq, bad = await _followed(end)
    if bad is None and not begins_well:
        bad = (1, "the audit does not begin with the registration of a master key: its beginning was removed")
    if bad is None and end.broken:
        bad = (end.seq + 1, end.broken)
    if bad is None and breaks:
        bad = (breaks[0], "entries before this one were removed; it was written when that was noticed")
    first_bad, reason = bad or (None, "")
    return AuditVerdict(ok=bad is None and not refused, checked=seq, first_bad=first_bad, reason=reason, refused=refused)


async def _followed(end: audit.End) -> tuple[int, tuple[int, str] | None]:
    """How far the chain holds, and the first entry that does not with the reason."""
    seq, previous = 0, audit.GENESIS
    while seq < end.seq:
        rows = await _chunk(seq, end.seq)
        checked, previous, bad = await asyncio.to_thread(audit.check, rows, after=seq, previous=previous)
        if bad is None and not rows:
            bad = (seq + 1, "an entry is missing")
        if bad is not None:
            return checked, bad
        seq = checked
    if previous != end.hash:
        return seq, (seq, "the newest entry is not the one that was written last")
    if end.last > end.seq:
        return seq, (end.seq + 1, "it stands behind the entry that was written last")
    return seq, None


async def export(actor: Actor, fmt: Format) -> AsyncIterator[str]:
    """`lines = await export(actor, "jsonl")`: the whole audit as lines, oldest first, hashes as hex, itself audited first.

    The answer is an iterator; a refusal is raised before it, so that no half file begins.
    """
    actor.must_admin()
    async with work(actor) as doing:
        doing.record(Action.AUDIT_EXPORT, target=("audit", "", "audit"), changes={"format": fmt})
    async with engine.session() as session:
        end, _ = await audit.head_of(session)
    return _lines(fmt, end)


async def _lines(fmt: Format, end: int) -> AsyncIterator[str]:
    seq = 0
    if fmt == "csv":
        yield _csv(dict.fromkeys(audit.EXPORTED), heading=True)
    while seq < end and (rows := await _chunk(seq, end)):
        for row in rows:
            fields = {name: row[name].hex() if isinstance(row[name], bytes) else row[name] for name in audit.EXPORTED}
            yield _csv(fields) if fmt == "csv" else _json(fields)
        seq = rows[-1]["seq"]


async def _chunk(after: int, end: int) -> audit.Rows:
    async with engine.session() as session:
        return await audit.chunk(session, after=after, upto=end, limit=_CHUNK)


def _json(fields: Mapping[str, object]) -> str:
    return json.dumps({**fields, "changes": json.loads(str(fields["changes"]))}, ensure_ascii=False, separators=(",", ":")) + "\n"


def _csv(fields: Mapping[str, object], *, heading: bool = False) -> str:
    line = io.StringIO()
    cells = [str(cell) for cell in (fields if heading else fields.values())]
    csv.writer(line).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return line.getvalue()
