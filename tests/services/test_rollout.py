"""How far a change has come is counted from what the workers say, and nothing is claimed for one that is silent."""

from datetime import timedelta

import pytest

from app import registry
from app.domain.actor import SYSTEM, Actor
from app.domain.ids import uuid7
from app.domain.keyring import Spread, Worker
from app.services import registry_admin, rollout
from app.storage import instance
from app.storage.tables import now
from app.storage.work import work
from tests.fixtures.databases import Database


async def beat(revision: int, *, worker_id: str = "", ago: float = 0.0) -> str:
    """A worker says which revision it answers by."""
    at = now() - timedelta(seconds=ago)
    worker = Worker(
        worker_id=worker_id or uuid7(), kind="gateway", host="web-1", pid=4711, started_at=at, seen_at=at, kids=[], revision=revision
    )
    async with work(SYSTEM, audited=False) as doing:
        await instance.beat(doing.session, worker)
    return worker.worker_id


@pytest.fixture
async def held(db: Database, actor: Actor) -> int:
    """The revision after a change that this process knows of."""
    await registry.shared.start(watch=False)
    await registry_admin.refresh(actor)
    return registry.shared.snapshot.revision


@pytest.fixture
def told() -> list[Spread]:
    return []


@pytest.fixture
def following(held: int, told: list[Spread]) -> rollout.Rollout:
    made = rollout.Rollout(told.append)
    made.news(registry.shared.snapshot)
    return made


async def test_a_change_is_told_everywhere_only_once_every_worker_said_so(
    following: rollout.Rollout, held: int, told: list[Spread]
) -> None:
    quick, slow = await beat(held), await beat(held - 1)
    await following.look()
    await following.look()
    await beat(held, worker_id=slow)
    await following.look()

    assert [(spread.live, spread.of, [late.worker_id for late in spread.late]) for spread in told] == [(1, 2, [slow]), (2, 2, [])]
    assert told[0].seconds is None
    assert told[1].seconds is not None and 0 < told[1].seconds < 30
    assert quick != slow


async def test_a_worker_that_died_is_missed_for_a_minute_and_one_that_ended_not_at_all(
    following: rollout.Rollout, held: int, told: list[Spread]
) -> None:
    await beat(held)
    dead, ended = await beat(held - 1, ago=59), await beat(held)
    await following.look()
    async with work(SYSTEM, audited=False) as doing:
        await instance.stop(doing.session, ended)
    await following.look()
    await beat(held - 1, worker_id=dead, ago=61)
    await following.look()

    assert [(spread.live, spread.of) for spread in told] == [(2, 3), (1, 2), (1, 1)]


async def test_the_time_of_a_change_stays_until_the_next(following: rollout.Rollout, held: int, actor: Actor, told: list[Spread]) -> None:
    worker = await beat(held)
    await following.look()
    await beat(held)  # one more worker, no change
    await following.look()
    await registry_admin.refresh(actor)
    following.news(registry.shared.snapshot)
    await following.look()

    assert told[1].seconds == told[0].seconds
    assert (told[2].seconds, told[2].live, told[2].revision) == (None, 0, held + 1)
    assert worker in {late.worker_id for late in told[2].late}


async def test_the_status_names_every_worker_with_its_revision_and_age(held: int, actor: Actor) -> None:
    current, behind = await beat(held), await beat(held - 1, ago=12)

    listed = {worker["worker_id"]: worker for worker in (await registry_admin.status(actor))["workers"]}

    assert [listed[w]["is_current"] for w in (current, behind)] == [True, False]
    assert 12 <= listed[behind]["age_seconds"] < 40
    assert (listed[behind]["kind"], listed[behind]["host"], listed[behind]["pid"]) == ("gateway", "web-1", 4711)
