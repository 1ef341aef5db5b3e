"""The one HTTP session of a worker: guarded, without cookies, proxies, redirects or decompression."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from app import settings
from app.domain.errors import UpstreamError
from app.upstream import egress
from app.upstream.connector import GuardedConnector

KEEP_ALIVE_SECONDS = 30
DNS_CACHE_SECONDS = 60
# An answer's header that does not fit is not a model provider's.
LONGEST_HEADER = 16_384


@dataclass(frozen=True, slots=True)
class Session:
    """`http` for calls; `tls` also serves the staged connect of a probe, so that both trust the same issuers."""

    http: aiohttp.ClientSession
    tls: ssl.SSLContext


_session: Session | None = None


def open(*, ca_file: Path | None = None) -> None:
    """Make the session. Call it on the loop that will serve. `ca_file`: an issuer trusted beside those of the system."""
    global _session
    if _session is not None:
        raise UpstreamError("The outgoing session of this process is open already.")
    egress.allow_local(settings.current().egress_local != "off")
    tls = ssl.create_default_context()
    if ca_file is not None:
        tls.load_verify_locations(cafile=ca_file)
    connector = GuardedConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS, ttl_dns_cache=DNS_CACHE_SECONDS, ssl=tls)
    http = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),
        max_line_size=LONGEST_HEADER,
        max_field_size=LONGEST_HEADER,
    )
    _session = Session(http, tls)


async def close() -> None:
    """Close every connection. Closing twice is allowed."""
    global _session
    session, _session = _session, None
    if session is not None:
        await session.http.close()


def current() -> Session:
    """The open session. Raises `UpstreamError` when none is."""
    if _session is None:
        raise UpstreamError("The outgoing session of this process is not open.")
    return _session
