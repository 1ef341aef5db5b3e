"""What a reader chose to see stands in the address, so that a reload, a link and the browser's own way back lead to the same.

A page writes its filters with `query` (a computed var that `Whereabouts` puts behind the `?`), and reads all of them with `asked` when
it opens and when the reader goes back: the address alone decides what is shown.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import reflex as rx
from reflex.event import no_args_event_spec

LONGEST = 300


def query(**filters: tuple[object, object]) -> str:
    """Name → (value, default) as the part of an address behind `?`. A filter at its default is left out.

    >>> query(status=("working", "all"), tag=("any", "any"))
    'status=working'
    """
    return urlencode({name: str(value) for name, (value, default) in filters.items() if value != default})


def asked(state: rx.State) -> Mapping[str, str]:
    """What the address of this tab says; a name that it does not have is missing. The page checks what it takes."""
    return {name: value[:LONGEST] for name, value in parse_qsl(state.router.url.query, keep_blank_values=True)}


class Whereabouts(rx.Component):
    """Writes `query` behind the `?` of the address whenever it changes, without loading anything; a change of `q` alone, which is typed
    letter by letter, makes no entry in the history. `on_move` fires when the reader goes back or forth, or by a link, to another
    query of this page. With `at` (a path) only there, and what the address said when the page opened stays: a tab's state may still
    be that of an earlier visit."""

    library = "$/utils/url_query"  # written by `own_files`
    tag = "Whereabouts"
    query: rx.Var[str]
    at: rx.Var[str]
    on_move: rx.EventHandler[no_args_event_spec]
