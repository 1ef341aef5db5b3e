"""What a killed process may take with it: the calls of the last moments, nothing else, and nothing is counted twice."""

import threading
import time
from pathlib import Path

import httpx
import pytest

from app.services.usage.recording import EVERY_SECONDS
from tests.fixtures.running import fakellm, patchbay, until

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("is_killed", [True, False], ids=["kill -9", "stopped"])
def test_a_killed_process_loses_at_most_its_last_batch(tmp_path: Path, is_killed: bool) -> None:
    with fakellm(tmp_path / "upstream") as upstream, patchbay(tmp_path) as console:
        console.admin()
        with console.rest() as client:
            draft = {"name": "lab", "base_url": upstream, "auth_type": "none", "models": ["gpt-4o-mini"]}
            client.post("/providers", json=draft).raise_for_status()
            key = client.post("/client-keys", json={"name": "app", "scope": "gateway"}).json()["key"]
        answered = called_until(console.url, key, console.kill if is_killed else console.stop)
        console.start()
        with console.rest() as client:
            counted = client.get("/usage?by=model").json()["total"]["requests"]

    late = [at for at in answered if at >= answered[-1] - 1.5 * EVERY_SECONDS]
    least = len(answered) - len(late) if is_killed else len(answered)
    assert least <= counted <= len(answered) + 1  # the one under way may have been answered without our hearing it
    assert len(answered) > 50


def called_until(url: str, key: str, end: object) -> list[float]:
    """Moments of the calls that were answered, one after the other for five seconds until `end` is called in the middle of them."""
    answered: list[float] = []
    body = {"model": "lab/gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}

    def calling() -> None:
        with httpx.Client(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=10) as client:
            try:
                while client.post("/v1/chat/completions", json=body).status_code == 200:
                    answered.append(time.monotonic())
            except httpx.HTTPError:
                return

    thread = threading.Thread(target=calling)
    thread.start()
    until("five seconds of calls", lambda: answered and answered[-1] - answered[0] > 5, 60)
    end()  # type: ignore[operator]
    thread.join(20)
    return answered
