"""The first admin: a one-time link, one transaction, and a door that never opens again."""

import hmac
import secrets
from datetime import datetime, timedelta

from app.domain.actor import SYSTEM, Actor, Role
from app.domain.audit import Action
from app.domain.errors import AlreadySetUp, NotSignedIn
from app.domain.people.passwords import check_password
from app.domain.people.people import NewSession, acting, clean_person
from app.domain.secret import Secret
from app.storage import instance, people
from app.storage.database import engine
from app.storage.tables import Instance, UserRow, now
from app.storage.work import work
from app.vault import devices, passwords, ring

LINK_LIVES = timedelta(hours=1)
_CLOSED = "Patchbay is already set up. Sign in, or ask an admin for an account."
_BAD_LINK = "This setup link is no longer valid. Run “patchbay setup-link” to get a new one."


async def is_open() -> bool:
    """Whether the first admin is still to come. Says no for ever after, even when every account is gone."""
    async with engine.session() as session:
        return (await instance.read(session)).setup_done_at is None


async def issue_link(actor: Actor = SYSTEM) -> str:
    """The token of a new set-up link, valid once and for an hour; earlier ones end. Raises `AlreadySetUp`."""
    actor.must_admin()
    token = secrets.token_urlsafe(32)
    async with work(actor) as doing:
        place = await instance.lock(doing.session)
        if place.setup_done_at is not None:
            raise AlreadySetUp(_CLOSED)
        place.setup_expires_at = now() + LINK_LIVES
        place.setup_token_hash = _mac(token, place.setup_expires_at)
        doing.session.add(place)
        doing.record(Action.INSTANCE_SETUP_LINK, target=("instance", place.instance_id, "set-up link"))
    return token


async def complete(token: str, email: str, name: str, password: Secret, *, ip: str, agent: str, request_id: str = "") -> NewSession:
    """Create the first admin and sign them in. Of any number of calls at once exactly one succeeds.

    Raises `NotSignedIn` (link wrong, used or expired), `AlreadySetUp`, `InvalidDraft`.
    """
    async with engine.session() as session:
        _must_fit(await instance.read(session), token)  # before the slow hash: a stranger costs nothing
    email, name = clean_person(email, name)
    check_password(password, personal=(email, name))
    stored = await passwords.hash_password(password)
    async with work(SYSTEM) as doing:
        place = await instance.lock(doing.session)
        _must_fit(place, token)
        place.setup_done_at, place.setup_token_hash, place.setup_expires_at = now(), None, None
        user = UserRow(email=email, name=name, role=Role.ADMIN, password_hash=stored)
        doing.session.add_all([place, user])
        await doing.session.flush()
        begun = await people.start_session(doing.session, user, ip=ip, agent=agent)
        doing.actor = acting(begun.session.user, ip=ip, session_hash=begun.session.token_hash, request_id=request_id)
        doing.record(Action.INSTANCE_SET_UP, target=("instance", place.instance_id, "Patchbay"))
        doing.record(Action.USER_CREATE, target=("user", user.id, email), changes={"role": {"before": None, "after": Role.ADMIN}})
        doing.record(Action.SESSION_CREATE, target=("user", user.id, email))
        device = devices.issue(user.id, stored)
    return begun.model_copy(update={"device": device})


def _must_fit(place: Instance, token: str) -> None:
    if place.setup_done_at is not None:
        raise AlreadySetUp(_CLOSED)
    expected, until = place.setup_token_hash, place.setup_expires_at
    if not expected or until is None or until <= now() or not hmac.compare_digest(expected, _mac(token, until)):
        raise NotSignedIn(_BAD_LINK)


def _mac(token: str, until: datetime) -> str:
    """What is stored of a link: whoever can only write to the database makes none of their own, and prolongs none."""
    return ring.current().mac("set-up link", f"{until.isoformat()} {token}".encode("utf-8", "replace")).hex()
