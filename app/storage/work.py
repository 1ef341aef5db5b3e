"""`work()`: one service call = one transaction = rows + audit entry + revision; effects happen after the commit."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, Session
from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.actor import Actor
from app.domain.audit import Action, Outcome
from app.domain.errors import StorageError
from app.storage import audit, macs, revisions
from app.storage.database import engine
from app.storage.database.columns import Versioned, now
from app.storage.database.shielded_session import finish_despite_cancel
from app.storage.tables import Instance, ProviderRow

# Called with the new revision after each commit that touched the registry. The registry adds itself here.
on_commit: list[Callable[[int], Awaitable[None]]] = []

_BY_USE = frozenset({"next_retry_at"})  # columns that traffic writes: no version of anybody's
_log = logging.getLogger(__name__)


class Work:
    """What happens between entering and leaving `work()`. `revision` is set after a commit that touched the registry."""

    def __init__(self, session: AsyncSession, actor: Actor, *, audited: bool) -> None:
        self.session = session
        self.actor = actor
        self.revision: int | None = None
        self._audited = audited
        self._entries: list[audit.Entry] = []
        self._touched: set[str] | None = None
        self._hooks: list[Callable[[], Awaitable[None]]] = []
        self._changed: dict[str, tuple[Versioned, int]] = {}
        self._gone: set[str] = set()
        self._wrote = False
        self._is_adopting = False
        macs.stamped(session.sync_session)
        event.listen(session.sync_session, "before_flush", self._flushing)
        event.listen(session.sync_session, "after_flush", self._flushed)
        event.listen(session.sync_session, "do_orm_execute", self._executed)

    def record(
        self,
        action: Action,
        *,
        target: tuple[str, str, str],
        changes: Mapping[str, object] | None = None,
        outcome: Outcome = Outcome.OK,
        reason: str = "",
    ) -> None:
        """Add an audit entry to this transaction. `target` = (type, id, name as it reads after the target is gone)."""
        self._entries.append(audit.Entry(self.actor, action, target, outcome, audit.plain(changes or {}), reason))

    def change(self, row: Versioned) -> None:
        """This row becomes one more version, once in a transaction; a new one has its first. Its audit entries say so, and `revisions`
        keeps what they tell. Call it before anything is asked of the database: a query writes first what was changed."""
        if not inspect(row).persistent:
            return
        key = _id_of(row)
        if key not in self._changed:
            self._changed[key] = (row, row.version or 1)
            row.version = (row.version or 1) + 1
        row.sqlmodel_update({"updated_at": now()})
        self.session.add(row)

    def adopt_audit(self) -> None:
        """Let the audit end where it says that it ends, though nothing proves it. Once in the life of a database, with `macs.adopt`."""
        self._is_adopting = True

    def touch(self, *provider_ids: str) -> None:
        """The registry's content changes: raise the revision and stamp these providers with it."""
        self._touched = (self._touched or set()) | set(provider_ids)

    def after(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Run this once the change is durable; never when it was rolled back."""
        self._hooks.append(hook)

    async def _finish(self) -> None:
        """Lock order for everybody: domain rows, then the instance, then the head of the audit."""
        await self.session.flush()
        if self._audited and (self._wrote or self._touched is not None) and not self._entries:
            raise StorageError("A change without an audit entry was refused.")
        await self._note_versions()
        if self._touched is not None:
            self.revision = await self._raise_revision(self._touched)
        append = partial(audit.append, is_adopting=True) if self._is_adopting else audit.append
        end = await append(self.session, self._entries) if self._entries else None
        await self.session.commit()
        if end is not None:
            engine.note_audit_end(end)
        await self._effects()

    async def _note_versions(self) -> None:
        for key, (row, before) in self._changed.items():
            version, fields = {"before": before, "after": row.version}, {}
            for number, entry in enumerate(self._entries):
                if entry.target[1] == key:
                    self._entries[number] = replace(entry, changes={**entry.changes, "version": version})
                if key in (entry.target[1], entry.changes.get("credential_id")):
                    fields |= revisions.told(entry.changes)
            if key not in self._gone:
                await revisions.note(self.session, key, row.version, fields, self.actor)
        for key in self._gone:
            await revisions.forget(self.session, key)

    async def _raise_revision(self, provider_ids: set[str]) -> int:
        raised = update(Instance).values(revision=col(Instance.revision) + 1).returning(col(Instance.revision))
        revision = (await self.session.exec(raised)).scalar_one()
        if provider_ids:
            await self.session.exec(update(ProviderRow).where(col(ProviderRow.id).in_(provider_ids)).values(revision=revision))
        await engine.announce(self.session, revision)
        return revision

    async def _effects(self) -> None:
        effects = list(self._hooks)
        if (revision := self.revision) is not None:
            effects = [lambda changed=changed: changed(revision) for changed in on_commit] + effects
        for effect in effects:
            try:
                await effect()
            # The change is committed: an effect that fails is caught up by polling, not shown as a failed save.
            except Exception:  # noqa: BLE001
                _log.exception("An effect after a commit failed")

    def _flushing(self, session: Session, *_: object) -> None:
        self._gone |= {_id_of(row) for row in session.deleted if isinstance(row, Versioned)}
        for row in session.dirty:
            if not isinstance(row, Versioned) or not session.is_modified(row) or _id_of(row) in self._changed:
                continue
            if inspect(row).committed_state.keys() - _BY_USE:
                raise StorageError(f"A change of {type(row).__name__} without a version was refused.")

    def _flushed(self, *_: object) -> None:
        self._wrote = True

    def _executed(self, state: ORMExecuteState) -> None:
        self._wrote = self._wrote or state.is_insert or state.is_update or state.is_delete


def _id_of(row: Versioned) -> str:
    return str(inspect(row).mapper.primary_key_from_instance(row)[0])


@asynccontextmanager
async def work(actor: Actor, *, audited: bool = True) -> AsyncIterator[Work]:
    """One transaction. Commits on a clean exit, rolls back on any exception; changed rows without `record()` are refused.

    `audited=False` is for what is not a decision of anybody: heartbeats, throttle, `seen_at`, probe results.
    Raises `StorageUnavailable`, `Conflict` (two writers, one name).
    """
    async with engine.writing() as session:
        doing = Work(session, actor, audited=audited)
        yield doing
        await finish_despite_cancel(doing._finish())
