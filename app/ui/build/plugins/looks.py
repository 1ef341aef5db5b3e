"""Fonts and vendor logos: fetched as packages while building, served by us, nothing asked from elsewhere."""

import shutil
from pathlib import Path
from typing import Unpack

from reflex.plugins import Plugin
from reflex.utils.prerequisites import get_web_dir
from reflex_base.plugins.base import CommonContext, PostBuildContext

_LOGOS = "@lobehub/icons-static-svg"


class FontsPlugin(Plugin):
    """Inter (variable) for text, JetBrains Mono for addresses, ids and snippets."""

    def get_frontend_development_dependencies(self, **context: Unpack[CommonContext]) -> tuple[str, ...]:
        return ("@fontsource-variable/inter@5.3.0", "@fontsource-variable/jetbrains-mono@5.3.0")

    def get_stylesheet_paths(self, **context: Unpack[CommonContext]) -> tuple[str, ...]:
        return ("@fontsource-variable/inter/index.css", "@fontsource-variable/jetbrains-mono/index.css")


class LogosPlugin(Plugin):
    """Copies every logo of one colour to `/logos/<name>.svg`, so that a preset can name any without a build: pages give them the colour
    of their text."""

    def get_frontend_development_dependencies(self, **context: Unpack[CommonContext]) -> tuple[str, ...]:
        return (f"{_LOGOS}@1.95.1",)

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """Names with a hyphen are other drawings of the same vendor: in colour, or as a word."""
        icons = get_web_dir() / "node_modules" / _LOGOS / "icons"
        target = Path(context["static_dir"]) / "logos"
        target.mkdir(exist_ok=True)
        for file in sorted(icons.glob("*.svg")):
            if "-" not in file.stem:
                shutil.copyfile(file, target / file.name)
