"""The chain holds from the first entry on, and every change to it is found at its place."""

import asyncio
import hashlib
import hmac
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.actor import Actor
from app.domain.audit import Action, Outcome
from app.domain.secret import Sealed, Secret
from app.services.audit import verify
from app.storage import audit
from app.storage.tables import AuditRow
from app.storage.work import work
from tests.fixtures.databases import Database, Sqlite, blob, only_postgres, only_sqlite

TARGET = ("provider", "01900000-0000-7000-8000-0000000000ff", "groq")
ROWS = 7
COLUMNS = sorted(AuditRow.__table__.columns.keys())  # type: ignore[attr-defined] # SQLModel puts it there

AFTER_SEQ = list(AuditRow.__table__.columns.keys())[1:]  # type: ignore[attr-defined]


async def fill(actor: Actor, count: int = ROWS) -> None:
    for number in range(count):
        async with work(actor) as doing:
            doing.record(Action.PROVIDER_UPDATE, target=TARGET, changes={"label": {"before": f"é{number}", "after": None}}, reason="why")


def locale(db: Database, statement: str) -> str:
    """A statement of SQLite as PostgreSQL knows it."""
    if db.kind == "sqlite":
        return statement
    columns = ", ".join(f"{name} = excluded.{name}" for name in AFTER_SEQ)
    replacing = f"INSERT INTO audit SELECT * FROM audit WHERE seq = 2 ON CONFLICT (seq) DO UPDATE SET {columns}"  # noqa: S608
    return replacing if "OR REPLACE" in statement else statement.replace("zeroblob(32)", blob(db, bytes(32)))


async def test_an_untouched_chain_holds(db: Database, actor: Actor) -> None:
    await fill(actor)
    verdict = await verify(actor)

    assert (verdict.ok, verdict.checked, verdict.first_bad) == (True, ROWS, None)


async def test_an_empty_chain_holds(db: Database, actor: Actor) -> None:
    assert (await verify(actor)).ok


async def test_anyone_can_check_the_hash_from_the_description_alone(db: Database, actor: Actor) -> None:
    await fill(actor, 2)
    previous = bytes(32)
    for row in db.records("SELECT * FROM audit ORDER BY seq"):
        fields = {k: v for k, v in row.items() if k not in ("prev_hash", "hash", "seal")}
        fields["changes"] = json.loads(fields["changes"])
        digest = hashlib.sha256(b"audit-v1\n" + previous + rfc8785.dumps(fields)).digest()

        assert (row["prev_hash"], row["hash"]) == (previous, digest)
        assert row["seal"] == hmac.new(bytes([1] * 32), digest, hashlib.sha256).digest()
        previous = digest


def test_the_hash_of_an_entry_is_the_published_one() -> None:
    fields = {"seq": 1, "action": "provider:config:update", "changes": {"b": 1, "a": "é"}}

    canonical = '{"action":"provider:config:update","changes":{"a":"é","b":1},"seq":1}'.encode()
    assert audit.chain_hash(bytes(32), fields) == hashlib.sha256(b"audit-v1\n" + bytes(32) + canonical).digest()


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_changed_column_is_found_at_its_entry(db: Database, actor: Actor, column: str) -> None:
    await fill(actor)
    value = {
        "seq": "99", "ts": "ts + 1", "changes": """'{"label": {"after": null, "before": "x"}}'""",
        "prev_hash": "zeroblob(32)", "hash": "zeroblob(32)", "seal": "zeroblob(32)",
    }.get(column, "'changed'")  # fmt: skip
    db.tamper(locale(db, f"UPDATE audit SET {column} = {value} WHERE seq = 4"))  # noqa: S608 - our own text

    verdict = await verify(actor)

    assert (verdict.ok, verdict.first_bad) == (False, 4)
    assert verdict.checked == 3


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        pytest.param("DELETE FROM audit WHERE seq = 3", 3, id="one removed"),
        pytest.param("DELETE FROM audit WHERE seq = 1", 1, id="the first removed"),
        pytest.param("DELETE FROM audit WHERE seq > 5", 6, id="the tail cut"),
        pytest.param("DELETE FROM audit", 1, id="all removed"),
        pytest.param("UPDATE audit SET changes = '[1]' WHERE seq = 2", 2, id="other JSON"),
        pytest.param("UPDATE audit SET seq = CASE seq WHEN 2 THEN 103 ELSE 102 END WHERE seq IN (2, 3)", 2, id="moved to the end"),
        pytest.param("UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3)", 4, id="head set back"),
        pytest.param("UPDATE audit_head SET seq = 0, hash = zeroblob(32)", 1, id="head set to the start"),
    ],
)
async def test_rows_that_were_removed_or_moved_are_found(db: Database, actor: Actor, statement: str, first_bad: int) -> None:
    await fill(actor)
    db.tamper(locale(db, statement))

    verdict = await verify(actor)

    assert (verdict.ok, verdict.first_bad) == (False, first_bad)


@only_sqlite
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE audit SET changes = 'not json' WHERE seq = 2", id="not even JSON"),
        pytest.param("UPDATE audit SET ts = 'x' WHERE seq = 2", id="another type"),
    ],
)
async def test_a_value_of_another_kind_is_found_where_the_database_lets_it_in(db: Database, actor: Actor, statement: str) -> None:
    await fill(actor)
    db.tamper(statement)

    assert (await verify(actor)).first_bad == 2


