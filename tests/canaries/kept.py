"""What is left on disk and with others after a journey, and the secrets the product made by itself."""

import base64
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from app.domain.secret import Sealed
from app.vault import ring, sealed_format
from tests.canaries.evidence import Evidence, written_since
from tests.canaries.upstreams import Recorder
from tests.fixtures.running import Patchbay

SINKS = frozenset(
    {
        "answers of REST and forms", "answers of the gateway", "output of commands", "output of the server", "requests of the browser",
        "answers to the browser", "frames to the browser", "frames from the browser", "pages", "storage of the browser",
        "console of the browser", "profile of the browser", "processes", "data folder, while it runs", "data folder, after the end",
        "temporary files", "home folder", "program folder", "bundle", "upstreams",
    }
)  # fmt: skip
_FOREIGN = frozenset({".venv", ".git", ".cache", "node_modules", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis"})


def files(evidence: Evidence, server: Patchbay, folder: Path, when: str) -> None:
    """The data folder with journal and free pages, temporary files, what was written into the home folder."""
    evidence.add_folder(f"data folder, {when}", server.data)
    for sink, name in (("temporary files", "tmp"), ("home folder", "home")):
        evidence.add_folder(sink, folder / name)


def program(evidence: Evidence, root: Path, *, since: float) -> None:
    """The built pages, and whatever was written beside the program meanwhile."""
    evidence.add_folder("bundle", root / "app" / "_frontend")
    evidence.add("program folder", "name", str(root))
    for file in written_since(root, since, leave=_FOREIGN):
        evidence.add("program folder", str(file.relative_to(root)), file.read_bytes())


def upstreams(evidence: Evidence, recorders: Sequence[Recorder]) -> None:
    """Every request that arrived, under the origin it arrived at."""
    for each in recorders:
        assert each.name == "elsewhere" or each.heard, f"{each.name} was never called"
        for heard in each.heard:
            evidence.add("upstreams", each.origin, heard)


def made(server: Patchbay, secrets: dict[str, str]) -> None:
    """Add what the product made: master key, our own keys below it, hashes of passwords."""
    text = (server.data / "keys" / "master.key").read_text().strip()
    key = base64.urlsafe_b64decode(text)
    secrets["master key"] = text
    with sqlite3.connect(server.data / "patchbay.db") as database:
        (instance,) = database.execute("SELECT instance_id FROM instance").fetchone()
        sealed = database.execute("SELECT name, value FROM system_secret").fetchall()
    held = ring.Ring(instance, {sealed_format.kid_of(key): key}, active=sealed_format.kid_of(key))
    for name, value in sealed:
        secrets[f"key of our own, {name}"] = held._open(Sealed(value), ring.system_binding(name)).decode()
    assert len(sealed) == len(ring.SYSTEM_KEYS)
