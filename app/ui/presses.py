"""What became of what was pressed: the browser keeps a button busy until the handler has ended, and flags of what runs go off again."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import wraps
from inspect import isasyncgenfunction
from itertools import count
from typing import TypeVar, cast

import reflex as rx

F = TypeVar("F", bound=Callable[..., Awaitable[object] | AsyncIterator[object]])

KEPT = 8  # handlers that ended in a row; the browser hears of several at a time
_NUMBERS = count(1)


class Presses(rx.State):
    """`ended`: the newest handlers that ended, each as its number and its full name, the last one last. `_runs`: which run turned a flag
    on, by the flag's full name."""

    ended: list[str] = []
    _runs: dict[str, int] = {}


def quiet(fn: F) -> F:
    """Mark a handler that no button fires (pages look again, fields say what is typed): nothing waits to hear that it has ended. Goes
    under the mark that acknowledges."""
    fn.__rx_quiet__ = True  # type: ignore[attr-defined]  # a mark on the function, read below and by the page
    return fn


def choice(fn: F) -> F:
    """Mark a handler that changes nothing but what an open dialog shows. What was chosen would be lost with it, and is safe to be sent
    again after a restart of the server. Goes under the mark that acknowledges."""
    fn.__rx_choice__ = True  # type: ignore[attr-defined]  # a mark on the function, read by the page
    return fn


def named(mark: str) -> list[str]:
    """The full names of all handlers with a mark."""
    return [name for name, handler in _handlers() if getattr(handler.fn, mark, False)]


def slow() -> list[str]:
    """The full names of all handlers that go on in the background."""
    return [name for name, handler in _handlers() if handler.is_background]


def _handlers(kind: type[rx.State] = rx.State) -> Iterator[tuple[str, rx.EventHandler]]:
    for name, handler in sorted(kind.event_handlers.items()):
        if handler.fn.__module__.startswith("app."):
            yield f"{kind.get_full_name()}.{name}", handler
    for child in kind.get_substates():
        yield from _handlers(cast("type[rx.State]", child))


def acknowledged(fn: F) -> F:
    """The browser hears when the handler has ended, well or not."""
    if getattr(fn, "__rx_quiet__", False):
        return fn

    @wraps(fn)
    async def whole(self: rx.State, *args: object, **kwargs: object) -> object:
        try:
            return await cast("Awaitable[object]", fn(self, *args, **kwargs))
        finally:
            await _end(self, fn.__name__)

    @wraps(fn)
    async def stepwise(self: rx.State, *args: object, **kwargs: object) -> AsyncIterator[object]:
        try:
            async for event in cast("AsyncIterator[object]", fn(self, *args, **kwargs)):
                yield event
        finally:
            await _end(self, fn.__name__)

    return cast("F", stepwise if isasyncgenfunction(fn) else whole)


async def _end(state: rx.State, handler: str) -> None:
    async with state:  # means something to a handler in the background only
        known = await state.get_state(Presses)
        known.ended = [*known.ended, f"{next(_NUMBERS)} {state.get_full_name()}.{handler}"][-KEPT:]


@asynccontextmanager
async def busy(state: rx.State, kind: type[rx.State], flag: str) -> AsyncIterator[bool]:
    """The var `flag` of `kind` is true until this is left, whatever happens. For handlers in the background. Gives False when it was
    true before: what is asked for runs already. A flag that was reset meanwhile and turned on by another run stays on."""
    name, run = f"{kind.get_full_name()}.{flag}", next(_NUMBERS)
    async with state:
        owner = await state.get_state(kind)
        if is_free := not getattr(owner, flag):
            (await state.get_state(Presses))._runs[name] = run
            setattr(owner, flag, True)
    if not is_free:
        yield False
        return
    try:
        yield True
    finally:
        async with state:
            if (await state.get_state(Presses))._runs.get(name) == run and getattr(owner := await state.get_state(kind), flag):
                setattr(owner, flag, False)