async def test_two_rows_that_swapped_places_are_found(db: Database, actor: Actor) -> None:
    await fill(actor)
    db.tamper(*(f"UPDATE audit SET seq = {new} WHERE seq = {old}" for old, new in ((2, 99), (5, 2), (99, 5))))  # noqa: S608

    assert (await verify(actor)).first_bad == 2


async def test_a_new_chain_made_without_the_key_is_found_by_its_seal(db: Database, actor: Actor) -> None:
    await fill(actor, 3)
    row = db.records("SELECT * FROM audit WHERE seq = 3")[0]
    fields = {k: v for k, v in row.items() if k not in ("prev_hash", "hash", "seal")}
    fields |= {"actor_name": "Somebody else", "changes": json.loads(fields["changes"])}
    digest = blob(db, audit.chain_hash(row["prev_hash"], fields))
    db.tamper(
        f"UPDATE audit SET actor_name = 'Somebody else', hash = {digest} WHERE seq = 3",  # noqa: S608
        f"UPDATE audit_head SET hash = {digest}",  # noqa: S608
    )

    verdict = await verify(actor)

    assert (verdict.first_bad, verdict.reason) == (3, "its seal was not made with this master key")


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE audit SET reason = 'x' WHERE seq = 2", id="update"),
        pytest.param("DELETE FROM audit WHERE seq = 7", id="delete"),
        pytest.param("INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2", id="replace"),
        pytest.param(f"INSERT INTO audit SELECT 9, {', '.join(AFTER_SEQ)} FROM audit WHERE seq = 7", id="a gap"),  # noqa: S608
        pytest.param("UPDATE audit_head SET seq = 3", id="the head back"),
        pytest.param("UPDATE audit_head SET seq = 8", id="the head without its row"),
        pytest.param("DELETE FROM audit_head", id="the head away"),
    ],
)
async def test_the_database_itself_refuses_to_change_the_audit(db: Database, actor: Actor, statement: str) -> None:
    await fill(actor)
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="the audit"):
        db.run(locale(db, statement))

    assert (await verify(actor)).checked == ROWS


@only_postgres
@pytest.mark.parametrize("table", ["audit", "audit_head"])
async def test_the_audit_cannot_be_truncated(db: Database, actor: Actor, table: str) -> None:
    await fill(actor)
    with pytest.raises(psycopg.errors.RaiseException, match="the audit"):
        db.run(f"TRUNCATE {table}")

    assert (await verify(actor)).checked == ROWS


@only_sqlite
async def test_replacing_is_refused_by_a_connection_without_our_settings(db: Sqlite, actor: Actor) -> None:
    await fill(actor)
    with closing(db.connect()) as connection, pytest.raises(sqlite3.IntegrityError, match="the audit"):
        connection.execute("PRAGMA recursive_triggers=OFF")
        connection.execute("INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2")

    assert (await verify(actor)).checked == ROWS


async def test_several_entries_of_one_work_follow_each_other(db: Database, actor: Actor) -> None:
    async with work(actor) as doing:
        for _ in range(5):
            doing.record(Action.PROVIDER_TEST, target=TARGET, outcome=Outcome.FAILED)

    assert (await verify(actor)).checked == 5


async def test_a_rolled_back_work_leaves_no_gap(db: Database, actor: Actor) -> None:
    await fill(actor, 2)
    with pytest.raises(RuntimeError):
        async with work(actor) as doing:
            doing.record(Action.PROVIDER_TEST, target=TARGET)
            raise RuntimeError
    await fill(actor, 2)

    assert [seq for (seq,) in db.rows("SELECT seq FROM audit ORDER BY seq")] == [1, 2, 3, 4]
    assert (await verify(actor)).ok


async def test_verifying_while_others_write_stays_right(db: Database, actor: Actor) -> None:
    await fill(actor)
    verdicts = await asyncio.gather(fill(actor), verify(actor), fill(actor), verify(actor))

    assert verdicts[1] is not None
    assert verdicts[3] is not None
    assert verdicts[1].ok
    assert verdicts[3].ok


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.text(max_size=8), json_values, max_size=3), name=st.text(max_size=300))
async def test_whatever_is_recorded_reads_back_equal_to_what_was_hashed(db: Database, actor: Actor, changes: dict, name: str) -> None:
    async with work(actor) as doing:
        doing.record(Action.PROVIDER_UPDATE, target=("provider", "id", name), changes=changes)

    assert (await verify(actor)).ok


def test_what_is_not_plain_cannot_be_recorded() -> None:
    for hidden in (Secret("sk-canary"), Sealed("s1.a.b.c"), b"bytes", object()):
        with pytest.raises(TypeError):
            audit.plain({"field": [hidden]})


def test_long_and_odd_values_are_made_fit_to_store() -> None:
    found = audit.plain(
        {"a": "x" * 5_000, "b": datetime(2026, 1, 2, tzinfo=UTC), "c": Outcome.OK, "d": 2**70, "e": "\0\ud800", "f": {"z", "y"}}
    )

    assert found == {"a": "x" * 1_000, "b": "2026-01-02T00:00:00+00:00", "c": "ok", "d": str(2**70), "e": "?", "f": ["y", "z"]}
