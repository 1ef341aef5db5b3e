"""Opening the vault at boot: the keys of this process against what the database expects. Never guesses, never overwrites."""

import logging
import os
from collections.abc import Iterable, Mapping

from app import settings
from app.domain.actor import SYSTEM, Actor, Role
from app.domain.audit import Action
from app.domain.error_kind import ErrorKind
from app.domain.errors import CanaryCorrupt, KeyMismatch, KeyMissing, SecretUnreadable, StorageError, VaultError
from app.domain.keyring import ALIVE, KeyringStatus, MasterKey, MasterKeyState
from app.domain.secret import Sealed, Secret
from app.storage import audit, client_keys, crypto, instance, macs, people
from app.storage.database import engine, inspection
from app.storage.tables import CryptoKey, SystemSecret, now
from app.storage.work import work
from app.vault import envelope, keyfile, ring, sealed_format

_log = logging.getLogger(__name__)

_source = ""
_source_kind = ""
_stamp: tuple[object, ...] = ()


async def open_ring(*, allow_partial: bool = False, keep_environment: bool = False, may_adopt: bool = False) -> None:
    """Load the master keys, prove that they belong to this database, make the ring current.

    An empty database registers the key it is given, or a new one that is written to the data folder. Raises `KeyMissing`,
    `KeyMismatch`, `CanaryCorrupt`, `KeyFileUnsafe`, and `StorageError` when the audit's triggers were changed.
    `allow_partial` starts although some credentials need a key that is not there: those stay unreadable.
    `keep_environment` is for a parent process that only checks and whose child reads the environment again. `may_adopt` is for whoever
    brings the schema up to date: rows of a version without MACs get theirs.
    """
    global _source, _source_kind, _stamp
    await inspection.check_triggers()
    options = settings.current()
    _stamp = keyfile.stamp(options)
    found = keyfile.find(options)
    async with engine.session() as session:
        known = await crypto.keys(session)
    is_new = found is None
    if found is None:
        found = _first_key(known)
    if not known:
        await _register(found)
        if is_new:
            await _keep(found)
    made = await _proved(found, allow_partial=allow_partial, may_adopt=may_adopt)
    ring.install(made)
    _source, _source_kind = found.source, _kind(found)
    if not keep_environment:
        keyfile.forget_environment()


async def follow() -> None:
    """Keep up with a rotation: read a key file that was written anew, and seal with the key that the database calls active.

    Never takes a key away and never raises because of one: what is loaded goes on serving, and the log says what is wrong.
    """
    global _stamp
    held, options = ring.current(), settings.current()
    if (stamp := keyfile.stamp(options)) != _stamp:
        _stamp = stamp
        try:
            found = keyfile.find(options)
        except VaultError as error:
            _log.warning("The key file was changed and is not used: %s", error.message)
        else:
            held.hold(found.keys if found else {})
    async with engine.session() as session:
        active = _active(await crypto.keys(session)).kid
    if active == held.active:
        return
    if active in held.kids:
        held.turn_to(active)
        _log.info("New secrets are encrypted with the master key %s from now on.", active)
    else:
        _log.warning("The master key %s is active and not loaded here. Add it to %s and restart this process.", active, _source)


async def status(actor: Actor) -> KeyringStatus:
    """The master keys by id, which of them this process holds, and how many values need each."""
    actor.must_view()
    held = ring.current()
    async with engine.session() as session:
        known, used = await crypto.keys(session), await crypto.kids_in_use(session)
        workers = await instance.workers(session, since=now() - ALIVE)
    keys = [
        MasterKey(
            kid=row.kid,
            state=MasterKeyState(row.state),
            is_loaded=row.kid in held.kids,
            values=used.get(row.kid, 0),
            created_at=row.created_at,
            kit_issued_at=row.kit_issued_at,
            kit_acknowledged_at=row.kit_acknowledged_at,
        )
        for row in known
    ]
    return KeyringStatus(instance_id=held.instance_id, source=_source, kind=_source_kind, keys=keys, workers=workers)


def _first_key(known: list[CryptoKey]) -> keyfile.Found:
    """Create the key of a fresh installation; refuse wherever a key must exist already."""
    path = keyfile.default_path(settings.current())
    if known:
        if (found := keyfile.find(settings.current())) is not None:
            return found  # another process made it while we looked into the database
        raise _missing(_active(known).kid)
    return keyfile.create(path)


async def _keep(found: keyfile.Found) -> None:
    """Take a key that was just made back when another machine was faster: nothing was sealed with it, and a second key confuses."""
    async with engine.session() as session:
        expected = _active(await crypto.keys(session)).kid
    if expected != found.first:
        keyfile.default_path(settings.current()).unlink(missing_ok=True)
        raise _missing(expected)


def _missing(expected: str) -> KeyMissing:
    return KeyMissing(
        f"The master key {expected} is missing, and this database is encrypted with it. Restore it as "
        f"{keyfile.default_path(settings.current())} or set PATCHBAY_MASTER_KEY_FILE. Without it, the saved keys cannot be read.",
        details={"expected": expected},
    )


async def _register(found: keyfile.Found) -> None:
    """Write key, canary and our own keys in one transaction; a process that was faster wins."""
    async with work(SYSTEM) as doing:
        place = await instance.lock(doing.session)
        if await crypto.keys(doing.session):
            return
        made = ring.Ring(place.instance_id, found.keys, active=found.first)
        canary = envelope.seal(made, Secret(f"canary:{place.instance_id}"), ring.canary_binding(found.first))
        doing.session.add(CryptoKey(kid=found.first, state=MasterKeyState.ACTIVE, canary=canary, activated_at=now()))
        own = {
            name: envelope.seal(made, Secret(os.urandom(sealed_format.KEY_BYTES).hex()), ring.system_binding(name))
            for name in ring.SYSTEM_KEYS
        }
        doing.session.add_all([SystemSecret(name=name, value=value) for name, value in own.items()])
        made.unlock(own)
        ring.install(made)  # the entry below is sealed with it; whoever was slower replaces it by what the database says
        doing.record(Action.MASTER_KEY_REGISTER, target=("master_key", found.first, found.first), changes={"source": _kind(found)})


