"""What readers hear of calls that ended."""

from collections.abc import Callable

import pytest

from app.relay import feed, outcomes
from app.relay.feed import Reader
from app.relay.outcomes import Outcome


@pytest.fixture
def hear(request: pytest.FixtureRequest) -> Callable[[], Reader]:
    """Readers that are closed when the test ends."""

    def hearing() -> Reader:
        made = outcomes.reader()
        request.addfinalizer(made.close)
        return made

    return hearing


def outcome(selector: str) -> Outcome:
    return Outcome(at=0.0, client_key_id="key", selector=selector)


def named(drained: list[Outcome]) -> list[str]:
    return [one.selector for one in drained]


def test_every_reader_hears_of_every_call_once(hear: Callable[[], Reader]) -> None:
    first, second = hear(), hear()
    outcomes.note(outcome("a"))
    early = first.drain()
    outcomes.note(outcome("b"))

    assert (named(early), named(first.drain()), named(first.drain())) == (["a"], ["b"], [])
    assert named(second.drain()) == ["a", "b"]


def test_a_closed_reader_keeps_what_it_heard_and_hears_no_more(hear: Callable[[], Reader]) -> None:
    closed, other = hear(), hear()
    outcomes.note(outcome("a"))
    closed.close()
    closed.close()
    outcomes.note(outcome("b"))

    assert (named(closed.drain()), named(other.drain())) == (["a"], ["a", "b"])


def test_a_reader_that_nobody_drains_forgets_the_oldest_first(hear: Callable[[], Reader]) -> None:
    slow = hear()
    for number in range(feed.MOST + 5):
        outcomes.note(outcome(str(number)))

    kept = named(slow.drain())
    assert (len(kept), kept[0]) == (feed.MOST, "5")


def test_an_outcome_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        outcome("a").status = 500  # pyright: ignore[reportAttributeAccessIssue]
