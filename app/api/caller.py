"""Where a request came from."""

from collections.abc import MutableMapping
from typing import Any

from app import settings


def ip_of(scope: MutableMapping[str, Any]) -> str:
    """The caller's address; `X-Forwarded-For` counts only as far as our own proxies wrote it."""
    if proxies := settings.current().trusted_proxies:
        lines = [bytes(value).decode("latin-1") for name, value in scope["headers"] if bytes(name).lower() == b"x-forwarded-for"]
        hops = [hop.strip() for line in lines for hop in line.split(",")]
        if len(hops) >= proxies:
            return hops[-proxies][:64]
    client = scope.get("client")
    return str(client[0]) if client else ""
