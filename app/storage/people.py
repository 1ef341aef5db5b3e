"""People, their sessions in browsers, and the wrong passwords that were tried."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.actor import Role
from app.domain.people.people import NewSession, Session, User
from app.domain.people.throttle import Attempts, Limit
from app.storage import macs
from app.storage.database.columns import UtcTime, bytewise
from app.storage.tables import LoginThrottle, SessionRow, SessionUse, UserRow, UserUse, now

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
_FIRST_ATTEMPT = text(
    "INSERT INTO login_throttle (subject, failures, last_at) VALUES (:subject, 0, :at) ON CONFLICT (subject) DO NOTHING"
).bindparams(bindparam("at", type_=UtcTime()))


def user_of(row: UserRow, use: UserUse | None = None) -> User:
    """What may be shown of a person; the hash stays here."""
    is_refused = not macs.holds(row)
    return User(
        id=row.id, email=row.email, name=row.name, role=Role.VIEWER if is_refused else Role(row.role), is_active=row.is_active,
        version=row.version or 1, created_at=row.created_at, updated_at=row.updated_at,
        last_login_at=use.signed_in_at if use else None, is_refused=is_refused,
    )  # fmt: skip


async def shown(session: AsyncSession, row: UserRow) -> User:
    """The same, with the last time the person signed in."""
    return user_of(row, await session.get(UserUse, row.id))


def session_of(row: SessionRow, user: UserRow) -> Session:
    return Session(id=row.id, user=user_of(user), csrf_token=row.csrf_token, token_hash=row.token_hash[:16], expires_at=row.expires_at)


def digest(token: str) -> str:
    """What is stored of a session token or a set-up link: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def account_subject(email: str) -> str:
    """Under which the wrong passwords of an account are counted, whether it exists or not."""
    return f"account:{digest(email)[:64]}"


def device_subject(number: str) -> str:
    """Under which those of a device are counted that has signed in before; of somebody signed in, `number` is the session's."""
    return f"device:{number[:64]}"


def address_subject(ip: str) -> str:
    return f"ip:{ip[:64]}"


async def by_id(session: AsyncSession, user_id: str) -> UserRow | None:
    """The account, as it stands: look at its MAC before you believe it."""
    return await session.get(UserRow, user_id)


async def by_email(session: AsyncSession, email: str) -> UserRow | None:
    """The same for an e-mail in lower case."""
    return (await session.exec(select(UserRow).where(UserRow.email == email))).first()


async def all_users(session: AsyncSession) -> list[User]:
    """Everybody, by e-mail."""
    query = select(UserRow, UserUse).join(UserUse, col(UserUse.user_id) == col(UserRow.id), isouter=True)
    return [user_of(row, use) for row, use in (await session.exec(query.order_by(bytewise(UserRow.email)))).all()]


async def active_admins(session: AsyncSession) -> int:
    query = select(UserRow).where(UserRow.role == Role.ADMIN, col(UserRow.is_active))
    return sum(macs.holds(row) for row in (await session.exec(query)).all())


async def start_session(session: AsyncSession, user: UserRow, *, ip: str, agent: str) -> NewSession:
    """Sign this person in. The token is in the answer and nowhere else."""
    token, at = secrets.token_urlsafe(32), now()
    row = SessionRow(
        user_id=user.id, token_hash=digest(token), csrf_token=secrets.token_urlsafe(32), ip=ip[:64],
        user_agent=agent.replace("\0", "")[:200], created_at=at, expires_at=at + ABSOLUTE,
    )  # fmt: skip
    session.add(row)
    await session.flush()  # the session comes before what is noted of its use
    session.add(SessionUse(session_id=row.id, seen_at=at))
    await session.merge(UserUse(user_id=user.id, signed_in_at=at))
    return NewSession(token=token, session=session_of(row, user))


