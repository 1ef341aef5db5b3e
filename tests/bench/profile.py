"""`make bench-profile`: where the CPU of a request goes, in the gateway and in a bare pass-through, at 16 connections.

The CPU per request comes from the kernel's count for each thread; py-spy, which looks at the running process from outside, divides
what the Python thread used among functions. `SECONDS_EACH=6`, `TOP=40` (functions listed); `TARGET=serve` looks at the console's process.
"""

import os
import subprocess
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.bench import ours
from tests.bench.running import LOAD, ROOT, Processes, Target, compiled, load, pinned, threads_us, tree

SECONDS = float(os.environ.get("SECONDS_EACH", "6"))
TOP = int(os.environ.get("TOP", "40"))
SPY = ROOT / ".cache" / "bench" / "venv" / "bin" / "py-spy"
LOOKS = 400  # a second
START = (
    "(click/",
    "(multiprocessing/",
    "(granian/server/",
    "(granian/cli.py",
    "(granian)",
    "(<frozen",
    "(click/",
    "(app/cli/",
    "(app/serve.py",
)


@dataclass
class Profile:
    """Microseconds per request: all, by thread, by group (where the time was spent itself) and by function with what it calls."""

    requests_per_second: float
    threads: dict[str, float]
    groups: dict[str, float]
    functions: dict[str, float]
    itself: dict[str, float]


def worker_of(target: Target) -> int:
    """The process that answers: the one of the tree that used most."""
    return max(tree(target.pid), key=lambda pid: sum(used for _, used in threads_us(pid).values()))


def group(frame: str) -> str:
    """The room a frame belongs to."""
    place = frame.rsplit("(", 1)[-1].rsplit(":", 1)[0]
    if "app/" in place:
        return place[place.index("app/") :]
    if "tests/bench" in place:
        return place[place.index("tests/bench") :]
    for name in ("aiohttp", "granian", "asyncio", "yarl", "multidict", "msgspec"):
        if f"{name}/" in place or place.startswith(name):
            return name
    return place.rsplit("/", 1)[-1]


def look(target: Target, mode: str, program: Path, folder: Path) -> Profile:
    """Load and look at the same time."""
    load(program, target, mode, 16, 1.0)
    pid = worker_of(target)
    before = threads_us(pid)
    found = load(program, target, mode, 16, SECONDS)  # not looked at: being looked at costs
    threads: Counter[str] = Counter()
    for thread, (name, used) in threads_us(pid).items():
        threads["python" if thread == pid else name] += (used - before.get(thread, ("", 0.0))[1]) / found["n"]
    raw = folder / "raw.txt"
    spy = [str(SPY), "record", "-p", str(pid), "-d", str(max(1, int(SECONDS) - 1)), "-r", str(LOOKS)]
    spy += ["--nonblocking", "--threads", "-f", "raw", "-o", str(raw)]
    with ThreadPoolExecutor(1) as pool:
        under_load = pool.submit(load, program, target, mode, 16, SECONDS)
        time.sleep(0.3)
        subprocess.run(pinned(LOAD, spy), capture_output=True, check=True, timeout=SECONDS + 60)
        under_load.result()
    return divided(raw.read_text(), dict(threads), found["rps"])


def divided(raw: str, threads: dict[str, float], rate: float) -> Profile:
    """Samples of the Python thread, as shares of what it used."""
    groups: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    itself: Counter[str] = Counter()
    total = 0
    for line in raw.splitlines():
        stack, count = line.rsplit(" ", 1)
        frames = [frame for frame in stack.split(";") if " (" in frame and not frame.startswith(("process ", "thread "))]
        if not frames or "MainThread" not in stack:
            continue
        total += int(count)
        groups[group(frames[-1])] += int(count)
        names = [frame.rsplit(":", 1)[0] + ")" for frame in frames]
        itself[names[-1]] += int(count)
        for name in set(names):
            functions[name] += int(count)
    for name in [name for name in functions if any(place in name for place in START)]:
        del functions[name]
    each = threads["python"] / max(1, total)
    return Profile(rate, threads, *({n: c * each for n, c in counter.items()} for counter in (groups, functions, itself)))


def shown(name: str, mode: str, profile: Profile) -> str:
    """A profile as text."""
    lines = [f"== {name}, {mode}, 16 connections: {sum(profile.threads.values()):.0f} µs of CPU a request,"]
    lines[0] += f" {profile.requests_per_second:,.0f} requests/s"
    for title, rows, most in (
        ("threads", profile.threads, 6),
        ("by file, spent there itself", profile.groups, 24),
        ("by function, with what it calls", profile.functions, TOP),
        ("by function, spent there itself", profile.itself, TOP),
    ):
        lines.append(f"-- {title}")
        ordered = sorted(rows.items(), key=lambda row: -row[1])[:most]
        lines += [f"{used:8.1f}  {what}" for what, used in ordered if used >= 0.3]
    return "\n".join(lines)


def main() -> None:
    if not SPY.exists():
        raise SystemExit("py-spy is missing. Run: make bench-profile")
    with tempfile.TemporaryDirectory(prefix="patchbay-profile-") as name, Processes(Path(name)) as processes:
        folder = Path(name)
        programs = compiled(folder)
        direct = ours.upstream(processes, programs["upstream"])
        home = ours.prepared(processes, folder / "data", direct)
        start = ours.serve if os.environ.get("TARGET") == "serve" else ours.gateway
        targets = [start(processes, home), ours.bare(processes, direct)]
        for mode in ("json", "sse"):
            for target in targets:
                print(shown(target.name, mode, look(target, mode, programs["load"], folder)), flush=True)


if __name__ == "__main__":
    main()
