"""A rotation beside a running server: no request fails at any moment, what is saved meanwhile stays, everything opens afterwards."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.fixtures import mortal, sealed
from tests.fixtures.running import Patchbay, free_port, until

PAUSE = 0.02  # between two calls of one caller: the rate is bounded
CALLERS = 2


@dataclass
class Heard:
    """What callers were told while the key changed."""

    answers: int = 0
    wrong: list[str] = field(default_factory=list)
    saved: dict[str, str] = field(default_factory=dict)  # credential id → the last key that was acknowledged
    stop: threading.Event = field(default_factory=threading.Event)


async def test_a_rotation_beside_a_running_server_fails_no_request(tmp_path: Path) -> None:
    await _rotate(tmp_path, providers=3, each=100)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
async def test_ten_thousand_credentials_are_rewrapped_while_traffic_flows(tmp_path: Path) -> None:
    await _rotate(tmp_path, providers=50, each=200)


async def _rotate(tmp_path: Path, *, providers: int, each: int) -> None:
    with _upstream() as port:
        data = tmp_path / "data"
        await sealed.furnish(
            data, providers=providers, each=each, base_url=f"http://127.0.0.1:{port}/v1", origin=f"http://127.0.0.1:{port}"
        )
        before = sealed.in_file(data)
        running = Patchbay(data, free_port()).start()
        try:
            heard = _serve_through(running, data, providers)
            printed = running.printed()
        finally:
            running.stop()
    assert heard.wrong == []
    assert heard.answers > 20
    assert len(heard.saved) == 1
    assert await sealed.unsound(data, expected=providers * each + 1, typed=heard.saved) == []
    (new,) = sealed.in_file(data)
    assert new not in before
    assert f"encrypted with the master key {new}" in printed, "the server follows without a restart"


def _serve_through(running: Patchbay, data: Path, providers: int) -> Heard:
    """Call and save without a pause for thought while the four commands run."""
    heard = Heard()
    key = running.run("client-key", "add", "app").stdout.strip()
    with running.rest() as rest:
        callers = [threading.Thread(target=_call, args=(running.url, key, providers, heard)) for _ in range(CALLERS)]
        callers.append(threading.Thread(target=_save, args=(rest, heard)))
        for caller in callers:
            caller.start()
        try:
            for step in ("create", "activate", "rewrap", "retire"):
                until(step, lambda step=step: mortal.run("master-key", step, data_dir=data)[0] == 0, 60)
                told = heard.answers
                until("calls under the new state", lambda told=told: heard.answers > told + 2 * CALLERS, 30)
        finally:
            heard.stop.set()
            for caller in callers:
                caller.join(30)
    return heard


def _call(url: str, key: str, providers: int, heard: Heard) -> None:
    """An application; each provider's upstream lets in nobody without one of its keys."""
    with httpx.Client(base_url=f"{url}/v1", headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:
        number = 0
        while not heard.stop.is_set():
            number += 1
            body = {"model": f"p{number % providers}/{sealed.MODEL}", "messages": [{"role": "user", "content": "hello"}]}
            told = client.post("/chat/completions", json=body)
            if told.status_code == 200:
                heard.answers += 1
            else:
                heard.wrong.append(told.text)
            time.sleep(PAUSE)


def _save(rest: httpx.Client, heard: Heard) -> None:
    """Somebody replaces one key again and again."""
    number = 0
    made = rest.post("/providers", json={"name": "mine", "base_url": "https://api.example.org/v1", "credential": _typed(number)})
    while not heard.stop.is_set():
        if made.status_code not in (200, 201):
            heard.wrong.append(made.text)
            return
        heard.saved = {made.json()["credentials"][0]["id"]: _typed(number)["secret"]["api_key"]}
        number += 1
        time.sleep(PAUSE)
        made = rest.patch("/providers/mine", json={"credential": _typed(number)})
    if made.status_code == 200:
        heard.saved = {made.json()["credentials"][0]["id"]: _typed(number)["secret"]["api_key"]}


def _typed(number: int) -> dict[str, dict[str, str]]:
    return {"secret": {"api_key": f"sk-typed-while-it-rotates-{number}"}}


@contextlib.contextmanager
def _upstream() -> Iterator[int]:
    """Lets in whoever shows a key that was stored for it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            key = self.headers.get("authorization", "").removeprefix("Bearer sk-")
            let_in = len(key) == 36 and key.count("-") == 4
            said = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}
            data = json.dumps(said if let_in else {"error": {"message": "who are you"}}).encode()
            self.send_response(200 if let_in else 401)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
