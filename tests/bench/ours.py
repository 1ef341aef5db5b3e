"""Patchbay and the floor under it, as the benchmark starts them."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.bench.running import GATEWAY, LIFETIME, LOAD, ROOT, Processes, Target, free_port, resident_mb
from tests.bench.tabs import EMAIL

PASSWORD = "correct horse battery staple"
TABS = 20
ALIAS = "bench-alias"
# The highest that can be set. A target is under load for a sixth of the time, so 10,000 requests/s would just fit.
MOST_A_MINUTE = 100_000


@dataclass(frozen=True)
class Home:
    """A data folder that is set up: `key` calls models, `admin_key` is for REST, `model` is what applications name."""

    data: Path
    key: str
    admin_key: str
    model: str

    def copied(self, data: Path) -> "Home":
        """The same once more: a process that stands still must not hold the database of one that runs."""
        shutil.copytree(self.data, data)
        return Home(data, self.key, self.admin_key, self.model)


def patchbay(data: Path, *words: str, secret: str | None = None) -> str:
    """What a command of Patchbay prints."""
    command = [sys.executable, "-m", "app.cli", *words, "--data-dir", str(data)]
    run = subprocess.run(command, cwd=ROOT, input=secret, capture_output=True, text=True, timeout=60, check=False)
    if run.returncode:
        raise SystemExit(f"patchbay {' '.join(words)}: {run.stderr}")
    return run.stdout.strip()


def prepared(processes: Processes, data: Path, direct: Target) -> Home:
    """A provider on the fast upstream, an alias that leads to it, and a client key."""
    patchbay(data, "user", "add", EMAIL, "--role", "admin", "--password-stdin", secret=PASSWORD)
    admin_key = patchbay(data, "client-key", "add", "bench-rest", "--scope", "admin")
    console = serve(processes, Home(data, "", admin_key, ""), name="prepare")
    with httpx.Client(base_url=f"http://127.0.0.1:{console.port}/api/v1", headers={"Authorization": f"Bearer {admin_key}"}) as rest:
        provider = {
            "name": "bench",
            "base_url": f"http://127.0.0.1:{direct.port}/v1",
            "auth_type": "api_key",
            "credential": {"secret": {"api_key": "sk-bench"}},
            "models": ["bench"],
            "limits": {"requests_per_minute": MOST_A_MINUTE, "concurrent": 10_000},
        }
        rest.post("/providers", json=provider).raise_for_status()
        rest.post("/aliases", json={"name": ALIAS, "targets": [{"provider": "bench", "model": "bench"}]}).raise_for_status()
        key = rest.post("/client-keys", json={"name": "bench", "requests_per_minute": MOST_A_MINUTE}).raise_for_status().json()["key"]
    processes.end(console.pid)
    return Home(data, key, admin_key, ALIAS)


def upstream(processes: Processes, program: Path) -> Target:
    """The fast upstream, which is also the direct path."""
    port = free_port()
    pid = processes.start("upstream", [str(program), str(port), str(LIFETIME)], LOAD)
    processes.until_answers(pid, port, "/v1/models")
    return Target("direct", port)


def served(application: str) -> list[str]:
    """The command that serves an application as `serve` does, without a port."""
    granian = str(Path(sys.executable).with_name("granian"))
    options = "--interface asgi --factory --workers 1 --loop uvloop --http 1 --host 127.0.0.1 --no-ws --log-level error"
    return [granian, *options.split(), application]


def started(processes: Processes, name: str, command: list[str], environment: dict[str, str], target: Target) -> Target:
    """A target whose process answers."""
    target.pid = processes.start(name, [*command, "--port", str(target.port)], GATEWAY, environment)
    target.start_seconds = processes.until_answers(target.pid, target.port, "/health/ready")
    target.idle_mb = resident_mb(target.pid)
    return target


def bare(processes: Processes, direct: Target) -> Target:
    """An aiohttp pass-through: nearly the least that a gateway in Python can do."""
    places = {"BARE_UPSTREAM": f"http://127.0.0.1:{direct.port}{direct.path}"}
    return started(processes, "bare", served("tests.bench.bare:make"), places, Target("bare aiohttp pass-through", free_port()))


def gateway(processes: Processes, home: Home, name: str = "gateway") -> Target:
    """The gateway without Reflex, one worker."""
    command = [sys.executable, "-m", "app.cli", "gateway", "--workers", "1", "--data-dir", str(home.data)]
    target = Target("patchbay gateway", free_port(), home.model, [f"Authorization: Bearer {home.key}"])
    return started(processes, name, command, {}, target)


def serve(processes: Processes, home: Home, name: str = "serve") -> Target:
    """The gateway inside the console."""
    command = [sys.executable, "-m", "app.cli", "serve", "--no-browser", "--data-dir", str(home.data)]
    target = Target("patchbay serve", free_port(), home.model, [f"Authorization: Bearer {home.key}"])
    return started(processes, name, command, {}, target)


def tabs(processes: Processes, console: Target) -> int:
    """Open tabs of the console, all of them live when this returns. The id of their process, which ends when one is closed."""
    command = [sys.executable, "-m", "tests.bench.tabs", f"http://127.0.0.1:{console.port}", PASSWORD, str(TABS)]
    pid = processes.start("tabs", command, LOAD)
    processes.until_said(pid, "open", 60)
    console.name += f" ({TABS} tabs open)"
    return pid
