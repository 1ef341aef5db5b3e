"""Signing in and out, and who a session token belongs to."""

from datetime import datetime, timedelta

from app.domain.actor import SYSTEM, Actor, ActorType
from app.domain.audit import Action, Outcome
from app.domain.errors import Forbidden, InvalidDraft, NotSignedIn, Reason, StorageUnavailable, TooManyAttempts
from app.domain.people import CONFIRMED_FOR, NewSession, Session, acting
from app.domain.secret import Secret
from app.domain.throttle import ACCOUNT, ADDRESS, Attempts
from app.storage import engine, macs, people, recent_sessions
from app.storage.tables import UserRow, now
from app.storage.work import Work, work
from app.vault import passwords

_SEEN_EVERY = timedelta(seconds=60)


async def sign_in(email: str, password: Secret, *, ip: str, agent: str, request_id: str = "") -> NewSession:
    """A session for the right password. Raises `NotSignedIn`, the same for an unknown account, a disabled one and a wrong
    password, and `TooManyAttempts` with `details["retry_after"]` in seconds. A failure is audited before it is answered."""
    account = email.strip().lower()[:254]
    stranger = Actor(ActorType.ANONYMOUS, "", "", None, ip=ip, request_id=request_id)
    await _admit(stranger, account)
    async with engine.session() as session:
        user = await people.by_email(session, account)
    answer = await passwords.check(user.password_hash if user else None, password)
    if macs.genuine(user) is None or user is None or not answer.fits or not user.is_active:
        await _fail(stranger, account, user)
        raise NotSignedIn("Email or password is incorrect.")
    fresh = await passwords.hash_password(password) if answer.is_outdated else None
    return await _begin(user, fresh, ip=ip, agent=agent, request_id=request_id)


async def confirm(caller: Actor, session: Session | None, password: Secret) -> datetime:
    """Who is signed in shows the password again; it counts until the time that is returned. Throttled and audited as a sign-in is.

    Raises `Forbidden` for who is not in a browser, `InvalidDraft` for a wrong password, `TooManyAttempts`.
    """
    if session is None:
        raise Forbidden("Only a user who is signed in in a browser can confirm with a password.")
    account = session.user.email
    await _admit(caller, account)
    async with engine.session() as reading:
        user = await people.by_id(reading, session.user.id)
    answer = await passwords.check(user.password_hash if user else None, password)
    if macs.genuine(user) is None or user is None or not answer.fits or not user.is_active:
        await _fail(caller, account, user, Action.SESSION_CONFIRM)
        raise InvalidDraft({"password": Reason("password_wrong", "This is not your account password.")})
    async with work(caller) as doing:
        at = now()
        await people.confirm(doing.session, session.id, at)
        await _forgive(doing, caller.ip, account)
        doing.record(Action.SESSION_CONFIRM, target=("user", user.id, user.email))
    return at + CONFIRMED_FOR


async def find(token: str) -> Session | None:
    """The live session of a token, at most two seconds old. Counts as use: 30 idle minutes begin anew."""
    return await _look_up(token, is_use=True)


async def is_alive(token: str) -> bool:
    """Whether the session still lives, without keeping it alive: for whoever watches, not for whoever acts."""
    return await _look_up(token, is_use=False) is not None


async def sign_out(token: str, *, ip: str = "", request_id: str = "") -> None:
    """End a session. A token that means nothing is fine: the goal is reached."""
    async with work(SYSTEM) as doing:
        found = await people.live_session(doing.session, people.digest(token))
        if found is None:
            return
        row, user, _ = found
        row.revoked_at = now()
        doing.session.add(row)
        doing.actor = acting(people.user_of(user), ip=ip, session_hash=row.token_hash[:16], request_id=request_id)
        doing.record(Action.SESSION_END, target=("user", user.id, user.email))
        doing.after(recent_sessions.forget)


async def _admit(stranger: Actor, account: str) -> None:
    """Count the attempt before the password is looked at, or raise `TooManyAttempts`."""
    # Not audited: an attempt is no change; its failure gets an entry of its own.
    limits = [(people.account_subject(account), ACCOUNT)]
    if stranger.ip:
        limits.append((people.address_subject(stranger.ip), ADDRESS))
    async with work(stranger, audited=False) as doing:
        wait = await people.count_attempt(doing.session, *limits)
    if wait:
        raise TooManyAttempts.after(wait)


async def _fail(stranger: Actor, account: str, user: UserRow | None, action: Action = Action.SESSION_FAIL) -> None:
    """Audit the failure. What was typed is named only if it is an account: people type passwords into the wrong field."""
    target = ("user", user.id, user.email) if user else ("user", "", "unknown account")
    async with work(stranger) as doing:
        doing.record(action, target=target, outcome=Outcome.DENIED, reason=_reason(user))
        if (await people.attempts(doing.session, people.account_subject(account))).failures == ACCOUNT.free:
            doing.record(Action.SESSION_LOCK, target=target, outcome=Outcome.DENIED)


def _reason(user: UserRow | None) -> str:
    if user is None:
        return ""
    return "changed outside Patchbay" if not macs.holds(user) else "" if user.is_active else "disabled"


async def _begin(known: UserRow, fresh: str | None, *, ip: str, agent: str, request_id: str) -> NewSession:
    async with work(SYSTEM) as doing:
        user = macs.genuine(await people.by_id(doing.session, known.id))
        if user is None or not user.is_active or user.password_hash != known.password_hash:
            raise NotSignedIn("Email or password is incorrect.")  # changed while the password was looked at
        user.password_hash = fresh or user.password_hash
        begun = await people.start_session(doing.session, user, ip=ip, agent=agent)
        await _forgive(doing, ip, user.email)
        doing.actor = acting(begun.session.user, ip=ip, session_hash=begun.session.token_hash, request_id=request_id)
        doing.record(Action.SESSION_CREATE, target=("user", user.id, user.email))
    return begun


async def _forgive(doing: Work, ip: str, account: str) -> None:
    """A right password clears its account; of the address it takes back this one attempt only."""
    await people.forget_attempts(doing.session, people.account_subject(account))
    if ip:
        known = await people.attempts(doing.session, people.address_subject(ip))
        await people.remember(doing.session, people.address_subject(ip), Attempts(max(0, known.failures - 1), known.last_at))


async def _look_up(token: str, *, is_use: bool) -> Session | None:
    if not token:
        return None
    digest = people.digest(token)
    if (known := recent_sessions.get(digest)) is not None:
        return known
    read_at, at = recent_sessions.generation(), now()
    async with engine.session() as session:
        found = await people.live_session(session, digest)
    if found is None:
        return None
    row, user, seen_at = found
    if is_use and at - seen_at > _SEEN_EVERY:
        await _seen(row.id)
    current = people.session_of(row, user)
    if is_use:
        recent_sessions.put(digest, current, read_at=read_at)
    return current


async def _seen(session_id: str) -> None:
    try:
        # Not audited: being there is no change.
        async with work(SYSTEM, audited=False) as doing:
            await people.seen(doing.session, session_id, now())
    except StorageUnavailable:
        return  # who may read may go on reading while nothing can be written
