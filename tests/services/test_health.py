"""What calls teach reaches the database from every process and the pages of one, and never the audit or the registry."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor
from app.domain.credentials.credential import KeyState
from app.domain.errors import RateLimited, Unreachable, UpstreamError
from app.domain.providers.health import Health, Source
from app.domain.providers.provider import Provider, ProviderDraft, ProviderPatch, ProviderQuery, Status
from app.relay import health_changes, provider_outcomes
from app.services import health, providers
from app.services.health import Recorder, Watch
from app.services.probes import run_saved
from app.storage.database import engine
from tests.fixtures import held, make
from tests.fixtures.databases import Database
from tests.fixtures.upstream import Upstream, answer, completion

AWAY = Unreachable("Nothing listens there.", details={"kind": "refused"})


@pytest.fixture
async def acme(db: Database, outgoing: None, upstream: Upstream, actor: Actor) -> AsyncIterator[Provider]:
    """A saved provider with one key that answers."""
    upstream.on("/chat/completions", answer(body=completion("alpha")))
    await registry.shared.start(watch=False)
    draft = {"name": "acme", "base_url": upstream.base_url, "auth_type": "api_key", "models": ["alpha"], "default_model": "alpha"}
    yield await providers.create(actor, ProviderDraft.model_validate({**draft, "credential": {"secret": {"api_key": make.SECRET}}}))
    await registry.shared.stop()


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    made = Recorder()
    yield made
    await made.stop()


async def called(recorder: Recorder, provider: Provider, *errors: UpstreamError | None) -> None:
    """Calls that ended so, written if they are due."""
    for error in errors:
        provider_outcomes.note(provider.id, error, 0.25)
    await recorder.look()


async def now(actor: Actor) -> Provider:
    return await providers.get(actor, "acme")


def revision(db: Database) -> Any:
    return db.rows("SELECT revision, (SELECT count(*) FROM audit) FROM instance")


async def test_calls_turn_the_status_without_an_entry_or_a_revision(acme: Provider, recorder: Recorder, actor: Actor, db: Database) -> None:
    before = revision(db)
    assert (acme.status, acme.health.health, acme.health.source) == (Status.NOT_TESTED, Health.UNKNOWN, Source.NOTHING)

    await called(recorder, acme, None)
    assert ((shown := await now(actor)).status, shown.health.health) == (Status.WORKING, Health.HEALTHY)
    await called(recorder, acme, AWAY)
    assert ((shown := await now(actor)).status, shown.health.health) == (Status.DEGRADED, Health.DEGRADED)
    await called(recorder, acme, AWAY, AWAY)

    shown = await now(actor)
    assert (shown.status, shown.health.health, shown.health.reason) == (Status.DOWN, Health.DOWN, "upstream_unreachable")
    assert (shown.health.calls, shown.health.failed, shown.health.latency_ms) == (4, 3, 250)
    assert [p.name for p in (await providers.list_(actor, ProviderQuery(status=Status.DOWN))).items] == ["acme"]
    assert revision(db) == before


async def test_calls_that_change_nothing_are_written_rarely_and_the_last_at_the_end(
    acme: Provider, recorder: Recorder, actor: Actor
) -> None:
    await called(recorder, acme, None)
    await called(recorder, acme, None)
    await called(recorder, acme, None)

    assert (await now(actor)).health.calls == 1
    await recorder.stop()
    assert (await now(actor)).health.calls == 3


async def test_several_processes_write_into_one_row(acme: Provider, recorder: Recorder, actor: Actor) -> None:
    await called(recorder, acme, AWAY)
    other = Recorder()
    await called(other, acme, None)  # heard by both
    await other.stop()
    provider_outcomes.note(acme.id, AWAY, 0)
    await recorder.stop()

    assert ((await now(actor)).health.calls, (await now(actor)).health.failed) == (3, 2)


async def test_a_test_wins_over_older_calls_and_newer_calls_over_the_test(
    acme: Provider, recorder: Recorder, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FAILING_SECONDS", 0)  # the next look is one of two seconds later
    watch = Watch()
    await called(recorder, acme, AWAY, AWAY, AWAY)
    _ = [step async for step in run_saved(actor, "acme")]

    assert ((shown := await now(actor)).status, shown.health.source) == (Status.WORKING, Source.TEST)
    await watch.look()
    turn = health_changes.cursor()

    await called(recorder, acme, AWAY, AWAY, AWAY)
    await watch.look()
    assert health_changes.since(turn) == {acme.id}
    assert ((shown := await now(actor)).status, shown.health.calls) == (Status.DOWN, 3)


async def test_another_configuration_knows_nothing_of_the_old_ones_calls(
    acme: Provider, recorder: Recorder, actor: Actor, upstream: Upstream
) -> None:
    await called(recorder, acme, AWAY, AWAY, AWAY)
    await providers.update(actor, "acme", ProviderPatch(label="Acme Inc"))
    assert (await now(actor)).health.health is Health.DOWN
    provider_outcomes.note(acme.id, AWAY, 0)  # under way while it is edited

    await providers.update(actor, "acme", ProviderPatch(base_url=f"{upstream.base_url}/other"))
    await recorder.stop()
    assert (await now(actor)).health.health is Health.UNKNOWN


async def test_a_key_that_was_refused_makes_the_provider_down_whatever_its_calls_were(
    acme: Provider, recorder: Recorder, actor: Actor
) -> None:
    await called(recorder, acme, None)
    await held.change(acme.credentials[0].id, state=KeyState.AUTO_DISABLED, state_reason="refused")

    shown = await now(actor)
    assert (shown.health.health, shown.health.reason, shown.status) == (Health.DOWN, "key_refused", Status.ATTENTION)


async def test_limits_and_the_switch(acme: Provider, recorder: Recorder, actor: Actor) -> None:
    await called(recorder, acme, RateLimited("slow down"))
    assert ((shown := await now(actor)).health.health, shown.status) == (Health.DEGRADED, Status.LIMITED)

    await providers.disable(actor, "acme")
    assert ((shown := await now(actor)).health.health, shown.status) == (Health.DISABLED, Status.OFF)


async def test_pages_hear_of_a_provider_that_another_process_saw_fail(acme: Provider, actor: Actor) -> None:
    told: list[int] = []
    leave = registry.shared.subscribe(lambda snapshot: told.append(snapshot.revision), hints=True)
    watch, elsewhere = Watch(), Recorder()
    await watch.look()
    seen = await providers.changes(actor)
    await called(elsewhere, acme, AWAY)
    await watch.look()

    news = await providers.changes(actor, since=seen.revision, turn=seen.turn)
    assert [p.health.health for p in news.items] == [Health.DEGRADED]
    assert len(told) == 1
    assert (await providers.changes(actor, since=news.revision, turn=news.turn)).items == []
    await called(elsewhere, acme, AWAY)
    await elsewhere.stop()
    await watch.look()
    assert len(told) == 1  # a second failure is no other verdict; pages hear of it later
    leave()


async def test_time_alone_turns_a_verdict_and_pages_hear_of_it(
    acme: Provider, recorder: Recorder, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch()
    await called(recorder, acme, AWAY, None)
    await watch.look()
    monkeypatch.setattr(health, "AGE_SECONDS", 0)
    turn = health_changes.cursor()
    await watch.look()
    assert health_changes.since(turn) == set()

    later = time.time() + 16 * 60
    monkeypatch.setattr(time, "time", lambda: later)
    await watch.look()

    assert health_changes.since(turn) == {acme.id}
    assert (await now(actor)).health.health is Health.HEALTHY


async def test_calls_wait_while_the_database_is_away(acme: Provider, recorder: Recorder, actor: Actor) -> None:
    url = engine._current().url.render_as_string(hide_password=False)
    recorder.start()
    await engine.close()
    provider_outcomes.note(acme.id, AWAY, 0)
    with pytest.raises(Exception, match="not open"):
        await recorder.look()
    engine.open(url)
    await recorder.look()

    assert (await now(actor)).health.failed == 1


async def test_what_was_noted_of_a_deleted_provider_is_dropped(acme: Provider, recorder: Recorder, db: Database) -> None:
    await called(recorder, acme, None)
    db.run("DELETE FROM provider_health", "DELETE FROM provider")
    await called(recorder, acme, AWAY)

    assert db.rows("SELECT * FROM provider_health") == []
