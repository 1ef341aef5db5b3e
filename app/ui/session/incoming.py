"""The shape of what a page sends: an event of a name that exists, with what its handler takes, and where the page stands.

Reflex keeps whatever else an event carries for as long as the tab lives, prints it when it does not fit, and cares for its types only
as far as warnings go.
"""

import inspect
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from reflex.event import EventHandler
from reflex.state import BaseState, State
from reflex_base.constants import RouteVar
from reflex_base.constants.state import FIELD_MARKER
from reflex_base.registry import RegistrationContext

LONGEST_PLACE = 2_048  # characters of a path with its query
LONGEST_TEXT = 2_000  # of what a page says of its own failure
_LONGEST_PART = 200  # of one part of a path or a query, and of a value that the browser keeps for us
_MOST_PARTS = 20
_ROOT = State.get_full_name()
EXCEPTION = f"{_ROOT}.reflex___state____frontend_event_exception_state.handle_frontend_exception"
STORED = frozenset({f"{_ROOT}.hydrate_and_load", f"{_ROOT}.reflex___state____update_vars_internal_state.update_vars_internal"})


def shaped(data: object, *, strict: bool) -> dict[str, object] | None:
    """The event, and nothing else of what was sent; None for what is no event of ours. `strict`: its values must have the types that
    the handler says, as those of a page of ours have."""
    if not isinstance(data, dict) or not isinstance(name := data.get("name"), str):
        return None
    if (registered := RegistrationContext.get().event_handlers.get(name)) is None:
        return None
    payload = data.get("payload") or {}
    if not isinstance(payload, dict) or (strict and not _fits(registered.handler, payload)):
        return None
    if name in STORED:
        payload = {**payload, "vars": _stored(payload.get("vars"))}
    elif name == EXCEPTION:
        payload = {key: str(value)[:LONGEST_TEXT] for key, value in payload.items()}
    return {"name": name, "payload": payload, "router_data": place(data.get("router_data"))}


def place(router_data: object) -> dict[str, object]:
    """Where the page stands: its path, the same with the query, and the parts of both."""
    if not isinstance(router_data, Mapping):
        return {}
    found: dict[str, object] = {key: _path(router_data[key]) for key in (RouteVar.PATH, RouteVar.ORIGIN) if key in router_data}
    parts = router_data.get(RouteVar.QUERY)
    if isinstance(parts, Mapping):
        found[RouteVar.QUERY] = {_text(key): _text(value) for key, value in list(parts.items())[:_MOST_PARTS]}
    return found


@lru_cache(1)
def stored_vars() -> frozenset[str]:
    """Full names of the vars that the browser keeps for us: the only ones a page may set."""
    return frozenset(_stored_vars(State))


def _stored_vars(state: type[BaseState]) -> Iterator[str]:
    for name in state.get_fields():
        if state._is_client_storage(name):
            yield from (f"{state.get_full_name()}.{name}", f"{state.get_full_name()}.{name}{FIELD_MARKER}")
    for inner in state.get_substates():
        yield from _stored_vars(inner)


def _stored(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        return {}
    return {
        name: value for name, value in given.items() if name in stored_vars() and isinstance(value, str) and len(value) <= _LONGEST_PART
    }


def _fits(handler: EventHandler, payload: Mapping[str, object]) -> bool:
    """Whether the handler can be called with this."""
    takes, needs = _arguments(handler)
    if not needs <= payload.keys() <= takes.keys():
        return False
    try:
        for name, value in payload.items():
            takes[name].validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@lru_cache(1_000)
def _arguments(handler: EventHandler) -> tuple[dict[str, TypeAdapter[object]], frozenset[str]]:
    """What a handler takes, by name, and the names of what it cannot be without."""
    parameters = list(inspect.signature(handler.fn).parameters.values())[1:]
    hints = get_type_hints(handler.fn)
    takes = {parameter.name: TypeAdapter(hints.get(parameter.name, Any)) for parameter in parameters}
    return takes, frozenset(parameter.name for parameter in parameters if parameter.default is parameter.empty)


def _path(value: object) -> str:
    """A path of this site: never the beginning of another address."""
    text = _text(value, LONGEST_PLACE)
    return text if text.startswith("/") and not text.startswith("//") else "/"


def _text(value: object, longest: int = _LONGEST_PART) -> str:
    """A text that can be written as UTF-8."""
    return value[:longest].encode("utf-8", "replace").decode() if isinstance(value, str) else ""
