"""An installation of a version without MACs: its rows get theirs once, as they stand, and never because somebody says so."""

from collections.abc import AsyncIterator

import pytest

from app import settings
from app.domain.actor import SYSTEM, Role, Scope
from app.domain.audit import Action
from app.domain.errors import KeyMissing, StorageError
from app.domain.secret import Secret
from app.services import audit, client_keys, keyring, people, sessions
from app.storage import macs, recent_sessions
from app.storage.database import engine
from app.vault import envelope, ring
from tests.fixtures.databases import Database

PASSWORD = Secret("seven green bicycles sing")
EMAIL = "grace@example.com"


@pytest.fixture
async def old(stored: Database) -> AsyncIterator[Database]:
    """As the migration leaves a database of before: accounts and keys without MACs, and the system secret of that time."""
    engine.open(settings.current().url)
    await keyring.open_ring(keep_environment=True)
    await people.create(SYSTEM, EMAIL, "Grace", Role.ADMIN, PASSWORD)
    await client_keys.issue(SYSTEM, "app", Scope.GATEWAY, models=["alpha"])
    stored.run(f"UPDATE system_secret SET name = 'mac', value = '{former(stored)}' WHERE name = 'row_mac'")  # noqa: S608 - our own text
    stored.tamper(*(f"UPDATE {table.name} SET mac = NULL" for table in macs.tables()), "UPDATE audit_head SET mac = NULL")  # noqa: S608
    ring.install(None)
    await recent_sessions.forget()
    yield stored
    await engine.close()
    ring.install(None)


def former(_: Database) -> str:
    """The key of MACs as that version stored it: under another name, so worth nothing in the place of the new one."""
    return envelope.seal(ring.current(), Secret(bytes([9] * 32).hex()), ring.system_binding(ring.BEFORE_MACS)).text


def names(db: Database) -> set[str]:
    return {name for (name,) in db.rows("SELECT name FROM system_secret")}


async def adopt() -> None:
    ring.install(None)
    await keyring.open_ring(keep_environment=True, may_adopt=True)


async def signs_in() -> bool:
    return bool(await sessions.sign_in(EMAIL, PASSWORD, ip="192.0.2.7", agent="Browser/1"))


async def test_rows_of_before_get_their_macs_and_the_audit_says_so(old: Database) -> None:
    await adopt()

    assert await signs_in()
    verdict = await audit.verify(SYSTEM)
    assert (verdict.ok, verdict.reason, verdict.refused) == (True, "", [])
    assert names(old) == set(ring.SYSTEM_KEYS)
    told = [item for item in (await audit.page(SYSTEM)).items if item.action == Action.ROWS_ADOPT]
    assert [item.changes for item in told] == [{"admins": [EMAIL], "client_keys": ["app"]}]
    assert [key.models for key in await client_keys.list_(SYSTEM)] == [["alpha"]]


async def test_only_who_brings_the_schema_up_to_date_does_it(old: Database) -> None:
    before = old.dump()

    with pytest.raises(StorageError, match="patchbay serve"):
        await keyring.open_ring(keep_environment=True)

    assert old.dump() == before


async def test_a_second_start_changes_nothing(old: Database) -> None:
    await adopt()
    before = old.dump()

    await adopt()

    assert old.dump() == before


async def test_a_row_that_was_planted_later_is_not_adopted(old: Database) -> None:
    await adopt()
    old.run("UPDATE user_account SET role = 'viewer', mac = NULL", "UPDATE alembic_version SET version_num = '0009'")

    await adopt()

    assert [row.name for row in (await audit.verify(SYSTEM)).refused] == [EMAIL]


async def test_taking_the_key_of_the_macs_away_stops_the_start(old: Database) -> None:
    await adopt()
    old.run("DELETE FROM system_secret WHERE name = 'row_mac'")

    with pytest.raises(KeyMissing, match="row_mac"):
        await adopt()


@pytest.mark.parametrize("takes_the_new_away", [False, True])
async def test_a_copy_of_the_old_key_that_is_put_back_stops_the_start(old: Database, takes_the_new_away: bool) -> None:
    (value, at) = old.rows("SELECT value, created_at FROM system_secret WHERE name = 'mac'")[0]
    await adopt()
    old.run(f"INSERT INTO system_secret (name, value, created_at) VALUES ('mac', '{value}', '{at}')")  # noqa: S608 - our own text
    if takes_the_new_away:
        old.run("DELETE FROM system_secret WHERE name = 'row_mac'")
    before = old.dump()

    with pytest.raises(StorageError, match="put back by hand"):
        await adopt()

    assert old.dump() == before


async def test_a_key_that_nobody_with_the_master_key_made_is_damage(old: Database) -> None:
    await adopt()
    (value,) = old.rows("SELECT value FROM system_secret WHERE name = 'fingerprint'")[0]
    old.run(f"UPDATE system_secret SET name = 'mac', value = '{value}' WHERE name = 'row_mac'")  # noqa: S608 - our own text

    with pytest.raises(Exception, match="system secret mac is damaged"):
        await adopt()
