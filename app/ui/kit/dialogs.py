"""The dialog that is open on a page: its kind, the object it is about, the page it lies on. There is one at a time, and whoever leaves the
page leaves it: by a link, by Back or Forward, by loading the page again."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from inspect import isasyncgenfunction
from itertools import count
from typing import cast

import reflex as rx
from reflex.event import EventCallback
from reflex.state import BaseState
from reflex.vars import LiteralVar

from app.ui.presses import F, acknowledged

FIELD = "dialog"  # the hidden field of a form, or the argument of a handler, that carries the stamp
_NUMBERS = count(1)
_KINDS: dict[str, str] = {}
Again = EventCallback[()]  # an event, or the handler of one that takes nothing
Left = Callable[[BaseState], Awaitable[None]]  # of any state of the tab
_LEAVING: dict[str, Left] = {}


@dataclass(frozen=True, slots=True)
class Opened:
    """`kind` "" = none is open. `of`: id of its object, "" = something new; `at`: path of its page. `stamp` names this one opening: what is
    submitted carries it, and is refused when another dialog is open by then, or none. `handler` and `arguments`: the event that opens it
    again when the server lost it. `is_changed`: holds from the start what would be lost; `is_once`: shows a key that nobody sees again."""

    kind: str = ""
    of: str = ""
    at: str = ""
    stamp: str = ""
    handler: str = ""
    arguments: dict[str, object] = field(default_factory=dict)
    is_changed: bool = False
    is_once: bool = False


class Dialogs(rx.State):
    """`problem`: why the last press in it failed; `gone`: somebody removed its object meanwhile. `visit` names the connection: its first
    part is that of this tree of states, which a restart of the server loses, its second grows with every connection."""

    opened: Opened = Opened()
    problem: str = ""
    gone: bool = False
    visit: str = ""
    _is_back: bool = False  # the connection came back
    _stays: bool = False  # and with it the page that was there before

    @rx.event
    @acknowledged
    async def close(self, stamp: str) -> None:
        """The reader left the dialog."""
        if self.opened.stamp == stamp:
            await close(self)


def kind(name: str, *, after: str = "") -> str:
    """Declare a kind of dialog. The tests open each one where a page has a button marked with it; `after` names the kind that goes on to
    this one, where it has none."""
    _KINDS[name] = after
    return name


def kinds() -> dict[str, str]:
    """All that are declared → the kind before it, "" where a button opens it."""
    return dict(_KINDS)


def leaving(name: str) -> Callable[[Left], Left]:
    """Mark what has to be stopped when a dialog of this kind is left. It gets any state of the tab."""

    def mark(fn: Left) -> Left:
        _LEAVING[name] = fn
        return fn

    return mark


async def open_(
    state: rx.State, name: str, of: str = "", *, again: Again | None = None, is_changed: bool = False, is_once: bool = False
) -> None:
    """Open a dialog on the page of this tab. `again`: the event that opens it again, as a page would name it (`KeyForm.edit(key_id)`)."""
    await close(state)
    dialogs = await state.get_state(Dialogs)
    handler, arguments = _event(again)
    stamp = f"{name} {of} {next(_NUMBERS)}"
    dialogs.opened = Opened(name, of, here(state), stamp, handler, arguments, is_changed, is_once)
    dialogs.problem, dialogs.gone = "", False


async def go_on(state: rx.State, name: str = "", of: str = "", *, again: Again | None = None, is_once: bool = False) -> None:
    """The open dialog goes on to another step, which may be another kind about another object: nothing of what was typed is left to
    lose, and what was submitted before is refused from now on. `again`: None = as before."""
    dialogs = await state.get_state(Dialogs)
    if (opened := dialogs.opened).kind:
        handler, arguments = _event(again) if again is not None else (opened.handler, opened.arguments)
        name, of = name or opened.kind, of or opened.of
        stamp = f"{name} {of} {next(_NUMBERS)}"
        dialogs.opened = Opened(name, of, opened.at, stamp, handler, arguments, is_once=is_once)
        dialogs.problem = ""


async def note(state: rx.State, *, again: Again | None = None, is_changed: bool = False) -> None:
    """The open dialog shows something else now: how it is opened again, and whether that would be lost."""
    dialogs = await state.get_state(Dialogs)
    if (opened := dialogs.opened).kind:
        handler, arguments = _event(again) if again is not None else (opened.handler, opened.arguments)
        is_changed = is_changed or opened.is_changed
        dialogs.opened = replace(opened, handler=handler, arguments=arguments, is_changed=is_changed)


async def close(state: BaseState) -> None:
    """Close what is open. What it showed stays as it was until the next one opens: it leaves with a short animation."""
    dialogs = await state.get_state(Dialogs)
    if (name := dialogs.opened.kind) and (leave := _LEAVING.get(name)):
        await leave(state)
    if name:
        dialogs.opened = Opened()


async def is_open(state: rx.State, *names: str) -> bool:
    """Whether one of these is open on the page."""
    return (await state.get_state(Dialogs)).opened.kind in names


async def keep_to(state: rx.State, known: set[str]) -> None:
    """The page has looked again, and objects with these ids are left: the dialog of another one says that it is gone."""
    dialogs = await state.get_state(Dialogs)
    is_gone = dialogs.opened.at == here(state) and dialogs.opened.of != "" and dialogs.opened.of not in known
    if is_gone != dialogs.gone:
        dialogs.gone = is_gone


def submits(*names: str) -> Callable[[F], F]:
    """Mark a handler that acts for an open dialog of one of these kinds. It carries the stamp of that dialog, in its form or as its
    argument, and does nothing when another one is open by now, or none: it was pressed twice, or on another page. Goes under
    `answered`."""

    async def is_ours(state: rx.State, carried: object) -> bool:
        stamp = carried.pop(FIELD, "") if isinstance(carried, dict) else carried
        async with state:  # means something to a handler in the background only
            dialogs = await state.get_state(Dialogs)
            opened = dialogs.opened
            if not (opened.kind in names and opened.stamp == stamp and opened.at == here(state)):
                return False
            if dialogs.problem:
                dialogs.problem = ""
            return True

    def mark(fn: F) -> F:
        @wraps(fn)
        async def whole(self: rx.State, *args: object, **kwargs: object) -> object:
            if await is_ours(self, [*args, *kwargs.values()][0]):
                return await cast("Awaitable[object]", fn(self, *args, **kwargs))
            return None

        @wraps(fn)
        async def stepwise(self: rx.State, *args: object, **kwargs: object) -> AsyncIterator[object]:
            if await is_ours(self, [*args, *kwargs.values()][0]):
                async for event in cast("AsyncIterator[object]", fn(self, *args, **kwargs)):
                    yield event

        marked = stepwise if isasyncgenfunction(fn) else whole
        marked.__rx_submits__ = names  # type: ignore[attr-defined]  # a mark on the function, read by the tests
        return cast("F", marked)

    return mark


async def arrive(state: BaseState, *, is_first: bool) -> None:
    """A browser has connected. `is_first`: with a page that was loaded just now, so that no dialog is open in it."""
    dialogs = await state.get_state(Dialogs)
    life, _, number = dialogs.visit.partition(".")
    dialogs.visit = f"{life or secrets.token_hex(8)}.{int(number or 0) + 1}"
    dialogs._is_back = not is_first
    if is_first:
        await close(state)


async def turn(state: BaseState) -> None:
    """A page is shown: the dialog of another one is left."""
    dialogs = await state.get_state(Dialogs)
    dialogs._stays, dialogs._is_back = dialogs._is_back, False
    if dialogs.opened.kind and dialogs.opened.at != here(state):
        await close(state)


async def stays(state: rx.State) -> bool:
    """Whether the page that is shown is the one that was there before its connection was lost."""
    return (await state.get_state(Dialogs))._stays


def here(state: BaseState) -> str:
    """Path of the page that this tab shows."""
    return state.router.url.path.rstrip("/") or "/"


def _event(again: Again | None) -> tuple[str, dict[str, object]]:
    """Name and arguments of an event, as the browser sends them."""
    if again is None:
        return "", {}
    spec = cast("rx.event.EventSpec", again if isinstance(again, rx.event.EventSpec) else again())  # Reflex types both as one
    arguments = {str(name): cast("LiteralVar", value)._var_value for name, value in spec.args}
    return f"{spec.handler.state_full_name}.{spec.handler.fn.__name__}", arguments
