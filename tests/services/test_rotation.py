"""A key is replaced without a gap: at every step exactly one of the two is traffic's to use, and there is a way back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from app import registry
from app.domain.actor import Actor, ActorType, Role
from app.domain.credentials.credential import Credential, CredentialDraft, CredentialPatch, Held, KeyState
from app.domain.errors import DuplicateKey, Forbidden, InvalidDraft, RotationConflict, UnknownCredential
from app.domain.probes.probe import ProbeResult
from app.domain.providers.provider import Provider, ProviderDraft, Status
from app.relay.keys import choose
from app.services import credentials, probes, providers, rotation
from app.storage.audit_tables import AuditRow
from app.storage.database import engine
from app.storage.tables import CredentialRow
from app.upstream import references
from tests.fixtures.databases import Database
from tests.fixtures.upstream import MODELS, Upstream

OLD, NEW = "sk-planted-old-5d1e9c77a0b3f1", "sk-planted-new-8e2f9c77a0b3e2"
VIEWER = Actor(ActorType.USER, "u-viewer", "Vera", Role.VIEWER)


@pytest.fixture
async def house(db: Any, upstream: Upstream, outgoing: None) -> AsyncIterator[None]:
    """The registry over this test's database, and a provider on loopback."""
    await registry.shared.start(watch=False)
    yield
    await registry.shared.stop()


pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
async def saved(actor: Actor, upstream: Upstream) -> Provider:
    body = {
        "name": "mine",
        "base_url": upstream.base_url,
        "credential": {"secret": {"api_key": OLD}, "weight": 7, "priority": 3},
        "default_model": MODELS[0],
    }
    return await providers.create(actor, ProviderDraft.model_validate(body))


def draft(secret: str = NEW, **fields: Any) -> CredentialDraft:
    return CredentialDraft.model_validate({"secret": {"api_key": secret}, **fields})


async def entries() -> list[str]:
    async with engine.session() as session:
        actions = (await session.exec(select(AuditRow.action).order_by(AuditRow.seq))).all()
    return [a for a in actions if a.startswith("credential:key:")]


async def keys(actor: Actor) -> dict[str, Credential]:
    return {c.hint: c for c in await credentials.list_(actor, "mine")}


def in_use() -> str:
    """Id of the key that the next request takes; there is exactly one it can take."""
    endpoint = registry.shared.endpoint("mine")
    active = [key.id for key in endpoint.keys if key.state is KeyState.ACTIVE]
    assert len(active) == 1
    chosen = choose(endpoint)
    assert chosen is not None
    assert chosen.id == active[0]
    return active[0]


async def test_the_new_key_waits_takes_over_and_the_way_back_is_one_call(actor: Actor, saved: Provider) -> None:
    [old] = saved.credentials

    new = await rotation.start(actor, "mine", draft())
    assert (new.state, new.state_reason, new.replaces, in_use()) == (KeyState.STANDBY, Held.ROTATION, old.id, old.id)

    promoted = await rotation.promote(actor, new.id, keep_hours=48)
    kept = (await keys(actor))[OLD[-4:]]
    assert (promoted.state, promoted.state_reason, promoted.weight, promoted.priority) == (KeyState.ACTIVE, "", 7, 3)
    assert (kept.state, kept.state_reason, in_use()) == (KeyState.STANDBY, Held.ROLLBACK, new.id)
    assert kept.retire_at is not None
    assert timedelta(hours=47) < kept.retire_at - datetime.now(UTC) <= timedelta(hours=48)

    back = await rotation.rollback(actor, new.id)
    waiting = (await keys(actor))[NEW[-4:]]
    assert (back.id, back.state, back.retire_at, in_use()) == (old.id, KeyState.ACTIVE, None, old.id)
    assert (waiting.state, waiting.state_reason) == (KeyState.STANDBY, Held.ROTATION)

    await rotation.promote(actor, new.id)
    await rotation.rollback(actor, old.id)  # the other half may be named too
    assert in_use() == old.id
    await rotation.cancel(actor, new.id)
    assert list(await keys(actor)) == [OLD[-4:]]
    assert await entries() == [f"credential:key:{did}" for did in ("add", "promote", "rollback", "promote", "rollback", "remove")]


