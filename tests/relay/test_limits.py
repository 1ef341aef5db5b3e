"""How many calls are let through, and that every place is given back."""

import time
from collections.abc import Callable, Iterator

import pytest

from app.domain.actor import Scope
from app.domain.errors import LimitReached
from app.domain.snapshot import ClientKeyEntry, Endpoint, Limits
from app.relay import limits
from tests.fixtures import make


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    limits.forget()
    yield
    limits.forget()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time as the counting sees it; write its only entry."""
    at = [10_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    return at


def entry(most: int, id_: str = "key-1") -> ClientKeyEntry:
    return ClientKeyEntry(id_, "app", b"", Scope.GATEWAY, requests_per_minute=most)


def endpoint(per_minute: int = 0, concurrent: int = 0, id_: str = "provider-1") -> Endpoint:
    return make.endpoint("http://127.0.0.1:9/v1", id=id_, name="acme", limits=Limits(per_minute, concurrent))


def let_through(call: Callable[[], None], times: int) -> int:
    """How many of so many calls were let through."""
    count = 0
    for _ in range(times):
        try:
            call()
        except LimitReached:
            continue
        count += 1
    return count


def test_a_key_may_call_as_often_as_its_limit_says_and_another_key_for_itself(clock: list[float]) -> None:
    assert let_through(lambda: limits.admit(entry(3)), 5) == 3
    assert let_through(lambda: limits.admit(entry(3, "key-2")), 5) == 3


def test_a_key_without_a_limit_is_not_counted(clock: list[float]) -> None:
    assert let_through(lambda: limits.admit(entry(0)), 1_000) == 1_000
    assert let_through(lambda: limits.admit(entry(3)), 5) == 3


def test_around_the_turn_of_a_minute_nobody_gets_twice_as_much(clock: list[float]) -> None:
    clock[0] = 60 * 1_000 - 0.1
    assert let_through(lambda: limits.admit(entry(10)), 10) == 10
    clock[0] = 60 * 1_000 + 0.1

    assert let_through(lambda: limits.admit(entry(10)), 10) == 0

    clock[0] = 60 * 1_001 - 0.1
    assert let_through(lambda: limits.admit(entry(10)), 20) == 10


def test_calls_that_were_refused_do_not_lengthen_the_wait(clock: list[float]) -> None:
    limits.admit(entry(1))
    for _ in range(59):
        clock[0] += 1
        with pytest.raises(LimitReached):
            limits.admit(entry(1))
    clock[0] += 1

    limits.admit(entry(1))


@pytest.mark.parametrize(("first", "second", "wait"), [(0.0, 10.0, 50), (0.0, 59.5, 1), (0.0, 0.0, 60)])
def test_a_refusal_says_which_limit_it_was_and_when_to_try_again(clock: list[float], first: float, second: float, wait: int) -> None:
    start = clock[0]
    clock[0] = start + first
    limits.admit(entry(1))
    clock[0] = start + second

    with pytest.raises(LimitReached) as refused:
        limits.admit(entry(1))

    assert refused.value.details == {"limit": "key_rpm", "most": 1, "retry_after": wait}
    assert f"limited to 1 request per minute. Try again in {wait} second" in refused.value.message
    clock[0] += wait
    limits.admit(entry(1))


def test_changing_a_limit_does_not_set_the_count_back(clock: list[float]) -> None:
    assert let_through(lambda: limits.admit(entry(10)), 8) == 8

    assert let_through(lambda: limits.admit(entry(5)), 1) == 0
    assert let_through(lambda: limits.admit(entry(12)), 10) == 4

    clock[0] += 30
    with pytest.raises(LimitReached) as refused:
        limits.admit(entry(5))
    assert refused.value.retry_after == 30


def test_a_provider_is_given_as_many_calls_a_minute_as_its_limit_says(clock: list[float]) -> None:
    assert let_through(lambda: limits.enter(endpoint(per_minute=2)), 4) == 2

    with pytest.raises(LimitReached) as refused:
        limits.enter(endpoint(per_minute=2))
    assert refused.value.details == {"limit": "provider_rpm", "most": 2, "retry_after": 60}
    assert "'acme'" in refused.value.message


def test_a_place_is_free_again_once_its_call_has_ended() -> None:
    busy = endpoint(concurrent=2)
    limits.enter(busy)
    limits.enter(busy)

    with pytest.raises(LimitReached) as refused:
        limits.enter(busy)
    assert refused.value.details == {"limit": "provider_concurrent", "most": 2, "retry_after": 1}

    limits.leave(busy)
    limits.enter(busy)


def test_a_call_that_finds_no_place_is_not_counted_and_one_too_many_takes_no_place(clock: list[float]) -> None:
    both = endpoint(per_minute=2, concurrent=1)
    limits.enter(both)
    assert let_through(lambda: limits.enter(both), 5) == 0
    limits.leave(both)
    limits.enter(both)
    limits.leave(both)

    assert let_through(lambda: limits.enter(both), 5) == 0
    clock[0] += 60
    limits.enter(both)


def test_a_limit_that_changes_while_calls_run_neither_loses_nor_invents_a_place() -> None:
    before, after = endpoint(), endpoint(concurrent=1)
    limits.enter(before)
    limits.enter(after)
    limits.leave(before)

    assert let_through(lambda: limits.enter(after), 1) == 0
    limits.leave(after)
    assert let_through(lambda: limits.enter(after), 2) == 1


def test_nothing_is_kept_of_keys_that_no_longer_call(clock: list[float]) -> None:
    for number in range(100):
        limits.admit(entry(5, f"gone-{number}"))
    clock[0] += 61
    limits.admit(entry(5, "stays"))

    assert len(limits._recent) == 1
