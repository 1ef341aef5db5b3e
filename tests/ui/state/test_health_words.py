"""What stands beside a provider's status: one sentence that says where it comes from, never two that contradict."""

from collections.abc import Sequence
from typing import Any

import pytest
from reflex.istate.data import RouterData

from app.domain.actor import Actor
from app.domain.errors import RateLimited, Unreachable, UpstreamError
from app.domain.providers.provider import ProviderDraft
from app.relay import provider_outcomes
from app.services import providers
from app.services.health import Recorder, Watch
from app.ui.pages.provider.provider_page import ProviderPage
from app.ui.probe.probing import Probing
from app.ui.provider.card import Card
from app.ui.provider.providers import Providers
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import MODELS, Upstream

pytestmark = only_sqlite  # nothing here asks the database in words of its own

AWAY, BUSY = Unreachable("Nothing listens there."), RateLimited("Slow down.")
LIMITED = "The provider is busy or your quota is used up. Try again later."
CANNOT = "Patchbay cannot reach the provider. Check that the address is correct and the server is running."


@pytest.fixture
async def acme(house: Upstream, actor: Actor) -> str:
    """A provider that answers; its id."""
    draft = ProviderDraft(name="acme", label="Acme", base_url=house.base_url, auth_type="none", default_model=MODELS[0])
    return (await providers.create(actor, draft)).id


async def called(provider_id: str, errors: Sequence[UpstreamError | None], seconds: float = 0.25) -> None:
    """Calls that ended so, in another process."""
    elsewhere = Recorder()
    for error in errors:
        provider_outcomes.note(provider_id, error, seconds)
    await elsewhere.stop()


async def card(tab: Any) -> Card:
    await tab.fire(Providers.follow)
    return (await tab.state(Providers)).page[0]


@pytest.mark.parametrize(
    ("errors", "status", "seen", "problem"),
    [
        pytest.param([None], "working", "Responded", "", id="answered"),
        pytest.param([None, AWAY], "degraded", "1 of the last 2 requests failed", CANNOT, id="some failed"),
        pytest.param([AWAY], "degraded", "The last request failed", CANNOT, id="the only one failed"),
        pytest.param([AWAY] * 3, "down", "The last 3 requests failed", CANNOT, id="all failed"),
        pytest.param([AWAY, *[None] * 20], "degraded", "A request failed moments ago", CANNOT, id="one among many"),
        pytest.param(
            [BUSY], "limited", "The last request failed", "The provider is busy or your quota is used up. Try again later.", id="busy"
        ),
    ],
)
async def test_calls_say_what_the_status_comes_from(
    tab: Any, acme: str, errors: list[UpstreamError | None], status: str, seen: str, problem: str
) -> None:
    await called(acme, errors)
    await tab.fire(Providers.load)

    found = await card(tab)
    assert (found.status, found.seen, found.problem) == (status, seen, problem)
    assert found.seen_at


async def test_slow_answers_say_so(tab: Any, acme: str) -> None:
    await called(acme, [None] * 3, seconds=40)
    await tab.fire(Providers.load)

    found = await card(tab)
    assert (found.status, found.seen, found.problem, found.latency_ms) == ("degraded", "Slow response", "", 40_000)


async def test_a_tab_follows_what_another_process_saw_and_is_sent_a_few_fields(tab: Any, acme: str) -> None:
    watch = Watch()
    await watch.look()
    await tab.fire(Providers.load)
    assert ((await card(tab)).status, (await card(tab)).seen) == ("not_tested", "")

    await called(acme, [AWAY] * 3)
    await watch.look()
    await tab.fire(Providers.follow)

    [sent] = (await tab.state(Providers)).fresh
    assert sent.keys() == {"id", "status", "seen", "seen_at", "problem"}
    assert sent["status"] == "down"


async def test_a_test_takes_the_word_from_older_calls(tab: Any, acme: str) -> None:
    await called(acme, [AWAY] * 3)
    await tab.fire(Providers.load)
    await tab.fire(Probing.test, acme, "acme", "")
    await tab.fire(Providers.follow)

    [sent] = (await tab.state(Providers)).fresh
    assert (sent["status"], sent["seen"], sent["problem"]) == ("working", "Tested", "")


async def test_the_page_of_a_provider_shows_its_newest_calls_one_by_one(tab: Any, acme: str) -> None:
    await called(acme, [None, AWAY, BUSY])
    await called(acme, [None], seconds=40)
    path = "/providers/acme/"
    tab.root.router = RouterData.from_router_data({"pathname": "/providers/[provider_name]", "asPath": path, "query": {}, "headers": {}})
    await tab.fire(ProviderPage.load)

    shown = (await tab.state(ProviderPage)).marks
    assert [mark.state for mark in shown] == ["ok", "failed", "limited", "slow"]
    assert [mark.text for mark in shown][:2] == ["Responded in 250\u00a0ms.", CANNOT]
    assert shown[0].at <= shown[-1].at
