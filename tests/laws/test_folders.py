"""What lies in a plug-in folder is what got loaded, both ways; and a stranger's file needs no edit elsewhere."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import presets
from app.ui import i18n, page
from app.upstream import auth

ROOT = Path(__file__).parents[2]

# A stranger's file of each kind, made of one that is there: (model, copy, (text, replaced by)).
STRANGERS = [
    ("presets/groq.toml", "presets/stranger.toml", ("\0", "")),
    ("app/upstream/auth/none.py", "app/upstream/auth/stranger.py", ("\0", "")),
    ("app/languages/en.toml", "app/languages/stranger.toml", ("\0", "")),
    ("app/ui/pages/not_found.py", "app/ui/pages/stranger.py", ('route="404"', 'route="/stranger"')),
]
FINDING = """
from app.probe.finding import Finding
STRANGER = Finding(code="stranger", sentence="Something strange answers.")
"""
LOADED = """
import json
from app import presets
from app.probe import diagnoses
from app.ui import i18n, page
from app.upstream import auth
kinds = [
    {p.id for p in presets.all_()}, set(auth.types()), set(i18n.languages()), {p.module for p in page.pages()}, set(diagnoses.all_()),
]
print(json.dumps([sorted(kind) for kind in kinds]))
"""


def stems(folder: str, suffix: str) -> set[str]:
    """Names of the files of a folder, and of its packages where they are Python; without private ones."""
    packages = {f.parent.name for f in (ROOT / folder).glob("*/__init__.py") if suffix == ".py"}
    return {f.stem for f in (ROOT / folder).glob(f"*{suffix}") if not f.stem.startswith("_")} | packages


@pytest.mark.parametrize(
    ("files", "loaded"),
    [
        pytest.param(stems("presets", ".toml"), {p.id for p in presets.all_()}, id="presets"),
        pytest.param(stems("app/upstream/auth", ".py"), set(auth.types()), id="auth types"),
        pytest.param(stems("app/languages", ".toml"), set(i18n.languages()), id="languages"),
        pytest.param(stems("app/ui/pages", ".py"), {p.module for p in page.pages()}, id="pages"),
    ],
)
def test_a_folder_and_what_got_loaded_are_equal(files: set[str], loaded: set[str]) -> None:
    assert files == loaded


def loaded_in(root: Path) -> list[list[str]]:
    """What a checkout loads: presets, auth types, languages, pages, findings."""
    run = subprocess.run([sys.executable, "-c", LOADED], cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr[-2_000:]
    return json.loads(run.stdout.splitlines()[-1])


def test_a_strangers_file_is_found_without_an_edit_elsewhere_and_missed_when_it_is_gone(tmp_path: Path) -> None:
    for folder in ("app", "presets"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("_frontend"))
    shutil.copy(ROOT / "rxconfig.py", tmp_path)
    without = loaded_in(tmp_path)
    for model, copy, (old, new) in STRANGERS:
        (tmp_path / copy).write_text((tmp_path / model).read_text("utf-8").replace(old, new), "utf-8")
    (tmp_path / "app/probe/diagnoses/stranger.py").write_text(FINDING, "utf-8")

    assert ["stranger" in kind for kind in without] == [False] * 5
    assert ["stranger" in kind for kind in loaded_in(tmp_path)] == [True] * 5
