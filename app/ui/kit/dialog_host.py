"""Dialogs in the browser (`dialogs.js`): which one is shown, what was typed into it, the ways out, the focus, a restarted server."""

from typing import Any

import reflex as rx
from reflex.event import no_args_event_spec, passthrough_event_spec
from reflex.vars import VarData
from reflex_base.utils.imports import ImportVar

from app.ui import presses
from app.ui.i18n import Language
from app.ui.kit.dialogs import FIELD, Dialogs, Opened
from app.ui.presses import Presses

MODULE = "$/utils/dialogs"  # written by `own_files`


class _Part(rx.Component):
    library = MODULE


class Desk(_Part):
    """One per page: asks before something is lost, whichever way out is taken, and brings back what a restart of the server lost. Without
    it `Sheet` shows nothing. `choices`, `quiet`, `slow`: names of handlers that the browser treats in a way of their own."""

    tag = "Desk"
    opened: rx.Var[Opened]
    visit: rx.Var[str]
    hydrated: rx.Var[bool]
    ended: rx.Var[list[str]]
    language: rx.Var[str]
    choices: rx.Var[list[str]]
    quiet: rx.Var[list[str]]
    slow: rx.Var[list[str]]
    on_close: rx.EventHandler[passthrough_event_spec(str)]


class Sheet(_Part):
    """A dialog of one of these `kinds`, or a short question. `also`: what must hold besides. `on_leave`: how a question above a dialog is
    left; other dialogs are left by the desk."""

    tag = "Sheet"
    kinds: rx.Var[list[str]]
    opened: rx.Var[Opened]
    visit: rx.Var[str]
    width: rx.Var[str]
    question: rx.Var[bool]
    also: rx.Var[bool]
    on_leave: rx.EventHandler[no_args_event_spec]


class Gate(_Part):
    """Shows its first child once `ready`, its second one before; then the first one as long as the page stays, also while the connection
    comes back."""

    tag = "Gate"
    ready: rx.Var[bool]


class Kept(_Part):
    """Inside an element marked `data-kept`: what was typed there outlives a step back, for the same `scope`."""

    tag = "Kept"
    scope: rx.Var[str]


class Held(_Part):
    """Fires `on_held` when the connection came back and the page still holds a key that is shown once."""

    tag = "Held"
    visit: rx.Var[str]
    hydrated: rx.Var[bool]
    on_held: rx.EventHandler[no_args_event_spec]


class Used(_Part):
    """The key that is shown once was used when `when` becomes true: leaving the page loses nothing."""

    tag = "Used"
    when: rx.Var[bool]


class Forgotten(_Part):
    """What was kept is dropped when `when` becomes true, and when the page is left."""

    tag = "Forgotten"
    when: rx.Var[bool]


def desk() -> rx.Component:
    """The one of a page."""
    return Desk.create(
        opened=Dialogs.opened,
        visit=Dialogs.visit,
        hydrated=rx.State.is_hydrated,
        ended=Presses.ended,
        language=Language.code,
        choices=presses.named("__rx_choice__"),
        quiet=presses.named("__rx_quiet__"),
        slow=presses.slow(),
        on_close=Dialogs.close,
    )


def opens(kind: str, *, when: rx.Var[bool] | bool = True) -> dict[str, Any]:
    """Attributes of the button or the entry of a menu that opens a dialog of this kind: how the tests find each of them. `when`: it does
    something else otherwise."""
    return {"custom_attrs": {"data-opens": kind if when is True else rx.cond(when, kind, "")}}


def stamp() -> rx.Component:
    """The hidden field of a dialog's form that says which dialog it is."""
    return rx.el.input(type="hidden", name=FIELD, value=Dialogs.opened.stamp, read_only=True)  # type: ignore[attr-defined]  # a Var


def leave() -> rx.Var[rx.EventChain]:
    """An on_click that leaves the dialog; it asks where something would be lost."""
    return _call("leaveDialog")


def close() -> rx.Var[rx.EventChain]:
    """An on_click that closes the dialog: everything in it is done."""
    return _call("closeDialog")


def _call(function: str) -> rx.Var[rx.EventChain]:
    return rx.Var(function, _var_type=rx.EventChain, _var_data=VarData(imports={MODULE: [ImportVar(tag=function)]}))
