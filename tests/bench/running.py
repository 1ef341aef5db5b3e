"""Processes of the benchmark: pinned to a core, stopped while another is measured, ended whatever happens, and what they used."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CORES = len(os.sched_getaffinity(0))
GATEWAY, LOAD = 0, 1  # cores; where there is only one, nothing is pinned
LIFETIME = 3600  # seconds after which the upstream ends by itself
_TICKS = os.sysconf("SC_CLK_TCK")
_PIN = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execv(sys.argv[2], sys.argv[2:])"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Upstream and load on one core, gateways on the other, where there are two."""
    return [sys.executable, "-c", _PIN, str(core), *command] if CORES > 1 else list(command)


class Processes:
    """What was started. Leaving the context ends all of it with everything it started itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._logs: dict[int, Path] = {}

    def __enter__(self) -> "Processes":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def start(self, name: str, command: Sequence[str], core: int, environment: Mapping[str, str] | None = None, cwd: Path = ROOT) -> int:
        """Its process id. What it prints goes into `name`.log of the folder."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                pinned(core, command),
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(process)
        self._logs[process.pid] = self.folder / f"{name}.log"
        return process.pid

    def check(self, pid: int) -> None:
        """Raise with what it said when a process is gone that should be there."""
        process = next(each for each in self._running if each.pid == pid)
        if process.poll() is not None:
            raise SystemExit(f"{self._logs[pid].stem} ended: {self._logs[pid].read_text('utf-8', 'replace')[-2000:]}")

    def until_said(self, pid: int, word: str, seconds: float) -> None:
        """Wait until a process has printed a line with this word."""
        end = time.monotonic() + seconds
        process = next(each for each in self._running if each.pid == pid)
        while word not in (said := self._logs[pid].read_text("utf-8", "replace")).split():
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{self._logs[pid].stem} did not come up: {said[-2000:]}")
            time.sleep(0.05)

    def until_answers(self, pid: int, port: int, path: str, seconds: float = 60) -> float:
        """Seconds from now until something answers on a port of this process."""
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            self.check(pid)
            with contextlib.suppress(OSError):  # an HTTPError is one, too
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2).read()
                return time.monotonic() - began
            time.sleep(0.02)
        raise SystemExit(f"{self._logs[pid].stem} does not answer: {self._logs[pid].read_text('utf-8', 'replace')[-2000:]}")

    def end(self, *pids: int) -> None:
        """End these, all at the same time: asked first, killed after 20 seconds."""
        ending = [process for process in self._running if process.pid in pids]
        for process in ending:
            signalled(process.pid, signal.SIGCONT)
            process.terminate()
        for process in ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            self._running.remove(process)

    def __exit__(self, *_: object) -> None:
        self.end(*(process.pid for process in self._running))


def tree(pid: int) -> list[int]:
    """A process and everything below it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += tree(int(child))
    return found


def signalled(pid: int, number: signal.Signals) -> None:
    for each in tree(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, number)


def cpu_us(pid: int) -> float:
    """Microseconds of CPU that a process and everything below it used so far."""
    total = 0
    for each in tree(pid):
        with contextlib.suppress(OSError):
            total += _ticks(Path(f"/proc/{each}/stat"))
    return total * 1e6 / _TICKS


def threads_us(pid: int) -> dict[int, tuple[str, float]]:
    """The same for each thread of one process: its name and what it used."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            found[int(task.name)] = ((task / "comm").read_text().strip(), _ticks(task / "stat") * 1e6 / _TICKS)
    return found


def _ticks(stat: Path) -> int:
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def resident_mb(pid: int) -> float:
    """Memory of a process and everything below it: shared pages are counted once (PSS)."""
    total = 0
    for each in tree(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


@dataclass
class Target:
    """Something that answers chat completions. `pid` 0 = the upstream itself; `cells` = what was measured, a row a round."""

    name: str
    port: int
    model: str = "bench"
    headers: list[str] = field(default_factory=list)
    pid: int = 0
    path: str = "/v1/chat/completions"
    start_seconds: float = 0.0
    idle_mb: float = 0.0
    cells: dict[tuple[str, int], list[dict[str, float]]] = field(default_factory=dict)


@contextlib.contextmanager
def only(target: Target, others: Sequence[Target]) -> Iterator[None]:
    """All the other targets stand still."""
    quiet = [each.pid for each in others if each.pid and each.pid != target.pid]
    for pid in quiet:
        signalled(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in quiet:
            signalled(pid, signal.SIGCONT)


def compiled(folder: Path) -> dict[str, Path]:
    """The upstream and the load generator, which must cost far less than what stands between them."""
    found = {name: folder / name for name in ("load", "upstream")}
    for name, path in found.items():
        subprocess.run(["cc", "-O2", "-w", "-o", str(path), str(HERE / f"{name}.c")], check=True)
    return found


def load(program: Path, target: Target, mode: str, connections: int, seconds: float) -> dict[str, float]:
    """One bounded run of the load generator. `mode` is json or sse; adds `cpu_us`, the target's own per request."""
    asked = {
        "model": target.model,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Say hello to the benchmark, please. Keep it short."},
        ],
        "max_tokens": 64,
        "temperature": 0.2,
    }
    if mode == "sse":
        asked["stream"] = True
    with tempfile.NamedTemporaryFile("w", suffix=".json") as body:
        body.write(json.dumps(asked, separators=(",", ":")))
        body.flush()
        words = [target.port, target.path, connections, 1_000_000, seconds, int(mode == "sse"), body.name, *target.headers]
        before = cpu_us(target.pid) if target.pid else 0.0
        run = subprocess.run(
            pinned(LOAD, [str(program), *map(str, words)]), capture_output=True, text=True, timeout=seconds + 60, check=False
        )
        used = cpu_us(target.pid) - before if target.pid else 0.0
    if run.returncode:
        raise SystemExit(f"the load on {target.name} failed: {run.stderr.strip()[:300]}")
    found: dict[str, float] = json.loads(run.stdout)
    found["cpu_us"] = used / max(1, found["n"])
    return found
