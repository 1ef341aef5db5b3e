"""No field of a record that a page draws is called like something a Var has of its own: `warned.keys` would be the method."""

import dataclasses
import typing
from collections.abc import Iterator
from typing import Any

import reflex as rx
from reflex.vars import Var
from reflex_base.vars.object import ObjectVar


def taken() -> set[str]:
    """What the Var of a record answers by itself, whatever the record has."""
    return {name for name in {*dir(ObjectVar), *dir(Var)} if not name.startswith("_")}


def states(kind: type[rx.State] = rx.State) -> Iterator[type[rx.State]]:
    """Every state of the console."""
    for each in kind.__subclasses__():
        yield each
        yield from states(each)


def drawn(kinds: typing.Iterable[type[rx.State]]) -> set[type]:
    """Every record that a var of the states holds, alone, in a list, or in another record."""
    found: set[type] = set()
    for kind in kinds:
        own = {name: hint for name, hint in typing.get_type_hints(kind).items() if not name.startswith("_")}
        for hint in (*own.values(), *(var._var_type for var in kind.computed_vars.values())):
            _gather(hint, found)
    return found


def _gather(hint: Any, found: set[type]) -> None:
    for part in typing.get_args(hint):
        _gather(part, found)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint) and hint.__module__.startswith(("app.", __name__)) and hint not in found:
        found.add(hint)
        for inner in typing.get_type_hints(hint).values():
            _gather(inner, found)


def hidden(records: set[type]) -> list[str]:
    """Fields that no page can draw."""
    return sorted(f"{kind.__name__}.{field.name}" for kind in records for field in dataclasses.fields(kind) if field.name in taken())


def test_no_field_of_a_drawn_record_is_hidden_by_what_a_var_has_itself() -> None:
    import app.main  # noqa: F401 - registers every state

    records = drawn(each for each in states() if each.__module__.startswith("app."))
    assert len(records) > 15
    assert hidden(records) == []


@dataclasses.dataclass(frozen=True)
class Planted:
    """A record with a field that a Var hides, inside another."""

    name: str = ""
    keys: str = ""


@dataclasses.dataclass(frozen=True)
class Around:
    """What the state holds."""

    inner: list[Planted] = dataclasses.field(default_factory=list)
    length: int = 0


def test_a_planted_field_is_found() -> None:
    found: set[type] = set()
    _gather(dict[str, Around | None], found)

    assert hidden(found) == ["Around.length", "Planted.keys"]
