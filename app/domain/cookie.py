"""The session cookie: its name, its attributes, and how it is found in a request's `Cookie` header.

`__Host-pb` wherever the browser accepts a Secure cookie (https, and loopback); `pb` on plain http in a LAN, where the
console carries a standing banner. The edge drops `pb` from requests that could have had the better one
(`app/api/edge.py`), so whoever reads afterwards need not ask which of the two applies.
"""

import ipaddress
import re

SAFE = "__Host-pb"
PLAIN = "pb"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}")


def is_loopback(host: str) -> bool:
    """Whether a `Host` (without port) names this machine itself."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def write(token: str, *, safe: bool, max_age_seconds: int) -> str:
    """Value of `Set-Cookie`. `safe`: https or loopback. An empty token with age 0 removes the cookie."""
    name, secure = (SAFE, "; Secure") if safe else (PLAIN, "")
    return f"{name}={token}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Strict{secure}"


def read(header: str) -> str:
    """The session token in a `Cookie` header, or "". Never trust its shape further than this."""
    found = {}
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        found.setdefault(name, value)
    token = found.get(SAFE) or found.get(PLAIN) or ""
    return token if _TOKEN.fullmatch(token) else ""


def without_plain(header: str) -> str:
    """The `Cookie` header without `pb`."""
    kept = [part.strip() for part in header.split(";") if part.strip().partition("=")[0] != PLAIN]
    return "; ".join(part for part in kept if part)
