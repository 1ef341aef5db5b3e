"""Why a page does not come alive, as far as this end can tell: what arrived of a tab's last websocket handshake.

A script cannot see how its handshake failed. It asks here, over plain HTTP, through the same proxies. The answer is a code about what
the asker sent itself; the wall (`edge.py`) has refused foreign hosts and origins before, and says in what they differ.
"""

import re
from collections import OrderedDict
from enum import StrEnum
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PATH = "/_event"
_MOST = 512  # tabs; whoever fills this makes answers less exact, nothing else
_TOKEN = re.compile(r"[0-9A-Za-z-]{8,64}")

_last: OrderedDict[str, "Arrival"] = OrderedDict()


class Arrival(StrEnum):
    """What arrived. `NOT_UPGRADED`: an ordinary request, because a proxy on the way dropped the header Upgrade."""

    NOTHING = "nothing"
    NOT_UPGRADED = "not_upgraded"
    UPGRADED = "upgraded"


def routes() -> list[Route]:
    """`/auth/connection`; POST only, because only then a browser says where its page came from."""
    return [Route("/auth/connection", answer, methods=["POST"])]


async def answer(request: Request) -> Response:
    """`token` in the query is the tab's, as in its handshake."""
    return JSONResponse({"arrived": arrival(request.query_params.get("token", ""))})


def arrival(token: str) -> Arrival:
    """What arrived of this tab's last handshake."""
    return _last.get(token, Arrival.NOTHING)


def note(query: bytes, what: Arrival) -> None:
    """Keep what arrived of the handshake with this query."""
    token = _field(query, "token")
    if _TOKEN.fullmatch(token):
        _last[token] = what
        _last.move_to_end(token)
        while len(_last) > _MOST:
            _last.popitem(last=False)


def is_lost(kind: str, path: str, query: bytes) -> bool:
    """Whether this is a handshake that arrived as an ordinary request. `kind` as in an ASGI scope."""
    return kind == "http" and path.startswith(PATH) and _field(query, "transport") == "websocket"


def _field(query: bytes, name: str) -> str:
    try:
        return parse_qs(query[:2_000].decode("latin-1"), max_num_fields=20).get(name, [""])[0]
    except ValueError:
        return ""
