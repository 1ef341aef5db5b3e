"""Keys for applications: readable once, worth nothing to a thief of the database, gone when revoked."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.actor import ANONYMOUS, Actor, ActorType, Role, Scope
from app.domain.errors import Conflict, Forbidden, InvalidDraft, UnknownClientKey
from app.domain.people import client_key
from app.domain.people.people import ClientKeyPatch
from app.domain.providers.alias import Alias, AliasDraft, AliasPatch, TargetDraft
from app.domain.providers.provider import ProviderDraft
from app.services import aliases, audit, client_keys, providers
from app.storage.tables import ClientKeyRow
from tests.fixtures.databases import Database
from tests.fixtures.rows import rewrite

VIEWER = Actor(ActorType.USER, "v", "Vera", Role.VIEWER)


def sql(db: Database, statement: str) -> list[tuple[object, ...]]:
    return db.rows(statement)


async def test_a_key_is_readable_once_and_nowhere_else(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "  Reports   of the week ", Scope.GATEWAY)
    text = db.dump()
    listed = await client_keys.list_(VIEWER)

    assert issued.key not in text
    assert issued.key.split("-", 2)[2] not in text + listed[0].model_dump_json()
    assert listed == [issued.client_key]
    assert listed[0].name == "Reports of the week"
    assert issued.key.startswith(f"{listed[0].hint}-")


def test_every_key_is_new_and_well_formed() -> None:
    keys = [client_key.mint() for _ in range(200)]

    assert len({public for _, public in keys}) == len({key for key, _ in keys}) == 200
    assert all(client_key.public_id_of(key) == public for key, public in keys)


@pytest.mark.parametrize(
    "text", ["", "sk-1234", "pb-", "pb-abcdefghijkl-short", "pb-ABCDEFGHIJKL-" + "x" * 43, "pb-abcdefghijkl-" + "x" * 44, "é"]
)
def test_what_is_no_key_is_not_looked_up(text: str) -> None:
    assert client_key.public_id_of(text) == ""


@pytest.mark.parametrize(("scope", "role"), [(Scope.GATEWAY, None), (Scope.READ, Role.VIEWER), (Scope.ADMIN, Role.ADMIN)])
async def test_a_scope_means_a_role_under_rest(db: Database, actor: Actor, scope: Scope, role: Role | None) -> None:
    issued = await client_keys.issue(actor, "app", scope)
    found = await client_keys.check(issued.key)

    assert found is not None
    assert (found.type, found.name, found.role) == (ActorType.CLIENT_KEY, "app", role)
    if scope is Scope.GATEWAY:
        with pytest.raises(Forbidden):
            found.must_view()


async def test_another_secret_behind_the_same_public_id_is_nobody(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.ADMIN)
    last = "A" if issued.key[-1] != "A" else "B"

    assert await client_keys.check(issued.key[:-1] + last) is None
    assert await client_keys.check(client_key.mint()[0]) is None
    assert await client_keys.check("nonsense") is None


async def test_a_revoked_key_is_nobody_and_stays_listed(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.ADMIN)
    first = await client_keys.revoke(actor, issued.client_key.id)
    second = await client_keys.revoke(actor, issued.client_key.id)

    assert await client_keys.check(issued.key) is None
    assert first == second
    assert [key.revoked_at is not None for key in await client_keys.list_(actor)] == [True]
    assert sql(db, "SELECT action FROM audit ORDER BY seq") == [("client_key:secret:issue",), ("client_key:secret:revoke",)]


async def test_a_key_ends_at_its_time(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.READ, expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert await client_keys.check(issued.key)
    await rewrite(ClientKeyRow, expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    assert await client_keys.check(issued.key) is None


async def test_issuing_and_revoking_raise_the_revision_so_that_the_registry_sees_them(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.GATEWAY, models=["b", "a", "a"])
    assert sql(db, "SELECT revision FROM instance") == [(1,)]
    await client_keys.revoke(actor, issued.client_key.id)

    assert sql(db, "SELECT revision FROM instance") == [(2,)]
    assert (issued.client_key.models, issued.client_key.providers) == (["a", "b"], None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"name": "  "}, "name", id="no name"),
        pytest.param({"name": "x" * 81}, "name", id="long name"),
        pytest.param({"models": []}, "models", id="no models"),
        pytest.param({"providers": []}, "providers", id="no providers"),
        pytest.param({"providers": ["groq"]}, "providers", id="a provider that does not exist"),
        pytest.param({"requests_per_minute": -1}, "requests_per_minute", id="fewer than no requests"),
        pytest.param({"requests_per_minute": 100_001}, "requests_per_minute", id="more requests than anybody counts"),
        pytest.param({"models": ["openai/gpt-4o"]}, "models", id="a model behind a provider that does not exist"),
        pytest.param({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at", id="over"),
        pytest.param({"expires_at": datetime(2090, 1, 1)}, "expires_at", id="no zone"),  # noqa: DTZ001 - the point
        pytest.param(
            {"expires_at": datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12)))}, "expires_at", id="behind the calendar"
        ),
    ],
)
async def test_a_key_that_could_do_nothing_is_refused(db: Database, actor: Actor, changes: dict, field: str) -> None:
    with pytest.raises(InvalidDraft) as raised:
        await client_keys.issue(actor, **{"name": "app", "scope": Scope.GATEWAY, **changes})

    assert list(raised.value.reasons) == [field]


async def test_what_a_key_may_do_changes_and_the_key_stays_the_same(db: Database, actor: Actor) -> None:
    await providers.create(actor, ProviderDraft(name="acme", base_url="https://93.184.216.34/v1", auth_type="none"))
    issued = await client_keys.issue(actor, "app", Scope.READ, models=["alpha"])
    end = datetime.now(UTC) + timedelta(days=3)

    patch = ClientKeyPatch(name=" Web  chat ", models=None, providers=["acme", "acme"], requests_per_minute=30, expires_at=end)
    changed = await client_keys.update(actor, issued.client_key.id, patch)

    assert (changed.name, changed.models, changed.providers, changed.requests_per_minute, changed.expires_at) == (
        "Web chat", None, ["acme"], 30, end,
    )  # fmt: skip
    assert changed.hint == issued.client_key.hint
    assert await client_keys.check(issued.key)
    assert await client_keys.get(VIEWER, changed.id) == changed
    (entry, *_) = (await audit.page(VIEWER)).items
    assert (entry.action, entry.target.id) == ("client_key:config:update", changed.id)
    assert entry.changes == {
        "name": {"before": "app", "after": "Web chat"},
        "models": {"before": ["alpha"], "after": None},
        "providers": {"before": None, "after": ["acme"]},
        "requests_per_minute": {"before": 0, "after": 30},
        "expires_at": {"before": None, "after": end.isoformat().replace("+00:00", "Z")},
        "version": {"before": 1, "after": 2},
    }


async def test_what_a_patch_leaves_out_stays_and_the_same_again_leaves_no_trace(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.GATEWAY, models=["b", "a"], requests_per_minute=5)
    before = sql(db, "SELECT count(*) FROM audit"), sql(db, "SELECT revision FROM instance")

    same = await client_keys.update(actor, issued.client_key.id, ClientKeyPatch(name="app", models=["a", "b", "a"]))

    assert same == issued.client_key
    assert (sql(db, "SELECT count(*) FROM audit"), sql(db, "SELECT revision FROM instance")) == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"name": None}, "name", id="no name"),
        pytest.param({"requests_per_minute": None}, "requests_per_minute", id="no number"),
        pytest.param({"models": []}, "models", id="no models"),
        pytest.param({"models": ["groq/x"]}, "models", id="a model behind a provider that does not exist"),
        pytest.param({"providers": ["groq"]}, "providers", id="a provider that does not exist"),
        pytest.param({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "expires_at", id="over"),
    ],
)
async def test_a_change_that_would_allow_nothing_is_refused(db: Database, actor: Actor, changes: dict, field: str) -> None:
    issued = await client_keys.issue(actor, "app", Scope.GATEWAY, models=["alpha"])

    with pytest.raises(InvalidDraft) as raised:
        await client_keys.update(actor, issued.client_key.id, ClientKeyPatch.model_validate(changes))

    assert list(raised.value.reasons) == [field]
    assert await client_keys.get(actor, issued.client_key.id) == issued.client_key


async def acme(actor: Actor) -> None:
    await providers.create(actor, ProviderDraft(name="acme", base_url="https://93.184.216.34/v1", auth_type="none"))


async def alias(actor: Actor, name: str) -> Alias:
    return await aliases.create(actor, AliasDraft(name=name, targets=[TargetDraft(provider="acme", model="alpha")]))


def granted(db: Database) -> int:
    return len(db.rows("SELECT id FROM client_key_grant"))


async def test_a_key_does_not_follow_the_name_of_its_provider(db: Database, actor: Actor) -> None:
    await acme(actor)
    key_id = (await client_keys.issue(actor, "app", Scope.GATEWAY, models=["acme/alpha"], providers=["acme"])).client_key.id
    await providers.delete(actor, "acme")
    await acme(actor)

    held = await client_keys.get(actor, key_id)
    assert (held.models, held.providers) == ([], [])

    changed = await client_keys.update(actor, key_id, ClientKeyPatch(providers=["acme"]))
    assert (changed.models, changed.providers) == ([], ["acme"])


async def test_a_provider_that_is_restored_is_granted_as_before(db: Database, actor: Actor) -> None:
    await acme(actor)
    issued = (await client_keys.issue(actor, "app", Scope.GATEWAY, models=["acme/alpha", "beta"], providers=["acme"])).client_key
    await providers.delete(actor, "acme")
    await client_keys.update(actor, issued.id, ClientKeyPatch(name="still", providers=[], models=["beta"]))
    assert (await client_keys.get(actor, issued.id)).providers == []

    await providers.restore(actor, "acme")

    restored = await client_keys.get(actor, issued.id)
    assert (restored.models, restored.providers) == (["acme/alpha", "beta"], ["acme"])


async def test_a_list_that_is_replaced_keeps_nothing_of_what_is_in_the_trash(db: Database, actor: Actor) -> None:
    await acme(actor)
    issued = (await client_keys.issue(actor, "app", Scope.GATEWAY, models=["acme/alpha", "beta"])).client_key
    await providers.delete(actor, "acme")

    await client_keys.update(actor, issued.id, ClientKeyPatch(models=["gamma"]))

    assert db.rows("SELECT model FROM client_key_grant") == [("gamma",)]


async def test_an_alias_is_granted_by_id(db: Database, actor: Actor) -> None:
    await acme(actor)
    fast = await alias(actor, "fast")
    key_id = (await client_keys.issue(actor, "app", Scope.GATEWAY, models=["fast"])).client_key.id

    await aliases.update(actor, fast.id, AliasPatch(name="quick"))
    assert (await client_keys.get(actor, key_id)).models == ["quick"]
    await aliases.delete(actor, fast.id)
    await alias(actor, "quick")

    assert (await client_keys.get(actor, key_id)).models == []
    assert granted(db) == 0


async def test_a_model_stays_a_model_when_an_alias_takes_its_name(db: Database, actor: Actor) -> None:
    await acme(actor)
    key_id = (await client_keys.issue(actor, "app", Scope.GATEWAY, models=["fast"])).client_key.id
    await alias(actor, "fast")

    await client_keys.update(actor, key_id, ClientKeyPatch(models=["fast", "other"]))

    assert db.rows("SELECT alias_id, model FROM client_key_grant ORDER BY model") == [(None, "fast"), (None, "other")]


async def test_all_is_said_and_grants_are_gone_with_it(db: Database, actor: Actor) -> None:
    await acme(actor)
    key_id = (await client_keys.issue(actor, "app", Scope.GATEWAY, models=["acme/alpha"], providers=["acme"])).client_key.id
    before = [bool(flag) for row in db.rows("SELECT all_models, all_providers FROM client_key") for flag in row]

    changed = await client_keys.update(actor, key_id, ClientKeyPatch(models=None, providers=None))

    assert (before, changed.models, changed.providers, granted(db)) == ([False, False], None, None, 0)


async def test_a_key_that_has_ended_works_again_with_a_later_end(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.READ, expires_at=datetime.now(UTC) + timedelta(hours=1))
    await rewrite(ClientKeyRow, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    await client_keys.update(actor, issued.client_key.id, ClientKeyPatch(name="still over"))
    assert await client_keys.check(issued.key) is None

    await client_keys.update(actor, issued.client_key.id, ClientKeyPatch(expires_at=None))

    assert await client_keys.check(issued.key)


async def test_a_revoked_key_is_not_changed_any_more(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.GATEWAY)
    await client_keys.revoke(actor, issued.client_key.id)

    with pytest.raises(Conflict):
        await client_keys.update(actor, issued.client_key.id, ClientKeyPatch(name="back"))


async def test_only_admins_issue_and_revoke(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.READ)
    for attempt in (
        client_keys.issue(VIEWER, "x", Scope.ADMIN),
        client_keys.revoke(VIEWER, issued.client_key.id),
        client_keys.update(VIEWER, issued.client_key.id, ClientKeyPatch(name="mine")),
        client_keys.list_(ANONYMOUS),
    ):
        with pytest.raises(Forbidden):
            await attempt
    with pytest.raises(UnknownClientKey):
        await client_keys.revoke(actor, "nothing")

    assert await client_keys.check(issued.key)
