"""Removing rows that were added or changed outside Patchbay. They let nobody in as it is; this takes them out of the way."""

from app.domain.actor import Actor, Scope
from app.domain.audit import Action, RefusedRow
from app.storage import client_keys, macs, refusals
from app.storage.tables import now
from app.storage.work import Work, work


async def remove(actor: Actor) -> list[RefusedRow]:
    """Delete every such row, an entry of the audit for each. Keys for `/api/v1` that an account of them made end with it."""
    actor.must_admin()
    async with work(actor) as doing:
        found = await refusals.all_refused(doing.session)
        for row in found:
            if row.kind == refusals.ACCOUNT:
                await _end_keys(doing, row)
            doing.record(Action.ROW_REMOVE, target=("row", row.id, row.name), changes={"kind": {"before": row.kind, "after": None}})
        if not found:
            return []
        for table in reversed(macs.tables()):  # what belongs to a row goes before it
            await refusals.remove(doing.session, table)
        doing.touch()
    return found


async def _end_keys(doing: Work, row: RefusedRow) -> None:
    for key in await client_keys.live_of(doing.session, row.id):
        if key.scope != Scope.GATEWAY:
            key.revoked_at = now()
            doing.change(key)
            doing.record(Action.CLIENT_KEY_REVOKE, target=("client_key", key.id, key.name), reason=f"the account {row.name} was refused")
