"""Signing in and out, and who a session token belongs to."""

from datetime import datetime, timedelta

from app.domain.actor import SYSTEM, Actor, ActorType
from app.domain.audit import Action, Outcome
from app.domain.errors import Forbidden, InvalidDraft, NotSignedIn, Reason, StorageUnavailable, TooManyAttempts
from app.domain.people.people import CONFIRMED_FOR, NewSession, Session, acting
from app.domain.people.throttle import ACCOUNT, ADDRESS, DEVICE, Attempts, Limit
from app.domain.secret import Secret
from app.storage import macs, people, recent_sessions
from app.storage.database import engine
from app.storage.tables import UserRow, now
from app.storage.work import Work, work
from app.vault import devices, passwords

# What attempts are counted under, and how many of them.
Counted = tuple[str, Limit]

_SEEN_EVERY = timedelta(seconds=60)


async def sign_in(email: str, password: Secret, *, ip: str, agent: str, device: str = "", request_id: str = "") -> NewSession:
    """A session for the right password. Raises `NotSignedIn`, the same for an unknown account, a disabled one and a wrong
    password, and `TooManyAttempts` with `details["retry_after"]` in seconds. A failure is audited before it is answered.

    `device` is what the browser carries of an earlier sign-in: strangers' guesses at the account do not keep such a one out.
    """
    account = email.strip().lower()[:254]
    stranger = Actor(ActorType.ANONYMOUS, "", "", None, ip=ip, request_id=request_id)
    async with engine.session() as session:
        user = await people.by_email(session, account)
    own = devices.number_of(device, user.id, user.password_hash) if user else ""
    counted = [_of_device(own)] if own else _of_stranger(account, ip)
    await _admit(stranger, counted)
    answer = await passwords.check(user.password_hash if user else None, password)
    if macs.genuine(user) is None or user is None or not answer.fits or not user.is_active:
        await _fail(stranger, user, counted[0])
        raise NotSignedIn("Email or password is incorrect.")
    fresh = await passwords.hash_password(password) if answer.is_outdated else None
    return await _begin(user, fresh, counted, ip=ip, agent=agent, request_id=request_id)


async def confirm(caller: Actor, session: Session | None, password: Secret) -> datetime:
    """Who is signed in shows the password again; it counts until the time that is returned. Throttled and audited as a sign-in is,
    each session for itself.

    Raises `Forbidden` for who is not in a browser, `InvalidDraft` for a wrong password, `TooManyAttempts`.
    """
    if session is None:
        raise Forbidden("Only a user who is signed in in a browser can confirm with a password.")
    counted = [_of_device(session.token_hash)]
    await _admit(caller, counted)
    async with engine.session() as reading:
        user = await people.by_id(reading, session.user.id)
    answer = await passwords.check(user.password_hash if user else None, password)
    if macs.genuine(user) is None or user is None or not answer.fits or not user.is_active:
        await _fail(caller, user, counted[0], Action.SESSION_CONFIRM)
        raise InvalidDraft({"password": Reason("password_wrong", "This is not your account password.")})
    async with work(caller) as doing:
        at = now()
        await people.confirm(doing.session, session.id, at)
        await _forgive(doing, counted)
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


def _of_stranger(account: str, ip: str) -> list[Counted]:
    """Under what the attempts of an unknown browser are counted."""
    return [(people.account_subject(account), ACCOUNT), *([(people.address_subject(ip), ADDRESS)] if ip else [])]


def _of_device(number: str) -> Counted:
    """Under what those of a known one are."""
    return people.device_subject(number), DEVICE


async def _admit(caller: Actor, counted: list[Counted]) -> None:
    """Count the attempt before the password is looked at, or raise `TooManyAttempts`."""
    # Not audited: an attempt is no change; its failure gets an entry of its own.
    async with work(caller, audited=False) as doing:
        wait = await people.count_attempt(doing.session, *counted)
    if wait:
        raise TooManyAttempts.after(wait)


async def _fail(caller: Actor, user: UserRow | None, counted: Counted, action: Action = Action.SESSION_FAIL) -> None:
    """Audit the failure. What was typed is named only if it is an account: people type passwords into the wrong field."""
    target = ("user", user.id, user.email) if user else ("user", "", "unknown account")
    subject, limit = counted
    async with work(caller) as doing:
        doing.record(action, target=target, outcome=Outcome.DENIED, reason=_reason(user))
        if (await people.attempts(doing.session, subject)).failures == limit.free:
            doing.record(Action.SESSION_LOCK, target=target, outcome=Outcome.DENIED)


def _reason(user: UserRow | None) -> str:
    if user is None:
        return ""
    return "changed outside Patchbay" if not macs.holds(user) else "" if user.is_active else "disabled"


async def _begin(known: UserRow, fresh: str | None, counted: list[Counted], *, ip: str, agent: str, request_id: str) -> NewSession:
    async with work(SYSTEM) as doing:
        user = macs.genuine(await people.by_id(doing.session, known.id))
        if user is None or not user.is_active or user.password_hash != known.password_hash:
            raise NotSignedIn("Email or password is incorrect.")  # changed while the password was looked at
        if fresh:
            doing.change(user)
            user.password_hash = fresh
        begun = await people.start_session(doing.session, user, ip=ip, agent=agent)
        await _forgive(doing, counted)
        doing.actor = acting(begun.session.user, ip=ip, session_hash=begun.session.token_hash, request_id=request_id)
        doing.record(Action.SESSION_CREATE, target=("user", user.id, user.email))
        device = devices.issue(user.id, user.password_hash)
    return begun.model_copy(update={"device": device})


async def _forgive(doing: Work, counted: list[Counted]) -> None:
    """A right password clears the account, or the device that it was typed on; of the address it takes back this one attempt only."""
    (own, _), *others = counted
    await people.forget_attempts(doing.session, own)
    for subject, _ in others:
        known = await people.attempts(doing.session, subject)
        await people.remember(doing.session, subject, Attempts(max(0, known.failures - 1), known.last_at))


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
