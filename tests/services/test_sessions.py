"""Signing in: slow for guessers, the same answer for everybody who is not let in, gone at once when it ends."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters

from app.domain.actor import SYSTEM, Role
from app.domain.errors import NotSignedIn, StorageError, StorageUnavailable, TooManyAttempts
from app.domain.people.people import NewSession, User, acting
from app.domain.people.throttle import ACCOUNT, ADDRESS, DEVICE
from app.domain.secret import Secret
from app.services import people, sessions
from app.storage import audit, recent_sessions
from app.storage.tables import SessionRow, UserRow
from app.vault import passwords
from tests.fixtures.databases import Database, at
from tests.fixtures.rows import rewrite

PASSWORD = Secret("seven green bicycles sing")
WRONG = Secret("seven blue bicycles sing")
EMAIL = "grace@example.com"


def sql(db: Database, statement: str) -> list[tuple[object, ...]]:
    return db.rows(statement)


@pytest.fixture(autouse=True)
async def _nothing_remembered() -> None:
    await recent_sessions.forget()


@pytest.fixture
async def grace(db: Database) -> User:
    return await people.create(SYSTEM, EMAIL, "Grace", Role.VIEWER, PASSWORD)


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A hash that costs nothing, and the list of what it was asked."""
    asked: list[str] = []

    async def check(stored: str | None, password: Secret) -> passwords.Answer:
        asked.append(password.reveal())
        return passwords.Answer(fits=stored is not None and password.same_as(PASSWORD))

    monkeypatch.setattr(passwords, "check", check)
    yield asked


async def sign_in(password: Secret = PASSWORD, *, email: str = EMAIL, ip: str = "192.0.2.7") -> NewSession:
    return await sessions.sign_in(email, password, ip=ip, agent="Browser/1", request_id="req-1")


async def test_the_right_password_begins_a_session_that_is_found_again(grace: User) -> None:
    begun = await sign_in(email=f"  {EMAIL.upper()} ")
    found = await sessions.find(begun.token)

    assert found == begun.session
    assert found is not None
    assert (found.user.email, found.user.role) == (EMAIL, Role.VIEWER)
    assert len(begun.token) >= 43


async def test_no_token_and_no_password_is_stored(dear_hashing: None, grace: User, db: Database) -> None:
    begun = await sign_in()
    text = db.dump()

    assert begun.token not in text
    assert PASSWORD.reveal() not in text
    assert "$argon2id$v=19$m=65536,t=2,p=1$" in text


async def test_every_session_has_its_own_token(grace: User) -> None:
    first, second = await sign_in(), await sign_in()

    assert first.token != second.token
    assert first.session.csrf_token != second.session.csrf_token


@pytest.mark.parametrize("case", ["wrong password", "unknown account", "disabled account"])
async def test_who_is_not_let_in_learns_nothing_about_why(grace: User, db: Database, case: str) -> None:
    if case == "disabled account":
        await people.disable(SYSTEM, grace.id)
    with pytest.raises(NotSignedIn) as raised:
        await sign_in(WRONG if case == "wrong password" else PASSWORD, email="nobody@example.com" if case == "unknown account" else EMAIL)

    assert raised.value.message == "Email or password is incorrect."
    assert sql(db, "SELECT action, outcome, ip, request_id FROM audit ORDER BY seq DESC LIMIT 1") == [
        ("user:session:fail", "denied", "192.0.2.7", "req-1")
    ]


