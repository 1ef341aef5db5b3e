"""Keys for applications: readable once, worth nothing to a thief of the database, gone when revoked."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain import client_key
from app.domain.actor import ANONYMOUS, Actor, ActorType, Role, Scope
from app.domain.errors import Forbidden, InvalidDraft, UnknownClientKey
from app.services import client_keys
from tests.fixtures.databases import Database

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
    db.run("UPDATE client_key SET expires_at = '2020-01-01 00:00:00.000000'")

    assert await client_keys.check(issued.key) is None


async def test_issuing_and_revoking_raise_the_revision_so_that_the_registry_sees_them(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.GATEWAY, models=["b", "a", "a"], providers=["groq"])
    assert sql(db, "SELECT revision FROM instance") == [(1,)]
    await client_keys.revoke(actor, issued.client_key.id)

    assert sql(db, "SELECT revision FROM instance") == [(2,)]
    assert (issued.client_key.models, issued.client_key.providers) == (["a", "b"], ["groq"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"name": "  "}, "name", id="no name"),
        pytest.param({"name": "x" * 81}, "name", id="long name"),
        pytest.param({"models": []}, "models", id="no models"),
        pytest.param({"providers": []}, "providers", id="no providers"),
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


async def test_only_admins_issue_and_revoke(db: Database, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "app", Scope.READ)
    for attempt in (
        client_keys.issue(VIEWER, "x", Scope.ADMIN),
        client_keys.revoke(VIEWER, issued.client_key.id),
        client_keys.list_(ANONYMOUS),
    ):
        with pytest.raises(Forbidden):
            await attempt
    with pytest.raises(UnknownClientKey):
        await client_keys.revoke(actor, "nothing")

    assert await client_keys.check(issued.key)
