"""Traffic that never stops, and a database that is taken away under it: no request fails, and writing works again at once."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.test_commands import done
from tests.fixtures.postgres import Cluster
from tests.fixtures.running import Patchbay, free_port, until
from tests.journeys.test_rotation_under_load import provider

CALLERS = 4
TIMES = 3
AWAY_SECONDS = 4.0
RECOVER_SECONDS = 5.0
ASK = {"model": "acme/alpha", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def acme() -> Iterator[str]:
    with provider({"sk-acme"}, []) as address:
        yield address


@contextmanager
def traffic(urls: list[str], key: str) -> Iterator[list[int | str]]:
    """Applications that call these addresses all the time; what they were answered."""
    answers, is_over = list[int | str](), threading.Event()

    def call(url: str) -> None:
        with httpx.Client(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=30) as http:
            while not is_over.is_set():
                try:
                    answers.append(http.post("/v1/chat/completions", json=ASK).status_code)
                except httpx.TransportError as error:
                    answers.append(repr(error))
                is_over.wait(0.005)

    calling = [threading.Thread(target=call, args=(urls[i % len(urls)],)) for i in range(CALLERS)]
    for thread in calling:
        thread.start()
    try:
        yield answers
    finally:
        is_over.set()
        for thread in calling:
            thread.join(40)


def go_on(answers: list[int | str], seconds: float) -> None:
    """For this long, and calls are answered meanwhile."""
    before, end = len(answers), time.monotonic() + seconds
    until("time passes", lambda: time.monotonic() >= end, seconds + 5)
    assert len(answers) > before + CALLERS


@pytest.mark.soak
def test_postgresql_may_stop_and_start_under_load(cluster: Cluster, acme: str, tmp_path: Path) -> None:
    cluster.server.run("CREATE DATABASE away")
    around = {"PATCHBAY_DATABASE_URL": cluster.server.url("away", tcp=True)}
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    console = Patchbay(data, free_port(), environment=around)
    gateways = Patchbay(data, free_port(), environment=around, command=("gateway", "--workers", "2"))
    with ExitStack() as stack:
        for each in (console, gateways):
            stack.callback(each.stop)
            each.start()
        rest = stack.enter_context(console.rest())
        saved = {"name": "acme", "base_url": acme, "auth_type": "api_key", "models": ["alpha"]}
        rest.post("/providers", json={**saved, "credential": {"secret": {"api_key": "sk-acme"}}}).raise_for_status()
        key = console.run("client-key", "add", "app").stdout.strip()
        until("the key is known", lambda: httpx.get(f"{gateways.url}/v1/models", headers={"authorization": f"Bearer {key}"}).is_success)
        answers = stack.enter_context(traffic([console.url, gateways.url], key))
        for number in range(TIMES):
            go_on(answers, 1)
            cluster.stop()
            try:
                refused = rest.patch("/providers/acme", json={"label": "Lost"})
                go_on(answers, AWAY_SECONDS)
            finally:
                cluster.start()
            back = time.monotonic()
            label = {"label": f"Found {number}"}
            until("written", lambda label=label: rest.patch("/providers/acme", json=label).is_success, RECOVER_SECONDS)
            print(f"writes again after {time.monotonic() - back:.2f} s, {len(answers)} calls answered")
            assert (refused.status_code, "try again" in refused.text) == (503, True)

            def follows() -> bool:
                workers = rest.get("/providers/registry-status").json()["workers"]
                return len(workers) == 3 and all(worker["is_current"] for worker in workers)

            until("all three follow", follows, RECOVER_SECONDS)

    assert set(answers) == {200}
    assert "Traceback" not in console.printed() + gateways.printed()


@pytest.mark.soak
def test_a_file_that_somebody_locks_for_seconds_keeps_no_caller_waiting(acme: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    at_home = ("--data-dir", str(data))
    done("provider", "add", "acme", "--base-url", acme, "--model", "alpha", "--secret-stdin", *at_home, stdin="sk-acme\n")
    key = done("client-key", "add", "app", *at_home).strip()
    gateways = Patchbay(data, free_port(), command=("gateway", "--workers", "2"))
    with ExitStack() as stack:
        stack.callback(gateways.stop)
        gateways.start()
        answers = stack.enter_context(traffic([gateways.url], key))
        go_on(answers, 1)
        with closing(sqlite3.connect(data / "patchbay.db", timeout=10, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            go_on(answers, 2 * AWAY_SECONDS)
            other.execute("ROLLBACK")
        done("client-key", "add", "another", *at_home)
        go_on(answers, 1)

    assert set(answers) == {200}
    assert "Traceback" not in gateways.printed()
