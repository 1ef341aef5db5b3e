"""What a reader chose to see stands in the address, so that a reload, a link and the browser's own way back lead to the same.

A page writes its filters with `query` (a computed var that `Whereabouts` puts behind the `?`), and reads all of them with `asked` when
it opens and when the reader goes back: the address alone decides what is shown.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import reflex as rx

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
