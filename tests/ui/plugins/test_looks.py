"""Logos come from the package, and a preset may name any that came."""

from pathlib import Path

import pytest

from app import presets
from app.ui.build import bundle
from app.ui.build.plugins import looks
from app.ui.presets.face import face


def test_every_logo_of_one_colour_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    icons = tmp_path / "node_modules/@lobehub/icons-static-svg/icons"
    icons.mkdir(parents=True)
    for name in ("groq", "groq-color", "lmstudio", "lmstudio-text"):
        (icons / f"{name}.svg").write_text("<svg/>")
    monkeypatch.setattr(looks, "get_web_dir", lambda: tmp_path)

    looks.LogosPlugin().post_build(static_dir=tmp_path)

    assert {file.name for file in (tmp_path / "logos").iterdir()} == {"groq.svg", "lmstudio.svg"}


def test_a_preset_whose_logo_is_not_there_shows_initials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "logos", lambda: frozenset({"groq"}))
    groq = presets.get("groq")

    assert face("Groq", groq).logo == "groq"
    assert face("Groq", groq.model_copy(update={"logo": "nobody"})).logo == ""
    assert face("Groq", groq).initials == "G"
