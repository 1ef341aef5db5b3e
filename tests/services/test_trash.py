"""The trash: what is in it, what comes back, and what is removed for good when its time is over."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor, ActorType, Role, Scope
from app.domain.credentials.credential import CredentialDraft, CredentialPatch
from app.domain.errors import Forbidden, NameTaken, UnknownProvider
from app.domain.providers.alias import AliasDraft
from app.domain.providers.provider import Provider, ProviderDraft
from app.services import aliases, audit, client_keys, credentials, providers
from app.services.providers import KEPT, purging
from app.storage import providers as rows
from app.storage.database import engine
from app.storage.database.columns import now
from tests.fixtures.databases import Database, only_sqlite

VIEWER = Actor(ActorType.USER, "v", "Vera", Role.VIEWER)
KEY, SECOND = "sk-planted-0d41f77b0e29c8a36", "sk-planted-77b0e29c8a36f1"
OF_PROVIDERS = ("provider", "credential", "credential_secret", "model", "probe", "provider_health", "alias_target", "client_key_grant")


@pytest.fixture
async def mine(db: Database, outgoing: None, actor: Actor) -> AsyncIterator[Provider]:
    """A provider with everything that hangs on one."""
    await registry.shared.start(watch=False)
    made = await providers.create(actor, draft("mine"))
    await credentials.add(actor, "mine", CredentialDraft.model_validate({"label": "second", "secret": {"api_key": SECOND}}))
    target = {"provider": "mine", "model": "m-1"}
    await aliases.create(actor, AliasDraft.model_validate({"name": "fast", "targets": [target]}))
    await client_keys.issue(actor, "app", Scope.GATEWAY, providers=["mine"])
    yield made
    await registry.shared.stop()


def draft(name: str) -> ProviderDraft:
    fields = {"name": name, "label": name.title(), "base_url": f"https://{name}.example/v1", "models": ["m-1", "m-2"]}
    return ProviderDraft.model_validate({**fields, "credential": {"secret": {"api_key": KEY}}})


def counted(db: Database) -> dict[str, int]:
    return {table: db.rows(f"SELECT count(*) FROM {table}")[0][0] for table in OF_PROVIDERS}  # noqa: S608 - of this file


async def test_what_is_deleted_is_listed_with_the_day_it_goes(mine: Provider, actor: Actor) -> None:
    assert await providers.in_trash(VIEWER) == []
    await providers.delete(actor, "mine")

    [found] = await providers.in_trash(VIEWER)

    assert (found.id, found.name, found.label, found.keys, found.models, found.aliases) == (mine.id, "mine", "Mine", 2, 2, ["fast"])
    assert found.purge_at - found.deleted_at == timedelta(days=30)


async def test_it_comes_back_as_it_was(mine: Provider, actor: Actor) -> None:
    await providers.delete(actor, "mine")

    back = await providers.restore_from_trash(actor, mine.id)

    assert (back.id, len(back.credentials), await providers.in_trash(actor)) == (mine.id, 2, [])
    assert "mine" in registry.shared.snapshot.endpoints
    with pytest.raises(UnknownProvider):
        await providers.restore_from_trash(actor, mine.id)


async def test_of_two_of_one_name_each_is_restored_by_its_id_where_the_name_is_free(mine: Provider, actor: Actor) -> None:
    await providers.delete(actor, "mine")
    other = await providers.create(actor, draft("mine"))

    with pytest.raises(NameTaken):
        await providers.restore_from_trash(actor, mine.id)
    await providers.delete(actor, "mine")

    assert [one.id for one in await providers.in_trash(actor)] == [other.id, mine.id]
    assert (await providers.restore_from_trash(actor, mine.id)).id == mine.id


async def test_what_is_removed_for_good_leaves_nothing_but_its_history(mine: Provider, actor: Actor, db: Database) -> None:
    assert all(count for table, count in counted(db).items() if table not in ("probe", "provider_health"))
    [first, _] = await credentials.list_(actor, "mine")
    await credentials.update(actor, first.id, CredentialPatch(weight=7))
    await providers.delete(actor, "mine")
    noted = set(db.rows("SELECT resource_id FROM revision_note"))

    await providers.purge(actor, mine.id)

    assert {(mine.id,), (first.id,)} <= noted
    assert not {(mine.id,), (first.id,)} & set(db.rows("SELECT resource_id FROM revision_note"))
    assert counted(db) == dict.fromkeys(OF_PROVIDERS, 0)
    [alias] = (await aliases.list_(actor)).items
    assert (alias.name, alias.targets) == ("fast", [])
    [key] = await client_keys.list_(actor)
    assert key.providers == []  # nothing, not everything
    [entry] = [item for item in (await audit.page(actor, target_id=mine.id, limit=50)).items if item.action == "provider:config:purge"]
    assert (entry.actor.name, entry.target.name, entry.changes["keys"]["before"]) == ("Ada", "mine", ["Key 1", "second"])
    assert (entry.changes["models"]["removed"], entry.changes["aliases"]["before"]) == (["m-1", "m-2"], ["fast"])
    assert KEY not in str(entry.changes)


@only_sqlite
async def test_sealed_values_are_overwritten_in_the_file(mine: Provider, actor: Actor, db: Any) -> None:
    sealed = [row[0].encode() for row in db.rows("SELECT value FROM credential_secret")]

    def still_there() -> int:
        db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return sum(value in db.path.read_bytes() for value in sealed)

    assert still_there() == 2
    await providers.delete(actor, "mine")
    await providers.purge(actor, mine.id)

    assert still_there() == 0


async def test_what_is_in_use_cannot_be_removed_for_good(mine: Provider, actor: Actor) -> None:
    for gone in (mine.id, "nobody"):
        with pytest.raises(UnknownProvider):
            await providers.purge(actor, gone)
    assert (await providers.get(actor, "mine")).id == mine.id


async def test_a_viewer_looks_and_changes_nothing(mine: Provider, actor: Actor) -> None:
    await providers.delete(actor, "mine")

    for act in (providers.purge, providers.restore_from_trash):
        with pytest.raises(Forbidden):
            await act(VIEWER, mine.id)


async def test_what_is_due_goes_and_what_is_not_stays(mine: Provider, actor: Actor) -> None:
    await providers.create(actor, draft("young"))
    await providers.delete(actor, "mine")
    await providers.delete(actor, "young")
    deleted = {one.name: one.deleted_at for one in await providers.in_trash(actor)}

    assert await providers.purge_due(deleted["mine"] + KEPT - timedelta(microseconds=1)) == []
    assert await providers.purge_due(deleted["mine"] + KEPT) == [mine.id]

    assert [one.name for one in await providers.in_trash(actor)] == ["young"]
    [entry] = [item for item in (await audit.page(actor, target_id=mine.id, limit=50)).items if item.action == "provider:config:purge"]
    assert entry.actor.type == ActorType.SYSTEM


async def test_the_purge_looks_by_the_clock_it_is_given(mine: Provider, actor: Actor) -> None:
    await providers.delete(actor, "mine")
    looked, went_by = asyncio.Queue[float](), asyncio.Queue[None]()
    times = iter([now(), now() + KEPT])

    async def pause(seconds: float) -> None:
        looked.put_nowait(seconds)
        await went_by.get()

    chore = purging(clock=lambda: next(times), pause=pause)
    chore.start()
    async with asyncio.timeout(30):
        first = await looked.get()
        assert [one.name for one in await providers.in_trash(actor)] == ["mine"]
        went_by.put_nowait(None)
        second = await looked.get()
    await chore.stop()

    assert (await providers.in_trash(actor), first, second) == ([], 3_600.0, 3_600.0)


async def test_one_that_was_restored_meanwhile_is_not_removed(mine: Provider, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    await providers.delete(actor, "mine")
    first_look = rows.in_trash

    async def as_it_was(session: Any) -> Any:
        """What the purge saw before somebody restored it."""
        return await first_look(session) or listed

    async with engine.session() as session:
        listed = await rows.in_trash(session)
    await providers.restore_from_trash(actor, mine.id)
    monkeypatch.setattr(rows, "in_trash", as_it_was)

    assert await providers.purge_due(datetime.now(UTC) + 2 * KEPT) == []
    assert (await providers.get(actor, "mine")).id == mine.id
