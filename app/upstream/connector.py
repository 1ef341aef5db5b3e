"""The guarded connector: every socket of ours is judged where it is created, in the name of the call it serves."""

import asyncio
import contextvars
import errno
import socket
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace

from app.domain.error_kind import EgressReason
from app.upstream import egress
from app.upstream.response_protocol import ResponseProtocol


@dataclass(slots=True, eq=False)
class CallContext:
    """One call on its way. The same object is seen by every task that aiohttp starts for it."""

    origin: str
    has_secret: bool = False
    refusals: list["Refused"] = field(default_factory=list)
    connected: bool = False  # a socket was made: the connection is new, not a reused one
    is_kept: bool = True  # its connection may serve the next call
    protocol: ResponseHandler | None = None  # its connection

    @property
    def is_plain(self) -> bool:
        """Whether it travels unencrypted."""
        return self.origin.startswith("http://")

    def judge(self, ip: str, port: int) -> EgressReason | None:
        """Reason to refuse this address for this call, None where there is none."""
        if reason := egress.judge(ip, port, local_ok=egress.is_approved(self.origin)):
            return reason
        if self.is_plain and self.has_secret and egress.kind_of(ip) == "public":
            return EgressReason.KEY_IN_CLEAR
        return None


current_call: contextvars.ContextVar[CallContext | None] = contextvars.ContextVar("call", default=None)


class Refused(OSError):
    """Inside aiohttp it must be an OSError: happy eyeballs turns anything else into an IndexError."""

    def __init__(self, reason: EgressReason) -> None:
        super().__init__(errno.EACCES, f"egress refused: {reason}")
        self.reason = reason


class EgressDenied(aiohttp.ClientConnectionError):
    """What comes out of the connector. `reason` as in `egress.judge`."""

    def __init__(self, reason: EgressReason) -> None:
        super().__init__(f"egress refused: {reason}")
        self.reason = reason


class GuardedResolver(AbstractResolver):
    """The system's resolver, then: one denied address denies the host."""

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        context = _context()
        for result in found:
            if reason := context.judge(result["host"], port):
                raise _remember(context, reason)
        return found

    async def close(self) -> None:
        await self._inner.close()


class GuardedConnector(aiohttp.TCPConnector):
    """No proxy, no socket without a judged address, and no kept connection to where this call may not go by itself."""

    def __init__(self, **options: Any) -> None:  # aiohttp's own options
        super().__init__(resolver=GuardedResolver(), socket_factory=make_socket, **options)
        self._factory = partial(ResponseProtocol, loop=self._loop)

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> aiohttp.connector.Connection:
        context = _context()
        if req.proxy is not None:
            raise EgressDenied(EgressReason.PROXY)
        try:
            connection = await super().connect(req, traces, timeout)
        except (aiohttp.ClientConnectorError, OSError) as error:
            if refused := _refusal_in(error, context):
                raise EgressDenied(refused.reason) from None
            raise
        # A kept connection did not pass the socket factory for this call: another one made it, perhaps one without a key,
        # or when the origin was still approved.
        if not context.connected and (reason := _where(connection, context)):
            connection.close()
            raise EgressDenied(reason)
        context.protocol = connection.protocol
        if not context.is_kept and connection.protocol is not None:
            connection.protocol.force_close()
        return connection


def _where(connection: aiohttp.connector.Connection, context: CallContext) -> EgressReason | None:
    """Reason why this call may not use a connection, judged by the address at its other end, None where there is none."""
    peer = connection.transport.get_extra_info("peername") if connection.transport else None
    return context.judge(str(peer[0]), int(peer[1])) if peer else EgressReason.RESERVED


class Judged(socket.socket):
    """A socket whose address was judged before it was made. In the translator no other may connect."""


def make_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """Judge, then create. `info` is an entry of getaddrinfo."""
    family, kind, protocol, _, address = info
    context = _context()
    if reason := context.judge(str(address[0]), int(address[1])):
        raise _remember(context, reason)
    context.connected = True
    return Judged(family, kind, protocol)


def _context() -> CallContext:
    context = current_call.get()
    if context is None:
        # Nothing of ours calls without one; whoever does is refused everything but public addresses.
        context = CallContext(origin="", has_secret=True)
    return context


def _remember(context: CallContext, reason: EgressReason) -> Refused:
    refused = Refused(reason)
    context.refusals.append(refused)
    return refused


def _refusal_in(error: BaseException, context: CallContext) -> Refused | None:
    """The refusal behind an error: our own, or that of the call which did the look-up we waited for."""
    if context.refusals:
        return context.refusals[0]
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, Refused):
            return seen
        seen = getattr(seen, "os_error", None) or seen.__cause__
    return None


async def resolve(host: str, port: int) -> list[aiohttp.AddrInfoType]:
    """Addresses of a host as getaddrinfo gives them, judged for the current call."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    context = _context()
    for info in infos:
        if reason := context.judge(str(info[4][0]), port):
            raise _remember(context, reason)
    return list(infos)
