"""What calls taught about providers waits in memory for whoever reads it."""

from collections.abc import Iterator

import pytest

from app.domain.errors import Failed, Unreachable
from app.relay import feed, provider_outcomes
from app.relay.feed import Reader


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = provider_outcomes.reader()
    yield made
    made.close()


def test_each_reader_hears_everything_once(reader: Reader) -> None:
    other = provider_outcomes.reader()
    provider_outcomes.note("p", None, 0.2519)
    provider_outcomes.note("p", Unreachable("no"), 1)

    heard = [(provider_id, attempt.code, attempt.ms) for provider_id, attempt in reader.drain()]
    assert heard == [("p", "", 252), ("p", "upstream_unreachable", 1_000)]
    assert len(other.drain()) == 2
    other.close()
    assert reader.drain() == []


def test_a_reader_that_was_closed_hears_nothing_and_others_still_do(reader: Reader) -> None:
    other = provider_outcomes.reader()
    other.close()
    other.close()
    provider_outcomes.note("p", None, 0)

    assert other.drain() == []
    assert len(reader.drain()) == 1


def test_what_the_caller_did_wrong_is_not_noted(reader: Reader) -> None:
    provider_outcomes.note("p", Failed("no such model", status=404), 0)

    assert reader.drain() == []


def test_the_oldest_are_forgotten_first(reader: Reader) -> None:
    for number in range(feed.MOST + 5):
        provider_outcomes.note(str(number), None, 0)

    kept = reader.drain()
    assert (len(kept), kept[0][0]) == (feed.MOST, "5")
