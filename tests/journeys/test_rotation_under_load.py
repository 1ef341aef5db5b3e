"""A running server, applications that never stop calling, and one rotation after the other over REST: no request fails."""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.fixtures.running import patchbay, until
from tests.fixtures.upstream import completion

ROTATIONS = int(os.environ.get("ROTATIONS", "20"))
CONNECTIONS = 6
ANSWER = json.dumps(completion("alpha")).encode()
LIST = json.dumps({"object": "list", "data": [{"id": "alpha", "object": "model"}]}).encode()


@contextmanager
def provider(accepted: set[str], came: list[tuple[float, str]]) -> Iterator[str]:
    """A provider that takes these keys and notes when each came with a chat."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def do_GET(self) -> None:
            self.say(LIST)

        def do_POST(self) -> None:
            came.append((time.monotonic(), self.headers.get("authorization", "").removeprefix("Bearer ")))
            self.rfile.read(int(self.headers["content-length"]))
            self.say(ANSWER)

        def say(self, body: bytes) -> None:
            fits = self.headers.get("authorization", "").removeprefix("Bearer ") in accepted
            self.send_response(200 if fits else 401)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.soak
def test_rotations_under_load_fail_no_request(tmp_path: Path) -> None:
    accepted, came = {"sk-rotated-0000"}, list[tuple[float, str]]()
    statuses: list[int] = []
    is_over = threading.Event()
    with provider(accepted, came) as address, patchbay(tmp_path) as server, server.rest() as rest:
        saved = {"name": "acme", "base_url": address, "auth_type": "api_key", "models": ["alpha"]}
        rest.post("/providers", json={**saved, "credential": {"secret": {"api_key": "sk-rotated-0000"}}}).raise_for_status()
        key = server.run("client-key", "add", "app").stdout.strip()

        def call() -> None:
            with httpx.Client(base_url=f"{server.url}/v1", headers={"authorization": f"Bearer {key}"}, timeout=30) as http:
                while not is_over.is_set():
                    body = {"model": "acme/alpha", "messages": [{"role": "user", "content": "Hi"}]}
                    statuses.append(http.post("/chat/completions", json=body).status_code)

        calling = [threading.Thread(target=call) for _ in range(CONNECTIONS)]
        for thread in calling:
            thread.start()
        try:
            for number in range(1, ROTATIONS + 1):
                _rotate(rest, f"sk-rotated-{number:04d}", f"sk-rotated-{number - 1:04d}", accepted, came)
        finally:
            is_over.set()
            for thread in calling:
                thread.join(30)
        entries = [item["action"] for item in rest.get("/audit", params={"limit": 100}).raise_for_status().json()["items"]]

    assert set(statuses) == {200}
    assert len(statuses) > 10 * ROTATIONS
    steps = ["remove", "promote", "rollback", "promote", "connection:test", "add"]  # the newest first
    assert [entry.removeprefix("credential:key:").removeprefix("provider:") for entry in entries[:6]] == steps


def _rotate(rest: httpx.Client, new: str, old: str, accepted: set[str], came: list[tuple[float, str]]) -> None:
    """Both are accepted while one follows the other; after the last promotion the old one is refused, and nobody is hurt."""
    accepted.add(new)
    [held] = rest.get("/providers/acme/credentials").raise_for_status().json()["items"]
    started = rest.post(f"/credentials/{held['id']}/rotate", json={"secret": {"api_key": new}}).raise_for_status().json()
    assert rest.post(f"/credentials/{started['id']}/test", json={"depth": "auth"}).raise_for_status().json()["ok"]
    for step, used in (("promote", new), ("rollback", old), ("promote", new)):
        rest.post(f"/credentials/{started['id']}/{step}").raise_for_status()
        answered = time.monotonic()
        until("the key in use arrives", lambda used=used, since=answered: sum(key == used for at, key in came if at > since) >= CONNECTIONS)
        late = [at - answered for at, key in came[-5_000:] if key != used and at > answered]
        assert max(late, default=0) < 1, "the other key still arrives"
    accepted.discard(old)
    for held in rest.get("/providers/acme/credentials").raise_for_status().json()["items"]:
        if held["id"] != started["id"]:
            rest.delete(f"/credentials/{held['id']}").raise_for_status()
