"""Presets: the shipped ones are valid, a bad file is named with its line and field."""

import re
from pathlib import Path

import pytest

from app import presets
from app.domain.errors import UnknownPreset
from app.upstream import auth

GOOD = 'label = "X"\ntype = "openai"\nbase_url = "https://api.example.com/v1"\nauth_type = "api_key"\n'


def write(folder: Path, text: str, name: str = "some-vendor.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_the_vendors_people_ask_for_first_are_shipped() -> None:
    assert {p.id for p in presets.all_()} >= {"ollama", "lm-studio", "vllm", "openrouter", "openai", "mistral", "groq", "gemini"}


def test_local_servers_come_first_in_the_gallery() -> None:
    flags = [p.local for p in presets.all_()]

    assert flags == sorted(flags, reverse=True)


@pytest.mark.parametrize("preset", presets.all_(), ids=lambda p: p.id)
def test_a_shipped_preset_names_auth_types_that_exist(preset: presets.Preset) -> None:
    assert {preset.auth_type, *preset.auth_types} <= set(auth.types())


@pytest.mark.parametrize("preset", presets.all_(), ids=lambda p: p.id)
def test_a_shipped_preset_has_what_a_stranger_to_the_vendor_needs(preset: presets.Preset) -> None:
    assert presets.shortfalls(preset) == []


@pytest.mark.parametrize("preset", [p for p in presets.all_() if p.logo], ids=lambda p: p.id)
def test_a_logo_is_named_after_a_file_that_can_be_built(preset: presets.Preset) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", preset.logo)


def test_key_beginnings_tell_vendors_apart() -> None:
    every = [(prefix, p.id) for p in presets.all_() for prefix in p.key_prefixes if len(prefix) > len("sk-")]

    assert [(a, b) for a in every for b in every if a[1] != b[1] and a[0].startswith(b[0])] == []


@pytest.mark.parametrize("preset", [p for p in presets.all_() if p.models], ids=lambda p: p.id)
def test_models_to_test_with_are_among_those_it_brings(preset: presets.Preset) -> None:
    assert set(preset.test_models) <= set(preset.models)


def test_an_unknown_preset_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownPreset) as caught:
        presets.get("nobody")

    assert "groq" in caught.value.suggestions


def test_what_a_preset_needs_to_be_shipped_is_said_all_at_once(tmp_path: Path) -> None:
    told = presets.shortfalls(presets.read(write(tmp_path, GOOD)))

    assert [line.partition(":")[0] for line in told] == ["description", "docs_url", "key_url"]


def test_a_new_preset_is_one_new_file(tmp_path: Path) -> None:
    write(tmp_path, GOOD)

    assert presets.load(tmp_path)["some-vendor"].label == "X"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(GOOD + "ranks = 3\n", "some-vendor.toml:5: ranks: there is no such field; did you mean rank?", id="unknown field"),
        pytest.param(GOOD.replace("openai", "opnai"), "some-vendor.toml:2: type:", id="unknown type"),
        pytest.param(GOOD.replace('label = "X"\n', ""), "some-vendor.toml:3: label:", id="missing field"),
        pytest.param(GOOD + 'id = "x"\n', "some-vendor.toml:5: id:", id="id inside"),
        pytest.param(GOOD.replace("/v1", "/v1/v1"), "some-vendor.toml:3: base_url:", id="doubled version"),
        pytest.param(GOOD.replace("api.", "{region}.").replace("/v1", "/v1/"), "some-vendor.toml:3: base_url:", id="slash"),
        pytest.param(GOOD.replace("https", "ftp"), "some-vendor.toml:3: base_url:", id="scheme"),
        pytest.param(GOOD + 'auth_types = ["none", "api_key"]\n', "some-vendor.toml:5: auth_types:", id="auth types"),
        pytest.param(GOOD + "rank = = 3\n", "some-vendor.toml:5:", id="not TOML"),
    ],
)
def test_a_bad_file_is_named_with_its_line_and_field(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(presets.BadPreset) as caught:
        presets.load(write(tmp_path, text).parent)

    assert str(caught.value).startswith(place)


def test_a_file_with_a_reserved_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(presets.BadPreset, match="reserved"):
        presets.read(write(tmp_path, GOOD, "health.toml"))
