"""Carries the words into the browser: the catalogues of `languages/*.toml` become one module of the UI bundle."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reflex.plugins import Plugin

from app.ui import words

PARTS = Path(__file__).parent / "components"
OWN = ("console.js", "console.css", "connection.js", "desk.js", "focus.js", "line.js", "plot.js")
FILES = {"words.js": words.FOLDER / "words.js", **{name: PARTS / name for name in OWN}}


class CataloguePlugin(Plugin):
    """Writes our own files below `utils/` of the bundle while Reflex compiles."""

    def get_static_assets(self, **context: Any) -> Sequence[tuple[Path, str | bytes]]:
        """Path below the build folder → content."""
        return [(Path("utils", name), text(name)) for name in FILES]


def text(name: str) -> str:
    """The content of one of our own browser files, the words with their catalogues in front."""
    own = FILES[name].read_text("utf-8")
    if name != "words.js":
        return own
    catalogues = json.dumps(words.catalogues(), ensure_ascii=False, sort_keys=True)
    return f"const C = {catalogues};\nconst NAMES = {json.dumps(sorted(words.NAMES))};\n{own}"
