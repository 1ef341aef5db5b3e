"""The tables, and docs/benchmarks.md around them."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench import rivals
from tests.bench.goals import JSON_1, JSON_16, JSON_64, SSE_1, SSE_16, Row, Run, added_ms, median
from tests.bench.running import ROOT, Target

PAGE = ROOT / "docs" / "benchmarks.md"
FEATURES = "the client key is checked, an alias is resolved, limits of key and provider count, usage is written"
_SEEN = {True: "yes", False: "**no**", None: "–"}


def goals(rows: list[Row]) -> str:
    """Each row against its goal."""
    lines = ["| what | goal | measured | met |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {row.what} | {row.goal} | {row.measured} | {_SEEN[row.is_met]} |" for row in rows])


def calls(run: Run) -> str:
    """Answers in one piece."""
    heads = ["added p50 at 1, ms", "req/s at 1", "req/s at 16", "p99 at 16, ms", "CPU µs/req at 16", "req/s at 64"]
    heads += ["start, s", "idle, MB", "errors"]
    lines = [_line("target", *heads), _line(*["---"] * (len(heads) + 1))]
    for t in run.targets:
        rates = [f"{median(t, cell, 'rps'):,.0f}" for cell in (JSON_1, JSON_16, JSON_64)]
        p99, errors = f"{median(t, JSON_16, 'p99') / 1000:.1f}", _errors(t, "json")
        own = ["–"] * 4
        if t.pid:
            own = [f"{added_ms(t, run.direct):.2f}", f"{median(t, JSON_16, 'cpu_us'):,.0f}", f"{t.start_seconds:.1f}", f"{t.idle_mb:.0f}"]
        lines.append(_line(t.name, own[0], rates[0], rates[1], p99, own[1], rates[2], own[2], own[3], errors))
    return "\n".join(lines)


def streams(run: Run) -> str:
    """Answers in 22 events, back to back."""
    lines = [
        "| target | first token at 1, p50 ms | first token at 16, p50 / p99 ms | chunks/s at 16 | CPU µs/chunk at 16 | errors |",
        "|---|---|---|---|---|---|",
    ]
    for t in run.targets:
        alone, first, last = (
            median(t, cell, figure) / 1000 for cell, figure in ((SSE_1, "ttft50"), (SSE_16, "ttft50"), (SSE_16, "ttft99"))
        )
        used = f"{median(t, SSE_16, 'cpu_us') / max(1.0, median(t, SSE_16, 'chunks_per')):.1f}" if t.pid else "–"
        chunks = f"{median(t, SSE_16, 'chunks_s'):,.0f}"
        lines.append(_line(t.name, f"{alone:.2f}", f"{first:.1f} / {last:.1f}", chunks, used, _errors(t, "sse")))
    return "\n".join(lines)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _errors(target: Target, mode: str) -> str:
    return str(int(sum(row["err"] for (kind, _), rows in target.cells.items() if kind == mode for row in rows)))


def machine() -> str:
    """What it ran on, without a name of it."""
    kind = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            kind = line.partition(":")[2].strip()
            break
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({kind}), {gigabytes:.0f} GB, Linux {platform.release().split('-')[0]}, {platform.machine()}"


def versions() -> str:
    """Of what was measured and of what it stands on."""
    ours = ", ".join(f"{name} {version(name)}" for name in ("granian", "uvloop", "aiohttp", "reflex"))
    return f"Python {platform.python_version()}, {ours}; Node {rivals.node_version()} for Portkey's gateway"


def document(run: Run, rows: list[Row], *, rounds: int, seconds: float, load: tuple[float, float]) -> str:
    """The whole page."""
    template = Path(__file__).with_name("benchmarks.md").read_text("utf-8")
    found = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "versions": versions(),
        "rounds": str(rounds),
        "seconds": f"{seconds:g}",
        "load": f"{load[0]:.1f} before, {load[1]:.1f} after",
        "features": FEATURES,
        "goals": goals(rows),
        "calls": calls(run),
        "streams": streams(run),
    }
    for name, text in found.items():
        template = template.replace(f"[[{name}]]", text)
    return template
