"""The steps below HTTP, one at a time: look-up, port, TLS. Same judge, same resolver, same trust as calls."""

import asyncio
import socket
import time
from dataclasses import dataclass

import aiohttp
from yarl import URL

from app.domain.error_kind import ErrorKind, TimeLimit
from app.domain.errors import Unreachable, UpstreamError
from app.domain.providers.address import is_ip
from app.domain.snapshot import Endpoint
from app.upstream import auth, connector, egress, failures, session


@dataclass(frozen=True, slots=True)
class StepTiming:
    """How long a step took and what it met."""

    ms: float
    facts: dict[str, object]


class ConnectionCheck:
    """A way to an endpoint's address, made step by step. Close it: the connection was only for the test."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._origin = endpoint.origin
        self._context = connector.CallContext(endpoint.origin, has_secret=auth.needs_key(endpoint.auth_type))
        self._limit = endpoint.timeouts.connect
        self._infos: list[aiohttp.AddrInfoType] = []
        self._socket: socket.socket | None = None

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address already."""
        return is_ip(self._host)

    @property
    def is_encrypted(self) -> bool:
        """Whether there is a TLS step."""
        return self._url.scheme == "https"

    @property
    def _url(self) -> URL:
        return URL(self._origin)

    @property
    def _host(self) -> str:
        return self._url.raw_host or ""

    async def look_up(self) -> StepTiming:
        """Find and judge the addresses. Raises `Unreachable` (dns) or `EgressRefused`."""
        started = time.perf_counter()
        token = connector.current_call.set(self._context)
        try:
            async with asyncio.timeout(self._limit):
                self._infos = await connector.resolve(self._host, self._url.port or 0)
        except TimeoutError as error:
            raise failures.timed_out(TimeLimit.CONNECT, self._limit) from error
        except connector.Refused as error:
            raise egress.refusal(error.reason, self._context.origin) from error
        except (OSError, UnicodeError) as error:
            raise Unreachable("The provider's host name cannot be found.", details={"kind": ErrorKind.DNS, "host": self._host}) from error
        finally:
            connector.current_call.reset(token)
        return StepTiming(_ms(started), {"addresses": sorted({str(info[4][0]) for info in self._infos})})

    async def connect(self) -> StepTiming:
        """Open the port at the first address that lets us. Raises `Unreachable`, `TimedOut` or `EgressRefused`."""
        started = time.perf_counter()
        last: UpstreamError | None = None
        try:
            async with asyncio.timeout(self._limit):
                for info in self._infos:
                    try:
                        self._socket = await self._dial(info)
                        return StepTiming(_ms(started), {"host": self._host, "port": self._url.port})
                    except OSError as error:
                        last = failures.unreachable(error)
        except TimeoutError as error:
            raise failures.timed_out(TimeLimit.CONNECT, self._limit) from error
        raise last or Unreachable("The provider cannot be reached over the network.", details={"kind": ErrorKind.NETWORK})

    async def secure(self) -> StepTiming:
        """Make the TLS connection and check the certificate. Raises `TlsFailed`, `Unreachable` or `TimedOut`."""
        started = time.perf_counter()
        trial, self._socket = self._socket, None
        try:
            async with asyncio.timeout(self._limit):
                transport, _ = await asyncio.get_running_loop().create_connection(
                    asyncio.Protocol, sock=trial, ssl=session.current().tls, server_hostname=self._host
                )
        except TimeoutError as error:
            raise failures.timed_out(TimeLimit.CONNECT, self._limit) from error
        except OSError as error:
            raise failures.from_exception(error, self._context.origin) from error
        transport.abort()
        return StepTiming(_ms(started), {"host": self._host})

    def close(self) -> None:
        """Give the trial connection up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _dial(self, info: aiohttp.AddrInfoType) -> socket.socket:
        token = connector.current_call.set(self._context)
        try:
            made = connector.make_socket(info)
        except connector.Refused as error:
            raise egress.refusal(error.reason, self._context.origin) from error
        finally:
            connector.current_call.reset(token)
        try:
            made.setblocking(False)
            await asyncio.get_running_loop().sock_connect(made, info[4])
        except BaseException:
            made.close()
            raise
        return made


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
