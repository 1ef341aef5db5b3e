"""Where a request came from, and what is noted of a proxy that nobody told us of."""

from typing import Any

import pytest

from app import settings
from app.api import caller
from app.services import heartbeats


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    peers: list[str] = []
    monkeypatch.setattr(heartbeats, "forwarded", peers.append)
    return peers


@pytest.mark.parametrize(
    ("proxies", "lines", "ip", "peers"),
    [
        pytest.param(0, [], "192.0.2.1", [], id="no proxy"),
        pytest.param(0, ["198.51.100.7"], "192.0.2.1", ["192.0.2.1"], id="a proxy that nobody told us of"),
        pytest.param(1, ["198.51.100.7"], "198.51.100.7", [], id="one that we were told of"),
        pytest.param(1, ["203.0.113.9, 198.51.100.7"], "198.51.100.7", [], id="what a caller added does not count"),
        pytest.param(2, ["203.0.113.9", "198.51.100.7"], "203.0.113.9", [], id="two"),
        pytest.param(2, ["198.51.100.7"], "192.0.2.1", ["192.0.2.1"], id="fewer than we were told of"),
        pytest.param(1, [], "192.0.2.1", [], id="past the proxy"),
    ],
)
def test_an_address_is_that_of_the_peer_or_what_our_proxies_say(
    monkeypatch: pytest.MonkeyPatch, noted: list[str], proxies: int, lines: list[str], ip: str, peers: list[str]
) -> None:
    monkeypatch.setenv("PATCHBAY_TRUSTED_PROXIES", str(proxies))
    settings.current.cache_clear()
    scope: dict[str, Any] = {"client": ("192.0.2.1", 5), "headers": [(b"X-Forwarded-For", line.encode()) for line in lines]}

    found = caller.ip_of(scope)
    settings.current.cache_clear()

    assert (found, noted) == (ip, peers)
