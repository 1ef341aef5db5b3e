"""A gateway as it is deployed, between broken providers and callers that leave: the others do not notice, and nothing is left."""

import asyncio
import json
import socket
import sqlite3
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from itertools import chain
from pathlib import Path

import psutil
import pytest

from tests.cli.test_commands import done
from tests.fixtures.faults import SCRIPTS
from tests.fixtures.running import Patchbay, free_port
from tests.fixtures.trouble import Trouble
from tests.fixtures.upstream import Heard, Line, Script, Upstream, delta

pytestmark = pytest.mark.soak

MB = 1024 * 1024
PHASES_OF_TROUBLE = 8
TROUBLED = ("bad-a", "bad-b", "bad-c")


class Served:
    """A gateway with one worker, and a client key."""

    def __init__(self, running: Patchbay, key: str) -> None:
        self.running, self.key = running, key

    def memory(self) -> int:
        """Bytes held by its processes together."""
        assert self.running.process is not None
        launcher = psutil.Process(self.running.process.pid)
        return sum(process.memory_info().rss for process in (launcher, *launcher.children(recursive=True)))

    def request(self, model: str, *, stream: bool = False, user: str = "") -> bytes:
        body = json.dumps({"model": model, "stream": stream, "messages": [], "user": user}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self.key}\r\ncontent-length: {len(body)}\r\n\r\n"
        return head.encode() + body

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.running.port)


async def serve(folder: Path, providers: dict[str, str], column: str = "limits", value: dict[str, float] | None = None) -> Served:
    """A value for the column `limits` or `network` of the providers whose names begin with "bad"."""
    data = str(folder / "data")
    for name, base_url in providers.items():
        await asyncio.to_thread(done, "provider", "add", name, "--base-url", base_url, "--auth-type", "none", "--data-dir", data)
    key = (await asyncio.to_thread(done, "client-key", "add", "app", "--data-dir", data)).strip()
    with sqlite3.connect(folder / "data" / "patchbay.db") as database:
        database.execute(f"UPDATE provider SET {column} = ? WHERE name LIKE 'bad%'", (json.dumps(value or {}),))  # noqa: S608 - our own word
    running = Patchbay(folder / "data", free_port(), command=("gateway",))
    return Served(await asyncio.to_thread(running.start), key)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    await made.start()
    yield made
    await made.stop()


# R6: a hostile provider never hurts others


async def calls(served: Served, seconds: float, pause: float = 0.01) -> list[float]:
    """Seconds that each call of the healthy provider took, over four connections. Every one must be answered well."""
    took: list[float] = []
    request = served.request("good/alpha")

    async def caller() -> None:
        reader, writer = await served.connect()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
            took.append(time.perf_counter() - began)
            assert head.startswith(b"HTTP/1.1 200"), head
            await asyncio.sleep(pause)
        writer.close()

    await asyncio.gather(*(caller() for _ in range(4)))
    return took


def p99(took: list[float]) -> float:
    return statistics.quantiles(took, n=100)[98]


async def test_broken_providers_do_not_slow_a_healthy_one(tmp_path: Path, upstream: Upstream) -> None:
    """The goal is 10 %, on a machine that has nothing else to do: read the figures. What is asserted allows for one that has."""
    network = {"first_byte_seconds": 1.0, "idle_seconds": 1.0, "total_seconds": 2.0}
    ended: dict[str, Counter[str]] = defaultdict(Counter)
    took: dict[str, list[list[float]]] = {"trouble": [], "peace": []}
    with Trouble() as trouble:
        bad = f"http://127.0.0.1:{trouble.port}/v1"
        served = await serve(tmp_path, {"good": upstream.base_url, **dict.fromkeys(TROUBLED, bad)}, "network", network)
        trouble.say({"url": served.running.url, "key": served.key, "providers": TROUBLED})
        before = 0
        for phase in range(PHASES_OF_TROUBLE):
            for what in ("trouble", "peace") if phase % 2 else ("peace", "trouble"):
                trouble.say(what)
                took[what].append(await calls(served, 5))
                trouble.say("rest")
                for fault, ways in (await asyncio.to_thread(trouble.hear)).items():
                    ended[fault].update(ways)
            before = before or served.memory()  # everything has been loaded and used once
        grown = served.memory() - before
        served.running.stop()

    troubled, quiet = (statistics.median(p99(phase) for phase in took[what]) for what in ("trouble", "peace"))
    middle = [statistics.median(chain.from_iterable(took[what])) for what in ("trouble", "peace")]
    print(f"\np99 with trouble {_ms(p99(phase) for phase in took['trouble'])}, without {_ms(p99(phase) for phase in took['peace'])}")
    print(f"medians of the p99: ratio {troubled / quiet:.2f}; p50 {_ms(middle)}: ratio {middle[0] / middle[1]:.2f}")
    print(f"memory {grown / MB:+.1f} MB")
    for fault, ways in sorted(ended.items()):
        print(f"  {fault}: {dict(ways)}")
    assert set(ended) == {*SCRIPTS, "well"}
    assert ended["well"].keys() <= {"200", "left"}
    assert troubled < quiet * 1.5 + 0.05
    assert grown < 64 * MB
    assert "Traceback" not in served.running.printed()


