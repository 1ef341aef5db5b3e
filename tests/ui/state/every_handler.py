"""What the laws about event handlers are generated from: every handler there is, the services they call, and how a page brings each of
them to its service. A handler that calls a service and has no way here fails the law."""

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import ModuleType
from typing import Any

import reflex as rx

from app import main

OURS = "app.ui."
# Read by every handler to find out who acts, or plain knowledge of the code; they are no part of what is asked for.
NOT_ASKED = {"sessions", "reading"}


def handlers() -> dict[str, Any]:
    """`KeyForm.add` → its handler, for all handlers of ours."""
    assert main.app
    found = {}
    for kind in kinds(rx.State):
        for name, handler in kind.event_handlers.items():
            if kind.__module__.startswith(OURS) and name != "setvar" and handler.fn.__module__.startswith(OURS):
                found[f"{kind.__name__}.{name}"] = handler
    return found


def kinds(kind: type[Any]) -> Iterator[type[Any]]:
    """A state class and all below it."""
    yield kind
    for child in kind.get_substates():
        yield from kinds(child)


def services() -> dict[str, ModuleType]:
    """Name → every service that the states call."""
    found = {}
    for name, module in sys.modules.items():
        if name.startswith("app.ui."):
            for value in vars(module).values():
                if inspect.ismodule(value) and value.__name__.startswith("app.services") and _last(value.__name__) not in NOT_ASKED:
                    found[_last(value.__name__)] = value
    return found


def is_asked(found: Any) -> bool:
    """Whether this is a function of a service that reads, changes or calls something."""
    return inspect.iscoroutinefunction(found) or inspect.isasyncgenfunction(found)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


@lru_cache(1)
def calling() -> frozenset[str]:
    """The handlers that call a service, by themselves or through what they call in `app.ui`. Found in the source."""
    calls, direct = _calls()
    reached = set(direct)
    while more := {name for name, called in calls.items() if name not in reached and called & reached}:
        reached |= more
    return frozenset(name for name in handlers() if name in reached)


def _calls() -> tuple[dict[str, set[str]], set[str]]:
    """Function → functions of ours that it calls, as far as their names tell; and the functions that call a service."""
    known, bodies = services(), {}
    for name, module in list(sys.modules.items()):
        if not name.startswith("app.ui."):
            continue
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.AsyncFunctionDef):
                bodies[node.name] = ("", node)
            elif isinstance(node, ast.ClassDef):
                bodies |= {f"{node.name}.{f.name}": (node.name, f) for f in node.body if isinstance(f, ast.AsyncFunctionDef)}
    private = {}
    for name in bodies:
        private.setdefault(name.rpartition(".")[2], []).append(name)
    calls, direct = {}, set()
    for name, (owner, body) in bodies.items():
        calls[name] = set()
        for call in [node for node in ast.walk(body) if isinstance(node, ast.Call)]:
            match call.func:
                case ast.Attribute(value=ast.Name(id=module), attr=function) if module in known:
                    direct |= {name} if is_asked(getattr(known[module], function, None)) else set()
                case ast.Attribute(value=ast.Name(id="self"), attr=method) if f"{owner}.{method}" in bodies:
                    calls[name].add(f"{owner}.{method}")
                case ast.Attribute(attr=method) if len(set(private.get(method, ()))) == 1 and f".{method}" in private[method][0]:
                    calls[name] |= set(private[method])
                case ast.Attribute(attr=method) | ast.Name(id=method) if method in bodies:
                    calls[name].add(method)
    return calls, direct
