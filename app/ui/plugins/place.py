"""Carries `place.js` into the bundle: what a page knows about its own address."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reflex.plugins import Plugin

SCRIPT = Path(__file__).with_suffix(".js")


class PlacePlugin(Plugin):
    """Writes `utils/place.js` while Reflex compiles."""

    def get_static_assets(self, **context: Any) -> Sequence[tuple[Path, str | bytes]]:
        """Path below the build folder → content."""
        return [(Path("utils/place.js"), SCRIPT.read_text("utf-8"))]
