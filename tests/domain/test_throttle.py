"""Waiting grows, is forgiven after a while, and never lets a hundred wrong passwords through in a row."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.people.throttle import ACCOUNT, ADDRESS, Attempts, Limit

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 0), (4, 0), (5, 2), (6, 4), (10, 64), (14, 900), (50, 900), (100, 86_400)])
def test_the_wait_doubles_and_has_an_end(failures: int, seconds: int) -> None:
    assert ACCOUNT.wait(failures).total_seconds() == seconds


@pytest.mark.parametrize("limit", [ACCOUNT, ADDRESS], ids=["account", "address"])
def test_a_patient_guesser_gets_no_further_than_the_cap(limit: Limit) -> None:
    at, found, looked_at = START, Attempts(), 0
    while looked_at < limit.cap and at < START + timedelta(days=300):
        at += timedelta(seconds=found.blocked_for(at))
        found, looked_at = found.one_more(limit, at), looked_at + 1

    assert found.blocked_for(at) >= limit.forget.total_seconds()


def test_a_pause_starts_afresh() -> None:
    locked = Attempts(failures=9, last_at=START)

    assert locked.one_more(ACCOUNT, START + timedelta(hours=25)).failures == 1
    assert locked.one_more(ACCOUNT, START + timedelta(hours=23)).failures == 10
