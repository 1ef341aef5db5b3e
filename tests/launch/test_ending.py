"""SIGTERM: running answers go on for a while, then end properly; new work is refused; what was learned is written."""

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.test_commands import done
from tests.fixtures.databases import Sqlite
from tests.fixtures.running import Patchbay, free_port, until
from tests.fixtures.upstream import DONE, Heard, Line, Upstream, delta

ASK = {"model": "mine/alpha", "stream": True, "messages": [{"role": "user", "content": "go on"}]}
GATEWAYS = ("gateway", "--workers", "2")


async def endless(line: Line, _: Heard) -> None:
    """A stream that nobody but its reader ends."""
    await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    while True:
        await line.chunk(delta("on "))
        await asyncio.sleep(0.05)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    made.on("/chat/completions", endless)
    await made.start()
    yield made
    await made.stop()


class Served:
    """A Patchbay in front of the upstream, its client, and streams that run."""

    def __init__(self, running: Patchbay, key: str) -> None:
        self.running = running
        self.http = httpx.AsyncClient(base_url=running.url, headers={"authorization": f"Bearer {key}"}, timeout=60, trust_env=False)
        self.begun = 0

    async def read(self) -> bytes:
        """A whole stream; raises when it was cut instead of ended."""
        said = b""
        async with self.http.stream("POST", "/v1/chat/completions", json=ASK) as reply:
            assert reply.status_code == 200
            async for part in reply.aiter_raw():
                self.begun += not said
                said += part
        return said

    async def begin(self, count: int) -> list[asyncio.Task[bytes]]:
        """Streams of which the first words have come."""
        tasks = [asyncio.create_task(self.read()) for _ in range(count)]
        async with asyncio.timeout(60):
            while self.begun < count:  # noqa: ASYNC110 - the other side has no event for us
                await asyncio.sleep(0.01)
        return tasks

    def signal(self) -> None:
        assert self.running.process is not None
        self.running.process.send_signal(signal.SIGTERM)

    def signal_workers(self) -> None:
        """What a service manager does beside, which signals every process of a service."""
        assert self.running.process is not None
        launcher = self.running.process.pid
        for worker in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
            os.kill(int(worker), signal.SIGTERM)

    async def refused(self) -> httpx.Response:
        """What new work is answered once every worker has heard of the end. One that has not heard yet takes the request, and ends it."""
        async with asyncio.timeout(60):
            while True:
                try:
                    answer = await self.http.post("/v1/chat/completions", json=ASK | {"stream": False}, timeout=2)
                except httpx.TransportError:
                    continue
                if answer.status_code != 200:
                    return answer

    async def ended(self) -> int:
        assert self.running.process is not None
        return await asyncio.to_thread(self.running.process.wait, 60)

    def alive(self) -> list[tuple[Any, ...]]:
        """Workers that did not say goodbye: the lifespan of each ends with that."""
        return Sqlite(self.running.data / "patchbay.db").rows("SELECT worker_id FROM worker_heartbeat")


async def serve(folder: Path, upstream: Upstream, command: tuple[str, ...], **environment: str) -> Served:
    data = str(folder / "data")
    made = ("--base-url", upstream.base_url, "--auth-type", "none", "--data-dir", data)
    await asyncio.to_thread(done, "provider", "add", "mine", *made)
    key = (await asyncio.to_thread(done, "client-key", "add", "app", "--data-dir", data)).strip()
    running = Patchbay(folder / "data", free_port(), environment=environment, command=command)
    return Served(await asyncio.to_thread(running.start), key)


def is_properly_ended(stream: bytes) -> bool:
    """The last event says why, and nothing calls the torso complete."""
    return json.loads(stream.rpartition(b"data: ")[2])["error"]["code"] == "shutting_down" and DONE not in stream


async def test_streams_end_properly_when_their_time_is_over(tmp_path: Path, upstream: Upstream) -> None:
    served = await serve(tmp_path, upstream, GATEWAYS, PATCHBAY_DRAIN_SECONDS="2")
    streams = await served.begin(3)
    served.signal()
    refused = await served.refused()
    ready = await served.http.get("/health/ready")

    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "shutting_down")
    assert (ready.status_code, ready.json()) == (503, {"status": "ending"})
    assert all(is_properly_ended(stream) for stream in await asyncio.gather(*streams))
    assert await served.ended() == 0
    assert served.alive() == []
    await served.http.aclose()


