"""`make bench`: the direct path, a bare pass-through, the gateway alone and inside the console, side by side in one run.

Everything talks to 127.0.0.1, is bounded in time and stops by itself. Rounds are interleaved over the targets; what counts are the
ratios, not the absolute figures. Needs a C compiler for the fast upstream and the load generator.
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = float(os.environ.get("SECONDS_EACH", "2"))
CELLS = [("json", 1), ("json", 16), ("json", 64), ("sse", 16)]


@dataclass
class Target:
    """Something that answers `/v1/chat/completions`."""

    name: str
    port: int
    path: str
    headers: list[str]
    is_ours: bool = False
    cells: dict[tuple[str, int], list[dict[str, float]]] = field(default_factory=dict)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(cpu: int, command: list[str]) -> list[str]:
    """Upstream and load on one core, gateways on the other, where there are two."""
    if len(os.sched_getaffinity(0)) < 2:
        return command
    bind = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execv(sys.argv[2], sys.argv[2:])"
    return [sys.executable, "-c", bind, str(cpu), *command]


def start(command: list[str], environment: dict[str, str], cpu: int) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(pinned(cpu, command), cwd=ROOT, env={**os.environ, **environment}, stdout=quiet, stderr=quiet)


def wait_for(port: int, path: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2).read()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing answers on port {port}")


def patchbay(data: Path, *words: str, secret: str | None = None) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "app.cli", *words, "--data-dir", str(data)],
        cwd=ROOT,
        input=secret,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if run.returncode:
        raise SystemExit(f"patchbay {' '.join(words)}: {run.stderr}")
    return run.stdout.strip()


def prepare(data: Path, upstream: int) -> str:
    """A provider on the fast upstream, the default, and a client key; returns the key."""
    patchbay(data, "provider", "add", "bench", "--base-url", f"http://127.0.0.1:{upstream}/v1", "--secret-stdin", secret="sk-bench")
    return patchbay(data, "client-key", "add", "bench")


def served(application: str) -> list[str]:
    """The command that serves an application as `serve` does, without a port."""
    granian = str(Path(sys.executable).with_name("granian"))
    options = "--interface asgi --factory --workers 1 --loop uvloop --host 127.0.0.1 --no-ws --log-level error"
    return [granian, *options.split(), application]


def measure(target: Target, mode: str, connections: int, load: Path) -> None:
    stream = "1" if mode == "sse" else "0"
    body = Path(tempfile.gettempdir()) / f"patchbay-bench-{mode}.json"
    body.write_text(
        json.dumps(
            {
                "model": "bench/bench" if target.is_ours else "bench",
                "max_tokens": 64,
                "stream": mode == "sse",
                "messages": [{"role": "user", "content": "Say hello to the benchmark, please. Keep it short."}],
            }
        )
    )
    command = [str(load), str(target.port), target.path, str(connections), "1000000", str(SECONDS), stream, str(body), *target.headers]
    run = subprocess.run(pinned(1, command), capture_output=True, text=True, timeout=60, check=True)
    target.cells.setdefault((mode, connections), []).append(json.loads(run.stdout))


def median(target: Target, cell: tuple[str, int], figure: str) -> float:
    return statistics.median(row[figure] for row in target.cells[cell])


def table(targets: list[Target]) -> str:
    rows = [
        "| target | c1 added p50 ms | c1 req/s | c16 req/s | c16 p99 ms | c64 req/s | SSE c16 chunks/s | errors |",
        "|---|---|---|---|---|---|---|---|",
    ]
    direct = median(targets[0], ("json", 1), "p50")
    for t in targets:
        errors = int(sum(row["err"] for rows_ in t.cells.values() for row in rows_))
        rows.append(
            f"| {t.name} | {(median(t, ('json', 1), 'p50') - direct) / 1000:.2f} | {median(t, ('json', 1), 'rps'):,.0f} "
            f"| {median(t, ('json', 16), 'rps'):,.0f} | {median(t, ('json', 16), 'p99') / 1000:.1f} "
            f"| {median(t, ('json', 64), 'rps'):,.0f} | {median(t, ('sse', 16), 'chunks_s'):,.0f} | {errors} |"
        )
    return "\n".join(rows + ratios(*targets[1:]))


def ratios(bare: Target, alone: Target, inside: Target) -> list[str]:
    """What counts: taken within each round, so that a machine that is busy for a while is busy for both."""
    rows = ["", "| ratio | req/s at 16 | req/s at 64 | chunks/s at 16 |", "|---|---|---|---|"]
    figures = ((("json", 16), "rps"), (("json", 64), "rps"), (("sse", 16), "chunks_s"))
    for name, of, to in (("gateway alone ÷ bare pass-through", alone, bare), ("inside the console ÷ alone", inside, alone)):
        pairs = [[(a[figure], b[figure]) for a, b in zip(of.cells[cell], to.cells[cell], strict=True)] for cell, figure in figures]
        rows.append(f"| {name} | " + " | ".join(f"{statistics.median(a / b for a, b in pair):.2f}" for pair in pairs) + " |")
    return rows


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as folder:
        work = Path(folder)
        for name in ("load", "upstream"):
            subprocess.run(["cc", "-O2", "-w", "-o", str(work / name), str(HERE / f"{name}.c")], check=True)
        upstream_port, data = free_port(), work / "data"
        running = [start([str(work / "upstream"), str(upstream_port), "600"], {}, 1)]
        try:
            key = prepare(data, upstream_port)
            auth = [f"Authorization: Bearer {key}"]
            targets = [Target("direct", upstream_port, "/v1/chat/completions", [])]
            for name, command in (
                ("bare pass-through", served("tests.bench.bare:make")),
                ("gateway alone", served("tests.bench.alone:make")),
                ("gateway inside the console", [sys.executable, "-m", "app.cli", "serve", "--no-browser", "--data-dir", str(data)]),
            ):
                port = free_port()
                places = {"PATCHBAY_DATA_DIR": str(data), "BARE_UPSTREAM": f"http://127.0.0.1:{upstream_port}/v1/chat/completions"}
                running.append(start([*command, "--port", str(port)], places, 0))
                wait_for(port, "/health/ready")
                targets.append(Target(name, port, "/v1/chat/completions", auth, is_ours="gateway" in name))
            for round_ in range(ROUNDS):
                for mode, connections in CELLS:
                    for target in targets:
                        measure(target, mode, connections, work / "load")
                print(f"round {round_ + 1} of {ROUNDS}", file=sys.stderr)
            print(table(targets))
        finally:
            for process in reversed(running):
                process.send_signal(signal.SIGTERM)
                process.wait(40)


if __name__ == "__main__":
    main()
