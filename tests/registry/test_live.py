"""The snapshot follows every commit, whoever made it, and survives every bad row."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.domain.actor import Actor, Scope
from app.domain.credentials.credential import KeyState
from app.domain.errors import StorageUnavailable
from app.domain.people.people import ClientKeyPatch
from app.domain.providers.provider import ProviderLimits, ProviderPatch
from app.domain.snapshot import Limits, ModelGrants, Snapshot
from app.registry import Registry
from app.registry import live as module
from app.services import client_keys, providers
from app.storage.database import engine
from app.upstream import egress
from tests.fixtures.databases import Database

Add = Callable[..., Awaitable[Any]]
Damage = Callable[[str], Awaitable[None]]


async def test_a_save_is_effective_before_it_returns(live: Registry, add: Add, actor: Actor) -> None:
    await add("acme")
    assert live.snapshot.endpoints["acme"].base_url == "https://acme.example.com/v1"

    await providers.update(actor, "acme", ProviderPatch(base_url="https://acme.example.com/v2"))

    assert live.snapshot.endpoints["acme"].base_url == "https://acme.example.com/v2"


async def test_only_what_changed_is_built_anew(live: Registry, add: Add, actor: Actor) -> None:
    await add("one", models=["a", "b"])
    await add("two", models=["a"])
    before = live.snapshot

    await providers.disable(actor, "two")

    after = live.snapshot
    assert after.endpoints["one"] is before.endpoints["one"]
    assert after.endpoints["two"] is not before.endpoints["two"]
    assert (dict(before.by_model), dict(after.by_model)) == ({"a": ("one", "two"), "b": ("one",)}, {"a": ("one",), "b": ("one",)})
    assert after.revision == before.revision + 1


async def test_a_snapshot_that_somebody_holds_never_changes(live: Registry, add: Add, actor: Actor) -> None:
    await add("acme")
    held = live.snapshot
    endpoint = held.endpoints["acme"]

    await providers.delete(actor, "acme")

    assert held.endpoints["acme"] is endpoint
    assert "acme" not in live.snapshot.endpoints
    assert live.snapshot.by_model == {}
    with pytest.raises(TypeError):
        held.endpoints["acme"] = endpoint  # type: ignore[index]


async def test_a_rebuild_gives_the_same_as_the_small_steps(live: Registry, add: Add, actor: Actor) -> None:
    for name in ("one", "two", "three"):
        await add(name, models=["a", name])
    await providers.set_default(actor, "one")
    await providers.disable(actor, "two")
    await providers.delete(actor, "three")
    await providers.restore(actor, "three")
    await client_keys.issue(actor, "app", Scope.GATEWAY)
    stepped = live.snapshot

    await live.rebuild()

    assert live.snapshot is not stepped
    for part in ("revision", "endpoints", "by_model", "client_keys", "default", "approved_origins"):
        assert getattr(live.snapshot, part) == getattr(stepped, part), part


async def test_approved_origins_reach_the_outgoing_guard(live: Registry, add: Add) -> None:
    await add("local", base_url="http://127.0.0.1:11434/v1", auth_type="none", credential=None)

    assert live.snapshot.approved_origins == {"http://127.0.0.1:11434"}
    assert egress.is_approved("http://127.0.0.1:11434")
    await live.stop()
    assert not egress.is_approved("http://127.0.0.1:11434")


# One bad row disables one provider


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        pytest.param("UPDATE provider SET auth_type = 'carrier_pigeon' WHERE name = 'bad'", "unknown_auth_type", id="unknown auth type"),
        pytest.param("UPDATE provider SET type = 'martian' WHERE name = 'bad'", "malformed", id="unknown type"),
        pytest.param("UPDATE provider SET auth = '{nope' WHERE name = 'bad'", "malformed", id="broken JSON"),
        pytest.param("UPDATE provider SET auth = '[1]' WHERE name = 'bad'", "malformed", id="wrong JSON"),
        pytest.param("UPDATE provider SET network = '{\"connect_seconds\": \"x\"}' WHERE name = 'bad'", "malformed", id="bad time limits"),
        pytest.param("UPDATE provider SET limits = '{\"concurrent\": -1}' WHERE name = 'bad'", "malformed", id="bad limits"),
        pytest.param("UPDATE provider SET base_url = 'http://[' WHERE name = 'bad'", "malformed", id="bad address"),
        pytest.param("UPDATE credential_secret SET value = 's1.garbage'", "unreadable", id="garbage"),
        pytest.param("UPDATE credential_secret SET value = 'plain text'", "unreadable", id="not sealed"),
        pytest.param("UPDATE credential_secret SET value = substr(value, 1, length(value) - 3) || 'AAA'", "unreadable", id="bit flip"),
        pytest.param("UPDATE credential SET origin = 'https://elsewhere.example:443'", "unreadable", id="another origin"),
    ],
)
async def test_a_bad_row_is_a_problem_of_its_provider_alone(live: Registry, add: Add, damage: Damage, statement: str, problem: str) -> None:
    await add("bad")
    await add("good", auth_type="none", credential=None, models=["beta"])
    await damage(statement)

    await live.rebuild()

    assert live.snapshot.endpoints["bad"].problem == problem
    assert live.snapshot.endpoints["good"].problem == ""
    assert live.resolve("good/beta").model == "beta"
    assert live.status()["problems"] == {"bad": problem}


async def test_a_bad_row_does_not_keep_the_registry_from_starting(live: Registry, add: Add, damage: Damage) -> None:
    await add("bad")
    await damage("UPDATE provider SET auth = '{nope', type = 'x'")
    await live.stop()

    await live.start(watch=False)

    assert live.status()["problems"] == {"bad": "malformed"}


async def test_a_moved_address_leaves_its_key_behind(live: Registry, add: Add, damage: Damage) -> None:
    await add("acme")
    await damage("UPDATE provider SET base_url = 'https://thief.example/v1'")

    await live.rebuild()

    endpoint = live.snapshot.endpoints["acme"]
    assert endpoint.origin == "https://thief.example:443"
    assert endpoint.keys[0].origin == "https://acme.example.com:443"


async def test_a_swapped_secret_is_unreadable(live: Registry, add: Add, damage: Damage) -> None:
    await add("one")
    await add("two", base_url="https://one.example.com/v1")
    first, second = (e.keys[0] for e in live.snapshot.endpoints.values())
    for key, other in ((first, second), (second, first)):
        await damage(f"UPDATE credential_secret SET value = '{other.secrets['api_key'].text}' WHERE credential_id = '{key.id}'")  # noqa: S608

    await live.rebuild()

    assert [e.keys[0].state for e in live.snapshot.endpoints.values()] == [KeyState.UNREADABLE] * 2


async def test_limits_reach_the_snapshot_with_the_save_that_changes_them(live: Registry, add: Add, actor: Actor) -> None:
    await add("acme", limits={"requests_per_minute": 60, "concurrent": 2})
    issued = (await client_keys.issue(actor, "app", Scope.GATEWAY, requests_per_minute=5)).client_key
    public_id = issued.hint.removeprefix("pb-")
    assert live.snapshot.endpoints["acme"].limits == Limits(60, 2)
    assert live.snapshot.client_keys[public_id].requests_per_minute == 5

    await providers.update(actor, "acme", ProviderPatch(limits=ProviderLimits(concurrent=1)))
    await client_keys.update(actor, issued.id, ClientKeyPatch(requests_per_minute=7, models=["alpha"]))

    assert live.snapshot.endpoints["acme"].limits == Limits(0, 1)
    held = live.snapshot.client_keys[public_id]
    assert (held.requests_per_minute, held.models) == (7, ModelGrants(bare=frozenset({"alpha"})))


async def test_a_bad_client_key_lets_nobody_in_and_stops_nobody(live: Registry, actor: Actor, damage: Damage) -> None:
    await client_keys.issue(actor, "good", Scope.GATEWAY)
    await client_keys.issue(actor, "bad", Scope.GATEWAY)
    await damage("UPDATE client_key SET scope = 'nope' WHERE name = 'bad'")

    await live.rebuild()

    assert [entry.name for entry in live.snapshot.client_keys.values()] == ["good"]


# What others commit


def elsewhere(db: Database, statement: str) -> None:
    """A commit of another process: a connection that knows nothing of this one."""
    db.run(
        statement,
        "UPDATE instance SET revision = revision + 1",
        "UPDATE provider SET revision = (SELECT revision FROM instance)",
    )


async def until(holds: Callable[[], bool], seconds: float = 2.0) -> float:
    """Seconds it took. Fails after that many."""
    started = time.perf_counter()
    while not holds():
        assert time.perf_counter() - started < seconds, "it was not seen"
        await asyncio.sleep(0.002)
    return time.perf_counter() - started


async def test_a_commit_of_another_process_is_seen(live: Registry, add: Add, db: Database) -> None:
    await add("acme")
    await live.start(watch=True)
    await asyncio.sleep(0.1)

    await asyncio.to_thread(elsewhere, db, "UPDATE provider SET enabled = false")

    # On PostgreSQL nobody was told of this one: whoever misses a notification is behind for a second at most.
    assert await until(lambda: not live.snapshot.endpoints["acme"].enabled) < {"sqlite": 1, "postgres": 1.5}[db.kind]
    assert live.status()["is_watching"]


async def test_a_change_without_a_hint_is_seen_by_the_revision(
    live: Registry, add: Add, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf() -> int:
        return 0

    monkeypatch.setattr(engine, "data_version", deaf)
    monkeypatch.setattr(module, "REVISION_POLL_SECONDS", 0.2)
    await add("acme")
    await live.start(watch=True)
    await asyncio.sleep(0.1)

    await asyncio.to_thread(elsewhere, db, "UPDATE provider SET enabled = false")

    await until(lambda: not live.snapshot.endpoints["acme"].enabled)


async def test_the_watcher_outlives_a_database_that_is_away(
    live: Registry, add: Add, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add("acme")
    asked = engine.data_version
    is_away = True

    async def flaky() -> int:
        if is_away:
            raise StorageUnavailable("away")
        return await asked()

    monkeypatch.setattr(engine, "data_version", flaky)
    monkeypatch.setattr(module, "REVISION_POLL_SECONDS", 0.05)
    await live.start(watch=True)
    await until(lambda: live.status()["error"] == "away")
    assert live.resolve("acme/alpha").model == "alpha"
    await asyncio.to_thread(elsewhere, db, "UPDATE provider SET enabled = false")

    is_away = False

    await until(lambda: not live.snapshot.endpoints["acme"].enabled)


async def test_a_restored_backup_is_read_whole(live: Registry, add: Add, damage: Damage) -> None:
    await add("acme")
    await add("later")
    await damage("DELETE FROM provider WHERE name = 'later'")
    await damage("UPDATE instance SET revision = 1")
    await damage("UPDATE provider SET revision = 1")

    await live.refresh()

    assert (list(live.snapshot.endpoints), live.snapshot.revision) == (["acme"], 1)


async def test_refresh_of_a_revision_that_is_here_reads_nothing(live: Registry, add: Add) -> None:
    await add("acme")
    held = live.snapshot

    await live.refresh(held.revision)
    await live.refresh()

    assert live.snapshot is held


# Who listens


async def test_listeners_hear_each_swap_until_they_leave(live: Registry, add: Add) -> None:
    heard: list[Snapshot] = []

    def broken(_: Snapshot) -> None:
        raise RuntimeError("a listener's own fault")

    leave_broken = live.subscribe(broken)
    leave = live.subscribe(heard.append)
    await add("one")
    leave()
    leave()
    await add("two")
    leave_broken()

    assert [list(s.endpoints) for s in heard] == [["one"]]


async def test_glances_are_rate_limited(live: Registry, actor: Actor, damage: Damage, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    refresh = live.refresh

    async def counted(min_revision: int = 0) -> None:
        nonlocal looked
        looked += 1
        await refresh(min_revision)

    monkeypatch.setattr(live, "refresh", counted)
    monkeypatch.setattr(live, "_glanced", float("-inf"))  # the registry is shared: the test before may have glanced just now
    monkeypatch.setattr("app.registry.live.GLANCES_PER_SECOND", 0.01)

    for _ in range(50):
        await live.glance()

    assert looked == 1


async def test_the_status_is_plain_json(live: Registry, add: Add) -> None:
    await add("acme")

    status = live.status()

    assert (status["providers"], status["enabled"], status["models"], status["error"]) == (1, 1, 1, "")
    assert status["revision"] == live.snapshot.revision


A_DAY = {"sqlite": "'2026-01-01'", "postgres": "timestamptz '2026-01-01'"}


async def test_a_big_catalogue_is_rebuilt_by_what_changed(live: Registry, add: Add, damage: Damage, db: Database) -> None:
    await add("acme")
    await damage(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO provider"
        " (id, name, label, description, type, base_url, origin, auth_type, auth, network, limits, capabilities, only_listed_models, tags,"
        " enabled, is_system, version, revision, created_at, updated_at, created_by)"
        " SELECT 'p' || i, 'p' || i, 'P', '', 'custom', 'https://p.example/v1', 'https://p.example:443', 'none', '{}', '{}', '{}', '{}', false,"  # noqa: E501
        " '[]', true, false, 1, 1, TIMESTAMP, TIMESTAMP, '' FROM n".replace("TIMESTAMP", A_DAY[db.kind])
    )
    await damage(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO model"
        " (id, provider_id, identifier, label, description, capabilities, pricing, sources, status, created_at, updated_at)"
        " SELECT p.id || '-' || i, p.id, 'm' || i, '', '', '{}', '{}', '{}', 'active', TIMESTAMP, TIMESTAMP"
        " FROM n, provider p WHERE p.name <> 'acme'".replace("TIMESTAMP", A_DAY[db.kind])
    )
    started = time.process_time()
    await live.rebuild()
    whole = time.process_time() - started

    before = live.snapshot
    await damage("UPDATE instance SET revision = revision + 1")
    await damage("UPDATE provider SET enabled = 0, revision = (SELECT revision FROM instance) WHERE name = 'p7'")
    changed = time.process_time()
    await live.refresh()
    step = time.process_time() - changed

    assert len(live.snapshot.by_model["m1"]) == 299
    assert live.snapshot.endpoints["p8"] is before.endpoints["p8"]
    assert step * 4 < whole
