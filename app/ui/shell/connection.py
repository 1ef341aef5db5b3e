"""Why a page has no live connection (`connection.js`): said by the page itself, because nothing reaches it from here then."""

from typing import Any

import reflex as rx
from reflex_components_core.core.banner import connection_error, has_connection_errors

from app.domain import proxies


class Connection(rx.Component):
    """While the connection is `lost`: the reason, with lines for the proxy where it stands in the way."""

    library = "$/utils/connection"  # written by `own_files`
    tag = "Connection"
    lost: rx.Var[bool]
    refused: rx.Var[str]  # `sockets.CROWDED`, or what else the server or the browser says
    proxies: rx.Var[dict[str, Any]]
    settings: rx.Var[str]


def explained() -> rx.Component:
    """Nothing while all is well."""
    return Connection.create(lost=has_connection_errors, refused=connection_error, proxies=proxies.LINES, settings=proxies.SETTINGS)
