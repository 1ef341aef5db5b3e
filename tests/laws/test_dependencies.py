"""Dependencies are pinned with hashes, name no address, are no older than is safe and bring nothing that runs by itself."""

import json
import re
import sqlite3
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

from app import __version__

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))

# Oldest versions without a known hole that concerns us (SECURITY 5.2).
SAFE = {
    "starlette": "1.0.1",
    "python-multipart": "0.0.32",
    "granian": "2.7.4",
    "python-socketio": "5.14.0",
    "reflex": "0.8.15",
    "cryptography": "50",
}
# Files with which compromised releases of other packages ran code at every start of Python.
IMPLANTS = {"litellm_init.pth", "cook.pth", "cook.py", "sitecustomize.py"}
ALLOWED_PTH = re.compile(r"(distutils-precedence|_virtualenv|__editable__.*|a1_coverage|coverage|_uv_.*|.*-nspkg)\.pth")


def faults(text: str) -> list[str]:
    """What is wrong with the text of a lock."""
    found = [f"address: {line}" for line in text.splitlines() if re.search(r"https?://|index-url|find-links| @ ", line)]
    for block in re.split(r"\n(?=\S)", text.strip()):
        if not re.match(r"[a-z0-9][\w.\[\]-]*==\S+", block, re.IGNORECASE):
            found.append(f"not pinned: {block[:40]}")
        elif "--hash=sha256:" not in block:
            found.append(f"no hash: {block[:40]}")
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_is_pinned_hashed_and_names_no_address(lock: Path) -> None:
    assert faults(lock.read_text()) == []


@pytest.mark.parametrize(
    "line",
    ["--index-url https://example.org/simple\nx==1 --hash=sha256:00", "left-pad==1.0", "left-pad>=1 --hash=sha256:00"],
    ids=["address", "no hash", "range"],
)
def test_a_planted_bad_pin_is_caught(line: str) -> None:
    assert faults(line)


@pytest.mark.parametrize(("name", "oldest"), SAFE.items())
def test_an_installed_version_is_safe(name: str, oldest: str) -> None:
    assert Version(version(name)) >= Version(oldest)


def implants(site: Path) -> set[str]:
    """Files of compromised releases that lie in a folder."""
    return {f.name for f in site.iterdir()} & IMPLANTS


def test_nothing_in_site_packages_runs_by_itself() -> None:
    site = Path(next(p for p in sys.path if p.endswith("site-packages")))

    assert implants(site) == set()
    assert [f.name for f in site.glob("*.pth") if not ALLOWED_PTH.fullmatch(f.name)] == []


def test_litellm_is_exactly_the_one_that_was_looked_at_and_without_its_proxy() -> None:
    # 1.82.7, 1.82.8 and 1.107.x were compromised on PyPI; the proxy brings what has had most of its holes.
    lock = (ROOT / "requirements.lock").read_text()

    assert re.findall(r"^litellm\S*", lock, re.MULTILINE) == ["litellm==1.106.2"]
    assert version("litellm") == "1.106.2"
    assert re.findall(r"^(?:litellm-proxy-extras|litellm-enterprise|mcp|apscheduler)\b", lock, re.MULTILINE) == []


def test_what_the_benchmark_compares_with_stays_out_of_the_product() -> None:
    inputs = [path.read_text() for path in ROOT.glob("requirements*.in") if path.stem != "requirements-bench"]

    assert [text for text in inputs if "requirements-bench" in text or "litellm[proxy]" in text] == []
    assert "requirements-bench" not in (ROOT / "install.sh").read_text()


def npm_faults(text: str) -> list[str]:
    """Packages of an npm lock that name an address or are not pinned by a digest."""
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    return [name for name, entry in packages.items() if "resolved" in entry or not entry.get("integrity", "").startswith("sha512-")]


def test_the_lock_of_the_gateway_from_npm_is_pinned_and_names_no_address() -> None:
    assert npm_faults((ROOT / "tests" / "bench" / "portkey" / "package-lock.json").read_text()) == []


@pytest.mark.parametrize("entry", [{"integrity": "sha512-x", "resolved": "https://example.org/x.tgz"}, {"integrity": "sha1-x"}, {}])
def test_a_planted_bad_pin_of_npm_is_caught(entry: dict[str, str]) -> None:
    assert npm_faults(json.dumps({"packages": {"": {}, "node_modules/x": entry}})) == ["node_modules/x"]


@pytest.mark.parametrize("name", sorted(IMPLANTS))
def test_a_planted_implant_is_caught(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    assert implants(tmp_path) == {name}


def test_sqlite_is_new_enough_for_what_we_use() -> None:
    assert sqlite3.sqlite_version_info >= (3, 35)


def test_the_package_and_the_product_have_one_version() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == __version__
