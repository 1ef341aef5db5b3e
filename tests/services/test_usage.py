"""What calls used is added up in memory, written in batches, neither lost nor doubled, and read in sums."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor, Scope
from app.domain.errors import InvalidDraft, StorageUnavailable, UnknownProvider
from app.domain.providers.provider import Provider, ProviderDraft
from app.domain.usage import By, Latency, Step
from app.relay import outcomes
from app.relay.outcomes import Outcome
from app.services import client_keys, credentials, providers, usage
from app.services.usage import recording
from app.storage.work import work
from tests.fixtures import make
from tests.fixtures.databases import Database, only_sqlite

AT = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
LATER = AT + timedelta(hours=2)


@pytest.fixture
async def acme(db: Database, actor: Actor, outgoing: None) -> AsyncIterator[Provider]:
    await registry.shared.start(watch=False)
    key = {"secret": {"api_key": make.SECRET}, "label": "main"}
    draft: dict[str, Any] = {"name": "acme", "label": "Acme", "base_url": "https://acme.example/v1", "auth_type": "api_key"}
    yield await providers.create(actor, ProviderDraft.model_validate({**draft, "credential": key, "models": ["alpha"]}))
    await registry.shared.stop()


@pytest.fixture
def recorder() -> usage.Recorder:
    return usage.Recorder()


def call(provider: Provider, *, ago: float = 0, **more: Any) -> Outcome:
    fields: dict[str, Any] = {
        "at": AT.timestamp() - ago,
        "client_key_id": "",
        "selector": "acme/alpha",
        "provider_id": provider.id,
        "model": "alpha",
        "credential_id": provider.credentials[0].id,
        "began_ms": 150.0,
        "total_ms": 350.0,
    }
    return Outcome(**{**fields, **more})


async def record(recorder: usage.Recorder, *calls: Outcome) -> None:
    for one in calls:
        outcomes.note(one)
    await recorder.look()


async def total(actor: Actor, **more: Any) -> Any:
    return (await usage.report(actor, By.PROVIDER, since=AT - timedelta(days=2), until=LATER, **more)).total


async def test_calls_add_up_to_one_row_an_hour_and_combination(
    acme: Provider, recorder: usage.Recorder, db: Database, actor: Actor
) -> None:
    await record(recorder, *[call(acme, tokens_in=10, tokens_out=3, tokens_cached=4)] * 3, call(acme, ago=3_600))
    await record(recorder, call(acme, error="upstream_failed", status=502, began_ms=90_000.0), call(acme, error="caller_left"))

    found = await total(actor)
    assert (found.requests, found.errors, found.reported) == (6, 1, 3)
    assert (found.tokens_in, found.tokens_out, found.tokens_cached) == (30, 9, 12)
    assert (found.cost_usd, found.priced) == (None, 0)
    assert found.began_ms == Latency(p50=150.0, p95=150.0)  # the failed one is not in it
    assert len(db.rows("SELECT hour FROM usage_hour")) == 2


async def test_of_few_calls_percentiles_are_durations_that_were_measured(acme: Provider, db: Database, actor: Actor) -> None:
    """In every reading: lines, points, the figures of a provider; over rows, hours and writers."""
    taken = [2.0, 4.0, 40.0, 1_000.0, 61_000.0]
    for hours, ms in enumerate(taken):
        await record(usage.Recorder(), call(acme, ago=3_600 * (hours % 3), began_ms=ms / 2, total_ms=ms, model=f"m{hours % 2}"))

    period = {"since": AT - timedelta(days=2), "until": LATER}
    reports = [await usage.report(actor, by, **period) for by in By]
    points = (await usage.series(actor, Step.HOUR, **period)).items
    figures = [line for one in reports for line in (one.total, *one.items)] + [point for point in points if point.requests]
    assert [found.total_ms.p50 for found in figures if found.requests == 1] == [40.0]
    assert {value for found in figures for value in (found.total_ms.p50, found.total_ms.p95)} <= set(taken)
    assert {value * 2 for found in figures for value in (found.began_ms.p50, found.began_ms.p95)} <= set(taken)
    assert reports[0].total.total_ms == Latency(p50=40.0, p95=61_000.0)
    assert (await usage.summary(actor, acme.id, AT - timedelta(days=1))).total_ms == reports[0].total.total_ms


async def test_of_many_calls_percentiles_are_read_off_classes_and_a_row_keeps_no_more_durations(
    acme: Provider, recorder: usage.Recorder, db: Database, actor: Actor
) -> None:
    for _ in range(5):
        await record(recorder, *[call(acme, began_ms=60.0, total_ms=123_456.0) for _ in range(70)])

    found = await total(actor)
    assert found.total_ms is not None
    assert found.total_ms.p50 != 123_456.0
    [(began, until_the_end)] = db.rows("SELECT began_list, total_list FROM usage_hour")
    assert (began.count(","), until_the_end.count(",")) == (350, 210)
    assert len(began) < 2_000


async def test_each_listing_names_what_was_used(acme: Provider, recorder: usage.Recorder, actor: Actor) -> None:
    app = (await client_keys.issue(actor, "Website", Scope.GATEWAY)).client_key
    none = Outcome(at=AT.timestamp(), client_key_id=app.id, selector="nobody/none", status=404, error="model_not_found")
    await record(recorder, call(acme, client_key_id=app.id), call(acme, client_key_id=app.id), none)

    def lines(report: Any) -> list[tuple[Any, ...]]:
        return [(line.name, line.provider, line.requests, line.errors, line.is_gone) for line in report.items]

    period = {"since": AT - timedelta(days=1), "until": LATER}
    assert lines(await usage.report(actor, By.PROVIDER, **period)) == [("Acme", "acme", 2, 0, False), ("", "", 1, 1, False)]
    assert lines(await usage.report(actor, By.MODEL, **period)) == [("alpha", "acme", 2, 0, False), ("", "", 1, 1, False)]
    assert lines(await usage.report(actor, By.CREDENTIAL, **period, provider="acme")) == [("main", "acme", 2, 0, False)]
    assert lines(await usage.report(actor, By.CLIENT_KEY, **period)) == [("Website", "", 3, 1, False)]
    cut = await usage.report(actor, By.PROVIDER, **period, limit=1)
    assert (len(cut.items), cut.left_out, cut.total.requests) == (1, 1, 3)


async def test_what_was_deleted_can_still_be_read_by_name(acme: Provider, recorder: usage.Recorder, actor: Actor) -> None:
    app = (await client_keys.issue(actor, "Website", Scope.GATEWAY)).client_key
    await record(recorder, call(acme, client_key_id=app.id))
    await client_keys.revoke(actor, app.id)
    await credentials.remove(actor, acme.credentials[0].id)
    await providers.delete(actor, "acme")

    period = {"since": AT - timedelta(days=1), "until": LATER}
    for by, name in ((By.PROVIDER, "Acme"), (By.CREDENTIAL, "main"), (By.CLIENT_KEY, "Website")):
        (line,) = (await usage.report(actor, by, **period)).items
        assert (line.name, line.is_gone) == (name, True)
    assert (await total(actor, provider="acme")).requests == 1


async def test_several_writers_add_to_the_same_row(acme: Provider, db: Database, actor: Actor) -> None:
    first, second = usage.Recorder(), usage.Recorder()
    for _ in range(3):
        outcomes.note(call(acme, tokens_in=5))  # both hear of it, as two processes hear of one call each
        await first.look()
        await second.look()

    assert (await total(actor)).tokens_in == 30
    assert len(db.rows("SELECT hour FROM usage_hour")) == 1


@pytest.mark.parametrize("is_in", [False, True], ids=["before the commit", "after the commit"])
async def test_a_batch_that_failed_is_written_once(
    acme: Provider, recorder: usage.Recorder, actor: Actor, monkeypatch: pytest.MonkeyPatch, is_in: bool
) -> None:
    @asynccontextmanager
    async def broken(*given: Any, **more: Any) -> AsyncIterator[Any]:
        if not is_in:
            raise StorageUnavailable("The database does not answer.")
        async with work(*given, **more) as doing:
            yield doing
        raise StorageUnavailable("The database does not answer.")

    monkeypatch.setattr(recording, "work", broken)
    for _ in range(2):
        outcomes.note(call(acme))
        with pytest.raises(StorageUnavailable):
            await recorder.look()
    monkeypatch.undo()
    outcomes.note(call(acme))
    await recorder.look()
    assert (await total(actor)).requests == 1
    await recorder.stop()

    assert (await total(actor)).requests == 3


@pytest.mark.parametrize("turns", [1, 4, 12, 30, 80])
async def test_stopping_in_the_middle_of_a_write_neither_loses_nor_doubles(acme: Provider, actor: Actor, turns: int) -> None:
    recorder = usage.Recorder()
    for _ in range(3_000):
        outcomes.note(call(acme))
    recorder._loop._task = asyncio.create_task(recorder.look())
    for _ in range(turns):
        await asyncio.sleep(0)
    await recorder.stop()  # ends the task wherever it is

    assert (await total(actor)).requests == 3_000


@only_sqlite
@pytest.mark.parametrize(
    ("pricing", "cost"),
    [
        pytest.param({"input": 2.5, "output": 10}, (1_000 * 2.5 + 100 * 10) / 1e6, id="declared"),
        pytest.param({"input": 2.5, "output": 10, "cached_input": 1.25}, (600 * 2.5 + 400 * 1.25 + 100 * 10) / 1e6, id="cached"),
        pytest.param({"input": 0, "output": 0}, 0.0, id="free"),
        pytest.param({}, None, id="not known"),
        pytest.param({"input": "cheap", "output": -3}, None, id="nonsense"),
    ],
)
async def test_cost_follows_the_price_of_the_model(
    acme: Provider, recorder: usage.Recorder, db: Database, actor: Actor, pricing: dict[str, Any], cost: float | None
) -> None:
    db.run(f"UPDATE model SET pricing = '{json.dumps(pricing)}'")  # noqa: S608 - of this test
    await record(recorder, call(acme, tokens_in=1_000, tokens_out=100, tokens_cached=400), call(acme))

    found = await total(actor)
    assert (found.cost_usd, found.priced, found.reported) == (cost, int(cost is not None), 1)


@only_sqlite
async def test_a_caller_cannot_fill_the_database_with_names(acme: Provider, recorder: usage.Recorder, db: Database, actor: Actor) -> None:
    wrong = [call(acme, model=f"no-{number}", error="upstream_failed") for number in range(50)]
    served = [call(acme, model=f"any-{number}") for number in range(400)]
    await record(recorder, *wrong, *served, call(acme, model="a\0b\ud800"), call(acme, error="upstream_failed"))

    assert len(db.rows("SELECT model FROM usage_hour")) <= recording._MODELS + 2
    assert (await total(actor)).requests == 452
    assert db.rows("SELECT requests, errors FROM usage_hour WHERE model = 'alpha'") == [(1, 1)]


@only_sqlite
async def test_old_hours_and_names_are_forgotten(acme: Provider, recorder: usage.Recorder, db: Database) -> None:
    await record(recorder, call(acme, ago=91 * 86_400), call(acme))
    await recorder._prune()

    assert len(db.rows("SELECT hour FROM usage_hour")) == 1
    assert len(db.rows("SELECT id FROM usage_name")) == 2


async def test_a_series_has_every_hour_and_every_day(acme: Provider, recorder: usage.Recorder, actor: Actor) -> None:
    await record(recorder, call(acme), call(acme, ago=3 * 3_600))

    hours = await usage.series(actor, Step.HOUR, since=AT - timedelta(hours=5), until=AT)
    days = await usage.series(actor, Step.DAY, since=AT - timedelta(days=6), until=AT)

    assert [point.requests for point in hours.items] == [0, 0, 1, 0, 0, 1]
    assert hours.items[-1].at == AT.replace(minute=0)
    assert (len(days.items), sum(point.requests for point in days.items)) == (7, 2)
    assert all(point.at.hour == 0 for point in days.items)


async def test_a_change_is_told_and_a_provider_has_a_summary(acme: Provider, recorder: usage.Recorder, actor: Actor) -> None:
    before = await usage.change(actor)
    await record(recorder, call(acme), call(acme, error="timed_out", status=504))

    assert await usage.change(actor) != before
    found = await usage.summary(actor, acme.id, AT - timedelta(days=1))
    assert (found.requests, found.errors, found.tokens_in) == (2, 1, None)
    assert (await usage.summary(actor, "another", AT - timedelta(days=1))).requests == 0


@only_sqlite
async def test_a_period_that_cannot_be_is_refused(acme: Provider, actor: Actor) -> None:
    for since, until in ((AT, AT - timedelta(hours=2)), (AT - timedelta(days=101), AT)):
        with pytest.raises(InvalidDraft):
            await usage.report(actor, By.MODEL, since=since, until=until)
    with pytest.raises(UnknownProvider):
        await total(actor, provider="nobody")


@only_sqlite
async def test_ten_thousand_calls_never_hold_the_loop(acme: Provider, recorder: usage.Recorder) -> None:
    one = call(acme, tokens_in=10, tokens_out=10)
    for _ in range(10_000):
        outcomes.note(one)
    gathering, left = recorder._gather(), [10_000]
    with suppress(StopIteration):
        while True:
            gathering.send(None)  # until it lets others have the loop
            left.append(len(recorder._heard))

    assert left[-1] == 0
    assert max(before - after for before, after in pairwise(left)) <= 500  # under a millisecond
