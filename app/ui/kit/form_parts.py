"""Parts of forms that run in the browser (`form_parts.js`): a strict content policy does not let the server send them as code."""

from typing import Any

import reflex as rx
from reflex.vars import VarData
from reflex_base.utils.imports import ImportVar

MODULE = "$/utils/form_parts"  # written by `own_files`


class _Part(rx.Component):
    library = MODULE


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


def submit_as(intent: str) -> rx.Var:
    """An on_click that submits the button's form with another intent than "save" (a hidden field named intent)."""
    data = VarData(imports={MODULE: [ImportVar(tag="submitAs")]})
    return rx.Var(f'submitAs("{intent}")', _var_type=rx.EventChain, _var_data=data)
