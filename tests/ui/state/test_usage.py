"""The page of usage in a tab: what is drawn, what is chosen, and that it looks only when more was written."""

import time
from typing import Any

import pytest

from app.domain.providers.provider import ProviderDraft
from app.relay import outcomes
from app.relay.outcomes import Outcome
from app.services import providers, usage
from app.ui.pages.usage.usage import Usage
from tests.fixtures.databases import only_sqlite

pytestmark = only_sqlite


@pytest.fixture
async def provider_id(tab: Any, actor: Any) -> str:
    draft = {"name": "acme", "label": "Acme", "base_url": "https://acme.example/v1", "auth_type": "none", "models": ["alpha"]}
    return (await providers.create(actor, ProviderDraft.model_validate(draft))).id


async def called(provider_id: str, times: int = 1, **more: Any) -> None:
    recorder = usage.Recorder()
    fields: dict[str, Any] = {"client_key_id": "", "selector": "acme/alpha", "provider_id": provider_id, "model": "alpha", **more}
    for _ in range(times):
        outcomes.note(Outcome(at=time.time(), began_ms=20.0, total_ms=40.0, **fields))
    await recorder.stop()


async def test_before_the_first_call_there_is_nothing_to_draw(tab: Any) -> None:
    await tab.fire(Usage.load)

    shown = await tab.state(Usage)
    assert (shown.loaded, shown.total.requests, shown.lines) == (True, 0, [])


async def test_lines_and_points_follow_what_is_chosen(tab: Any, provider_id: str) -> None:
    await called(provider_id, 3, tokens_in=10, tokens_out=2)
    await called(provider_id, error="upstream_failed")
    await called(provider_id)
    await tab.fire(Usage.load)
    await tab.fire(Usage.choose_by, "model")
    shown = await tab.state(Usage)

    (line,) = shown.lines
    assert (line.name, line.provider, line.requests, line.errors, line.answers) == ("alpha", "acme", 5, 1, 4)
    assert (line.reported, line.silent, line.tokens_in, line.tokens_out) == (3, 1, 30, 6)
    assert (line.priced, line.unpriced, line.cost) == (0, 4, 0.0)
    assert 0 < line.p50 <= line.p95 <= 50
    assert (sum(point.whole for point in shown.requests), sum(point.part for point in shown.requests)) == (5, 1)

    for period, step, least in (("week", "hour", 168), ("month", "day", 30), ("nonsense", "hour", 24)):
        await tab.fire(Usage.choose_period, period)
        assert (shown.step, len(shown.requests) >= least) == (step, True)
    assert shown.period == "day"


async def test_it_reads_again_only_after_more_was_written(tab: Any, provider_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await called(provider_id)
    await tab.fire(Usage.load)
    reads: list[Any] = []
    report = usage.report

    async def counted(*given: Any, **more: Any) -> Any:
        reads.append(given)
        return await report(*given, **more)

    monkeypatch.setattr(usage, "report", counted)
    await tab.fire(Usage.follow)
    assert reads == []

    await called(provider_id)
    await tab.fire(Usage.follow)
    assert (len(reads), (await tab.state(Usage)).total.requests) == (1, 2)
