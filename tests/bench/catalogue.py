"""A console with 1,000 providers and a second process on the same database: how long a start, a save and a test of many take."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.bench import ours
from tests.bench.running import Processes, Target, resident_mb

PROVIDERS = 1_000
SLOW = 200  # of them, each answering in a second
_SETTLED_SECONDS = 5.0


@dataclass
class Catalogue:
    """Seconds, megabytes and, of every save, milliseconds."""

    start_seconds: float
    idle_mb: float
    same_worker_late: int  # saves whose answer came before they were effective in the same process
    other_worker_ms: list[float]
    rebuild_ms: list[float]
    test_all_seconds: float
    test_all_passed: int
    live_ms: float  # the slowest answer of the console meanwhile


def measured(processes: Processes, home: ours.Home, direct: Target, saves: int) -> Catalogue:
    """`home` is of its own: it is filled."""
    began = time.monotonic()
    console = ours.serve(processes, home, name="catalogue-serve")
    processes.until_answers(console.pid, console.port, "/login/")
    start_seconds = time.monotonic() - began
    time.sleep(_SETTLED_SECONDS)
    idle_mb = resident_mb(console.pid)
    headers = {"Authorization": f"Bearer {home.admin_key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{console.port}/api/v1", headers=headers, timeout=120) as rest:
        seed(rest, direct)
        other = ours.gateway(processes, home, name="catalogue-gateway")
        late, spread, rebuilds = toggled(rest, console, other, home.key, saves)
        seconds, passed, live = tested(rest, console)
    processes.end(console.pid, other.pid)
    return Catalogue(start_seconds, idle_mb, late, spread, rebuilds, seconds, passed, live)


def seed(rest: httpx.Client, direct: Target) -> None:
    """The thousand; the first 200 think for a second."""

    def one(number: int) -> None:
        slow = number < SLOW
        body = {
            "name": f"{'slow' if slow else 'p'}-{number:04}",
            "base_url": f"http://127.0.0.1:{direct.port}{'/w1000' if slow else ''}/v1",
            "auth_type": "none",
            "default_model": "bench",
        }
        rest.post("/providers", json=body).raise_for_status()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(PROVIDERS)))


def toggled(rest: httpx.Client, console: Target, other: Target, key: str, saves: int) -> tuple[int, list[float], list[float]]:
    """Switch a provider off and on. An application asks for it: at once where it was saved, and all the time at the other process."""
    late, spread, rebuilds = 0, [], []
    with asking(console, key) as here, asking(other, key) as there:
        for number in range(saves):
            on = number % 2 == 1
            rest.post(f"/providers/p-0999/{'enable' if on else 'disable'}").raise_for_status()
            answered = time.perf_counter()
            late += here() != on
            while there() != on:
                if time.perf_counter() - answered > 10:
                    raise SystemExit("the other process never heard of a save")
            spread.append((time.perf_counter() - answered) * 1000)
            rebuilds.append(rest.get("/providers/registry-status").raise_for_status().json()["build_ms"])
    return late, spread, rebuilds


@contextmanager
def asking(target: Target, key: str) -> Iterator[Callable[[], bool]]:
    """Whether the provider answers through this process, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)
    body = json.dumps({"model": "p-0999/bench", "messages": [{"role": "user", "content": "hello"}]})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def answers() -> bool:
        connection.request("POST", target.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status == 200

    try:
        yield answers
    finally:
        connection.close()


def tested(rest: httpx.Client, console: Target) -> tuple[float, int, float]:
    """Test the 200 slow ones, 32 at a time, while somebody looks at the console."""
    names = [f"slow-{number:04}" for number in range(SLOW)]
    with ThreadPoolExecutor(1) as pool:
        began = time.perf_counter()
        running = pool.submit(rest.post, "/providers/test-all", json={"providers": names, "concurrency": 32})
        slowest = 0.0
        with httpx.Client(base_url=f"http://127.0.0.1:{console.port}") as looking:
            while not running.done():
                asked = time.perf_counter()
                looking.get("/login/").raise_for_status()
                slowest = max(slowest, time.perf_counter() - asked)
                time.sleep(0.02)
        took = time.perf_counter() - began
    return took, running.result().raise_for_status().json()["passed"], slowest * 1000
