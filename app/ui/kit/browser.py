"""Our own browser parts (`browser.js`): what a strict content policy does not let the server send as code."""

from typing import Any

import reflex as rx
from reflex.event import no_args_event_spec
from reflex.vars import VarData
from reflex_base.utils.imports import ImportVar

MODULE = "$/utils/browser"  # written by `own_files`


class _Part(rx.Component):
    library = MODULE


class Notice(_Part):
    """Shows a short notice in the corner whenever `seq` grows; announced politely."""

    tag = "Notice"
    seq: rx.Var[int]
    level: rx.Var[str]
    text: rx.Var[str]


class Pulse(_Part):
    """Fires `on_beat` whenever `beat` changes: a change elsewhere asks an open page to look again, through the guard."""

    tag = "Pulse"
    beat: rx.Var[Any]
    on_beat: rx.EventHandler[no_args_event_spec]


class AtHead(_Part):
    """First in what scrolls: it opens at its head, also where the field with the focus lies further down."""

    tag = "AtHead"


class Reveal(_Part):
    """Scrolls its parent into view when `when` becomes true."""

    tag = "Reveal"
    when: rx.Var[bool]


class Copy(_Part):
    """Copies `text` when its child is pressed and says `copied` for a moment. With `source`, {key} in the text stands for the value
    of the field with that id."""

    tag = "Copy"
    text: rx.Var[str]
    source: rx.Var[str]
    copied: rx.Var[str]


class Once(_Part):
    """`text` with {key} replaced by the value of the hidden field `source`: for what no var may hold."""

    tag = "Once"
    source: rx.Var[str]
    text: rx.Var[str]


class Fresh(_Part):
    """Keeps what changed in single cards since the list was drawn (`drawn` grows with each drawing, `seq` from 0 with each change after
    it). `on_gap` fires when a change was missed."""

    tag = "Fresh"
    drawn: rx.Var[int]
    seq: rx.Var[int]
    cards: rx.Var[list[dict[str, Any]]]
    on_gap: rx.EventHandler[no_args_event_spec]


class Latest(_Part):
    """Draws its one child with `c` = this card as `Fresh` knows it now. Only that child is drawn anew when the card changes."""

    tag = "Latest"
    card: rx.Var[Any]


class Near(_Part):
    """Fires `on_near` when the reader scrolls near it, and again whenever `count` grew meanwhile."""

    tag = "Near"
    count: rx.Var[int]
    on_near: rx.EventHandler[no_args_event_spec]


class Skip(_Part):
    """The first link of a page: takes the focus to the element with the id `to`."""

    tag = "Skip"
    to: rx.Var[str]


class Slash(_Part):
    """The key "/" jumps into the search field."""

    tag = "Slash"


def stay_awake() -> rx.Var:
    """An on_click that sends a native form which may be answered with a file: the page goes on hearing of changes."""
    return rx.Var("stayAwake", _var_type=rx.EventChain, _var_data=VarData(imports={MODULE: [ImportVar(tag="stayAwake")]}))


def crashed() -> rx.Var:
    """What is drawn instead of a page that broke in the browser."""
    return rx.Var("crashed()", _var_data=VarData(imports={MODULE: [ImportVar(tag="crashed")]}))


class Arrive(_Part):
    """When `at` changes, the element marked `data-arrive` gets the focus."""

    tag = "Arrive"
    at: rx.Var[str]


class Every(_Part):
    """Fires `on_tick` every `ms` milliseconds while it stands in a visible page."""

    tag = "Every"
    ms: rx.Var[int]
    on_tick: rx.EventHandler[no_args_event_spec]
