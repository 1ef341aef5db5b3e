"""What is asked of the system before anything listens."""

import resource
from typing import Any

import pytest

from app import serve, server, settings


@pytest.mark.parametrize(
    ("before", "lifts", "held"),
    [
        pytest.param((1_024, 65_536), True, 16_384, id="many are allowed"),
        pytest.param((1_024, 4_096), True, 1_792, id="some are allowed"),
        pytest.param((1_024, resource.RLIM_INFINITY), True, 16_384, id="no limit"),
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


def test_a_connection_that_sends_no_whole_head_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []

    class Noted:
        def __init__(self, target: str, **options: Any) -> None:
            started.append(options)

        def serve(self) -> None:
            """Nothing listens."""

    monkeypatch.setattr(server, "Server", Noted)
    monkeypatch.setattr(server, "connections", lambda: 77)  # the real one lifts limits of this process
    serve._serve(settings.Settings(), "app.asgi:make")

    (options,) = started
    assert options["http1_settings"].header_read_timeout == server.HEAD_SECONDS * 1_000
    assert 5 < server.HEAD_SECONDS < 30  # longer than clients keep idle connections, shorter than what the server does of its own
    assert options["backpressure"] == 77
