"""Accounts: made, switched off, given a new password, each with its entry and its consequences."""

import asyncio
from dataclasses import replace

import pytest

from app.domain.actor import ANONYMOUS, SYSTEM, Actor, ActorType, Role, Scope
from app.domain.errors import EmailTaken, Forbidden, InvalidDraft, LastAdmin, NotSignedIn, TooManyAttempts, UnknownUser
from app.domain.people.people import acting
from app.domain.people.throttle import ACCOUNT
from app.domain.secret import Secret
from app.services import client_keys, people, sessions
from app.storage import recent_sessions
from tests.fixtures.databases import Database

PASSWORD, OTHER = Secret("seven green bicycles sing"), Secret("nine tall ladders whisper")
VIEWER = Actor(ActorType.USER, "v", "Vera", Role.VIEWER)


def actions(db: Database) -> list[str]:
    return [action for (action,) in db.rows("SELECT action FROM audit ORDER BY seq")]


@pytest.fixture(autouse=True)
async def _nothing_remembered() -> None:
    await recent_sessions.forget()


async def sign_in(email: str, password: Secret) -> str:
    return (await sessions.sign_in(email, password, ip="192.0.2.7", agent="Browser/1")).token


async def test_an_account_is_listed_with_nothing_secret(db: Database, actor: Actor) -> None:
    made = await people.create(actor, " Grace@Example.com ", "  Grace   Hopper ", Role.VIEWER, PASSWORD)
    listed = await people.list_(VIEWER)

    assert listed == [made]
    assert (made.email, made.name) == ("grace@example.com", "Grace Hopper")
    assert "argon2" not in made.model_dump_json()
    assert await people.find(actor, "GRACE@example.com") == made


