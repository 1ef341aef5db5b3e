"""Ready means: database, schema, key and registry are there."""

import asyncio

import pytest

from app import registry
from app.services import readiness
from app.vault import ring


@pytest.mark.usefixtures("db")
async def test_a_process_is_ready_once_everything_is_open() -> None:
    assert not (await readiness.look()).checks["registry"]

    await registry.shared.start(watch=False)
    found = await readiness.look()
    await registry.shared.stop()

    assert (found.ready, set(found.checks.values())) == (True, {True})


@pytest.mark.usefixtures("db")
async def test_without_a_key_it_is_not_ready() -> None:
    ring.install(None)

    found = await readiness.look()

    assert (found.ready, found.checks["key"], found.checks["database"]) == (False, False, True)


async def test_without_a_database_it_is_not_ready() -> None:
    found = await readiness.look()

    assert (found.ready, found.checks["database"]) == (False, False)


@pytest.mark.usefixtures("db")
async def test_a_crowd_of_strangers_costs_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    looking = readiness.look

    async def counted() -> readiness.Readiness:
        nonlocal looks
        looks += 1
        return await looking()

    monkeypatch.setattr(readiness, "look", counted)
    asked = [asyncio.create_task(readiness.shared()) for _ in range(100)]
    await asyncio.sleep(0)
    asked[0].cancel()  # who asked first hangs up
    found = await asyncio.gather(*asked[1:])
    assert (looks, len(found)) == (1, 99)

    await readiness.shared()

    assert looks == 2
