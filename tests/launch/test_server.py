"""What is asked of the system before anything listens."""

import resource

import pytest

from app import server


@pytest.mark.parametrize(
    ("before", "lifts", "held"),
    [
        pytest.param((1_024, 20_000), True, 4_096, id="many are allowed"),
        pytest.param((1_024, 4_096), True, 1_792, id="some are allowed"),
        pytest.param((1_024, resource.RLIM_INFINITY), True, 4_096, id="no limit"),
        pytest.param((1_024, resource.RLIM_INFINITY), False, 256, id="the system says no"),
        pytest.param((256, 256), True, 64, id="hardly any"),
    ],
)
def test_a_worker_holds_as_many_connections_as_it_may_have_files(
    monkeypatch: pytest.MonkeyPatch, before: tuple[int, int], lifts: bool, held: int
) -> None:
    now = [before]

    def lift(_: int, limits: tuple[int, int]) -> None:
        if not lifts:
            raise ValueError
        now.append(limits)

    monkeypatch.setattr(resource, "getrlimit", lambda _: now[-1])
    monkeypatch.setattr(resource, "setrlimit", lift)

    assert server.connections() == held
    assert now[-1][0] >= before[0]
