"""The first admin: exactly one, by a link that works once, for an hour, and never again afterwards."""

import asyncio
import hashlib

import pytest

from app.domain.actor import SYSTEM, Actor, ActorType, Role
from app.domain.errors import AlreadySetUp, Forbidden, InvalidDraft, NotSignedIn
from app.domain.people.people import NewSession
from app.domain.secret import Secret
from app.services import people, sessions, setup
from app.storage import audit
from app.vault import passwords
from tests.fixtures.databases import Database, at

PASSWORD = Secret("seven green bicycles sing")


def sql(db: Database, statement: str) -> list[tuple[object, ...]]:
    return db.rows(statement)


async def complete(token: str, email: str = "ada@example.com", *, password: Secret = PASSWORD) -> NewSession:
    return await setup.complete(token, email, "Ada Lovelace", password, ip="127.0.0.1", agent="Browser/1", request_id="req-2")


async def test_the_link_makes_the_first_admin_and_signs_them_in(db: Database) -> None:
    assert await setup.is_open()
    begun = await complete(await setup.issue_link())
    found = await sessions.find(begun.token)

    assert found is not None
    assert (found.user.email, found.user.role) == ("ada@example.com", Role.ADMIN)
    assert not await setup.is_open()
    assert [row[0] for row in sql(db, "SELECT action FROM audit ORDER BY seq")] == [
        "instance:setup_link:issue", "instance:setup:complete", "user:account:create", "user:session:create",
    ]  # fmt: skip
    assert sql(db, "SELECT DISTINCT actor_name, request_id FROM audit WHERE seq > 1") == [("Ada Lovelace", "req-2")]


async def test_of_fifty_at_once_exactly_one_becomes_admin(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def quick(password: Secret) -> str:
        await asyncio.sleep(0.01)
        return "hash"

    monkeypatch.setattr(passwords, "hash_password", quick)
    token = await setup.issue_link()
    answers = await asyncio.gather(*(complete(token, f"user{n}@example.com") for n in range(50)), return_exceptions=True)

    assert sum(isinstance(answer, NewSession) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadySetUp) for answer in answers) == 49
    assert sql(db, "SELECT count(*) FROM user_account") == [(1,)]
    assert sql(db, "SELECT count(*) FROM user_session") == [(1,)]


async def test_the_door_stays_closed_when_every_account_is_gone(db: Database) -> None:
    token = await setup.issue_link()
    await complete(token)
    db.run("DELETE FROM user_account")

    assert not await setup.is_open()
    with pytest.raises(AlreadySetUp):
        await complete(token)
    with pytest.raises(AlreadySetUp):
        await setup.issue_link()


@pytest.mark.parametrize("token", ["", "x" * 43, "../../etc/passwd", "é\ud800"])
async def test_without_the_link_nobody_comes_in(db: Database, token: str) -> None:
    with pytest.raises(NotSignedIn):
        await complete(token)
    await setup.issue_link()
    with pytest.raises(NotSignedIn):
        await complete(token)

    assert await setup.is_open()


async def test_a_new_link_ends_the_one_before(db: Database) -> None:
    first, second = await setup.issue_link(), await setup.issue_link()
    with pytest.raises(NotSignedIn):
        await complete(first)

    assert await complete(second)


async def test_a_link_lives_for_an_hour(db: Database) -> None:
    token = await setup.issue_link()
    ((expires,),) = db.rows("SELECT setup_expires_at > " + at(minutes=59) + " AND setup_expires_at < " + at(minutes=61) + " FROM instance")  # noqa: S608
    db.run(f"UPDATE instance SET setup_expires_at = {at(minutes=-1)}")  # noqa: S608 - our own text
    assert expires
    with pytest.raises(NotSignedIn, match="setup-link"):
        await complete(token)


async def test_only_a_hash_of_the_link_is_stored(db: Database) -> None:
    token = await setup.issue_link()

    assert token not in str(sql(db, "SELECT * FROM instance")) + str(sql(db, "SELECT * FROM audit"))


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        pytest.param("not-an-address", PASSWORD, "email", id="no address"),
        pytest.param("ada@example.com", Secret("short"), "password", id="short"),
        pytest.param("ada@example.com", Secret("Password2026!"), "password", id="common"),
        pytest.param("ada@example.com", Secret("ada-lovelace-ada"), "password", id="the person's own name"),
    ],
)
async def test_bad_input_is_named_and_leaves_the_link_good(db: Database, email: str, password: Secret, field: str) -> None:
    token = await setup.issue_link()
    with pytest.raises(InvalidDraft) as raised:
        await complete(token, email, password=password)

    assert list(raised.value.reasons) == [field]
    assert await complete(token)


async def test_a_crash_on_the_way_leaves_the_door_open_and_nobody_in(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await setup.issue_link()

    async def crash(*_: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(audit, "append", crash)
        with pytest.raises(OSError, match="power cut"):
            await complete(token)

    assert sql(db, "SELECT count(*) FROM user_account") == [(0,)]
    assert await complete(token)


async def test_an_admin_made_on_the_command_line_closes_the_door(db: Database) -> None:
    token = await setup.issue_link()
    await people.create(SYSTEM, "viewer@example.com", "Vera", Role.VIEWER, PASSWORD)
    assert await setup.is_open()
    await people.create(SYSTEM, "root@example.com", "Rita", Role.ADMIN, PASSWORD)

    assert not await setup.is_open()
    with pytest.raises(AlreadySetUp):
        await complete(token)


async def test_a_viewer_issues_no_link(db: Database) -> None:
    with pytest.raises(Forbidden):
        await setup.issue_link(Actor(ActorType.USER, "v", "Vera", Role.VIEWER))


async def test_whoever_can_only_write_to_the_database_opens_no_door(db: Database) -> None:
    await complete(await setup.issue_link())
    for stored in (hashlib.sha256(b"mine").hexdigest(), "mine", ""):
        db.run(f"UPDATE instance SET setup_done_at = NULL, setup_token_hash = '{stored}', setup_expires_at = {at(minutes=59)}")  # noqa: S608

        with pytest.raises(NotSignedIn):
            await complete("mine", "eve@example.com")


async def test_the_hour_of_a_link_cannot_be_prolonged(db: Database) -> None:
    token = await setup.issue_link()
    db.run(f"UPDATE instance SET setup_expires_at = {at(minutes=120)}")  # noqa: S608 - our own text

    with pytest.raises(NotSignedIn):
        await complete(token)
