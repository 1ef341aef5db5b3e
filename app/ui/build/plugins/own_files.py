"""Carries our own scripts and styles into the bundle, the texts of every language with them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from reflex.plugins import Plugin
from reflex_base.plugins.base import CommonContext, PostBuildContext

from app.languages import ENGLISH, NAMES, Text
from app.ui import i18n

UI = Path(__file__).parents[2]
SHEET = UI / "shell" / "brand.css"
# A script lies beside the components that it belongs to, and is found there; its name is its own in the whole bundle.
FILES = {file.name: file for file in [*sorted(UI.glob("*/*.js")), UI / "kit" / "browser.css"]}


class OwnFilesPlugin(Plugin):
    """Writes our own files below `utils/` of the bundle while Reflex compiles."""

    def get_static_assets(self, **context: Unpack[CommonContext]) -> Sequence[tuple[Path, str | bytes]]:
        """Path below the build folder → content."""
        return [(Path("utils", name), text(name)) for name in FILES]

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """Every page is drawn: tell all at once what they asked for in vain. An export calls no `post_compile`."""
        i18n.check()


def text(name: str) -> str:
    """The content of one of our own browser files, the texts with their catalogues in front."""
    own = FILES[name].read_text("utf-8")
    if name != "i18n.js":
        return own
    catalogues = json.dumps({code: _own(code) for code in i18n.catalogues()}, ensure_ascii=False, sort_keys=True)
    return f"const C = {catalogues};\nconst NAMES = {json.dumps(sorted(NAMES))};\n{own}"


def _own(code: str) -> dict[str, Text]:
    """What a browser is told of a language: not the English that stands for it, nor files that only the server writes."""
    english = i18n.catalogues()[ENGLISH]
    told = {key: text for key, text in i18n.catalogues()[code].items() if not key.startswith("recovery_kit.")}
    return {key: text for key, text in told.items() if code == ENGLISH or text != english[key]}


class BrandPlugin(Plugin):
    """Writes `styles/brand.css` and has it loaded after Radix, so that ours counts."""

    def get_static_assets(self, **context: Unpack[CommonContext]) -> Sequence[tuple[Path, str | bytes]]:
        """Path below the build folder → content."""
        return [(Path("styles/brand.css"), SHEET.read_text("utf-8"))]

    def get_stylesheet_paths(self, **context: Unpack[CommonContext]) -> Sequence[str]:
        """Beside the sheet that Reflex writes."""
        return ("./brand.css",)
