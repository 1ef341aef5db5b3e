"""What moves with a window, and what a weight does to it."""

import time

import pytest

from app.domain.window import Window


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time as the window sees it; write its only entry."""
    at = [10_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    return at


def test_a_weight_waits_for_as_many_as_it_needs_to_leave(clock: list[float]) -> None:
    window = Window()
    for _ in range(3):
        assert window.hit("anna", 3)
        clock[0] += 10

    assert (window.wait("anna", 3), window.wait("anna", 3, weight=2), window.wait("bert", 3, weight=2)) == (30.0, 40.0, 0.0)
    assert not window.hit("anna", 3)
    clock[0] += 40
    assert window.hit("anna", 3, weight=2)
    assert window.wait("anna", 3) == 10.0


def test_a_weight_that_never_fits_is_told_the_longest_wait(clock: list[float]) -> None:
    window = Window()
    assert (window.hit("anna", 2, weight=3), window.wait("anna", 2, weight=3)) == (False, 60.0)
    window.hit("anna", 2)
    clock[0] += 15

    assert window.wait("anna", 2, weight=9) == 45.0
