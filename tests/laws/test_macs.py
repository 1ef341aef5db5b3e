"""Whoever can only write to the database lets nobody in: of each row that grants something, every column is covered by its MAC."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col, select, update

from app.domain.actor import SYSTEM, Actor, Role, Scope
from app.domain.errors import Conflict, NotSignedIn, RowRefused
from app.domain.people import client_key
from app.domain.people.people import ClientKeyPatch
from app.domain.providers.provider import ProviderDraft
from app.domain.secret import Secret
from app.registry import Registry
from app.services import audit, client_keys, people, providers, refused, sessions
from app.storage import approvals, macs, recent_sessions, tables
from app.storage.database import engine
from app.storage.database.columns import MacRow, UtcTime
from app.storage.work import work
from app.vault import passwords
from app.vault.ring import Ring
from tests.fixtures.databases import Database, blob, inserted

PASSWORD = Secret("seven green bicycles sing")
EMAIL, ORIGIN = "grace@example.com", "http://127.0.0.1:11434"
# Tables whose rows let nobody in and allow nothing by themselves. A new table belongs here or carries MACs.
WITHOUT = {
    "alias": "where an alias leads is configuration, as a provider is: SECURITY.md says what a writer can do with it",
    "alias_target": "as above",
    "audit": "hash-chained and sealed",
    "audit_head": "has a MAC of its own, written with each entry",
    "client_key_use": "what use changes",
    "credential": "its secrets are sealed for one address",
    "credential_secret": "sealed",
    "crypto_key": "sealed",
    "instance": "the hash of a set-up link is a MAC",
    "login_throttle": "only slows down",
    "model": "configuration",
    "probe": "a result",
    "provider": "configuration; its keys are bound to their address",
    "provider_health": "a result",
    "revision_note": "tells, and decides nothing",
    "system_secret": "sealed",
    "template": "a draft",
    "usage_batch": "counters",
    "usage_hour": "counters",
    "usage_name": "counters",
    "user_account_use": "what use changes",
    "user_session_use": "what use changes; a session still ends after twelve hours",
    "worker_heartbeat": "a sign of life",
}
# Every column of every row that grants something; each is changed by SQL below.
COLUMNS = [(table.name, column) for table in macs.tables() for column in macs.names(table)]


@pytest.fixture(autouse=True)
async def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(stored: str | None, password: Secret) -> passwords.Answer:
        """A hash that costs nothing, and none of our own fits."""
        return passwords.Answer(fits=stored is not None and password.same_as(PASSWORD))

    monkeypatch.setattr(passwords, "check", check)
    await recent_sessions.forget()


class House:
    """One genuine row of each kind, and the doors that they open."""

    def __init__(self, db: Database, live: Registry) -> None:
        self.db, self.live = db, live
        self.token = self.admin_key = self.app_key = ""

    async def furnish(self) -> None:
        await people.create(SYSTEM, EMAIL, "Grace", Role.ADMIN, PASSWORD)
        await providers.create(SYSTEM, ProviderDraft(name="acme", base_url="https://93.184.216.34/v1", auth_type="none"))
        self.token = (await sessions.sign_in(EMAIL, PASSWORD, ip="192.0.2.7", agent="Browser/1")).token
        later = datetime.now(UTC) + timedelta(days=1)
        self.admin_key = (await client_keys.issue(SYSTEM, "script", Scope.ADMIN, expires_at=later)).key
        self.app_key = (await client_keys.issue(SYSTEM, "app", Scope.GATEWAY, providers=["acme"])).key
        async with work(SYSTEM, audited=False) as doing:
            await approvals.add(doing.session, ORIGIN, by="Grace")
            doing.touch()

    async def open_doors(self) -> set[str]:
        """The tables whose row opens its door right now."""
        await recent_sessions.forget()
        await self.live.rebuild()
        held = self.live.snapshot
        app = held.client_keys.get(client_key.public_id_of(self.app_key))
        found = {
            "user_account": await _signs_in(),
            "user_session": await sessions.find(self.token) is not None,
            "client_key": await client_keys.check(self.admin_key) is not None
            and client_key.public_id_of(self.admin_key) in held.client_keys,
            "client_key_grant": app is not None and bool(app.providers),
            "egress_approval": ORIGIN in held.approved_origins,
        }
        return {table for table, is_open in found.items() if is_open}

    async def named(self) -> set[str]:
        """The kinds of the rows that are named as refused, each with something to do about it."""
        verdict = await audit.verify(SYSTEM)
        assert verdict.ok is (verdict.refused == [])
        assert all(row.advice and row.id for row in verdict.refused)
        return {row.kind for row in verdict.refused}


async def _signs_in() -> bool:
    await _unlocked()
    try:
        await sessions.sign_in(EMAIL, PASSWORD, ip="192.0.2.8", agent="Browser/1")
    except NotSignedIn:
        return False
    return True


async def _unlocked() -> None:
    async with work(SYSTEM, audited=False) as doing:
        for subject in (people.people.account_subject(EMAIL), people.people.address_subject("192.0.2.8")):
            await people.people.forget_attempts(doing.session, subject)


KINDS = {
    "user_account": "account",
    "user_session": "session",
    "client_key": "client key",
    "client_key_grant": "grant of a client key",
    "egress_approval": "approval of a local address",
}


@pytest.fixture
async def house(db: Database) -> Any:
    live = Registry()
    await live.start(watch=False)
    made = House(db, live)
    await made.furnish()
    yield made
    await live.stop()


def rows_of(table: str) -> type[MacRow]:
    return next(kind for kind in MacRow.__subclasses__() if macs.table_of(kind.model_construct()).name == table)


def other(db: Database, table: str, column: str) -> str:
    """An expression of SQL for another value of this column."""
    made = SQLModel.metadata.tables[table].columns[column]
    match made.type:
        case sa.Boolean():
            return f"NOT coalesce({column}, false)"
        case sa.Integer():
            return f"{column} + 1"
        case sa.LargeBinary():
            return blob(db, bytes(32))
        case UtcTime():
            return "'2099-01-02 03:04:05.000000'"
        case _:
            first = f"CASE substr({column}, 1, 1) WHEN 'x' THEN 'y' ELSE 'x' END"
            return {"role": "'viewer'", "scope": "'read'"}.get(column, f"{first} || substr(coalesce({column}, ''), 2)")


def test_every_table_carries_macs_or_says_why_not() -> None:
    every = {table.name for table in SQLModel.metadata.sorted_tables}
    carrying = {table.name for table in macs.tables()}

    assert WITHOUT.keys() | carrying == every
    assert WITHOUT.keys() & carrying == set()
    assert carrying == KINDS.keys()


def test_a_mac_covers_every_column() -> None:
    for table in macs.tables():
        assert {column.name for column in table.columns} - set(macs.names(table)) == {"mac"}


def test_a_column_that_is_added_is_covered() -> None:
    planted = sa.Table(
        "planted", sa.MetaData(), sa.Column("id", sa.String), sa.Column("may_all", sa.Boolean), sa.Column("mac", sa.LargeBinary)
    )

    assert macs.names(planted) == ("id", "may_all")


def test_a_column_that_did_not_exist_leaves_the_macs_of_before_good(vault: Ring) -> None:
    before = sa.Table("person", sa.MetaData(), sa.Column("id"), sa.Column("role"))
    after = sa.Table("person", sa.MetaData(), sa.Column("id"), sa.Column("role"), sa.Column("may_all"))
    row = {"id": "1", "role": "viewer"}

    mac = macs.of(before, row)

    assert macs.fits(after, {**row, "may_all": None}, mac)
    assert not macs.fits(after, {**row, "may_all": False}, mac)


def pairs() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    yield {"a": "x", "b": "y"}, {"a": "xy", "b": ""}
    yield {"a": "x", "b": None}, {"a": None, "b": "x"}
    yield {"a": True, "b": None}, {"a": 1, "b": None}
    yield {"a": "1", "b": None}, {"a": 1, "b": None}
    yield {"a": b"x", "b": None}, {"a": "x", "b": None}
    yield {"a": None, "b": None}, {"a": "", "b": None}
    yield {"a": datetime(2026, 1, 1, tzinfo=UTC), "b": None}, {"a": datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC), "b": None}


@pytest.mark.parametrize(("one", "two"), list(pairs()))
def test_two_rows_that_differ_have_two_macs(vault: Ring, one: dict[str, Any], two: dict[str, Any]) -> None:
    tables_ = [sa.Table(name, sa.MetaData(), sa.Column("a"), sa.Column("b")) for name in ("this", "that")]

    assert macs.of(tables_[0], one) != macs.of(tables_[0], two)
    assert macs.of(tables_[0], one) != macs.of(tables_[1], one)


async def test_rows_that_were_written_by_the_product_open_their_doors(house: House) -> None:
    assert await house.open_doors() == KINDS.keys()
    assert await house.named() == set()


@pytest.mark.parametrize(("table", "column"), COLUMNS)
async def test_a_column_that_was_changed_by_sql_closes_the_door_and_is_named(house: House, table: str, column: str) -> None:
    alone = ", provider_id = NULL" if column == "alias_id" else ""  # a grant is of one thing
    house.db.tamper(f"UPDATE {table} SET {column} = {other(house.db, table, column)}{alone}")  # noqa: S608 - our own text

    assert table not in await house.open_doors()
    assert KINDS[table] in await house.named()


@pytest.mark.parametrize("mac", [None, b"", bytes(32)])
@pytest.mark.parametrize("table", KINDS)
async def test_a_row_without_its_mac_opens_nothing_and_is_named(house: House, table: str, mac: bytes | None) -> None:
    house.db.tamper(f"UPDATE {table} SET mac = {'NULL' if mac is None else blob(house.db, mac)}")  # noqa: S608 - our own text

    assert table not in await house.open_doors()
    assert await house.named() == {KINDS[table]}


def planted(db: Database, key: str, public_id: str) -> Iterator[str]:
    """A row of each kind as whoever writes to the database would make it, with a MAC that was read there."""
    at, never = datetime.now(UTC), datetime(2099, 1, 1, tzinfo=UTC)
    account = {"email": "eve@example.com", "name": "Eve", "role": "admin", "password_hash": "-", "is_active": True, "updated_at": at}
    session = {"token_hash": people.people.digest("mine"), "csrf_token": "c", "ip": "", "user_agent": "", "confirmed_at": at}
    may_all = {"scope": "admin", "all_models": True, "all_providers": True, "requests_per_minute": 0, "created_by": ""}
    digest = blob(db, client_key.digest_of(key))
    yield inserted("user_account", id="eve", created_at=at, **account)
    yield inserted("user_session", id="s", user_id="eve", created_at=at, expires_at=never, **session)
    yield inserted("user_session_use", session_id="s", seen_at=at)
    yield inserted("client_key", id="k", public_id=public_id, name="eve", digest=digest, created_at=at, **may_all)
    yield inserted("client_key_grant", id="g", client_key_id="k", model="any")
    yield inserted("egress_approval", origin="http://127.0.0.1:5", approved_by="Eve", approved_at=at)
    for table in KINDS:
        yield f"UPDATE {table} SET mac = (SELECT mac FROM {table} WHERE mac IS NOT NULL LIMIT 1) WHERE mac IS NULL"  # noqa: S608 - our own text


async def test_a_row_that_was_inserted_by_sql_opens_nothing_and_is_named(house: House) -> None:
    """Each with whatever the attacker can compute, and with the MAC of a genuine row."""
    key, public_id = client_key.mint()
    house.db.run(*planted(house.db, key, public_id))

    assert await house.open_doors() == KINDS.keys()
    with pytest.raises(NotSignedIn):
        await sessions.sign_in("eve@example.com", PASSWORD, ip="192.0.2.9", agent="")
    assert await sessions.find("mine") is None
    assert await client_keys.check(key) is None
    assert public_id not in house.live.snapshot.client_keys
    assert "http://127.0.0.1:5" not in house.live.snapshot.approved_origins
    assert await house.named() == set(KINDS.values())
    assert {row.name for row in (await audit.verify(SYSTEM)).refused} >= {"eve@example.com", "eve", "http://127.0.0.1:5"}


async def test_what_was_planted_is_shown_as_refused_and_counts_for_nothing(house: House, actor: Actor) -> None:
    house.db.run("UPDATE user_account SET mac = NULL")

    (shown,) = await people.list_(actor)
    assert (shown.is_refused, shown.role) == (True, Role.VIEWER)
    async with engine.session() as session:
        assert await people.people.active_admins(session) == 0


async def test_a_change_does_not_make_a_foreign_row_ours(house: House, actor: Actor) -> None:
    (user,) = await people.list_(actor)
    listed = {key.name: key.id for key in await client_keys.list_(actor)}
    house.db.run("UPDATE user_account SET name = 'Eve'", "UPDATE client_key SET all_models = true, requests_per_minute = 9")
    before = house.db.dump()

    for attempt in (
        people.disable(actor, user.id),
        people.reset_password(actor, user.id, PASSWORD),
        client_keys.update(actor, listed["app"], ClientKeyPatch(name="mine")),
        client_keys.revoke(actor, listed["script"]),
    ):
        with pytest.raises(RowRefused):
            await attempt
    async with engine.session() as session:
        row = (await session.exec(select(tables.UserRow))).one()
    with pytest.raises(RowRefused):
        async with work(actor, audited=False) as doing:
            row = (await doing.session.exec(select(tables.UserRow))).one()
            row.role = "viewer"
            doing.session.add(row)

    assert house.db.dump() == before


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_a_statement_that_writes_many_rows_is_refused(house: House, actor: Actor, kind: str) -> None:
    row = rows_of(kind)
    with pytest.raises(TypeError, match="one by one"):
        async with work(actor, audited=False) as doing:
            await doing.session.exec(update(row).where(col(row.mac).is_not(None)).values(mac=None))


async def test_rows_that_are_refused_can_be_removed_and_the_rest_stays(house: House, actor: Actor) -> None:
    house.db.run("UPDATE user_account SET name = 'Eve'", "UPDATE client_key SET requests_per_minute = 9 WHERE name = 'app'")

    removed = await refused.remove(actor)

    assert {row.kind for row in removed} == {"account", "client key"}
    assert await house.named() == set()
    assert await house.open_doors() == {"client_key", "egress_approval"}
    assert await refused.remove(actor) == []
    assert (await people.create(actor, EMAIL, "Grace", Role.ADMIN, PASSWORD)).is_refused is False


async def test_an_address_of_a_refused_account_is_not_given_twice(house: House, actor: Actor) -> None:
    house.db.run("UPDATE user_account SET mac = NULL")

    with pytest.raises(Conflict):
        await people.create(actor, EMAIL, "Grace", Role.ADMIN, PASSWORD)
