"""`patchbay gateway`: traffic alone, by several processes, beside a console or without one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.test_commands import done
from tests.fixtures.running import ENVIRONMENT, ROOT, Patchbay, free_port, until

CONSOLE_ONLY = ("reflex", "fastapi", "starlette", "alembic", "app.cli", "litellm", "app.ui", "app.api")


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patchbay]:
    """A gateway of two workers on the data of a console that does not run."""
    data = tmp_path_factory.mktemp("gateways") / "data"
    done("provider", "add", "mine", "--preset", "groq", "--secret-stdin", "--data-dir", str(data), stdin="gsk_planted\n")
    running = Patchbay(data, free_port(), command=("gateway", "--workers", "2")).start()
    yield running
    running.stop()


def children(running: Patchbay) -> list[int]:
    assert running.process is not None
    return [int(pid) for pid in Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()]


def test_a_gateway_loads_nothing_of_the_console() -> None:
    script = "import sys; from app import asgi; asgi.make_gateway(); print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split())

    assert not loaded & set(CONSOLE_ONLY)
    assert "psycopg" not in loaded, "PostgreSQL's driver is for who has PostgreSQL"
    assert "app.gateway" in loaded


def test_a_gateway_answers_applications_and_load_balancers_and_nobody_else(gateways: Patchbay) -> None:
    key = gateways.run("client-key", "add", "app").stdout.strip()

    listed = httpx.get(f"{gateways.url}/v1/models", headers={"authorization": f"Bearer {key}"})

    assert (listed.status_code, listed.json()["object"]) == (200, "list")
    assert httpx.get(f"{gateways.url}/health/live").json() == {"status": "ok"}
    assert [httpx.get(gateways.url + path).status_code for path in ("/", "/api/v1/session", "/auth/login")] == [404] * 3


def test_a_worker_that_was_killed_is_replaced(gateways: Patchbay) -> None:
    first, second = children(gateways)
    os.kill(first, signal.SIGKILL)

    until("another worker", lambda: len(found := children(gateways)) == 2 and first not in found and second in found)
    until("ready", lambda: httpx.get(f"{gateways.url}/health/ready").status_code == 200)


def refusal(data: Path, port: int) -> str:
    """The one sentence of a start that was refused."""
    command = [sys.executable, "-m", "app.cli", "gateway", "--port", str(port), "--data-dir", str(data)]
    ended = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 78, ended.stderr
    assert ended.stderr.strip().count("\n") == 0
    return ended.stderr


def test_a_gateway_makes_no_database(tmp_path: Path) -> None:
    assert "Start patchbay serve on this data folder first" in refusal(tmp_path / "data", free_port())
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_refused(gateways: Patchbay) -> None:
    assert f"Port {gateways.port}" in refusal(gateways.data, gateways.port)