def _ms(seconds: Iterable[float]) -> str:
    return "/".join(f"{value * 1_000:.1f}" for value in seconds) + " ms"


# R7: callers that leave


async def silent(line: Line, _: Heard) -> None:
    await line.gone.wait()


async def head_only(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    await line.gone.wait()


async def in_the_middle(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    while True:
        await line.chunk(delta("on "))
        await asyncio.sleep(0.1)


async def flood(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    while True:
        await line.chunk(delta("x" * 60_000))


class Leaving:
    """One phase: callers that leave when the answer is so far, and when the provider noticed."""

    def __init__(self, served: Served, upstream: Upstream, script: Script, word: bytes, stream: bool) -> None:
        self.served, self.script, self.word, self.stream = served, script, word, stream
        self.came: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.left: dict[str, float] = {}
        self.took: list[float] = []
        upstream.on("/chat/completions", self.provide)

    async def provide(self, line: Line, heard: Heard) -> None:
        mark = heard.json["user"]
        self.came[mark].set()
        playing = asyncio.ensure_future(self.script(line, heard))
        try:
            await playing
        finally:  # cancelled as soon as the connection is closed
            playing.cancel()
            self.took.append(time.monotonic() - self.left.get(mark, 0))

    async def call(self, mark: str, *, abruptly: bool) -> None:
        reader, writer = await self.served.connect()
        writer.write(self.served.request("bad/alpha", stream=self.stream, user=mark))
        await self.came[mark].wait()
        if self.word:
            await reader.readuntil(self.word)
        await asyncio.sleep(0.4 if self.script is flood else 0.1)  # until every buffer on the way is full
        self.left[mark] = time.monotonic()
        if abruptly:
            writer.transport.abort()
        else:
            writer.close()


PHASES: dict[str, tuple[Script, bytes, bool]] = {
    "before headers": (silent, b"", False),
    "before the first word": (head_only, b"\r\n\r\n", True),
    "mid-stream": (in_the_middle, b"on ", True),
    "blocked send": (flood, b"xxx", True),
}


async def test_whoever_leaves_takes_the_providers_connection_along(tmp_path: Path, upstream: Upstream) -> None:
    """A hundred times in each phase. The provider lets 20 in at a time: a place that is not freed would be missed."""
    served = await serve(tmp_path, {"bad": upstream.base_url}, "limits", {"requests_per_minute": 0, "concurrent": 20})
    for phase, (script, word, stream) in PHASES.items():
        leaving = Leaving(served, upstream, script, word, stream)
        for batch in range(5):
            await asyncio.gather(*(leaving.call(f"{batch}-{number}", abruptly=number % 2 == 0) for number in range(20)))
            assert await upstream.all_gone(within=5), phase
        took = leaving.took
        print(f"\n{phase}: closed after p50 {statistics.median(took):.3f} s, p99 {p99(took):.3f} s, last {max(took):.3f} s")
        assert len(took) == 100
        assert p99(took) < 1
    upstream.scripts.clear()
    assert len(await answered(served, 20)) == 20  # every place is free again
    served.running.stop()
    assert "Traceback" not in served.running.printed()


async def answered(served: Served, count: int) -> list[bytes]:
    """The status lines of so many calls at once, all of them well."""

    async def one() -> bytes:
        reader, writer = await served.connect()
        writer.write(served.request("bad/alpha"))
        status = await reader.readuntil(b"\r\n")
        writer.close()
        return status

    return [status for status in await asyncio.gather(*(one() for _ in range(count))) if b" 200 " in status]


async def test_a_caller_who_does_not_read_fills_no_memory(tmp_path: Path, upstream: Upstream) -> None:
    """200 MB are on their way to each of three callers who read a little and then nothing."""
    sent = 0

    async def large(line: Line, _: Heard) -> None:
        nonlocal sent
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        for _i in range(200):
            await line.chunk(delta("x" * MB)[:900_000] + b"\n\n")
            sent += 900_000

    upstream.on("/chat/completions", large)
    served = await serve(tmp_path, {"bad": upstream.base_url})
    await answered(served, 1)
    before, most = served.memory(), 0
    deaf = [socket.create_connection(("127.0.0.1", served.running.port)) for _ in range(3)]
    for one in deaf:
        one.sendall(served.request("bad/alpha", stream=True))
        await asyncio.to_thread(one.recv, 1_000)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        most = max(most, served.memory())
        await asyncio.sleep(0.1)
    print(f"\nof 600 MB {sent / MB:.0f} MB were taken from the provider; memory {(most - before) / MB:+.1f} MB")
    for one in deaf:
        one.close()

    assert await upstream.all_gone(within=2)
    assert most - before < 64 * MB
    served.running.stop()
