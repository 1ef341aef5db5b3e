"""What a field holds, as it is said where the field is declared: the `#: …` behind it, or on the line above."""

import ast
import inspect
import sys
from collections.abc import Collection, Iterator
from functools import cache

_MARK = "#: "
_ROOMS = ("app.api.", "app.domain.", "app.services.")


def of(schema: str, fields: Collection[str]) -> dict[str, str]:
    """Field → what it holds, for those of a schema that say so; the schema has the name of its class."""
    for kind in _classes().get(schema, ()):
        found = {name: text for each in reversed(kind.__mro__) for name, text in _said(each).items()}
        declared = {name for each in kind.__mro__ for name in inspect.get_annotations(each)}
        if declared >= {*fields}:
            return {name: text for name, text in found.items() if name in fields}
    return {}


def comments(source: str) -> dict[str, dict[str, str]]:
    """Class → field → what it holds, of one module."""
    lines = source.splitlines()
    return {
        node.name: {name: text for name, text in _of_class(node, lines) if text}
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef)
    }


def _of_class(node: ast.ClassDef, lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in node.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            behind = lines[(line.end_lineno or line.lineno) - 1].partition(_MARK)[2]
            above = lines[line.lineno - 2].strip()
            yield line.target.id, behind or (above.removeprefix(_MARK) if above.startswith(_MARK) else "")


def _said(kind: type) -> dict[str, str]:
    return _of_module(kind.__module__).get(kind.__name__, {}) if kind.__module__.startswith(_ROOMS) else {}


@cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    return comments(inspect.getsource(sys.modules[name]))


def _classes() -> dict[str, list[type]]:
    found: dict[str, list[type]] = {}
    for name, module in [*sys.modules.items()]:
        if name.startswith(_ROOMS):
            for kind in vars(module).values():
                if inspect.isclass(kind) and kind.__module__ == name:
                    found.setdefault(kind.__name__, []).append(kind)
    return found
