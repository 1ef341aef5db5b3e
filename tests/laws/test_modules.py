"""Modules fit in the head, have a name, and do nothing when they are imported."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 300
CROWDED = 20  # modules of a folder
NOUNS = {"app/api": 30, "app/services": 30, "app/storage": 30, "app/domain": 30}  # lists of one noun a file
NAMELESS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "handler", "handlers", "misc"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")

# Runs in a process of its own: every module is imported while anything that reaches outside raises.
IMPORT_ALL = """
import importlib, os, pkgutil, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import app
names = sorted(m.name for m in pkgutil.walk_packages(app.__path__, "app."))
QUIET = ("app.main", "app.asgi", "app.ui")   # Reflex registers states and pages when these are imported
DENIED = {"socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename"}
names = [n for n in names if not n.startswith(QUIET) and not n.endswith("__main__")]
import aiosqlite, granian, fastapi, sqlmodel, aiohttp, click, httpx, pydantic_settings, cryptography.fernet, argon2  # their own business
def watch(event, args):
    if event in DENIED:
        raise RuntimeError(f"{event} during import: {args!r}")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise RuntimeError(f"opened for writing during import: {args[0]!r}")
sys.addaudithook(watch)
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def broken(root: Path) -> list[str]:
    """Modules under `root`/app that are too long, nameless or unfinished, each with its reason."""
    found = []
    for file in sorted((root / "app").rglob("*.py")):
        text = file.read_text("utf-8")
        where = file.relative_to(root).as_posix()
        if (lines := text.count("\n")) > LONGEST:
            found.append(f"{where}: {lines} lines")
        if file.stem in NAMELESS:
            found.append(f"{where}: has no name")
        found += [f"{where}: {match[0]}" for match in UNFINISHED.finditer(text)]
    return [*found, *_crowded(root)]


def _crowded(root: Path) -> Iterator[str]:
    """Folders with more modules than a reader takes in at a glance."""
    for folder in sorted(d for d in (root / "app").rglob("*") if d.is_dir()):
        where, modules = folder.relative_to(root).as_posix(), [f for f in folder.glob("*.py") if f.stem != "__init__"]
        if len(modules) > NOUNS.get(where, CROWDED):
            yield f"{where}: {len(modules)} modules"


def import_all(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", IMPORT_ALL, str(root)], cwd=root, capture_output=True, text=True, timeout=100, check=False)


def test_modules_are_short_named_and_finished() -> None:
    assert broken(ROOT) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("long.py", "x = 1\n" * (LONGEST + 1), id="too long"),
        pytest.param("utils.py", "", id="nameless"),
        pytest.param("half.py", "# TODO: later\n", id="unfinished"),
    ],
)
def test_a_planted_bad_module_is_caught(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / name).write_text(text)

    assert len(broken(tmp_path)) == 1


def test_a_planted_crowd_is_caught(tmp_path: Path) -> None:
    (tmp_path / "app/room").mkdir(parents=True)
    for number in range(CROWDED + 1):
        (tmp_path / f"app/room/part_{number}.py").write_text("")

    assert broken(tmp_path) == [f"app/room: {CROWDED + 1} modules"]


def test_importing_does_nothing() -> None:
    run = import_all(ROOT)

    assert run.returncode == 0, run.stderr[-2_000:]
    assert int(run.stdout) > 40


def test_a_module_that_acts_on_import_is_caught(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").write_text("")
    (tmp_path / "app/eager.py").write_text("open('trace', 'w')\n")

    assert "opened for writing during import" in import_all(tmp_path).stderr
