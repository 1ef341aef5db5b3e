"""Plug-in folders: every module of a package, by name."""

import importlib
import pkgutil
from types import ModuleType


def load(package: str) -> dict[str, ModuleType]:
    """Import each module of `package` ("app.ui.pages") and return them by their short name, sorted.

    Modules whose name starts with an underscore are shared parts, not plug-ins.
    """
    home = importlib.import_module(package)
    names = sorted(m.name for m in pkgutil.iter_modules(home.__path__) if not m.name.startswith("_"))
    return {name: importlib.import_module(f"{package}.{name}") for name in names}
