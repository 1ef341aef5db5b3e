"""What lies in a plug-in folder is what got loaded, both ways; and a stranger's file needs no edit elsewhere."""

from pathlib import Path

import pytest

from app import presets
from app.ui import page, words
from app.upstream import auth

ROOT = Path(__file__).parents[2]


def stems(folder: str, suffix: str) -> set[str]:
    """Names of the files of a folder, without private ones."""
    return {f.stem for f in (ROOT / folder).glob(f"*{suffix}") if not f.stem.startswith("_")}


@pytest.mark.parametrize(
    ("files", "loaded"),
    [
        pytest.param(stems("presets", ".toml"), {p.id for p in presets.all_()}, id="presets"),
        pytest.param(stems("app/upstream/auth", ".py"), set(auth.types()), id="auth types"),
        pytest.param(stems("app/ui/languages", ".toml"), set(words.languages()), id="languages"),
        pytest.param(stems("app/ui/pages", ".py"), {p.module for p in page.pages()}, id="pages"),
    ],
)
def test_a_folder_and_what_got_loaded_are_equal(files: set[str], loaded: set[str]) -> None:
    assert files == loaded
