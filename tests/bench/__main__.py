"""`make bench`: everything that is compared, side by side in one run, each row against its goal; writes docs/benchmarks.md.

`ROUNDS` (3), `SECONDS_EACH` (2), `PAGE=0` leaves out the page with 500 providers, `KEEP=file` keeps the raw figures,
`DOCUMENT=0` does not write the page. The short form: `make bench ROUNDS=1 SECONDS_EACH=1 PAGE=0 DOCUMENT=0`.

Everything talks to 127.0.0.1, is bounded in time and ends by itself. Needs Linux, a C compiler and, for the page, Chromium.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import catalogue, goals, ours, report, resolving, rivals
from tests.bench.idle import worst_stall_ms
from tests.bench.running import ROOT, Processes, Target, compiled, load, only

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = float(os.environ.get("SECONDS_EACH", "2"))
SAVES = 20 * max(1, min(5, ROUNDS))
_WARM_SECONDS = 1.0


def say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


def started(processes: Processes, direct: Target, home: ours.Home) -> tuple[goals.Run, int]:
    """Every target, one after the other: each has the core for its start; and the process of the tabs."""
    litellm = rivals.litellm(processes, direct)
    portkey = rivals.portkey(processes, direct)
    bare = ours.bare(processes, direct)
    gateway = ours.gateway(processes, home)
    serve = ours.serve(processes, home.copied(processes.folder / "data-serve"))
    tabs = ours.tabs(processes, serve)
    return goals.Run(direct, litellm, portkey, bare, gateway, serve), tabs


def measure(run: goals.Run, program: Path) -> None:
    """Interleaved: every round visits every target in every cell."""
    for target in run.targets:
        with only(target, run.targets):
            for mode in ("json", "sse"):
                found = load(program, target, mode, 8, _WARM_SECONDS)
                if found["err"] or not found["n"]:
                    raise SystemExit(f"{target.name} does not answer {mode}: {found}")
    for round_ in range(ROUNDS):
        for mode, connections in goals.CELLS:
            for target in run.targets:
                with only(target, run.targets):
                    target.cells.setdefault((mode, connections), []).append(load(program, target, mode, connections, SECONDS))
        say(f"round {round_ + 1} of {ROUNDS}")


def stalls(run: goals.Run) -> dict[str, float]:
    """Milliseconds, of the console with its tabs and of the floor."""
    found = {}
    for name, target in (("serve", run.serve), ("bare", run.bare)):
        with only(target, run.targets):
            found[name] = worst_stall_ms(target)
    return found


def page(folder: Path) -> dict[str, list[float]] | None:
    """Figures of the page with 500 providers, in a process of its own."""
    if os.environ.get("PAGE") == "0":
        return None
    file = folder / "page.json"
    environment = {**os.environ, "KEEP": str(file), "ROUNDS": str(3 + 2 * ROUNDS)}
    subprocess.run([sys.executable, "-m", "tests.bench.page"], cwd=ROOT, env=environment, check=True, timeout=600)
    figures: dict[str, list[float]] = json.loads(file.read_text())
    return figures


def main() -> None:
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as name, Processes(Path(name)) as processes:
        programs = compiled(processes.folder)
        direct = ours.upstream(processes, programs["upstream"])
        home = ours.prepared(processes, processes.folder / "data", direct)
        many = home.copied(processes.folder / "data-many")
        say("starting what is compared")
        run, tabs = started(processes, direct, home)
        measure(run, programs["load"])
        say("looking at the idle loop")
        rows = [*goals.of_load(run), *goals.of_idle(stalls(run))]
        processes.check(tabs)
        processes.end(tabs, *(target.pid for target in run.targets if target.pid))
        say("1,000 providers: resolving, saving, testing")
        rows += goals.of_resolving(resolving.microseconds(10, 10), resolving.microseconds(1_000, 100))
        rows += goals.of_catalogue(catalogue.measured(processes, many, direct, SAVES))
        rows += goals.of_page(page(processes.folder))
    print("\n".join((report.goals(rows), "", report.calls(run), "", report.streams(run))))
    if os.environ.get("DOCUMENT") != "0":
        report.PAGE.write_text(report.document(run, rows, rounds=ROUNDS, seconds=SECONDS, load=(before, os.getloadavg()[0])), "utf-8")
    if keep := os.environ.get("KEEP"):
        raw = {t.name: {f"{mode} {count}": found for (mode, count), found in t.cells.items()} for t in run.targets}
        Path(keep).write_text(json.dumps(raw, indent=1))


if __name__ == "__main__":
    main()
