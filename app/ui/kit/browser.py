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


class FirstError(_Part):
    """Inside a form: when `seq` grows, the first field marked invalid gets the focus."""

    tag = "FirstError"
    seq: rx.Var[int]


class Forget(_Part):
    """Inside a form: empties its password fields when `seq` grows."""

    tag = "Forget"
    seq: rx.Var[int]


class Again(_Part):
    """Inside a form: submits it as a test when `when` becomes true."""

    tag = "Again"
    when: rx.Var[bool]


class MoveKey(_Part):
    """Inside a form: when `seq` grows, a key that was typed moves into the field that took the place of its own. It stays in the page."""

    tag = "MoveKey"
    seq: rx.Var[int]


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


def submit_as(intent: str) -> rx.Var:
    """An on_click that submits the button's form with another intent than "save" (a hidden field named intent)."""
    data = VarData(imports={MODULE: [ImportVar(tag="submitAs")]})
    return rx.Var(f'submitAs("{intent}")', _var_type=rx.EventChain, _var_data=data)


def stay_awake() -> rx.Var:
    """An on_click that sends a native form which may be answered with a file: the page goes on hearing of changes."""
    return rx.Var("stayAwake", _var_type=rx.EventChain, _var_data=VarData(imports={MODULE: [ImportVar(tag="stayAwake")]}))


def crashed() -> rx.Var:
    """What is drawn instead of a page that broke in the browser."""
    return rx.Var("crashed()", _var_data=VarData(imports={MODULE: [ImportVar(tag="crashed")]}))


class Suspect(_Part):
    """Inside a field: says so while a pasted key looks like another vendor's. Looked at in the browser, sent nowhere."""

    tag = "Suspect"
    own: rx.Var[list[str]]
    vendors: rx.Var[dict[str, str]]
    language: rx.Var[str]


class PasteSubmits(_Part):
    """Inside a form: what is pasted into its text is sent at once."""

    tag = "PasteSubmits"


class Carry(_Part):
    """Around a button: when it is pressed, the parts of the text in `source` that `places` names (`field:start:end`, with blanks between)
    are kept in the browser for the next `Carried` field of that name."""

    tag = "Carry"
    source: rx.Var[str]
    places: rx.Var[str]


class Carried(_Part):
    """Beside a secret field: takes over what `Carry` kept for it, once. `field` is its name below `secret.`; `at` changes with each
    form."""

    tag = "Carried"
    field: rx.Var[str]
    at: rx.Var[Any]


class Whereabouts(_Part):
    """Writes `query` behind the `?` of the address whenever it changes, without loading anything; a change of `q` alone, which is typed
    letter by letter, makes no entry in the history. `on_move` fires when the reader goes back or forth, or by a link, to another
    query of this page. With `at` (a path) only there, and what the address said when the page opened stays: a tab's state may still
    be that of an earlier visit."""

    tag = "Whereabouts"
    query: rx.Var[str]
    at: rx.Var[str]
    on_move: rx.EventHandler[no_args_event_spec]


class Arrive(_Part):
    """When `at` changes, the element marked `data-arrive` gets the focus."""

    tag = "Arrive"
    at: rx.Var[str]


class Every(_Part):
    """Fires `on_tick` every `ms` milliseconds while it stands in a visible page."""

    tag = "Every"
    ms: rx.Var[int]
    on_tick: rx.EventHandler[no_args_event_spec]
