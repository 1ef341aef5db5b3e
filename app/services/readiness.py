"""Whether this process can do its work: database, schema, key, registry."""

import asyncio

from app import registry
from app.domain.errors import PatchbayError
from app.domain.keyring import MasterKeyState
from app.domain.record import Record
from app.storage import crypto, instance
from app.storage.database import engine, inspection, migration
from app.vault import ring


class Readiness(Record):
    """`checks` names what was looked at; it is ready when all of them hold. `unreadable`: keys of providers that this process cannot open,
    because they are damaged or their master key is not there; everything else works."""

    ready: bool
    checks: dict[str, bool]
    revision: int
    unreadable: int = 0


_looking: asyncio.Task[Readiness] | None = None


async def shared() -> Readiness:
    """Look, or wait with the others for a look that is under way: strangers may ask as often as they like."""
    global _looking
    task = _looking
    if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
        _looking = task = asyncio.create_task(look())
    return await asyncio.shield(task)


async def look() -> Readiness:
    """Look now. Never raises: what cannot be asked does not hold."""
    checks = {"database": False, "writes": False, "schema": False, "key": False, "registry": False}
    revision, unreadable = registry.shared.snapshot.revision, len(registry.shared.unreadable())
    try:
        async with engine.session() as session:
            stored = (await instance.read(session)).revision
            known = await crypto.keys(session)
        checks["key"] = _has_key({row.kid for row in known if row.state == MasterKeyState.ACTIVE})
        checks["database"] = True
        checks["writes"] = not engine.unwritable()
        checks["schema"] = await inspection.schema_version() == migration.newest()
        checks["registry"] = revision <= stored and registry.shared.snapshot.built_at > 0
    except PatchbayError:
        pass
    return Readiness(ready=all(checks.values()), checks=checks, revision=revision, unreadable=unreadable)


def _has_key(active: set[str]) -> bool:
    """The vault is open, and the key that new secrets are sealed with everywhere is here."""
    try:
        ring.current().mac("readiness", b"")
    except PatchbayError:
        return False
    return active <= ring.current().kids