async def test_an_address_belongs_to_one_account(db: Database, actor: Actor) -> None:
    answers = await asyncio.gather(
        *(people.create(actor, email, "Grace", Role.VIEWER, PASSWORD) for email in ("grace@example.com", "GRACE@example.com")),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [EmailTaken]
    assert len(await people.list_(actor)) == 1


@pytest.mark.parametrize("email", ["", "a@", "@b", "a b@c", "a@b\n", "a@b@c", "x" * 65 + "@b", "<a@b>"])
async def test_what_is_no_address_is_refused(db: Database, actor: Actor, email: str) -> None:
    with pytest.raises(InvalidDraft) as raised:
        await people.create(actor, email, "", Role.VIEWER, PASSWORD)

    assert set(raised.value.reasons) == ({"name"} if email == "a@b\n" else {"email", "name"})


async def test_the_last_admin_cannot_be_disabled(db: Database, actor: Actor) -> None:
    first = await people.create(actor, "a@example.com", "A", Role.ADMIN, PASSWORD)
    second = await people.create(actor, "b@example.com", "B", Role.ADMIN, PASSWORD)
    answers = await asyncio.gather(people.disable(actor, first.id), people.disable(actor, second.id), return_exceptions=True)

    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [LastAdmin]
    assert sum(user.is_active for user in await people.list_(actor)) == 1


async def test_disabling_and_enabling_again_are_entries_once_each(db: Database, actor: Actor) -> None:
    user = await people.create(actor, "g@example.com", "Grace", Role.VIEWER, PASSWORD)
    for change in (people.disable, people.disable, people.enable, people.enable):
        await change(actor, user.id)

    assert actions(db) == ["user:account:create", "user:account:disable", "user:account:enable"]


async def test_a_new_password_ends_every_session_and_lifts_the_lock(db: Database, actor: Actor) -> None:
    user = await people.create(actor, "g@example.com", "Grace", Role.VIEWER, PASSWORD)
    token = await sign_in(user.email, PASSWORD)
    assert await sessions.find(token)
    for _ in range(ACCOUNT.free):
        with pytest.raises(NotSignedIn):
            await sign_in(user.email, OTHER)
    with pytest.raises(TooManyAttempts):
        await sign_in(user.email, PASSWORD)
    await people.reset_password(actor, user.id, OTHER)

    assert await sessions.find(token) is None
    assert await sign_in(user.email, OTHER)
    with pytest.raises(NotSignedIn):
        await sign_in(user.email, PASSWORD)


async def test_changing_ones_own_password_keeps_this_session_and_ends_the_others(db: Database, actor: Actor) -> None:
    user = await people.create(actor, "g@example.com", "Grace", Role.VIEWER, PASSWORD)
    here, elsewhere = await sign_in(user.email, PASSWORD), await sign_in(user.email, PASSWORD)
    session = await sessions.find(here)
    assert session is not None
    me = acting(session.user, session_hash=session.token_hash)
    with pytest.raises(NotSignedIn):
        await people.change_password(me, OTHER, OTHER)
    await people.change_password(me, PASSWORD, OTHER)

    assert await sessions.find(here)
    assert await sessions.find(elsewhere) is None
    assert await sign_in(user.email, OTHER)


async def test_a_stolen_session_is_no_place_to_guess_the_password(db: Database, actor: Actor) -> None:
    user = await people.create(actor, "g@example.com", "Grace", Role.VIEWER, PASSWORD)
    for _ in range(ACCOUNT.free):
        with pytest.raises(NotSignedIn):
            await people.change_password(acting(user), OTHER, OTHER)
    with pytest.raises(TooManyAttempts):
        await people.change_password(acting(user), PASSWORD, OTHER)


async def test_guesses_at_the_sign_in_and_mistakes_in_the_dialog_do_not_lock_each_other(db: Database, actor: Actor) -> None:
    user = await people.create(actor, "g@example.com", "Grace", Role.VIEWER, PASSWORD)
    here = acting(user, session_hash="a" * 64)
    for _ in range(ACCOUNT.free):
        with pytest.raises(NotSignedIn):
            await sign_in(user.email, OTHER)
    with pytest.raises(TooManyAttempts):
        await sign_in(user.email, PASSWORD)

    await people.change_password(here, PASSWORD, OTHER)
    for _ in range(ACCOUNT.free):
        with pytest.raises(NotSignedIn):
            await people.change_password(here, PASSWORD, PASSWORD)

    assert await sign_in(user.email, OTHER)


async def test_a_program_has_no_password_to_change(db: Database) -> None:
    with pytest.raises(Forbidden):
        await people.change_password(SYSTEM, PASSWORD, OTHER)


async def test_unknown_accounts_are_named_as_such(db: Database, actor: Actor) -> None:
    for change in (people.disable, people.enable):
        with pytest.raises(UnknownUser):
            await change(actor, "nobody")
    with pytest.raises(UnknownUser):
        await people.reset_password(actor, "nobody", PASSWORD)
    with pytest.raises(UnknownUser):
        await people.find(actor, "nobody@example.com")


@pytest.mark.parametrize("who", [VIEWER, ANONYMOUS], ids=["viewer", "anonymous"])
async def test_only_admins_change_accounts(db: Database, actor: Actor, who: Actor) -> None:
    user = await people.create(actor, "g@example.com", "Grace", Role.VIEWER, PASSWORD)
    before = actions(db)
    for attempt in (
        people.create(who, "x@example.com", "X", Role.ADMIN, PASSWORD),
        people.disable(who, user.id),
        people.enable(who, user.id),
        people.reset_password(who, user.id, OTHER),
    ):
        with pytest.raises(Forbidden):
            await attempt

    assert actions(db) == before


async def test_switching_somebody_off_ends_the_keys_they_made_to_act_here(db: Database, actor: Actor) -> None:
    await people.create(actor, "ada@example.com", "Ada", Role.ADMIN, PASSWORD)
    grace = await people.create(actor, "grace@example.com", "Grace", Role.ADMIN, PASSWORD)
    admin = await client_keys.issue(acting(grace), "script", Scope.ADMIN)
    by_key = await client_keys.check(admin.key)
    assert by_key
    second = await client_keys.issue(by_key, "made with the first", Scope.READ)
    app = await client_keys.issue(by_key, "website", Scope.GATEWAY)
    others = await client_keys.issue(actor, "ada's", Scope.ADMIN)

    gone = await people.disable(actor, grace.id)

    assert gone.keys_left == 1
    assert [await client_keys.check(key.key) is not None for key in (admin, second, app, others)] == [False, False, True, True]
    assert actions(db)[-3:] == ["user:account:disable", "client_key:secret:revoke", "client_key:secret:revoke"]


async def test_keys_stay_ended_when_somebody_comes_back(db: Database, actor: Actor) -> None:
    grace = await people.create(actor, "grace@example.com", "Grace", Role.VIEWER, PASSWORD)
    key = await client_keys.issue(replace(acting(grace), role=Role.ADMIN), "script", Scope.READ)
    await people.disable(actor, grace.id)

    await people.enable(actor, grace.id)

    assert await client_keys.check(key.key) is None
