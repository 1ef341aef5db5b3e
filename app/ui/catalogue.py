"""Carries the words into the browser: the catalogues of `languages/*.toml` become one module of the UI bundle."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reflex.plugins import Plugin

from app.ui import words

SCRIPTS = {"words": words.FOLDER / "words.js", "console": Path(__file__).parent / "components" / "console.js"}


class CataloguePlugin(Plugin):
    """Writes `utils/words.js` and `utils/console.js` of the bundle while Reflex compiles."""

    def get_static_assets(self, **context: Any) -> Sequence[tuple[Path, str | bytes]]:
        """Path below the build folder → content."""
        return [(Path("utils", f"{name}.js"), script(name)) for name in SCRIPTS]


def script(name: str) -> str:
    """The text of one of our own browser modules."""
    text = SCRIPTS[name].read_text("utf-8")
    if name != "words":
        return text
    catalogues = json.dumps(words.catalogues(), ensure_ascii=False, sort_keys=True)
    return f"const C = {catalogues};\n{text}"
