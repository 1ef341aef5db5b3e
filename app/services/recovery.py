"""The recovery kit: who may take it, that somebody took it, and that somebody said it is kept."""

import hmac

from app import languages, settings
from app.domain.actor import Actor, Role
from app.domain.audit import Action
from app.domain.errors import ConfirmationNeeded, Forbidden, KeyMissing
from app.domain.keyring import MasterKeyState
from app.domain.people.people import CONFIRMED_FOR, Session
from app.domain.recovery_kit import Contents, RecoveryKit, write
from app.domain.secret import Secret
from app.storage import crypto, instance, people
from app.storage.database import engine
from app.storage.tables import CryptoKey, now
from app.storage.work import Work, work
from app.vault import keyfile, ring


async def issue(actor: Actor, session: Session | None, *, language: str, address: str) -> RecoveryKit:
    """The kit, once for each confirmation with the password. The text is in the answer and nowhere else.

    Only for an admin who is signed in in a browser: `Forbidden` otherwise, `ConfirmationNeeded` without a fresh confirmation.
    """
    actor.must_admin()
    if session is None:
        raise Forbidden("Only an admin who is signed in in a browser can save a recovery kit. Open Encryption in the console.")
    found = keyfile.find(settings.current())
    async with work(actor) as doing:
        if not await people.use_confirmation(doing.session, session.id, since=now() - CONFIRMED_FOR):
            raise ConfirmationNeeded("Enter your password again first: POST /api/v1/session/confirm.")
        instance_id = (await instance.lock(doing.session)).instance_id
        known = [row for row in await crypto.keys(doing.session) if row.state != MasterKeyState.RETIRED]
        active = _active(known)
        if found is None or active.kid not in found.keys:
            raise KeyMissing("The active master key is no longer in the key source. Restore it, then save the recovery kit.")
        active.kit_issued_at = at = now()
        doing.session.add(active)
        kids = [active.kid, *sorted(row.kid for row in known if row.kid in found.keys and row is not active)]
        _record(doing, Action.MASTER_KEY_KIT, active, {"keys": kids})
        keys = {kid: Secret(keyfile.written(found, kid)) for kid in kids}
        contents = Contents(keys, instance_id, address, by=actor.name, at=at)
    return write(contents, lambda values: languages.say(language, "recovery_kit.text", values))


async def acknowledge(actor: Actor) -> None:
    """An admin says that the active master key is kept in a safe place, by the kit or otherwise."""
    actor.must_admin()
    async with work(actor) as doing:
        await instance.lock(doing.session)
        active = _active(await crypto.keys(doing.session))
        if active.kit_acknowledged_at is not None:
            return
        active.kit_acknowledged_at = now()
        doing.session.add(active)
        _record(doing, Action.MASTER_KEY_KIT_KEPT, active, {})


async def is_due(actor: Actor) -> bool:
    """Whether this person should be reminded: an admin, while nobody said that the active key is kept."""
    if actor.role is not Role.ADMIN:
        return False
    async with engine.session() as session:
        return any(row.state == MasterKeyState.ACTIVE and row.kit_acknowledged_at is None for row in await crypto.keys(session))


def proof(session: Session) -> str:
    """What the form of this session carries, so that no other page can send it."""
    return ring.current().mac("recovery-kit form", session.token_hash.encode()).hex()[:32]


def is_proof(session: Session, given: str) -> bool:
    """Whether a form came from a page of this session."""
    return hmac.compare_digest(proof(session).encode(), given.encode())


def _active(known: list[CryptoKey]) -> CryptoKey:
    if (row := next((row for row in known if row.state == MasterKeyState.ACTIVE), None)) is None:
        raise KeyMissing("The database has no active master key. Restore it from a backup.")
    return row


def _record(doing: Work, action: Action, row: CryptoKey, changes: dict[str, object]) -> None:
    doing.touch()  # open pages hear of it
    doing.record(action, target=("master_key", row.kid, row.kid), changes=changes)