async def test_a_request_that_runs_keeps_the_key_it_began_with(actor: Actor, saved: Provider) -> None:
    held = registry.shared.endpoint("mine")
    new = await rotation.start(actor, "mine", draft())

    await rotation.promote(actor, new.id)

    assert (chosen := choose(held)) is not None
    assert (chosen.id, in_use()) == (saved.credentials[0].id, new.id)


async def test_the_new_key_is_tested_beside_the_old_and_brings_its_proof_along(actor: Actor, saved: Provider, upstream: Upstream) -> None:
    new = await rotation.start(actor, "mine", draft())
    steps = [step async for step in probes.run_saved(actor, "mine", credential_id=new.id)]

    assert isinstance(steps[-1], ProbeResult)
    assert steps[-1].ok
    assert {heard.headers["authorization"] for heard in upstream.heard if "authorization" in heard.headers} == {f"Bearer {NEW}"}
    assert (await providers.get(actor, "mine")).status is Status.NOT_TESTED
    assert (await keys(actor))[NEW[-4:]].last_test is not None

    await rotation.promote(actor, new.id)

    assert (await providers.get(actor, "mine")).status is Status.WORKING


async def test_a_test_reaches_an_expired_key_but_none_that_is_off(actor: Actor, saved: Provider, upstream: Upstream, db: Database) -> None:
    key_id = saved.credentials[0].id
    db.run("UPDATE credential SET expires_at = '2026-01-01 00:00:00'")
    await registry.shared.rebuild()

    expired = [step async for step in probes.run_saved(actor, "mine", credential_id=key_id, depth="auth")][-1]
    await credentials.update(actor, key_id, CredentialPatch(state=KeyState.DISABLED))
    upstream.heard.clear()
    off = [step async for step in probes.run_saved(actor, "mine", credential_id=key_id, depth="auth")][-1]

    assert isinstance(expired, ProbeResult)
    assert isinstance(off, ProbeResult)
    assert (expired.ok, off.ok) == (True, False)
    assert [heard.headers.get("authorization") for heard in upstream.heard if "authorization" in heard.headers] == []


async def test_the_old_key_is_deleted_once_when_its_time_is_over(actor: Actor, saved: Provider, db: Database) -> None:
    new = await rotation.start(actor, "mine", draft())
    await rotation.promote(actor, new.id, keep_hours=1)
    assert await rotation.retire() == []

    db.run("UPDATE credential SET retire_at = '2026-01-01 00:00:00' WHERE retire_at IS NOT NULL")

    answers = await asyncio.gather(*(rotation.retire() for _ in range(4)))
    assert [key_id for gone in answers for key_id in gone] == [saved.credentials[0].id]
    assert (list(await keys(actor)), in_use()) == ([NEW[-4:]], new.id)
    async with engine.session() as session:
        [entry] = (await session.exec(select(AuditRow).where(AuditRow.action == "credential:key:retire"))).all()
    assert (entry.actor_type, entry.changes["api_key"]["fp_before"]) == ("system", saved.credentials[0].fingerprint)
    with pytest.raises(RotationConflict, match="no old key"):
        await rotation.rollback(actor, new.id)


async def test_a_serving_process_retires_by_itself(actor: Actor, saved: Provider) -> None:
    new = await rotation.start(actor, "mine", draft())
    await rotation.promote(actor, new.id, keep_hours=0)
    retirement = rotation.retirement()
    told = registry.shared.snapshot.revision

    retirement.start()
    async with asyncio.timeout(5):
        while registry.shared.snapshot.revision == told:  # noqa: ASYNC110 - only the registry tells
            await asyncio.sleep(0.01)
    await retirement.stop()

    assert list(await keys(actor)) == [NEW[-4:]]


