"""What a refused key goes through: out, written down once, tried again, back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor
from app.domain.credentials.credential import CredentialDraft, CredentialPatch, Held, KeyState
from app.domain.errors import RateLimited
from app.domain.probes.probe import ProbeResult, Verdict
from app.domain.providers.provider import Provider, ProviderDraft, ProviderPatch, Status
from app.domain.snapshot import Endpoint
from app.relay import call, keys
from app.relay.pipeline import Ask
from app.services import credentials, key_recovery, providers
from app.services.key_recovery import KeyRecovery
from app.services.probes import run_saved
from app.storage.database.columns import now
from tests.fixtures import held, make
from tests.fixtures.databases import Database, only_sqlite
from tests.fixtures.upstream import REFUSE, Upstream, answer, completion

CHAT = Ask("/chat/completions", b'{"model": "alpha"}')
FINE = answer(body=completion("alpha"))
AGO = timedelta(minutes=2)


@pytest.fixture
async def acme(db: Database, outgoing: None, upstream: Upstream, actor: Actor) -> AsyncIterator[Provider]:
    """A saved provider with one key."""
    keys.forget()
    await registry.shared.start(watch=False)
    draft = {"name": "acme", "base_url": upstream.base_url, "auth_type": "api_key", "models": ["alpha"]}
    yield await providers.create(actor, ProviderDraft.model_validate({**draft, "credential": {"secret": {"api_key": make.SECRET}}}))
    await registry.shared.stop()
    keys.forget()


@pytest.fixture
async def recovery() -> AsyncIterator[KeyRecovery]:
    """Listening, as in a process that serves."""
    made = KeyRecovery()
    made.start()
    yield made
    await made.stop()


def endpoint() -> Endpoint:
    return registry.shared.endpoint("acme")


async def asked() -> str:
    """How one request of an application ends: "ok" or the error's code."""
    try:
        async with call(endpoint(), CHAT) as reply:
            await reply.read()
    except Exception as error:  # noqa: BLE001 - whatever it is, the test says what it expects
        return str(getattr(error, "code", error))
    return "ok"


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 3) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - only the database tells
            await asyncio.sleep(0.005)


async def out(key_id: str, *, since: timedelta = AGO, due: bool = True, **columns: Any) -> None:
    """Refused a while ago."""
    at = now()
    retry = at - timedelta(minutes=1) if due else at + timedelta(minutes=1)
    columns = {"state_reason": key_recovery.REFUSED, "state_since": at - since, "next_retry_at": retry, **columns}
    await held.change(key_id, state=KeyState.AUTO_DISABLED, **columns)


async def test_a_refused_key_is_written_down_once_and_at_once(acme: Provider, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_recovery, "TICK_SECONDS", 600)  # nothing but the news itself wakes the recovery
    recovery = KeyRecovery()
    recovery.start()
    key_id = acme.credentials[0].id
    upstream.on("/chat/completions", REFUSE)
    many = [asyncio.ensure_future(asked()) for _ in range(10)]
    assert set(await asyncio.gather(*many)) <= {"upstream_refused", "no_credential"}

    async def is_known() -> bool:
        return endpoint().keys[0].state is KeyState.AUTO_DISABLED

    await until(is_known)
    await recovery.stop()
    row, found = await held.row(key_id), await held.entries("credential:key:auto_disable")

    assert (row.state_reason, row.state_since is not None) == ("refused", True)
    assert row.next_retry_at is not None and timedelta(0) < row.next_retry_at - datetime.now(UTC) <= timedelta(minutes=1)
    assert len(found) == 1
    assert (found[0].actor.type, found[0].target.name, found[0].changes["state"]) == (
        "system", "acme", {"before": "active", "after": "auto_disabled"},
    )  # fmt: skip


async def test_two_processes_that_see_it_write_one_entry(acme: Provider, upstream: Upstream) -> None:
    upstream.on("/chat/completions", REFUSE)
    stale = endpoint()
    for _ in range(2):
        keys.forget()  # another process knows nothing of the first
        with pytest.raises(Exception, match="rejected the key"):
            async with call(stale, CHAT):
                pass
        await KeyRecovery().flush()

    assert len(await held.entries("credential:key:auto_disable")) == 1


async def test_a_refusal_of_a_secret_that_was_replaced_changes_nothing(acme: Provider, upstream: Upstream, actor: Actor) -> None:
    upstream.on("/chat/completions", REFUSE)
    await asked()
    await providers.update(actor, "acme", ProviderPatch.model_validate({"credential": {"secret": {"api_key": "sk-new-secret-77"}}}))

    await KeyRecovery().flush()

    assert (await held.row(acme.credentials[0].id)).state == KeyState.ACTIVE
    assert await held.entries("credential:key:auto_disable") == []
    upstream.on("/chat/completions", FINE)
    assert await asked() == "ok"


