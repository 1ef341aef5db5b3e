"""What must be reached, beside what was measured. Every row is a ratio of the same run, or a time that a person waits."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.catalogue import Catalogue
from tests.bench.running import Target

JSON_1, JSON_16, JSON_64, SSE_1, SSE_16 = ("json", 1), ("json", 16), ("json", 64), ("sse", 1), ("sse", 16)
CELLS = (JSON_1, JSON_16, JSON_64, SSE_1, SSE_16)


@dataclass(frozen=True)
class Row:
    """`is_met` None = not measured in this run."""

    what: str
    goal: str
    measured: str
    is_met: bool | None


@dataclass(frozen=True)
class Run:
    """Who was measured, by role."""

    direct: Target
    litellm: Target
    portkey: Target
    bare: Target
    gateway: Target
    serve: Target

    @property
    def targets(self) -> tuple[Target, ...]:
        return (self.direct, self.litellm, self.portkey, self.bare, self.gateway, self.serve)


def median(target: Target, cell: tuple[str, int], figure: str) -> float:
    return statistics.median(row[figure] for row in target.cells[cell])


def ratio(of: Target, to: Target, cell: tuple[str, int], figure: str = "rps") -> float:
    """Taken within each round, so that a machine that is busy for a while is busy for both."""
    return statistics.median(a[figure] / max(b[figure], 1e-9) for a, b in zip(of.cells[cell], to.cells[cell], strict=True))


def added_ms(target: Target, direct: Target) -> float:
    """What a target adds to one call at one connection, the median."""
    pairs = zip(target.cells[JSON_1], direct.cells[JSON_1], strict=True)
    return statistics.median(a["p50"] - b["p50"] for a, b in pairs) / 1000


def of_load(run: Run) -> list[Row]:
    """Throughput and latency."""
    rows = []
    for ours in (run.gateway, run.serve):
        for cell in (JSON_16, JSON_64):
            to_litellm, to_portkey = ratio(ours, run.litellm, cell), ratio(ours, run.portkey, cell)
            rows.append(
                Row(
                    f"{ours.name}: requests/s at {cell[1]} connections",
                    "≥ 50 × LiteLLM (aim 100), ≥ 2.5 × Portkey (aim 5)",
                    f"{median(ours, cell, 'rps'):,.0f}: {to_litellm:,.0f} × LiteLLM, {to_portkey:.1f} × Portkey",
                    to_litellm >= 50 and to_portkey >= 2.5,
                )
            )
    inside = [ratio(run.serve, run.gateway, cell) for cell in (JSON_16, JSON_64)]
    rows.append(
        Row(
            "serve ÷ gateway, requests/s at 16 and 64",
            "≥ 0.90",
            f"{inside[0]:.2f} and {inside[1]:.2f}",
            min(inside) >= 0.9,
        )
    )
    for ours in (run.gateway, run.serve):
        ms, theirs = added_ms(ours, run.direct), added_ms(run.litellm, run.direct)
        rows.append(
            Row(
                f"{ours.name}: added latency at one connection, p50",
                "≤ 0.6 ms, ≤ 1/25 of LiteLLM's",
                f"{ms:.2f} ms, 1/{theirs / max(ms, 0.001):.0f} of {theirs:.1f} ms",
                ms <= 0.6 and ms <= theirs / 25,
            )
        )
    return [*rows, *_of_streams(run)]


def _of_streams(run: Run) -> list[Row]:
    rows = []
    for ours in (run.gateway, run.serve):
        to_litellm, to_portkey = (ratio(ours, other, SSE_16, "chunks_s") for other in (run.litellm, run.portkey))
        rows.append(
            Row(
                f"{ours.name}: chunks/s at 16 connections",
                "≥ 4 × Portkey, ≥ 100 × LiteLLM",
                f"{median(ours, SSE_16, 'chunks_s'):,.0f}: {to_portkey:.1f} × Portkey, {to_litellm:,.0f} × LiteLLM",
                to_portkey >= 4 and to_litellm >= 100,
            )
        )
    for ours in (run.gateway, run.serve):
        first = [ratio(ours, run.bare, cell, "ttft50") for cell in (SSE_1, SSE_16)]
        rows.append(
            Row(
                f"{ours.name}: first token ÷ bare pass-through, at 1 and 16",
                "≤ 1.5",
                f"{first[0]:.2f} and {first[1]:.2f}",
                max(first) <= 1.5,
            )
        )
    return rows


def of_idle(stalls: dict[str, float]) -> list[Row]:
    """`stalls`: milliseconds by the name of the target, `serve` and the floor of this machine."""
    worst, floor = stalls["serve"], stalls["bare"]
    return [
        Row(
            "serve with 20 tabs: worst loop stall while idle",
            "≤ 5 ms",
            f"{worst:.1f} ms (bare pass-through, the floor here: {floor:.1f} ms)",
            worst <= 5,
        )
    ]


def of_resolving(small: float, large: float) -> list[Row]:
    """Microseconds at 10 × 10 and at 1,000 × 100."""
    return [
        Row(
            "resolve a selector, 1,000 providers × 100 models",
            "≤ 5 µs, independent of size",
            f"{large:.2f} µs ({small:.2f} µs at 10 × 10)",
            large <= 5,
        )
    ]


def of_catalogue(found: Catalogue) -> list[Row]:
    """Saves, tests of many, the start."""
    spread = sorted(found.other_worker_ms)
    p99 = spread[min(len(spread) - 1, int(len(spread) * 0.99))]
    rebuild = statistics.median(found.rebuild_ms)
    saves = len(spread)
    return [
        Row(
            "save → effective, same worker",
            "before the save returns",
            f"{saves - found.same_worker_late} of {saves}",
            not found.same_worker_late,
        ),
        Row(
            "save → effective, another process on this host (SQLite)",
            "≤ 50 ms p99",
            f"p50 {statistics.median(spread):.0f} ms, p99 {p99:.0f} ms of {saves} saves",
            p99 <= 50,
        ),
        Row(
            "rebuild after one save with 1,000 providers",
            "≤ 5 ms",
            f"median {rebuild:.1f} ms, worst {max(found.rebuild_ms):.1f} ms",
            rebuild <= 5,
        ),
        Row(
            "test all of 200 providers, each answering in 1 s, 32 at a time",
            "≤ 8 s, the console answers meanwhile",
            f"{found.test_all_seconds:.1f} s, {found.test_all_passed} passed; slowest page meanwhile {found.live_ms:.0f} ms",
            found.test_all_seconds <= 8 and found.live_ms <= 1000,
        ),
        Row("start with built pages → usable page", "≤ 3 s", f"{found.start_seconds:.1f} s", found.start_seconds <= 3),
        Row("idle after the start, resident", "≤ 150 MB", f"{found.idle_mb:.0f} MB", found.idle_mb <= 150),
    ]


def of_page(figures: dict[str, list[float]] | None) -> list[Row]:
    """The page with 500 providers, from `tests/bench/page.py`; None = it was left out."""
    if figures is None:
        return [Row("providers page with 500 providers", "interactive ≤ 1 s", "left out (PAGE=0)", None)]
    middle: Callable[[str], float] = lambda name: statistics.median(figures[name])  # noqa: E731
    clicks = {name.partition(".")[2]: middle(name) for name in figures if name.startswith("click.")}
    slowest = max(clicks, key=lambda name: clicks[name])
    return [
        Row("page with 500 providers: interactive", "≤ 1 s", f"{middle('load.shown'):,.0f} ms", middle("load.shown") <= 1000),
        Row(
            "… a status change",
            "≤ 1 kB, ≤ 20 ms",
            f"{middle('status.bytes'):,.0f} B, {middle('status.after_answer'):.0f} ms after the answer",
            middle("status.bytes") <= 1024 and middle("status.after_answer") <= 20,
        ),
        Row(
            "… click → answer in the page, median",
            "≤ 10 ms",
            ", ".join(f"{name} {ms:.0f}" for name, ms in clicks.items()) + " ms",
            clicks[slowest] <= 10,
        ),
    ]
