"""Carries our own style sheet, and what a page knows about its own address, into the bundle."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reflex.plugins import Plugin

SCRIPT = Path(__file__).with_name("place.js")
SHEET = Path(__file__).parents[1] / "look.css"


class PlacePlugin(Plugin):
    """Writes `utils/place.js` while Reflex compiles."""

    def get_static_assets(self, **context: Any) -> Sequence[tuple[Path, str | bytes]]:
        """Path below the build folder → content."""
        return [(Path("utils/place.js"), SCRIPT.read_text("utf-8"))]


class LookPlugin(Plugin):
    """Writes `styles/look.css` and has it loaded after Radix, so that ours counts."""

    def get_static_assets(self, **context: Any) -> Sequence[tuple[Path, str | bytes]]:
        """Path below the build folder → content."""
        return [(Path("styles/look.css"), SHEET.read_text("utf-8"))]

    def get_stylesheet_paths(self, **context: Any) -> Sequence[str]:
        """Beside the sheet that Reflex writes."""
        return ("./look.css",)