@pytest.mark.parametrize("reason", [Held.ROTATION, Held.ROLLBACK])
@only_sqlite
async def test_a_key_that_traffic_does_not_use_keeps_its_state(acme: Provider, upstream: Upstream, reason: Held) -> None:
    new = await held.add(acme, "sk-other-9", state=KeyState.STANDBY, state_reason=reason)
    await registry.shared.rebuild()
    upstream.on("/chat/completions", REFUSE)
    alone = keys.alone(endpoint(), new)
    assert alone is not None

    with pytest.raises(Exception, match="rejected the key"):
        async with call(alone, CHAT):
            pass
    await KeyRecovery().flush()

    assert ((row := await held.row(new)).state, row.state_reason) == (KeyState.STANDBY, reason)


async def test_a_request_makes_the_trial_and_success_brings_the_key_back(acme: Provider, upstream: Upstream, recovery: KeyRecovery) -> None:
    key_id = acme.credentials[0].id
    await out(key_id)
    upstream.on("/chat/completions", FINE)

    assert await asked() == "ok"

    async def is_back() -> bool:
        return (await held.row(key_id)).state == KeyState.ACTIVE

    await until(is_back)
    row, found = await held.row(key_id), await held.entries("credential:key:recover")
    assert (row.state_reason, row.next_retry_at) == ("", None)
    assert [(entry.actor.type, entry.changes["state"]["after"]) for entry in found] == [("system", "active")]


@only_sqlite
async def test_a_reserve_becomes_a_reserve_again(acme: Provider, upstream: Upstream) -> None:
    reserve = await held.add(acme, "sk-reserve-3", state=KeyState.STANDBY)
    await registry.shared.rebuild()
    upstream.on("/chat/completions", REFUSE)
    await asked()
    await KeyRecovery().flush()
    assert (await held.row(reserve)).state == KeyState.AUTO_DISABLED

    await held.change(reserve, next_retry_at=now() - AGO)
    keys.forget()
    upstream.on("/chat/completions", FINE)
    await asked()
    await KeyRecovery().flush()

    assert ((row := await held.row(reserve)).state, row.state_reason) == (KeyState.STANDBY, "")


async def test_without_traffic_a_probe_makes_the_trial(acme: Provider, upstream: Upstream, recovery: KeyRecovery) -> None:
    key_id = acme.credentials[0].id
    await out(key_id)

    async def is_back() -> bool:
        return (await held.row(key_id)).state == KeyState.ACTIVE

    await until(is_back)

    # With the key, and once without: an open list would prove nothing.
    assert [(heard.path, "authorization" in heard.headers) for heard in upstream.heard] == [("/v1/models", True), ("/v1/models", False)]
    assert len(await held.entries("credential:key:recover")) == 1


@pytest.mark.parametrize(
    ("out_for", "waits"), [(0, 5), (1, 5), (4.9, 5), (6, 15), (19, 15), (21, 60), (600, 60)], ids=lambda minutes: f"{minutes} min"
)
def test_trials_become_rarer(out_for: float, waits: float) -> None:
    assert key_recovery.next_trial(timedelta(minutes=out_for)) == timedelta(minutes=waits)


@pytest.mark.parametrize("script", [REFUSE, answer(500, {})], ids=["refused again", "no clear answer"])
@only_sqlite
async def test_a_trial_that_fails_puts_the_next_one_off_without_an_entry(
    acme: Provider, upstream: Upstream, recovery: KeyRecovery, script: Any
) -> None:
    key_id = acme.credentials[0].id
    await out(key_id)
    upstream.on("/models", script)

    async def is_put_off() -> bool:
        retry = endpoint().keys[0].next_retry_at
        return retry is not None and retry - now() > timedelta(minutes=4)

    await until(is_put_off)
    asked_once = len(upstream.heard)

    assert (asked_once, (await held.row(key_id)).state) == (1, KeyState.AUTO_DISABLED)
    assert await held.entries("credential:key:recover") == await held.entries("credential:key:auto_disable") == []


@only_sqlite
async def test_a_provider_that_is_off_is_left_alone(acme: Provider, upstream: Upstream, actor: Actor) -> None:
    await out(acme.credentials[0].id)
    await providers.disable(actor, "acme")
    recovery = KeyRecovery()

    await recovery.retry_due()
    await recovery.stop()

    assert upstream.heard == []


async def test_one_process_of_two_makes_the_trial(acme: Provider, upstream: Upstream) -> None:
    await out(acme.credentials[0].id)
    first, second = KeyRecovery(), KeyRecovery()

    await first.retry_due()
    keys.forget()  # another process
    await second.retry_due()
    for recovery in (first, second):
        await asyncio.gather(*recovery._trials.values())

    assert len([heard for heard in upstream.heard if "authorization" in heard.headers]) == 1


@only_sqlite
async def test_a_list_that_turns_out_to_be_public_brings_no_key_back(acme: Provider, upstream: Upstream) -> None:
    upstream.is_public = True
    await out(acme.credentials[0].id)
    recovery = KeyRecovery()
    await recovery.retry_due()
    await asyncio.gather(*recovery._trials.values())
    await recovery.flush()

    assert (await held.row(acme.credentials[0].id)).state == KeyState.AUTO_DISABLED


