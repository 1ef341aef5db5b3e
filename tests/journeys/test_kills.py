"""kill -9 at any moment leaves the old state or the new one, never half; nothing that was acknowledged is lost."""

import os
import random
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.fixtures.running import Patchbay, free_port, until

KILLS = int(os.environ.get("KILLS", "30"))


@pytest.mark.soak
def test_a_killed_server_keeps_what_it_acknowledged_and_nothing_half(tmp_path: Path) -> None:
    chance = random.Random(8_700)  # noqa: S311 - a seed, so that a failure can be repeated
    running = Patchbay(tmp_path / "data", free_port())
    running.data.mkdir(mode=0o700)
    running.start()
    key = running.run("client-key", "add", "soak", "--scope", "admin").stdout.strip()
    acknowledged: dict[str, str] = {}
    try:
        for round_ in range(KILLS):
            stop = threading.Event()
            writer = threading.Thread(target=_write, args=(running.url, key, round_, acknowledged, stop))
            writer.start()
            time.sleep(chance.uniform(0.05, 0.6))
            running.kill()
            stop.set()
            writer.join(30)
            running.start()
            _holds(running, key, acknowledged)
    finally:
        running.kill()


def _write(url: str, key: str, round_: int, acknowledged: dict[str, str], stop: threading.Event) -> None:
    """Create and edit until the server is gone; note only what was answered with success."""
    with httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=10) as client:
        number = 0
        while not stop.is_set():
            name = f"r{round_}-{number}"
            body = {
                "name": name,
                "label": "first",
                "base_url": f"https://{name}.example.com/v1",
                "credential": {"secret": {"api_key": "sk-" + name * 4}},
            }
            try:
                if client.post("/providers", json=body).status_code == 201:
                    acknowledged[name] = "first"
                if client.patch(f"/providers/{name}", json={"label": "second"}).status_code == 200:
                    acknowledged[name] = "second"
            except httpx.TransportError:
                return
            number += 1


def _holds(running: Patchbay, key: str, acknowledged: dict[str, str]) -> None:
    assert running.run("audit", "verify").returncode == 0
    with httpx.Client(base_url=f"{running.url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        until("key known", lambda: client.get("/providers").status_code == 200, 5)
        found, cursor = {}, ""
        while cursor is not None:
            page = client.get("/providers", params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()
            found |= {p["name"]: p for p in page["items"]}
            cursor = page["next_cursor"]
    for name, label in acknowledged.items():
        assert found[name]["label"] in ({label} if label == "second" else {"first", "second"}), name
    for provider in found.values():
        assert [c["is_set"] for c in provider["credentials"]] == [True], "a provider without its key is half a save"
