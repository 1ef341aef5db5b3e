"""Fonts and vendor logos: fetched as packages while building, served by us, nothing asked from elsewhere."""

import shutil
from pathlib import Path
from typing import Any

from reflex.plugins import Plugin
from reflex.utils.prerequisites import get_web_dir

from app import presets

_LOGOS = "@lobehub/icons-static-svg"


class FontsPlugin(Plugin):
    """Inter (variable) for text, JetBrains Mono for addresses, ids and snippets."""

    def get_frontend_development_dependencies(self, **context: Any) -> tuple[str, ...]:
        return ("@fontsource-variable/inter@5.3.0", "@fontsource-variable/jetbrains-mono@5.3.0")

    def get_stylesheet_paths(self, **context: Any) -> tuple[str, ...]:
        return ("@fontsource-variable/inter/index.css", "@fontsource-variable/jetbrains-mono/index.css")


class LogosPlugin(Plugin):
    """Copies the logos that presets name to `/logos/<name>.svg`, in one colour: the page gives them the colour of its text."""

    def get_frontend_development_dependencies(self, **context: Any) -> tuple[str, ...]:
        return (f"{_LOGOS}@1.95.1",)

    def post_build(self, **context: Any) -> None:
        """Raises when a preset names a logo that the package does not have."""
        icons = get_web_dir() / "node_modules" / _LOGOS / "icons"
        target = Path(context["static_dir"]) / "logos"
        target.mkdir(exist_ok=True)
        for name in sorted({preset.logo for preset in presets.all_() if preset.logo}):
            copy_logo(name, icons, target)


def copy_logo(name: str, icons: Path, target: Path) -> None:
    """Copy one logo; the package writes names without hyphens."""
    source = icons / f"{name.replace('-', '')}.svg"
    if not source.is_file():
        raise RuntimeError(f"{_LOGOS} has no logo “{source.stem}”, which a preset names.")
    shutil.copyfile(source, target / f"{name}.svg")