async def test_an_unknown_account_costs_what_a_wrong_password_costs(
    dear_hashing: None, grace: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = PasswordHasher.verify

    def watched(hasher: PasswordHasher, stored: str, text: str) -> bool:
        verified.append(stored)
        return verify(hasher, stored, text)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    for email in (EMAIL, "nobody@example.com"):
        with pytest.raises(NotSignedIn):
            await sign_in(WRONG, email=email)

    known, nobody = verified
    assert known != nobody
    assert extract_parameters(known) == extract_parameters(nobody)


async def test_what_was_typed_as_an_unknown_account_is_not_written_down(db: Database) -> None:
    with pytest.raises(NotSignedIn):
        await sign_in(email="my-password-in-the-wrong-field")

    assert "my-password" not in str(sql(db, "SELECT * FROM audit")) + str(sql(db, "SELECT * FROM login_throttle"))


async def test_when_a_failure_cannot_be_audited_the_answer_is_no(grace: User, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise StorageError("disk full")

    monkeypatch.setattr(audit, "append", full)
    for password in (WRONG, PASSWORD):
        with pytest.raises(StorageError):
            await sign_in(password)


async def test_of_hundreds_of_guesses_at_once_a_handful_is_looked_at(grace: User, evaluated: list[str]) -> None:
    answers = await asyncio.gather(*(sign_in(WRONG, ip=f"198.51.100.{n % 250}") for n in range(300)), return_exceptions=True)

    assert ACCOUNT.free <= len(evaluated) <= ACCOUNT.free + 4  # a slow machine outlives a wait of 2, 4, 8 seconds
    assert sum(isinstance(answer, TooManyAttempts) for answer in answers) == 300 - len(evaluated)


async def test_the_right_password_waits_too_while_the_account_is_locked(grace: User, db: Database, evaluated: list[str]) -> None:
    for _ in range(ACCOUNT.free):
        with pytest.raises(NotSignedIn):
            await sign_in(WRONG)
    with pytest.raises(TooManyAttempts) as raised:
        await sign_in()

    assert raised.value.details == {"retry_after": 2}
    assert len(evaluated) == ACCOUNT.free
    assert sql(db, "SELECT count(*) FROM audit WHERE action = 'user:session:lock'") == [(1,)]

    db.run("UPDATE login_throttle SET locked_until = '2020-01-01 00:00:00.000000'")
    assert await sign_in()
    assert sql(db, "SELECT count(*) FROM login_throttle WHERE subject LIKE 'account:%'") == [(0,)]


async def test_one_address_cannot_go_through_all_accounts(grace: User, evaluated: list[str]) -> None:
    for number in range(ADDRESS.free):
        with pytest.raises(NotSignedIn):
            await sign_in(WRONG, email=f"user{number}@example.com")
    with pytest.raises(TooManyAttempts):
        await sign_in()

    assert await sign_in(ip="203.0.113.9")


async def test_signing_in_well_does_not_use_up_the_address(grace: User, evaluated: list[str]) -> None:
    for _ in range(ADDRESS.free + 5):
        await sign_in()


async def test_a_hash_of_older_parameters_is_renewed_on_the_way_in(dear_hashing: None, grace: User, db: Database) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD.reveal())
    await rewrite(UserRow, password_hash=old)
    await sign_in()

    assert str(sql(db, "SELECT password_hash FROM user_account")[0][0]).startswith("$argon2id$v=19$m=65536,t=2,p=1$")
    assert await sign_in()


async def test_the_loop_runs_on_while_at_most_two_passwords_are_hashed(grace: User, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, running, most = threading.Event(), 0, 0

    def slow(stored: str | None, text: str) -> passwords.Answer:
        nonlocal running, most
        running += 1
        most = max(most, running)
        assert go_on.wait(20), "the loop stood still"
        running -= 1
        return passwords.Answer(fits=True)

    monkeypatch.setattr(passwords, "_check", slow)
    signing_in = [asyncio.create_task(sign_in()) for _ in range(5)]
    async with asyncio.timeout(20):
        while most < 2:  # noqa: ASYNC110 - the threads tell nobody
            await asyncio.sleep(0.01)
        go_on.set()
        await asyncio.gather(*signing_in)

    assert most == 2


async def test_signing_out_ends_the_session_at_once(grace: User, db: Database) -> None:
    begun, other = await sign_in(), await sign_in()
    assert await sessions.find(begun.token)
    await sessions.sign_out(begun.token)

    assert await sessions.find(begun.token) is None
    assert await sessions.find(other.token)
    assert sql(db, "SELECT action, actor_id FROM audit ORDER BY seq DESC LIMIT 1") == [("user:session:end", grace.id)]


async def test_signing_out_twice_or_with_nonsense_is_fine(grace: User, db: Database) -> None:
    begun = await sign_in()
    for token in (begun.token, begun.token, "", "nonsense"):
        await sessions.sign_out(token)

    assert sql(db, "SELECT count(*) FROM audit WHERE action = 'user:session:end'") == [(1,)]


async def test_disabling_a_person_ends_their_sessions_at_once(grace: User) -> None:
    begun = await sign_in()
    assert await sessions.find(begun.token)
    await people.disable(SYSTEM, grace.id)
    assert await sessions.find(begun.token) is None
    await people.enable(SYSTEM, grace.id)

    assert await sessions.find(begun.token) is None
    assert await sign_in()


async def test_another_process_that_ends_a_session_is_noticed_within_two_seconds(
    grace: User, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = await sign_in()
    assert await sessions.find(begun.token)
    await rewrite(SessionRow, revoked_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert await sessions.find(begun.token)
    later = time.monotonic() + recent_sessions.SECONDS
    monkeypatch.setattr(recent_sessions.time, "monotonic", lambda: later)

    assert recent_sessions.SECONDS <= 2
    assert await sessions.find(begun.token) is None


async def test_a_session_that_ends_while_it_is_read_is_not_remembered(grace: User) -> None:
    begun = await sign_in()
    found = await sessions.find(begun.token)
    assert found is not None
    read_at = recent_sessions.generation()
    await recent_sessions.forget()
    recent_sessions.put("digest", found, read_at=read_at)

    assert recent_sessions.get("digest") is None


@pytest.mark.parametrize(
    ("column", "ago", "lives"),
    [
        pytest.param("seen_at", -29, True, id="29 idle minutes"),
        pytest.param("seen_at", -31, False, id="31 idle minutes"),
        pytest.param("expires_at", -0.02, False, id="twelve hours are over"),
    ],
)
async def test_a_session_ends_after_idle_minutes_and_after_a_day_of_work(
    grace: User, db: Database, column: str, ago: float, lives: bool
) -> None:
    begun = await sign_in()
    (user,) = await people.list_(SYSTEM)
    hours = (begun.session.expires_at - user.last_login_at).total_seconds() / 3_600  # type: ignore[operator] # just signed in
    if column == "seen_at":
        db.run(f"UPDATE user_session_use SET seen_at = {at(minutes=ago)}")  # noqa: S608 - our own text
    else:
        await rewrite(SessionRow, expires_at=datetime.now(UTC) + timedelta(minutes=ago))

    assert hours == 12
    assert (await sessions.find(begun.token) is not None) is lives


async def test_use_keeps_a_session_alive_and_watching_does_not(grace: User, db: Database) -> None:
    begun = await sign_in()
    db.run(f"UPDATE user_session_use SET seen_at = {at(minutes=-20)}")  # noqa: S608 - our own text
    before = sql(db, "SELECT seen_at FROM user_session_use")

    assert await sessions.is_alive(begun.token)
    assert sql(db, "SELECT seen_at FROM user_session_use") == before
    assert await sessions.find(begun.token)
    assert sql(db, "SELECT seen_at FROM user_session_use") > before


async def test_a_session_is_found_while_nothing_can_be_written(grace: User, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = await sign_in()
    db.run(f"UPDATE user_session_use SET seen_at = {at(minutes=-20)}")  # noqa: S608 - our own text

    async def refused(*_: object) -> None:
        raise StorageUnavailable("read-only")

    monkeypatch.setattr(sessions.people, "seen", refused)

    assert await sessions.find(begun.token)


async def test_an_actor_made_of_a_session_carries_nothing_to_sign_in_with(grace: User) -> None:
    begun = await sign_in()

    assert begun.token not in repr(begun.session)
    assert len(begun.session.token_hash) == 16


async def known(*, email: str = EMAIL) -> str:
    """What a browser carries that has signed in before."""
    return (await sign_in(email=email)).device


async def on(device: str, password: Secret = PASSWORD) -> NewSession:
    return await sessions.sign_in(EMAIL, password, ip="192.0.2.9", agent="Browser/1", device=device)


async def lock(email: str = EMAIL) -> None:
    """What strangers can do to an account."""
    for n in range(ACCOUNT.free):
        with pytest.raises(NotSignedIn):
            await sign_in(WRONG, email=email, ip=f"203.0.113.{n}")
    with pytest.raises(TooManyAttempts):
        await sign_in(email=email, ip="203.0.113.200")


async def test_strangers_who_guess_do_not_keep_out_a_browser_that_signed_in_before(grace: User, evaluated: list[str]) -> None:
    device = await known()
    await lock()

    assert (await on(device)).session.user.id == grace.id
    with pytest.raises(TooManyAttempts):  # of strangers it forgives nothing
        await sign_in(ip="203.0.113.201")


async def test_an_address_that_is_locked_does_not_keep_out_a_browser_that_signed_in_before(grace: User, evaluated: list[str]) -> None:
    device = await known()
    for n in range(ADDRESS.free):
        with pytest.raises(NotSignedIn):
            await sign_in(WRONG, email=f"nobody{n}@example.com", ip="192.0.2.9")
    with pytest.raises(TooManyAttempts):
        await sign_in(ip="192.0.2.9")

    assert (await on(device)).session.user.id == grace.id


async def test_wrong_passwords_on_a_known_browser_lock_that_browser_and_nobody_else(
    grace: User, db: Database, evaluated: list[str]
) -> None:
    device, other = await known(), await known()
    for _ in range(DEVICE.free):
        with pytest.raises(NotSignedIn):
            await on(device, WRONG)
    with pytest.raises(TooManyAttempts):
        await on(device)

    assert (await on(other)).session.user.id == grace.id
    assert (await sign_in()).session.user.id == grace.id
    assert db.rows("SELECT count(*) FROM audit WHERE action = 'user:session:lock'") == [(1,)]


async def test_the_right_password_on_a_known_browser_clears_what_was_counted_of_it(grace: User, evaluated: list[str]) -> None:
    device = await known()
    for _ in range(3):
        for _ in range(DEVICE.free - 1):
            with pytest.raises(NotSignedIn):
                await on(device, WRONG)
        await on(device)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda device: "", id="none"),
        pytest.param(lambda device: device[:-1] + ("0" if device[-1] != "0" else "1"), id="another mac"),
        pytest.param(lambda device: device.replace(".", "x"), id="another shape"),
        pytest.param(lambda device: device.split(".")[0] + "." + "A" * 22 + "." + device.split(".")[2], id="another number"),
    ],
)
async def test_what_is_no_device_of_ours_is_a_stranger(grace: User, evaluated: list[str], spoil: Callable[[str], str]) -> None:
    device = await known()
    await lock()

    with pytest.raises(TooManyAttempts):
        await on(spoil(device))


async def test_a_device_of_one_account_is_unknown_to_another(grace: User, evaluated: list[str]) -> None:
    await people.create(SYSTEM, "ada@example.com", "Ada", Role.ADMIN, PASSWORD)
    device = await known(email="ada@example.com")
    await lock()

    with pytest.raises(TooManyAttempts):
        await on(device)


async def test_a_new_password_makes_every_device_unknown(grace: User, evaluated: list[str]) -> None:
    device = await known()
    await people.reset_password(SYSTEM, grace.id, PASSWORD)
    await lock()

    with pytest.raises(TooManyAttempts):
        await on(device)


async def test_strangers_who_guess_do_not_keep_somebody_from_confirming(grace: User, evaluated: list[str]) -> None:
    begun = await sign_in()
    caller = acting(begun.session.user, ip="192.0.2.7", session_hash=begun.session.token_hash)
    await lock()

    assert await sessions.confirm(caller, begun.session, PASSWORD)
