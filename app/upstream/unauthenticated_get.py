"""A short look at an address near us: one GET without a credential, bounded in time and size, stored nowhere.

It needs no approval, and therefore reaches less than a call does: only local addresses, never a public one.
"""

import asyncio
import socket
from dataclasses import dataclass

import aiohttp
from yarl import URL

from app import __version__
from app.domain.error_kind import EgressReason
from app.upstream import connector, egress, session
from app.upstream.reply import refuse_encoded

SECONDS = 1.0
MOST_BYTES = 256 * 1024
_LIMITS = aiohttp.ClientTimeout(total=None, connect=SECONDS)
_HEADERS = {"accept": "application/json", "accept-encoding": "identity", "user-agent": f"Patchbay/{__version__}"}


@dataclass(slots=True, eq=False)
class LocalOnlyPolicy(connector.CallContext):
    """A call that may go to loopback and private addresses without an approval, and nowhere else."""

    def judge(self, ip: str, port: int) -> EgressReason | None:
        """Reason to refuse this address, None where there is none."""
        return egress.judge(ip, port, local_ok=True) or (None if egress.kind_of(ip) == "local" else EgressReason.PUBLIC)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer of a web server. `body` is empty unless it was a success of at most `MOST_BYTES`."""

    status: int
    body: bytes


async def get(origin: str, path: str) -> HttpAnswer | None:
    """What answers there; None when nothing does in time, or when it may not be asked."""
    token = connector.current_call.set(LocalOnlyPolicy(origin, is_kept=False))
    try:
        async with asyncio.timeout(SECONDS):
            response = await session.current().http.get(URL(origin + path), headers=_HEADERS, allow_redirects=False, timeout=_LIMITS)
            try:
                return HttpAnswer(response.status, await _body(response))
            finally:
                response.close()
    except (aiohttp.ClientError, OSError, UnicodeError):  # TimeoutError is an OSError
        return None
    finally:
        connector.current_call.reset(token)


async def resolves(host: str) -> bool:
    """Whether a name can be looked up from here, in time."""
    try:
        async with asyncio.timeout(SECONDS):
            return bool(await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):
        return False


async def _body(response: aiohttp.ClientResponse) -> bytes:
    if response.status != 200 or refuse_encoded(response.headers):
        return b""
    parts: list[bytes] = []
    size = 0
    while part := await response.content.readany():
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            return b""
    return b"".join(parts)
