"""The audit's chain: append under the head's lock, read back, check. Each entry holds the hash of the one before."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import overload

import rfc8785
from pydantic import JsonValue
from sqlalchemy import Table, Text, cast
from sqlalchemy.engine import RowMapping
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.actor import SYSTEM, Actor
from app.domain.audit import Action, AuditActor, AuditItem, AuditTarget, Outcome
from app.storage import macs
from app.storage.database import engine
from app.storage.tables import AuditHead, AuditRow, CryptoKey
from app.vault import ring

GENESIS = bytes(32)
_LONGEST_VALUE = 1_000
_HEAD: Table = AuditHead.__table__  # type: ignore[attr-defined] # SQLModel puts it there
_SUBJECT = ("target_type", "target_id", "target_name", "outcome", "changes", "reason")
_COLUMNS = ("seq", "ts", "actor_type", "actor_id", "actor_name", "ip", "session_id_hash", "request_id", "action", *_SUBJECT)
Rows = Sequence[RowMapping]
EXPORTED = (*_COLUMNS, "prev_hash", "hash", "seal")


@dataclass(frozen=True, slots=True)
class Entry:
    """One action as a service recorded it. `target` = (type, id, name)."""

    actor: Actor
    action: Action
    target: tuple[str, str, str]
    outcome: Outcome
    changes: Mapping[str, JsonValue]
    reason: str = ""


@overload
def plain(value: Mapping[str, object]) -> dict[str, JsonValue]: ...


@overload
def plain(value: object) -> JsonValue: ...


def plain(value: object) -> JsonValue:
    """`value` as JSON that reads back equal: texts capped, times as ISO. Raises TypeError for anything else, a Secret above all."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool():
            return value
        case int():
            return value if abs(value) < 2**53 else str(value)  # RFC 8785 counts in doubles
        case float():
            return value
        case str():
            return _text(value, _LONGEST_VALUE)
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {_text(str(key), 80): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
        case _:
            raise TypeError(f"{type(value).__name__} cannot be written to the audit")


async def append(session: AsyncSession, entries: Iterable[Entry], *, is_adopting: bool = False) -> tuple[int, bytes]:
    """Write entries at the end of the chain and return where it ends then. Call it last in a transaction: it locks the head until the
    commit. An end that is not ours is told by an entry of its own, which stays: from then on the head has our MAC again."""
    head = (await session.exec(select(AuditHead).with_for_update())).one()
    broken = "" if is_adopting else await _broken_end(session, head, engine.audit_end())
    for entry in [_break(head, broken), *entries] if broken else entries:
        row = _row(entry, head.seq + 1)
        row.prev_hash = head.hash
        row.hash = chain_hash(head.hash, row.model_dump(include=set(_COLUMNS)))
        row.seal = ring.current().seal_audit(row.hash)
        session.add(row)
        await session.flush()  # the triggers compare each row with the head, so row and head go in turn
        head.seq, head.hash = row.seq, row.hash
        head.mac = _mac_of(head)
        session.add(head)
        await session.flush()
    return head.seq, head.hash


def chain_hash(previous: bytes, fields: Mapping[str, JsonValue]) -> bytes:
    """SHA-256("audit-v1" LF || previous hash || RFC 8785 JSON of every other column). Anyone can check it."""
    return hashlib.sha256(b"audit-v1\n" + previous + rfc8785.dumps(dict(fields))).digest()


async def head_of(session: AsyncSession) -> tuple[int, bytes]:
    """(seq, hash) of the newest entry; (0, 32 zero bytes) when there is none."""
    head = (await session.exec(select(AuditHead))).one()
    return head.seq, head.hash


@dataclass(frozen=True, slots=True)
class End:
    """Where the audit ends: what the head says, the highest entry there is, and why the head is not to be believed, "" when it is."""

    seq: int
    hash: bytes
    last: int
    broken: str


async def end_of(session: AsyncSession, seen: tuple[int, bytes]) -> End:
    """All of it of one moment, so that no append falls in between. `seen` is `engine.audit_end()` of before the session began."""
    head = (await session.exec(select(AuditHead))).one()
    last = (await session.exec(select(func.max(AuditRow.seq)))).one() or 0
    return End(head.seq, head.hash, last, await _broken_end(session, head, seen))


async def breaks(session: AsyncSession) -> list[int]:
    """Seqs of the entries that say that the end before them was not ours."""
    query = select(AuditRow.seq).where(AuditRow.action == Action.AUDIT_BREAK).order_by(col(AuditRow.seq))
    return list((await session.exec(query)).all())


async def begins_well(session: AsyncSession) -> bool:
    """Whether the first entry is what every installation begins with. Where no master key was registered, nothing has begun."""
    if (await session.exec(select(func.count()).select_from(CryptoKey))).one() == 0:
        return True
    first = (await session.exec(select(AuditRow.action).where(AuditRow.seq == 1))).first()
    return first == Action.MASTER_KEY_REGISTER


async def chunk(session: AsyncSession, *, after: int, upto: int, limit: int) -> Rows:
    """Rows in order with `changes` still as text: a row that was tampered with must reach `check`, not break the reading."""
    columns = [col(getattr(AuditRow, name)) for name in EXPORTED if name != "changes"]
    query = select(*columns, cast(AuditRow.changes, Text).label("changes"))  # type: ignore[call-overload] # sqlmodel types four
    query = query.where(col(AuditRow.seq) > after, col(AuditRow.seq) <= upto).order_by(col(AuditRow.seq)).limit(limit)
    return (await session.exec(query)).mappings().all()


def check(rows: Rows, *, after: int, previous: bytes) -> tuple[int, bytes, tuple[int, str] | None]:
    """Follow the chain over `rows`: (last seq, its hash, None) or the first seq that does not hold and why."""
    sealed = ring.current().seal_audit
    for row in rows:
        if row["seq"] != after + 1:
            return after, previous, (after + 1, "an entry is missing")
        if row["prev_hash"] != previous:
            return after, previous, (row["seq"], "it does not follow the entry before it")
        if not _holds(row, previous):
            return after, previous, (row["seq"], "its content was changed")
        if not hmac.compare_digest(sealed(row["hash"]), bytes(row["seal"])):
            return after, previous, (row["seq"], "its seal was not made with this master key")
        after, previous = row["seq"], row["hash"]
    return after, previous, None


async def page(session: AsyncSession, *, before: int | None, limit: int, target_id: str | None) -> list[AuditItem]:
    """The newest entries first, below `before`."""
    query = select(AuditRow).order_by(col(AuditRow.seq).desc()).limit(limit)
    if before is not None:
        query = query.where(col(AuditRow.seq) < before)
    if target_id is not None:
        query = query.where(AuditRow.target_id == target_id)
    return [_item(row) for row in (await session.exec(query)).all()]


async def newest(session: AsyncSession, action: Action) -> AuditItem | None:
    """The last entry of this action."""
    row = (await session.exec(select(AuditRow).where(AuditRow.action == action).order_by(col(AuditRow.seq).desc()).limit(1))).first()
    return _item(row) if row else None


async def _broken_end(session: AsyncSession, head: AuditHead, seen: tuple[int, bytes]) -> str:
    """Why the end that the head tells is not ours; "" when it is. Before the first entry there is no MAC."""
    is_new = head.seq == 0 and head.mac is None
    if not is_new and not macs.fits(_HEAD, _end(head), head.mac):
        return "the end of the audit does not carry our MAC: entries were removed there, or the record of its end was changed"
    if seen in ((0, b""), (head.seq, head.hash)):
        return ""
    known = (await session.exec(select(AuditRow.hash).where(AuditRow.seq == seen[0]))).first() if head.seq >= seen[0] else None
    return "" if known == seen[1] else "the audit was set back while Patchbay was running, as a restored backup does"


def _break(head: AuditHead, reason: str) -> Entry:
    return Entry(SYSTEM, Action.AUDIT_BREAK, ("audit", "", "audit"), Outcome.FAILED, {"seq": head.seq}, reason)


def _mac_of(head: AuditHead) -> bytes:
    return macs.of(_HEAD, _end(head))


def _end(head: AuditHead) -> dict[str, object]:
    return {"id": head.id, "seq": head.seq, "hash": head.hash}


def _row(entry: Entry, seq: int) -> AuditRow:
    actor, (kind, identity, name) = entry.actor, entry.target
    return AuditRow(
        seq=seq, ts=time.time_ns() // 1_000,
        actor_type=actor.type.value, actor_id=_text(actor.id, 80), actor_name=_text(actor.name, 254),
        ip=_text(actor.ip, 64), session_id_hash=_text(actor.session_hash, 16), request_id=_text(actor.request_id, 64),
        action=entry.action.value, target_type=_text(kind, 30), target_id=_text(identity, 80), target_name=_text(name, 254),
        outcome=entry.outcome.value, changes=dict(entry.changes), reason=_text(entry.reason, 200),
        prev_hash=b"", hash=b"", seal=b"",
    )  # fmt: skip


def _text(value: str, longest: int) -> str:
    """What every database stores and JSON carries: no NUL, no half of a surrogate pair."""
    return value.encode("utf-8", "replace").decode().replace("\0", "")[:longest]


def _holds(row: RowMapping, previous: bytes) -> bool:
    fields = {name: row[name] for name in _COLUMNS if name != "changes"}
    try:
        fields["changes"] = json.loads(row["changes"])
        return hmac.compare_digest(chain_hash(previous, fields), bytes(row["hash"]))
    except (TypeError, ValueError, RecursionError):  # rewritten into something that is not even JSON
        return False


def _item(row: AuditRow) -> AuditItem:
    return AuditItem(
        seq=row.seq,
        at=datetime.fromtimestamp(row.ts / 1_000_000, UTC),
        actor=AuditActor(type=row.actor_type, id=row.actor_id, name=row.actor_name),
        action=row.action,
        target=AuditTarget(type=row.target_type, id=row.target_id, name=row.target_name),
        outcome=Outcome(row.outcome),
        changes=row.changes,
        request_id=row.request_id,
    )
