"""Whether this process can do its work: database, schema, key, registry."""

from app import registry
from app.domain.errors import PatchbayError
from app.domain.keyring import MasterKeyState
from app.domain.record import Record
from app.storage import crypto, engine, instance, migration
from app.vault import ring


class Readiness(Record):
    """`checks` names what was looked at; it is ready when all of them hold."""

    ready: bool
    checks: dict[str, bool]
    revision: int


async def look() -> Readiness:
    """Look now. Never raises: what cannot be asked does not hold."""
    checks = {"database": False, "schema": False, "key": False, "registry": False}
    revision = registry.shared.snapshot.revision
    try:
        async with engine.session() as session:
            stored = (await instance.read(session)).revision
            known = await crypto.keys(session)
        checks["key"] = _has_key({row.kid for row in known if row.state == MasterKeyState.ACTIVE})
        checks["database"] = True
        checks["schema"] = await engine.schema_version() == migration.newest()
        checks["registry"] = revision <= stored and registry.shared.snapshot.built_at > 0
    except PatchbayError:
        pass
    return Readiness(ready=all(checks.values()), checks=checks, revision=revision)


def _has_key(active: set[str]) -> bool:
    """The vault is open, and the key that new secrets are sealed with everywhere is here."""
    try:
        ring.current().mac("readiness", b"")
    except PatchbayError:
        return False
    return active <= ring.current().kids