async def test_of_several_keys_the_one_that_is_meant_is_named(actor: Actor, saved: Provider) -> None:
    await credentials.add(actor, "mine", draft("sk-planted-more-1c2d3e4f5a6b"))
    reserve = await credentials.add(actor, "mine", draft("sk-planted-less-1c2d3e4f5a6b", state="standby"))

    with pytest.raises(InvalidDraft, match="key to replace"):
        await rotation.start(actor, "mine", draft())
    with pytest.raises(InvalidDraft, match="in use"):
        await rotation.start(actor, "mine", draft(), replaces=reserve.id)
    with pytest.raises(UnknownCredential):
        await rotation.start(actor, "mine", draft(), replaces="nobody")
    with pytest.raises(DuplicateKey, match="already has this key"):
        await rotation.start(actor, "mine", draft(OLD), replaces=saved.credentials[0].id)
    new = await rotation.start(actor, "mine", draft(), replaces=saved.credentials[0].id)
    with pytest.raises(InvalidDraft, match="already being replaced"):
        await rotation.start(actor, "mine", draft("sk-planted-again-1c2d3e4f5a6b"), replaces=saved.credentials[0].id)
    assert new.label == "Key 1 (2)"


async def test_no_step_is_taken_out_of_its_turn(actor: Actor, saved: Provider) -> None:
    [old] = saved.credentials
    for step in (rotation.promote, rotation.rollback, rotation.cancel):
        with pytest.raises(RotationConflict):
            await step(actor, old.id)
        with pytest.raises(UnknownCredential):
            await step(actor, "nobody")
    new = await rotation.start(actor, "mine", draft())
    with pytest.raises(RotationConflict):
        await credentials.update(actor, new.id, CredentialPatch(state=KeyState.ACTIVE))
    for hours in (-1, 721):
        with pytest.raises(InvalidDraft, match="720"):
            await rotation.promote(actor, new.id, keep_hours=hours)
    await rotation.promote(actor, new.id)
    with pytest.raises(RotationConflict):
        await rotation.promote(actor, new.id)
    with pytest.raises(RotationConflict, match="Roll back"):
        await credentials.remove(actor, new.id)
    await credentials.remove(actor, old.id)
    await credentials.remove(actor, new.id)
    assert await keys(actor) == {}


async def test_a_viewer_turns_no_key(actor: Actor, saved: Provider) -> None:
    with pytest.raises(Forbidden):
        await rotation.start(VIEWER, "mine", draft())
    for step in (rotation.promote, rotation.rollback, rotation.cancel):
        with pytest.raises(Forbidden):
            await step(VIEWER, saved.credentials[0].id)


async def test_a_new_key_that_was_never_promoted_outlives_the_old_and_can_still_take_over(actor: Actor, saved: Provider) -> None:
    new = await rotation.start(actor, "mine", draft())
    await credentials.remove(actor, saved.credentials[0].id)

    await rotation.promote(actor, new.id)

    assert in_use() == new.id
    async with engine.session() as session:
        assert len((await session.exec(select(CredentialRow))).all()) == 1


async def test_the_new_key_may_live_elsewhere_and_is_read_when_it_is_used(
    actor: Actor, saved: Provider, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    references.forget()
    place = CredentialDraft.model_validate({"reference": {"api_key": {"env": "PATCHBAY_SECRET_ROTATED"}}})
    new = await rotation.start(actor, "mine", place)
    none_there = [step async for step in probes.run_saved(actor, "mine", credential_id=new.id, depth="auth")][-1]
    assert {heard.headers.get("authorization", "") for heard in upstream.heard} <= {""}

    monkeypatch.setenv("PATCHBAY_SECRET_ROTATED", NEW)
    there = [step async for step in probes.run_saved(actor, "mine", credential_id=new.id, depth="auth")][-1]

    assert isinstance(none_there, ProbeResult)
    assert isinstance(there, ProbeResult)
    assert none_there.error is not None
    assert (none_there.error.code, there.ok) == ("key_place_empty", True)
    assert {heard.headers.get("authorization", "") for heard in upstream.heard} >= {f"Bearer {NEW}"}
