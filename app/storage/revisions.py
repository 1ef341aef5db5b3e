"""What each version of a row changed, and by whom: what somebody is told who saves an older one."""

from collections.abc import Mapping

from pydantic import JsonValue
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.actor import Actor
from app.storage.tables import RevisionNote

MOST_NOTES = 50  # of each row
_NEVER_SAID = frozenset({"version", "credential_id", "key"})


async def note(session: AsyncSession, resource_id: str, version: int, fields: Mapping[str, JsonValue], actor: Actor) -> None:
    """Keep what this version changed: field → its value from now on. Notes of old versions go."""
    session.add(
        RevisionNote(
            resource_id=resource_id, version=version, fields=dict(fields),
            actor_type=actor.type.value, actor_id=actor.id[:80], actor_name=actor.name[:254],
        )
    )  # fmt: skip
    if version > MOST_NOTES:
        old = col(RevisionNote.version) <= version - MOST_NOTES
        await session.exec(delete(RevisionNote).where(col(RevisionNote.resource_id) == resource_id, old))


async def forget(session: AsyncSession, resource_id: str) -> None:
    """Nobody saves what is gone."""
    await session.exec(delete(RevisionNote).where(col(RevisionNote.resource_id) == resource_id))


async def since(session: AsyncSession, resource_id: str, version: int) -> tuple[dict[str, JsonValue], str]:
    """What changed after `version`: field → its present value, and who changed something last, "" where no note says so."""
    query = select(RevisionNote).where(col(RevisionNote.resource_id) == resource_id, col(RevisionNote.version) > version)
    notes = (await session.exec(query.order_by(col(RevisionNote.version)))).all()
    changed = {field: value for one in notes for field, value in one.fields.items()}
    return changed, notes[-1].actor_name if notes else ""


def told(changes: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Field → present value, of the changes that an audit entry names. Of a secret only what happened to it."""
    named = {f: c for f, c in changes.items() if f not in _NEVER_SAID and isinstance(c, Mapping)}
    return {f: c.get("after", c.get("op", "changed")) for f, c in named.items()}
