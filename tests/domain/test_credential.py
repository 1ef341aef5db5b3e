"""States, dates, order and references of keys, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.credentials.credential import KeyState, Reference, Reminder, in_order, reference_in, reminder, state_at
from app.domain.secret import Secret

AT = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "band"),
    [
        (timedelta(days=30, seconds=1), None),
        (timedelta(days=30), Reminder.MONTH),
        (timedelta(days=14), Reminder.FORTNIGHT),
        (timedelta(days=3, seconds=1), Reminder.FORTNIGHT),
        (timedelta(days=3), Reminder.DAYS),
        (timedelta(seconds=1), Reminder.DAYS),
        (timedelta(0), Reminder.EXPIRED),
        (timedelta(days=-9), Reminder.EXPIRED),
    ],
)
def test_the_nearer_the_end_the_louder_the_reminder(left: timedelta, band: Reminder | None) -> None:
    assert reminder(AT + left, AT) is band
    assert reminder(None, AT) is None


@pytest.mark.parametrize("state", KeyState)
def test_only_a_key_that_could_be_used_expires(state: KeyState) -> None:
    usable = state in (KeyState.ACTIVE, KeyState.STANDBY)

    assert state_at(state, AT, AT) is (KeyState.EXPIRED if usable else state)
    assert state_at(state, AT + timedelta(seconds=1), AT) is state
    assert state_at(state, None, AT) is state


def test_an_order_of_any_length_fits_priorities_and_weights() -> None:
    placed = in_order([str(n) for n in range(100)])

    def rank(key: str) -> tuple[int, int]:
        priority, weight = placed[key]
        return priority, -(weight or 100)

    assert sorted(placed, key=rank) == [str(n) for n in range(100)]
    assert all(1 <= p <= 10 and (w is None or 1 <= w <= 100) for p, w in placed.values())


@pytest.mark.parametrize("given", [{"env": "PATCHBAY_SECRET_A"}, {"file": "/run/secrets/a b"}])
def test_a_reference_is_one_line_and_reads_back(given: dict[str, str]) -> None:
    reference = Reference(**given)

    assert Reference.of(reference.text) == reference
    assert reference_in(reference.marked()) == reference.text
    assert reference_in(Secret(reference.text)) is None


@pytest.mark.parametrize("wrong", [{}, {"env": "A", "file": "/a"}, {"env": "A B"}, {"env": ""}, {"file": "a"}, {"file": "/a\n"}])
def test_what_is_no_place_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Reference(**wrong)
