"""What was collected at each sink, what was found there, and the table of both."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.canaries.searcher import Canary, Found, Searcher


@dataclass(frozen=True)
class Permit:
    """A place where a secret belongs. `canary` and `sink` are beginnings of names, `place` is a part of the item's label.

    `most` = in how many items of the sink each canary may stand.
    """

    sink: str
    place: str
    canary: str
    reason: str
    most: int = 1_000


@dataclass(frozen=True)
class Leak:
    """A canary where it does not belong."""

    sink: str
    place: str
    canary: str
    spellings: tuple[str, ...]


@dataclass
class Evidence:
    """Sink → items, each with a label that says where it came from."""

    sinks: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)

    def add(self, sink: str, place: str, data: bytes | str) -> None:
        """Keep something for the search."""
        self.sinks.setdefault(sink, []).append((place, data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data))

    def add_folder(self, sink: str, folder: Path) -> None:
        """Every file below a folder, and the names of all, which are a place to leak through as well."""
        files = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.is_symlink()]
        self.add(sink, "names", "\n".join(str(file) for file in (folder, *files)))
        for file in files:
            self.add(sink, str(file.relative_to(folder)), file.read_bytes())

    def add_processes(self, sink: str, root: int) -> None:
        """Command line and environment of a process and of everything it started."""
        for pid in family(root):
            try:
                line, around = (Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
            except OSError:
                continue  # it ended meanwhile
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            self.add(sink, f"command line of {name}", line)
            self.add(sink, f"environment of {name}", around)


def family(root: int) -> Iterator[int]:
    """A process and its descendants, by the kernel's account."""
    yield root
    for children in Path(f"/proc/{root}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from family(int(child))


@dataclass
class Verdict:
    """`rows`: (sink, items, bytes, hits that are permitted, leaks)."""

    leaks: list[Leak]
    rows: list[tuple[str, int, int, int, int]]
    canaries: int
    spellings: int
    unused: list[Permit]

    def table(self) -> str:
        """For people."""
        head = f"{self.canaries} secrets in {self.spellings} spellings"
        lines = [head, "", f"{'sink':<34} {'items':>6} {'bytes':>11} {'permitted':>9} {'leaks':>6}"]
        lines += [f"{sink:<34} {items:>6} {size:>11,} {allowed:>9} {bad:>6}" for sink, items, size, allowed, bad in self.rows]
        total = [sum(column) for column in list(zip(*self.rows, strict=True))[1:]]
        lines += [f"{'all':<34} {total[0]:>6} {total[1]:>11,} {total[2]:>9} {total[3]:>6}", ""]
        lines += [f"LEAK {leak.canary} in {leak.sink}: {leak.place[:160]} ({', '.join(leak.spellings)})" for leak in self.leaks]
        return "\n".join(lines) + "\n"


def judge(evidence: Evidence, canaries: Iterable[Canary], permits: Iterable[Permit]) -> Verdict:
    """Search everything; what no permit covers is a leak."""
    searcher, allowed = Searcher(canaries), list(permits)
    used: dict[tuple[Permit, str], int] = {}
    leaks: list[Leak] = []
    rows = []
    for sink, items in evidence.sinks.items():
        permitted = before = 0
        before = len(leaks)
        for place, data in items:
            for canary, spellings in sorted(_by_canary(searcher.search(data)).items()):
                if permit := _permit(allowed, sink, place, canary, used):
                    used[permit, canary] = used.get((permit, canary), 0) + 1
                    permitted += 1
                else:
                    leaks.append(Leak(sink, place, canary, spellings))
        rows.append((sink, len(items), sum(len(data) for _, data in items), permitted, len(leaks) - before))
    unused = [permit for permit in allowed if not any(known is permit for known, _ in used)]
    return Verdict(leaks, rows, len(searcher.canaries), searcher.size, unused)


def _permit(permits: list[Permit], sink: str, place: str, canary: str, used: dict[tuple[Permit, str], int]) -> Permit | None:
    fitting = (p for p in permits if sink.startswith(p.sink) and p.place in place and canary.startswith(p.canary))
    return next((p for p in fitting if used.get((p, canary), 0) < p.most), None)


def _by_canary(found: set[Found]) -> dict[str, tuple[str, ...]]:
    names = {hit.canary for hit in found}
    return {name: tuple(sorted({hit.spelling for hit in found if hit.canary == name})) for name in names}


def written_since(folder: Path, moment: float, *, leave: frozenset[str]) -> Iterator[Path]:
    """Files below a folder that changed after a moment; folders named in `leave` are not entered."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in leave]
        for name in files:
            file = Path(place) / name
            if file.is_file() and file.stat().st_mtime >= moment:
                yield file
