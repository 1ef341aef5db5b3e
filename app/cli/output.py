"""What stands on stdout: JSON, ids, a table or sentences."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click


def as_json(found: Any) -> None:
    """One document, as REST would answer."""
    click.echo(json.dumps(plain(found), ensure_ascii=False, indent=2))


def plain(found: Any) -> Any:
    """Records as JSON has them."""
    if isinstance(found, list | tuple):
        return [plain(each) for each in found]
    return found.model_dump(mode="json") if hasattr(found, "model_dump") else found


def lines(told: Iterable[str]) -> None:
    """Sentences, or rows of a table, one a line."""
    for line in told:
        click.echo(line)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Aligned columns under their heads. An empty cell is what is not known."""
    cells = [list(heads), *(["" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def record(found: dict[str, Any]) -> list[str]:
    """Field by field, in the order in which REST answers; what is empty is left out."""
    kept = {name: value for name, value in found.items() if value not in (None, "", [], {})}
    width = max((len(name) for name in kept), default=0)
    return [f"{name.ljust(width)}  {_cell(value)}" for name, value in kept.items()]


def envelope(items: Sequence[Any], **more: Any) -> dict[str, Any]:
    """A list as REST shapes it, all of it on one page."""
    return {"items": plain(list(items)), "next_cursor": None, "total": len(items), **more}


def _cell(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list() if all(isinstance(each, str | int | float) for each in value):
            return ", ".join(map(str, value))
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)
