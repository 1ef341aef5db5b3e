"""A key is rotated while applications call: nobody notices, and every step stands in the audit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from app.domain.actor import Actor
from app.domain.credentials.credential import CredentialDraft
from app.domain.probes.probe import ProbeResult
from app.services import audit, rotation
from app.services.probes import run_saved
from tests.fixtures import held, make
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import Upstream, answer, by_key, completion
from tests.gateway.conftest import Gateway

NEW = "sk-new-9c1d27e84b06"
CONNECTIONS = 4
ASK = {"model": "acme/alpha", "messages": [{"role": "user", "content": "Hi"}]}


@only_sqlite
async def test_a_rotation_under_load_fails_no_request(
    upstream: Upstream, add: Callable[..., Awaitable[Any]], gateway: Gateway, actor: Actor
) -> None:
    provider = await add("acme", upstream.base_url)
    fine = answer(body=completion("alpha"))
    upstream.on("/chat/completions", by_key({make.SECRET: fine, NEW: fine}))
    statuses: list[list[int]] = [[] for _ in range(CONNECTIONS)]
    is_over = asyncio.Event()

    async def call(mine: list[int]) -> None:
        while not is_over.is_set():
            mine.append((await gateway.http.post("/v1/chat/completions", json=ASK)).status_code)

    async def used_now() -> set[str]:
        """The keys that arrive with requests sent from here on."""
        before = [len(mine) for mine in statuses]
        while any(len(mine) == count for mine, count in zip(statuses, before, strict=True)):  # noqa: ASYNC110 - what runs holds its key
            await asyncio.sleep(0.002)
        upstream.heard.clear()
        while len(upstream.heard) < CONNECTIONS:  # noqa: ASYNC110 - a counter of other tasks
            await asyncio.sleep(0.002)
        return {heard.headers["authorization"].removeprefix("Bearer ") for heard in upstream.heard if heard.path.endswith("completions")}

    calling = [asyncio.create_task(call(mine)) for mine in statuses]
    seen: list[set[str]] = []
    async with asyncio.timeout(30):
        new = await rotation.start(actor, "acme", CredentialDraft.model_validate({"secret": {"api_key": NEW}}))
        *_, tested = [step async for step in run_saved(actor, "acme", credential_id=new.id, depth="auth")]
        seen.append(await used_now())
        await rotation.promote(actor, new.id)
        seen.append(await used_now())
        await rotation.rollback(actor, new.id)
        seen.append(await used_now())
        await rotation.promote(actor, new.id, keep_hours=0)
        seen.append(await used_now())
        await held.change(provider.credentials[0].id, retire_at=held.PAST)
        await rotation.retire()
        seen.append(await used_now())
        is_over.set()
        await asyncio.gather(*calling)

    assert isinstance(tested, ProbeResult) and tested.ok
    assert {status for mine in statuses for status in mine} == {200}
    assert seen == [{make.SECRET}, {NEW}, {make.SECRET}, {NEW}, {NEW}]
    steps = [item.action.split(":", 1)[1] for item in reversed((await audit.page(actor, target_id=provider.id)).items)]
    assert steps[-6:] == ["key:add", "connection:test", "key:promote", "key:rollback", "key:promote", "key:retire"]
    assert (await audit.verify(actor)).ok
