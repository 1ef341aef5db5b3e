"""A provider that fails again and again is left alone, and tried with one call (R11). On a clock that tests turn."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from app.domain.errors import (
    BadResponse,
    CircuitOpen,
    Failed,
    NoCredential,
    RateLimited,
    Refused,
    TimedOut,
    TlsFailed,
    Unreachable,
    UpstreamError,
)
from app.domain.snapshot import Endpoint, Timeouts
from app.relay import circuit
from tests.fixtures import make

DOWN = Unreachable("away", details={"kind": "refused"})
BUSY = Failed("busy", status=503, retry_after=42.0)


@dataclass
class Clock:
    now: float = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    made = Clock()
    monkeypatch.setattr(circuit, "time", made)
    monkeypatch.setattr(random, "uniform", lambda low, high: 1.0)
    circuit.forget()
    yield made
    circuit.forget()


@pytest.fixture
def provider() -> Endpoint:
    return make.endpoint("https://api.example.com/v1")


def is_open(endpoint: Endpoint) -> float:
    """Seconds to wait that a call is told, 0 when it goes through."""
    try:
        circuit.admit(endpoint)
    except CircuitOpen as refused:
        assert refused.retry_after is not None
        return refused.retry_after
    return 0.0


def break_(endpoint: Endpoint, error: UpstreamError = DOWN, times: int = circuit.FAILURES) -> None:
    for _ in range(times):
        circuit.admit(endpoint)
        circuit.failed(endpoint, error)


async def test_five_failures_in_a_row_open_it(provider: Endpoint) -> None:
    break_(provider, times=4)
    assert is_open(provider) == 0

    circuit.failed(provider, DOWN)

    assert is_open(provider) == 5.0
    told = circuit.opened(provider.id)
    assert told is not None
    assert (told.failures, told.error, told.is_trying) == (5, "upstream_unreachable", False)


async def test_a_success_in_between_begins_the_row_anew(provider: Endpoint) -> None:
    break_(provider, times=4)
    circuit.succeeded(provider)
    break_(provider, times=4)

    assert is_open(provider) == 0
    assert circuit.opened(provider.id) is None


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(TlsFailed("certificate"), id="certificate"),
        pytest.param(TimedOut("slow", details={"limit": "first_byte"}), id="time-out"),
        pytest.param(BadResponse("a web page"), id="web page"),
        pytest.param(Failed("broken", status=500), id="500"),
        pytest.param(Failed("bad gateway", status=502), id="502"),
    ],
)
async def test_what_says_that_a_provider_is_not_well_counts(provider: Endpoint, error: UpstreamError) -> None:
    break_(provider, error)

    assert is_open(provider) == 5.0


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(Refused("key", status=401), id="401"),
        pytest.param(RateLimited("slow down", status=429, retry_after=9), id="429"),
        pytest.param(Failed("no such model", status=404), id="404"),
        pytest.param(NoCredential("none"), id="no key"),
    ],
)
async def test_what_says_nothing_of_its_health_does_not_count(provider: Endpoint, error: UpstreamError) -> None:
    break_(provider, error, times=50)

    assert is_open(provider) == 0


async def test_half_open_lets_exactly_one_call_through(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    clock.now += 5.1

    async def call() -> float:
        waited = is_open(provider)
        await asyncio.sleep(0)  # all of them are under way at once
        return waited

    waited = await asyncio.gather(*(call() for _ in range(50)))

    assert sorted(waited)[:2] == [0.0, 1.0]


async def test_the_trial_closes_it(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    clock.now += 5.1
    assert is_open(provider) == 0

    circuit.succeeded(provider)

    assert [is_open(provider) for _ in range(3)] == [0, 0, 0]


async def test_an_answer_that_has_begun_lets_the_others_through(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    clock.now += 5.1
    assert is_open(provider) == 0

    circuit.began(provider)

    assert [is_open(provider) for _ in range(3)] == [0, 0, 0]
    assert circuit.opened(provider.id) is None


async def test_an_answer_that_breaks_off_opens_it_again_for_longer(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    clock.now += 5.1
    assert is_open(provider) == 0
    circuit.began(provider)

    circuit.failed(provider, BadResponse("cut off", details={"kind": "cut_off"}))

    assert is_open(provider) == 10.0


async def test_each_failed_trial_doubles_the_wait_up_to_a_minute(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    waits = []
    for _ in range(6):
        waits.append(is_open(provider))
        clock.now += waits[-1] + 0.1
        break_(provider, times=1)

    assert waits == [5, 10, 20, 40, 60, 60]


async def test_processes_do_not_try_in_the_same_moment(provider: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", random.Random(3).uniform)  # noqa: S311 - dice
    waits = set()
    for _ in range(200):
        circuit.forget()
        break_(provider)
        waits.add(round(is_open(provider), 1))

    assert min(waits) >= 4.0
    assert max(waits) <= 6.0
    assert len(waits) > 10


async def test_a_provider_that_asks_for_a_pause_gets_it_at_once(provider: Endpoint, clock: Clock) -> None:
    break_(provider, BUSY, times=1)

    assert is_open(provider) == 42.0
    clock.now += 41.9
    assert is_open(provider) > 0
    clock.now += 0.2
    assert is_open(provider) == 0


@pytest.mark.parametrize(("asked", "wait"), [(0.0, 1.0), (86_400.0, 300.0)])
async def test_what_it_asks_for_is_held_within_bounds(provider: Endpoint, asked: float, wait: float) -> None:
    break_(provider, Failed("overloaded", status=529, retry_after=asked), times=1)

    assert is_open(provider) == wait


async def test_a_pause_is_never_shorter_than_was_asked_for(provider: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: low)
    break_(provider, BUSY, times=1)

    assert is_open(provider) == 42.0


async def test_a_trial_whose_caller_left_makes_room_for_the_next(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    clock.now += 5.1
    assert is_open(provider) == 0
    assert is_open(provider) == 1.0

    circuit.released(provider)

    assert is_open(provider) == 0


async def test_an_older_call_that_ends_without_a_verdict_frees_no_trial(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    clock.now += 5.1
    assert is_open(provider) == 0

    await asyncio.create_task(_released(provider))

    assert is_open(provider) == 1.0


async def test_a_trial_that_was_cancelled_without_a_word_is_over(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    clock.now += 5.1

    async def trial() -> None:
        circuit.admit(provider)
        await asyncio.Event().wait()

    task = asyncio.create_task(trial())
    await asyncio.sleep(0)
    assert is_open(provider) == 1.0
    task.cancel()
    await asyncio.wait([task])

    assert is_open(provider) == 0


async def test_an_older_call_that_ends_well_opens_no_door(provider: Endpoint) -> None:
    break_(provider)

    circuit.succeeded(provider)

    assert is_open(provider) == 5.0


async def test_calls_that_fail_while_it_is_open_change_nothing(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    clock.now += 1

    for _ in range(20):
        circuit.failed(provider, DOWN)

    assert is_open(provider) == 4.0


@pytest.mark.parametrize("change", [{"base_url": "https://other.example.com/v1"}, {"timeouts": Timeouts(connect=9)}])
async def test_an_edited_provider_starts_closed(provider: Endpoint, change: dict[str, object]) -> None:
    break_(provider)
    edited = replace(provider, **change)  # type: ignore[arg-type]

    assert circuit.opened_for(provider) is not None
    assert circuit.opened_for(edited) is None
    assert is_open(edited) == 0
    assert circuit.opened(provider.id) is None


async def test_a_call_of_the_old_configuration_says_nothing_of_the_new(provider: Endpoint) -> None:
    edited = replace(provider, base_url="https://other.example.com/v1")
    break_(edited)

    circuit.failed(provider, DOWN)
    circuit.succeeded(provider)

    assert is_open(edited) == 5.0


async def test_one_provider_does_not_speak_for_another(provider: Endpoint) -> None:
    other = make.endpoint("https://api.example.com/v1")
    break_(provider)

    assert is_open(other) == 0


async def test_a_good_test_by_hand_closes_it(provider: Endpoint) -> None:
    break_(provider)

    circuit.forget(provider.id)

    assert is_open(provider) == 0


BROKEN = Failed("broken", status=500)


def meets(endpoint: Endpoint, caller: str, error: UpstreamError = BROKEN) -> bool:
    """Whether a call of this client key, which ends so, is let through."""
    try:
        circuit.admit(endpoint, caller)
    except CircuitOpen:
        return False
    circuit.failed(endpoint, error, caller)
    return True


def passes(endpoint: Endpoint, caller: str) -> bool:
    """Whether a call of this client key, which ends well, is let through."""
    try:
        circuit.admit(endpoint, caller)
    except CircuitOpen:
        return False
    circuit.began(endpoint)
    circuit.succeeded(endpoint)
    return True


@pytest.mark.parametrize(
    "error",
    [
        BROKEN,
        TimedOut("slow", details={"limit": "first_byte"}),
        TimedOut("long", details={"limit": "total"}),
        BadResponse("torn", details={"kind": "cut_off"}),
        Unreachable("lost", details={"kind": "lost"}),
    ],
)
async def test_one_client_key_takes_a_provider_from_itself_alone(provider: Endpoint, clock: Clock, error: UpstreamError) -> None:
    refused = 0
    for second in range(400):  # as often as it is let, trials included
        refused += not meets(provider, "evil", error)
        clock.now += 0.5
        assert circuit.opened(provider.id, "good") is None
        assert second % 40 or passes(provider, "good")

    assert refused > 200
    assert circuit.opened(provider.id, "evil") is not None


async def test_one_failure_of_another_changes_nothing_and_two_in_a_row_do(provider: Endpoint) -> None:
    for _ in range(circuit.FAILURES):
        meets(provider, "evil")
    for _ in range(10):
        assert meets(provider, "good")
        assert passes(provider, "good")

    assert meets(provider, "good")
    assert meets(provider, "third")

    assert [meets(provider, caller) for caller in ("evil", "good", "third", "fourth")] == [False] * 4


async def test_a_client_key_that_fails_as_the_trial_closes_it_for_itself_alone(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    assert not passes(provider, "good")
    clock.now += 5.1

    assert meets(provider, "evil")

    assert not meets(provider, "evil")
    assert passes(provider, "good")


async def test_what_only_the_provider_can_do_counts_for_everybody(provider: Endpoint) -> None:
    for _ in range(circuit.FAILURES):
        meets(provider, "evil", DOWN)

    assert not passes(provider, "good")


async def test_a_pause_that_was_asked_for_is_for_everybody(provider: Endpoint) -> None:
    meets(provider, "one", BUSY)

    assert not passes(provider, "good")


async def test_a_trial_that_says_nothing_keeps_nobody_for_long(provider: Endpoint, clock: Clock) -> None:
    break_(provider)
    clock.now += 5.1
    circuit.admit(provider, "evil")
    assert not passes(provider, "good")

    clock.now += 10.1

    assert passes(provider, "good")


async def _released(endpoint: Endpoint) -> None:
    circuit.released(endpoint)
