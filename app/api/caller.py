"""Where a request came from."""

from app import settings
from app.asgi_types import Scope
from app.services import heartbeats


def ip_of(scope: Scope) -> str:
    """The caller's address; `X-Forwarded-For` counts only as far as our own proxies wrote it. What arrives otherwise is noted: a proxy
    that we were not told of makes one address of all callers."""
    proxies = settings.current().trusted_proxies
    client = scope.get("client")
    peer = str(client[0]) if client else ""
    lines = [bytes(value).decode("latin-1") for name, value in scope["headers"] if bytes(name).lower() == b"x-forwarded-for"]
    hops = [hop.strip() for line in lines for hop in line.split(",")]
    if proxies and len(hops) >= proxies:
        return hops[-proxies][:64]
    if hops:
        heartbeats.forwarded(peer)
    return peer
