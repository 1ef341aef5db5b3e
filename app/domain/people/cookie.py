"""The session cookie: its name, its attributes, and how it is found in a request's `Cookie` header.

`__Host-pb` wherever the browser accepts a Secure cookie (https, and loopback); `pb` on plain http in a LAN, where the
console carries a standing banner. Below a path of its own, beside other applications on one host, it is `__Secure-pb` for that
path: the browser would send `__Host-pb` to all of them. The edge drops what does not apply to a request
(`app/api/edge.py`), so whoever reads afterwards need not ask.
"""

import ipaddress
import re
from collections.abc import Collection

SAFE = "__Host-pb"
BELOW = "__Secure-pb"
PLAIN = "pb"
# Behind each of them, for the cookie that stays when a session ends: that this browser has signed in here before.
DEVICE = "-device"
DEVICE_SECONDS = 400 * 86_400  # the most that browsers keep
_TOKENS = {"": re.compile(r"[A-Za-z0-9_-]{20,200}"), DEVICE: re.compile(r"[A-Za-z0-9._-]{20,200}")}


def is_loopback(host: str) -> bool:
    """Whether a `Host` (without port) names this machine itself."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def write(token: str, *, safe: bool, max_age_seconds: int, base_path: str = "", kind: str = "") -> str:
    """Value of `Set-Cookie`. `safe`: https or loopback. `base_path`: below which the console is. `kind`: "" or `DEVICE`.
    An empty token with age 0 removes the cookie."""
    name, secure = (name_at(base_path), "; Secure") if safe else (PLAIN, "")
    return f"{name}{kind}={token}; Path={base_path or '/'}; Max-Age={max_age_seconds}; HttpOnly; SameSite=Strict{secure}"


def name_at(base_path: str) -> str:
    """The name of the Secure cookie of a console below that path."""
    return BELOW if base_path else SAFE


def read(header: str, kind: str = "") -> str:
    """The token of a session, or of the kind, in a `Cookie` header, or "". Never trust its shape further than this."""
    found = {}
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        found.setdefault(name, value)
    token = found.get(SAFE + kind) or found.get(BELOW + kind) or found.get(PLAIN + kind) or ""
    return token if _TOKENS[kind].fullmatch(token) else ""


def without(header: str, names: Collection[str]) -> str:
    """The `Cookie` header without the cookies of these names, of either kind."""
    names = {name + kind for name in names for kind in ("", DEVICE)}
    kept = [part.strip() for part in header.split(";") if part.strip().partition("=")[0] not in names]
    return "; ".join(part for part in kept if part)