async def live_session(session: AsyncSession, token_hash: str) -> tuple[SessionRow, UserRow, datetime] | None:
    """The session, its person and when it was used last, while both are good: not ended, not idle, not disabled."""
    at = now()
    query = (
        select(SessionRow, UserRow, SessionUse.seen_at)
        .join(UserRow, col(UserRow.id) == SessionRow.user_id)
        .join(SessionUse, col(SessionUse.session_id) == SessionRow.id)
        .where(SessionRow.token_hash == token_hash, col(SessionRow.revoked_at).is_(None), col(UserRow.is_active))
        .where(SessionRow.expires_at > at, SessionUse.seen_at > at - IDLE)
    )
    found = (await session.exec(query)).first()
    return found if found is not None and macs.holds(found[0]) and macs.holds(found[1]) else None


async def confirm(session: AsyncSession, session_id: str, at: datetime) -> None:
    """Note that the password was shown again in this session."""
    if (row := await session.get(SessionRow, session_id)) is not None:
        row.confirmed_at = at
        session.add(row)


async def use_confirmation(session: AsyncSession, session_id: str, *, since: datetime) -> bool:
    """Whether an admin who may still be here showed the password again since then; it counts once. Asked of the database: what a
    process remembers of a session may be two seconds old."""
    query = select(SessionRow, UserRow).join(UserRow, col(UserRow.id) == SessionRow.user_id)
    query = query.where(SessionRow.id == session_id, col(SessionRow.confirmed_at) >= since, col(SessionRow.revoked_at).is_(None))
    found = (await session.exec(query.where(col(UserRow.is_active), UserRow.role == Role.ADMIN).with_for_update())).first()
    if found is None or not macs.holds(found[0]) or not macs.holds(found[1]):
        return False
    found[0].confirmed_at = None
    session.add(found[0])
    return True


async def seen(session: AsyncSession, session_id: str, at: datetime) -> None:
    await session.exec(update(SessionUse).where(col(SessionUse.session_id) == session_id).values(seen_at=at))


async def end_sessions(session: AsyncSession, user_id: str, *, keep: str = "") -> None:
    """End every session of a person, but the one whose token hash begins with `keep`."""
    query = select(SessionRow).where(SessionRow.user_id == user_id, col(SessionRow.revoked_at).is_(None))
    at = now()
    for row in (await session.exec(query)).all():
        if macs.holds(row) and not (keep and row.token_hash.startswith(keep)):
            row.revoked_at = at
            session.add(row)


async def forget_old(session: AsyncSession, *, before: datetime) -> None:
    """Sessions that ended and attempts nobody waits for any more."""
    await session.exec(delete(SessionRow).where(col(SessionRow.expires_at) < before))
    await session.exec(delete(LoginThrottle).where(col(LoginThrottle.last_at) < before))


async def attempts(session: AsyncSession, subject: str) -> Attempts:
    """What is remembered of an account or an address, held until the commit."""
    # There must be a row to hold: of many first guesses at once each has to see the one before.
    await session.exec(_FIRST_ATTEMPT.bindparams(subject=subject, at=now()))  # type: ignore[call-overload] # sqlmodel types no text
    row = (await session.exec(select(LoginThrottle).where(LoginThrottle.subject == subject).with_for_update())).one()
    return Attempts(row.failures, row.last_at, row.locked_until)


async def count_attempt(session: AsyncSession, *subjects: tuple[str, Limit]) -> float:
    """Count one attempt for each, or return the seconds to wait when one of them is blocked: then nothing is counted."""
    at, counted = now(), []
    for subject, limit in subjects:
        known = await attempts(session, subject)
        if wait := known.blocked_for(at):
            return wait
        counted.append((subject, known.one_more(limit, at)))
    for subject, found in counted:
        await remember(session, subject, found)
    return 0.0


async def remember(session: AsyncSession, subject: str, found: Attempts) -> None:
    await session.merge(
        LoginThrottle(subject=subject, failures=found.failures, last_at=found.last_at or now(), locked_until=found.locked_until)
    )


async def forget_attempts(session: AsyncSession, subject: str) -> None:
    await session.exec(delete(LoginThrottle).where(col(LoginThrottle.subject) == subject))