async def test_a_second_signal_ends_at_once_and_properly(tmp_path: Path, upstream: Upstream) -> None:
    """The hour that streams have without it is longer than any test."""
    served = await serve(tmp_path, upstream, GATEWAYS, PATCHBAY_DRAIN_SECONDS="3600")
    streams = await served.begin(3)
    served.signal()
    while (await served.http.get("/health/ready")).status_code == 200:
        pass
    served.signal()

    assert all(is_properly_ended(stream) for stream in await asyncio.gather(*streams))
    assert await served.ended() == 0
    assert served.alive() == []
    await served.http.aclose()


async def test_a_signal_to_launcher_and_workers_is_one(tmp_path: Path, upstream: Upstream) -> None:
    """A worker hears it twice then: from whoever sent it, and from the launcher."""
    may_end = asyncio.Event()

    async def patient(line: Line, _: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(delta("on "))
        await may_end.wait()
        await line.chunk(delta("and out", "stop") + DONE)
        await line.end()

    upstream.on("/chat/completions", patient)
    served = await serve(tmp_path, upstream, ("gateway",), PATCHBAY_DRAIN_SECONDS="3600")
    streams = await served.begin(3)
    served.signal_workers()
    await served.refused()
    served.signal()
    await asyncio.sleep(1)  # the launcher has passed it on by then
    may_end.set()

    assert all(stream.endswith(DONE) for stream in await asyncio.gather(*streams))
    assert await served.ended() == 0
    assert served.alive() == []
    await served.http.aclose()


def test_a_worker_that_is_still_starting_keeps_nobody_from_ending(tmp_path: Path) -> None:
    """The hour that it would have is longer than any test."""
    done("client-key", "add", "app", "--data-dir", str(tmp_path / "data"))
    running = Patchbay(tmp_path / "data", free_port(), environment={"PATCHBAY_DRAIN_SECONDS": "3600"}, command=("gateway",))
    running.start(wait=False)
    assert running.process is not None
    launcher = running.process.pid
    children = Path(f"/proc/{launcher}/task/{launcher}/children")
    until("a worker begins", lambda: "Patchbay gateway" in running.printed() and children.read_text(), 60)
    worker = children.read_text().split()[0]
    until("it knows nobody's signals", lambda: not heard(worker) & 1 << signal.SIGTERM - 1, 60)
    running.process.send_signal(signal.SIGTERM)

    assert running.process.wait(60) == 0


def heard(pid: str) -> int:
    """The signals that a process has a handler for, as bits."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt"))
    return int(line.split()[1], 16)


@pytest.mark.soak
@pytest.mark.parametrize("command", [("serve", "--no-browser"), ("gateway",), ("gateway", "--workers", "3")], ids=" ".join)
async def test_twenty_streams_have_25_seconds_and_then_end_properly(tmp_path: Path, upstream: Upstream, command: tuple[str, ...]) -> None:
    served = await serve(tmp_path, upstream, command)
    streams = await served.begin(20)
    began = time.monotonic()
    served.signal()

    assert all(is_properly_ended(stream) for stream in await asyncio.gather(*streams))
    assert 24.5 < time.monotonic() - began < 28
    assert await served.ended() == 0
    assert time.monotonic() - began < 31
    assert served.alive() == []
    assert "Traceback" not in served.running.printed()
    await served.http.aclose()


@pytest.mark.soak
async def test_a_caller_who_reads_nothing_keeps_nobody_from_ending(tmp_path: Path, upstream: Upstream) -> None:
    async def flood(line: Line, _: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        while True:
            await line.chunk(delta("x" * 60_000))

    upstream.on("/chat/completions", flood)
    served = await serve(tmp_path, upstream, ("gateway",), PATCHBAY_DRAIN_SECONDS="1")
    body = json.dumps(ASK).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: {served.http.headers['authorization']}\r\n"
    with socket.create_connection(("127.0.0.1", served.running.port)) as deaf:
        deaf.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        await asyncio.to_thread(deaf.recv, 1000)
        await asyncio.sleep(1)  # until every buffer on the way is full
        served.signal()

        assert await served.ended() == 0
    assert served.alive() == []
    await served.http.aclose()
