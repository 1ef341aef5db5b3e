"""Accounts: who may sign in, as what, and until when."""

from app.domain.actor import Actor, Role, Scope
from app.domain.audit import Action, Outcome
from app.domain.errors import EmailTaken, Forbidden, LastAdmin, NotSignedIn, Reason, TooManyAttempts, UnknownUser
from app.domain.people.passwords import check_password
from app.domain.people.people import DisabledUser, User, clean_person
from app.domain.people.throttle import DEVICE
from app.domain.secret import Secret
from app.services.kernel import lookup
from app.storage import client_keys, instance, macs, people, recent_sessions
from app.storage.database import engine
from app.storage.tables import UserRow, now
from app.storage.work import Work, work
from app.vault import passwords


async def list_(actor: Actor) -> list[User]:
    """Everybody, by e-mail."""
    actor.must_view()
    async with engine.session() as session:
        return await people.all_users(session)


async def get(actor: Actor, user_id: str) -> User:
    """One account. Raises `UnknownUser`."""
    actor.must_view()
    async with engine.session() as session:
        if (row := await people.by_id(session, user_id)) is None:
            raise _unknown()
        return await people.shown(session, row)


async def find(actor: Actor, email: str) -> User:
    """The account of an e-mail address. Raises `UnknownUser`."""
    actor.must_view()
    async with engine.session() as session:
        if (row := await people.by_email(session, email.strip().lower())) is None:
            raise UnknownUser("There is no account with this email address.")
        return await people.shown(session, row)


async def create(actor: Actor, email: str, name: str, role: Role, password: Secret) -> User:
    """A new account. The first admin made this way closes the set-up page. Raises `InvalidDraft`, `EmailTaken`."""
    actor.must_admin()
    email, name = clean_person(email, name)
    check_password(password, personal=(email, name))
    stored = await passwords.hash_password(password)
    async with work(actor) as doing:
        place = await instance.lock(doing.session)
        if await people.by_email(doing.session, email) is not None:
            raise EmailTaken(Reason("email_taken", "An account with this email address already exists."), field="email")
        row = UserRow(email=email, name=name, role=role, password_hash=stored)
        doing.session.add(row)
        doing.record(Action.USER_CREATE, target=_target(row), changes={"role": {"before": None, "after": role}})
        doing.touch()
        if role is Role.ADMIN and place.setup_done_at is None:
            place.setup_done_at, place.setup_token_hash, place.setup_expires_at = now(), None, None
            doing.session.add(place)
            doing.record(Action.INSTANCE_SET_UP, target=("instance", place.instance_id, "Patchbay"))
    return people.user_of(row)


async def disable(actor: Actor, user_id: str, *, version: int | None = None) -> DisabledUser:
    """Nobody signs in with this account any more; its sessions and the keys it made for `/api/v1` end now. The last admin stays.

    Keys it made for applications go on, since the applications do; the answer counts them.
    """
    actor.must_admin()
    async with work(actor) as doing:
        await instance.lock(doing.session)  # of two admins who disable each other at once one stays
        row = await _existing(doing, user_id, version)
        if row.is_active:
            if row.role == Role.ADMIN and await people.active_admins(doing.session) == 1:
                raise LastAdmin("This is the last admin. Give another user the admin role first.")
            _change(doing, row, is_active=False)
            await people.end_sessions(doing.session, row.id)
            doing.record(Action.USER_DISABLE, target=_target(row))
            doing.touch()
            doing.after(recent_sessions.forget)
        left = await _end_keys(doing, row)
        await doing.session.flush()
        shown = await people.shown(doing.session, row)
    return DisabledUser(**shown.model_dump(), keys_left=left)


async def enable(actor: Actor, user_id: str, *, version: int | None = None) -> User:
    """The account works again with its old password; earlier sessions stay ended."""
    actor.must_admin()
    async with work(actor) as doing:
        row = await _existing(doing, user_id, version)
        if not row.is_active:
            _change(doing, row, is_active=True)
            doing.record(Action.USER_ENABLE, target=_target(row))
            doing.touch()
        await doing.session.flush()
        return await people.shown(doing.session, row)


async def reset_password(actor: Actor, user_id: str, password: Secret) -> User:
    """A new password set by an admin: every session of the person ends, and a lock after wrong passwords is lifted."""
    actor.must_admin()
    return await _set_password(actor, user_id, password, keep="")


async def change_password(actor: Actor, old: Secret, new: Secret) -> User:
    """One's own password. The session that changes it stays, all others end. Raises `NotSignedIn` when
    `old` is wrong and `TooManyAttempts` after several."""
    async with engine.session() as session:
        row = macs.genuine(await people.by_id(session, actor.id))
    if row is None:
        raise Forbidden("Only a signed-in user has a password.")
    # Not audited: an attempt is no change; a stolen session must not become a place to guess in. Counted for the session, so that guesses
    # of strangers at the sign-in keep nobody from it, and mistakes made here lock nobody out.
    async with work(actor, audited=False) as doing:
        wait = await people.count_attempt(doing.session, (people.device_subject(actor.session_hash or actor.id), DEVICE))
    if wait:
        raise TooManyAttempts.after(wait)
    if not (await passwords.check(row.password_hash, old)).fits:
        async with work(actor) as doing:
            doing.record(Action.USER_PASSWORD, target=_target(row), outcome=Outcome.DENIED, reason="old password wrong")
        raise NotSignedIn("The old password is incorrect.", field="old_password")
    return await _set_password(actor, actor.id, new, keep=actor.session_hash)


async def _set_password(actor: Actor, user_id: str, password: Secret, *, keep: str) -> User:
    async with engine.session() as session:
        known = await people.by_id(session, user_id)
    if known is None:
        raise _unknown()
    check_password(password, personal=(known.email, known.name))
    stored = await passwords.hash_password(password)
    async with work(actor) as doing:
        row = await _existing(doing, user_id)
        _change(doing, row, password_hash=stored)
        await people.end_sessions(doing.session, row.id, keep=keep)
        await people.forget_attempts(doing.session, people.account_subject(row.email))
        await people.forget_attempts(doing.session, people.device_subject(keep or user_id))
        doing.record(Action.USER_PASSWORD, target=_target(row))
        doing.after(recent_sessions.forget)
        return await people.shown(doing.session, row)


async def _end_keys(doing: Work, row: UserRow) -> int:
    """Revoke what would let a person who was switched off go on acting here; how many other keys of theirs still work."""
    left = 0
    for key in await client_keys.live_of(doing.session, row.id):
        if key.scope == Scope.GATEWAY:
            left += 1
            continue
        key.revoked_at = now()
        doing.change(key)
        doing.record(Action.CLIENT_KEY_REVOKE, target=("client_key", key.id, key.name), reason=f"{row.email} was switched off")
        doing.touch()
    return left


async def _existing(doing: Work, user_id: str, version: int | None = None) -> UserRow:
    if (row := await people.by_id(doing.session, user_id)) is None:
        raise _unknown()
    macs.must_hold(row, "This account")
    await lookup.expect_version(doing.session, row, version)
    return row


def _unknown() -> UnknownUser:
    return UnknownUser("This account no longer exists. Reload the list.")


def _change(doing: Work, row: UserRow, **values: object) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    doing.change(row)


def _target(row: UserRow) -> tuple[str, str, str]:
    return "user", row.id, row.email
