"""Every setting is in `.env.example`, with its description and default."""

from pathlib import Path

from app.settings import Settings

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