@only_sqlite
async def test_a_public_list_proves_nothing_and_a_request_has_to(
    acme: Provider, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import presets

    public = presets.get("openai").model_copy(update={"model_list_public": True, "key_check": ""})
    monkeypatch.setattr(presets, "find", lambda _: public)
    await out(acme.credentials[0].id)
    recovery = KeyRecovery()
    for _ in range(2):
        await recovery.retry_due()
        await asyncio.gather(*recovery._trials.values())
    probed = len(upstream.heard)

    upstream.on("/chat/completions", FINE)
    assert await asked() == "ok"
    await recovery.stop()

    assert probed == 1
    assert (await held.row(acme.credentials[0].id)).state == KeyState.ACTIVE


@only_sqlite
async def test_a_key_that_cools_is_told_to_tabs_and_to_nobody_else(acme: Provider, upstream: Upstream, recovery: KeyRecovery) -> None:
    told: list[int] = []
    leave = registry.shared.subscribe(lambda snapshot: told.append(snapshot.revision), hints=True)
    before = registry.shared.snapshot
    upstream.on("/chat/completions", answer(429, {}, {"retry-after": "20"}))

    assert await asked() == RateLimited.code

    async def is_told() -> bool:
        return bool(told)

    await until(is_told)
    leave()

    assert (told, registry.shared.snapshot) == ([before.revision], before)
    assert (await held.row(acme.credentials[0].id)).state == KeyState.ACTIVE


@only_sqlite
async def test_the_last_use_of_a_key_is_written(acme: Provider, upstream: Upstream) -> None:
    upstream.on("/chat/completions", FINE)
    recovery = KeyRecovery()
    await asked()
    await recovery.retry_due()

    used = (await held.row(acme.credentials[0].id)).last_used_at
    await recovery.stop()

    assert used is not None and abs((datetime.now(UTC) - used).total_seconds()) < 60


async def outcome(actor: Actor, **options: Any) -> ProbeResult:
    *_, result = [step async for step in run_saved(actor, "acme", **options)]
    assert isinstance(result, ProbeResult)
    return result


@only_sqlite
async def test_a_test_by_hand_takes_a_key_out_and_its_result_stays(acme: Provider, upstream: Upstream, actor: Actor) -> None:
    upstream.on("/models", REFUSE)

    await outcome(actor)
    await KeyRecovery().flush()
    shown = await providers.get(actor, "acme")

    assert (shown.credentials[0].state, shown.status) == (KeyState.AUTO_DISABLED, Status.ATTENTION)
    assert shown.last_test is not None and shown.last_test.result.verdict is Verdict.AUTH_FAILED


@pytest.mark.parametrize("of_the_key", [True, False], ids=["of the key", "of the provider"])
@only_sqlite
async def test_a_test_by_hand_brings_a_key_back(acme: Provider, upstream: Upstream, actor: Actor, of_the_key: bool) -> None:
    key_id = acme.credentials[0].id
    await out(key_id, due=False)

    result = await outcome(actor, depth="auth", **({"credential_id": key_id} if of_the_key else {}))
    await KeyRecovery().flush()

    assert result.ok
    assert (await providers.get(actor, "acme")).credentials[0].state is KeyState.ACTIVE


@only_sqlite
async def test_a_new_key_needs_no_trial(acme: Provider, upstream: Upstream, actor: Actor) -> None:
    await out(acme.credentials[0].id, due=False)

    await providers.update(actor, "acme", ProviderPatch.model_validate({"credential": {"secret": {"api_key": "sk-new-secret-77"}}}))

    row = await held.row(acme.credentials[0].id)
    assert (row.state, row.state_reason, row.next_retry_at) == (KeyState.ACTIVE, "", None)
    upstream.on("/chat/completions", FINE)
    assert await asked() == "ok"


@only_sqlite
async def test_an_admin_may_take_a_key_back_before_its_trial(acme: Provider, upstream: Upstream, actor: Actor) -> None:
    upstream.on("/chat/completions", REFUSE)
    await asked()
    await KeyRecovery().flush()

    await credentials.update(actor, acme.credentials[0].id, CredentialPatch(state=KeyState.ACTIVE))
    upstream.on("/chat/completions", FINE)

    assert await asked() == "ok"


@only_sqlite
async def test_pages_show_that_a_key_cools_and_that_another_is_left(acme: Provider, upstream: Upstream, actor: Actor) -> None:
    upstream.on("/chat/completions", answer(429, {}, {"retry-after": "20"}))
    revision = registry.shared.snapshot.revision
    await asked()

    [alone] = (await providers.changes(actor, since=revision)).items
    [key] = await credentials.list_(actor, "acme")
    await credentials.add(actor, "acme", CredentialDraft.model_validate({"secret": {"api_key": "sk-second-key-91"}}))
    both = await providers.get(actor, "acme")

    assert (alone.credentials[0].state, alone.status) == (KeyState.COOLING, Status.LIMITED)
    assert (key.state, key.state_reason, key.next_retry_at is not None) == (KeyState.COOLING, "rate_limit", True)
    assert both.status is Status.NOT_TESTED
    assert {k.state for k in both.credentials} == {KeyState.COOLING, KeyState.ACTIVE}
