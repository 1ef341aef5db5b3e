"""Every setting is in `.env.example`, with its description and default."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.asgi import Outer
from app.settings import Settings, own_paths
from app.ui import page

ROOT = Path(__file__).parents[2]


def missing(text: str) -> list[str]:
    """Settings whose variable or description does not stand in the text."""
    return [
        name
        for name, field in Settings.model_fields.items()
        if f"PATCHBAY_{name.upper()}=" not in text or (field.description or "?") not in text
    ]


def unknown(text: str) -> list[str]:
    """Variables in the text that no setting reads."""
    known = {f"PATCHBAY_{name.upper()}" for name in Settings.model_fields}
    named = {line.lstrip("# ").split("=")[0] for line in text.splitlines() if "PATCHBAY_" in line and "=" in line}
    return sorted(named - known)


def test_every_setting_is_described_in_the_example_file() -> None:
    text = (ROOT / ".env.example").read_text()

    assert (missing(text), unknown(text)) == ([], [])


def test_a_forgotten_and_an_invented_setting_are_caught() -> None:
    text = (ROOT / ".env.example").read_text().replace("PATCHBAY_PORT=", "PATCHBAY_PROT=")

    assert (missing(text), unknown(text)) == (["port"], ["PATCHBAY_PROT"])


def given(public_url: str) -> Settings:
    return Settings(public_url=public_url)  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(
    ("url", "base_path"),
    [
        pytest.param("", "", id="none"),
        pytest.param("https://llm.example.com", "", id="a host"),
        pytest.param("https://llm.example.com/", "", id="a slash"),
        pytest.param("http://10.0.0.5:8700", "", id="an address"),
        pytest.param("https://[fd12::1]:8443", "", id="an address in brackets"),
        pytest.param("https://example.com/llm", "/llm", id="a path"),
        pytest.param("https://example.com:8443/tools/llm/", "/tools/llm", id="a longer path"),
    ],
)
def test_a_public_address_may_have_a_path(url: str, base_path: str) -> None:
    assert given(url).base_path == base_path


@pytest.mark.parametrize(
    "url",
    ["llm.example.com", "ftp://llm.example.com", "https://", "https://u:p@x.example", "https://x.example/a b", "https://x.example/?a=b"]
    + ["https://x.example/#a", "https://x.example//a", 'https://x.example/"', "https://x.example/<a>", "https://x.example/ü"]
    + [f"https://x.example/{own}" for own in sorted(own_paths())]
    + ["https://x.example/api/llm", "https://x.example/Login"],
)  # fmt: skip
def test_what_is_no_public_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="public_url"):
        given(url)


def test_a_path_in_front_can_always_be_told_from_our_own() -> None:
    """With a proxy that takes the path off, and with one that does not."""
    routes = {entry.route.strip("/").split("/")[0] for entry in page.pages()} - {"", "404"}
    served = {path.strip("/").split("/")[0] for path in Outer.paths}
    folders = {"assets", "logos", "_event"}

    unnamed = (routes | served | folders) - own_paths()
    assert not unnamed, f"name the file in app/ui/pages after the first part of its address: {unnamed}"
