"""How components name what they draw."""

from typing import Any

Drawn = Any
"""A Var: a value that is known only in the browser. Reflex checks the names of its attributes while the pages are built; a type checker
sees only `Var[Card]`, which has none, or the plain type of the state's class."""


def drawn(value: object) -> Drawn:
    """A var of a state class as what it is while pages are built."""
    return value
