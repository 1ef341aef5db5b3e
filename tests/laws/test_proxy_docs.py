"""The page about proxies shows the lines that the console and `doctor` show, and that the browser tests put before a real nginx."""

from pathlib import Path

import pytest

from app.domain import proxies

TEXT = (Path(__file__).parents[2] / "docs" / "reverse-proxy.md").read_text("utf-8")


@pytest.mark.parametrize("name", proxies.LINES)
@pytest.mark.parametrize(("host", "path"), [("llm.example.com", ""), ("example.com", "/llm")])
def test_the_page_about_proxies_has_these_lines(name: str, host: str, path: str) -> None:
    assert proxies.filled(proxies.LINES[name], host=host, path=path) in TEXT


def test_and_the_settings() -> None:
    assert proxies.filled(proxies.SETTINGS, host="", path="", address="https://llm.example.com") in TEXT