async def _proved(found: keyfile.Found, *, allow_partial: bool, may_adopt: bool) -> ring.Ring:
    """A ring that opens what this database holds."""
    async with engine.session() as session:
        place, known = await instance.read(session), await crypto.keys(session)
        own, used = await crypto.system_secrets(session), await crypto.kids_in_use(session)
    active = _active(known)
    if active.kid not in found.keys:
        raise KeyMismatch(
            f"This database expects the master key {active.kid}, but {found.source} has {_list(found.keys)}. "
            "Use the key that belongs to this database (a restored backup needs its own key).",
            details={"expected": [active.kid], "found": sorted(found.keys)},
        )
    made = ring.Ring(place.instance_id, found.keys, active=active.kid)
    for row in known:
        if row.kid in made.kids and row.state != MasterKeyState.RETIRED:
            _check_canary(made, row)
    # Only keys that were registered can be missing: any other id is a damaged value, which fails closed where it is used.
    missing = {row.kid: used[row.kid] for row in known if row.kid in used and row.kid not in made.kids}
    # Without our own keys nothing could be audited or signed in: then a partial start is none.
    is_vital = any(value.kid in missing for value in own.values())
    if missing and (is_vital or not allow_partial):
        otherwise = "" if is_vital else ", or start with --allow-partial: the keys of the affected providers then stay unreadable"
        raise KeyMissing(
            f"{sum(missing.values())} saved secrets need the master key {_list(missing)}, which is not loaded. Add it to "
            f"{found.source}{otherwise}.",
            details={"expected": sorted(missing), "values": sum(missing.values())},
        )
    made.lacking = frozenset(missing)
    _must_open(made, own)
    if ring.BEFORE_MACS in own:
        own = await _adopted(made, may_adopt=may_adopt)
    made.unlock(own)
    return made


def _must_open(made: ring.Ring, own: Mapping[str, Sealed]) -> None:
    """Raise `SecretUnreadable` that names those of our own keys that are damaged. They cannot be typed again; a backup has them, and
    since a rotation changes only what wraps them, any that was made under a master key that is loaded."""
    if damaged := sorted(name for name, value in own.items() if made.examine(value, ring.system_binding(name))):
        raise SecretUnreadable(
            f"The system secret {_list(damaged)} is damaged and cannot be opened. Copy its row of the table system_secret, and nothing "
            f"else, from a backup of this database that was made while the master key {made.active} was in use.",
            details={"kind": ErrorKind.AUTH_FAILED, "names": damaged},
        )


async def _adopted(made: ring.Ring, *, may_adopt: bool) -> Mapping[str, Sealed]:
    """Give the rows of a version without MACs theirs, as they stand, in one transaction; a process that was faster wins.

    That this database has had none is not what a row of it says: `BEFORE_MACS` opened, and only somebody with the master key makes
    that. It goes now. Whoever kept a copy of it and puts it back meets the entry of the audit that says it went.
    """
    if not may_adopt:
        raise StorageError("Rows of this database have no MACs yet. Start patchbay serve of this version once: it adds them.")
    async with work(SYSTEM) as doing:
        place = await instance.lock(doing.session)
        own = await crypto.system_secrets(doing.session)
        if ring.BEFORE_MACS not in own:
            return own
        if "row_mac" in own or await audit.newest(doing.session, Action.ROWS_ADOPT) is not None:
            raise StorageError(
                "Rows of this database got their MACs before, and somebody wants that to happen again: the system secret "
                f"{ring.BEFORE_MACS} was put back by hand. Restore a backup."
            )
        own["row_mac"] = envelope.seal(made, Secret(os.urandom(sealed_format.KEY_BYTES).hex()), ring.system_binding("row_mac"))
        await crypto.replace_system_secret(doing.session, ring.BEFORE_MACS, "row_mac", own["row_mac"])
        del own[ring.BEFORE_MACS]
        made.unlock(own)
        ring.install(made)
        await macs.adopt(doing.session)
        doing.adopt_audit()
        admins = sorted(user.email for user in await people.all_users(doing.session) if user.role is Role.ADMIN)
        keys = [key.name for key in await client_keys.all_keys(doing.session) if key.revoked_at is None]
        doing.record(Action.ROWS_ADOPT, target=("instance", place.instance_id, "Patchbay"), changes={"admins": admins, "client_keys": keys})
    _log.warning("Accounts and client keys carry MACs from now on. Look whether you know these admins: %s.", _list(admins))
    return own


def _check_canary(made: ring.Ring, row: CryptoKey) -> None:
    try:
        sound = made.check(row.canary)
    except SecretUnreadable:
        sound = False
    if not sound:
        raise CanaryCorrupt(
            f"The master key {row.kid} is loaded but does not open this database: its check value was damaged or "
            "belongs to another installation. Restore the database from a backup.",
            details={"kid": row.kid},
        )


def _active(known: list[CryptoKey]) -> CryptoKey:
    if (row := next((row for row in known if row.state == MasterKeyState.ACTIVE), None)) is None:
        raise VaultError("The database has no active master key. Restore it from a backup.")
    return row


def _kind(found: keyfile.Found) -> str:
    return "environment" if found.file is None else "file" if found.is_ours else "named_file"


def _list(kids: Iterable[str]) -> str:
    return ", ".join(sorted(kids))
