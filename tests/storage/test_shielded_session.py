"""Whoever is cancelled in the middle of reading leaves nothing behind that keeps a writer out."""

import asyncio
from datetime import UTC, datetime
from random import Random
from typing import Any

from app.domain.actor import Actor
from app.domain.providers.provider import ProviderDraft
from app.services import client_keys, providers
from app.storage import client_keys as rows
from app.storage.database.shielded_session import finish_despite_cancel
from app.storage.work import work

ROUNDS = 120  # without the cure one of the first twenty locked the database for good


async def test_reads_that_are_cancelled_never_keep_a_writer_out(db: Any, actor: Actor) -> None:
    for number in range(5):
        draft = ProviderDraft.model_validate({"name": f"lab-{number}", "base_url": "http://127.0.0.1:9/v1", "auth_type": "none"})
        await providers.create(actor, draft)
    moments = Random(1)  # noqa: S311 - not a secret
    for _ in range(ROUNDS):
        reading = [asyncio.create_task(providers.list_(actor)) for _ in range(3)]
        also = asyncio.create_task(client_keys.list_(actor))
        await asyncio.sleep(moments.random() * 0.02)
        for task in (*reading, also):
            task.cancel()
        await asyncio.gather(*reading, also, return_exceptions=True)

        async with asyncio.timeout(5), work(actor, audited=False) as doing:
            await rows.used(doing.session, "nobody", at=datetime.now(UTC), model="", status=200, ms=1)


async def test_a_step_ends_before_its_caller_is_cancelled() -> None:
    ended = asyncio.Event()
    begun = asyncio.Event()

    async def step() -> None:
        begun.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ended.set()

    caller = asyncio.create_task(finish_despite_cancel(step()))
    await begun.wait()
    caller.cancel()
    await asyncio.wait([caller])

    assert caller.cancelled()
    assert ended.is_set()
