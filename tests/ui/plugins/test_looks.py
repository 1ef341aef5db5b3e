"""Logos come from the package, under the name a preset gives them."""

from pathlib import Path

import pytest

from app.ui.build.plugins import looks


def test_a_logo_is_copied_under_the_preset_s_name(tmp_path: Path) -> None:
    (tmp_path / "lmstudio.svg").write_text("<svg/>")

    looks.copy_logo("lm-studio", tmp_path, tmp_path)

    assert (tmp_path / "lm-studio.svg").read_text() == "<svg/>"


def test_a_logo_that_does_not_exist_fails_the_build(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="nobody"):
        looks.copy_logo("nobody", tmp_path, tmp_path)
