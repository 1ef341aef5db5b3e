"""Where calls may go: what guards against server-side request forgery (SSRF).

Judges the literal address a socket is about to connect to (SECURITY 4.1).

*Never*: metadata services, link-local, reserved ranges, ports of services that do not speak HTTP, our own ports.
*Local* (loopback, private, carrier-grade NAT, unique local): only for an origin that an admin approved.
*Public*: allowed, but a key never travels there unencrypted (`connector` checks that).
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field
from typing import Literal

from yarl import URL

from app.domain.error_kind import EgressReason, ErrorKind
from app.domain.errors import EgressRefused, Unreachable
from app.domain.translation import Rules
from app.upstream.ranges import IpAddress, kind_of, unwrapped

Where = Literal["public", "local"]

# Services that do not speak HTTP, or speak it and obey anybody.
_SERVICE_PORTS = frozenset(
    {21, 22, 23, 25, 53, 110, 111, 135, 139, 143, 389, 445, 465, 587, 636, 993, 995, 1433, 1521, 2049, 2375, 2376, 2379, 2380}
    | {3306, 3389, 5432, 5672, 5900, 5985, 5986, 6379, 9042, 9200, 9300, 10250, 10255, 11211, 27017, 27018, 27019}
)
_ANY = ("", "0.0.0.0", "::", "*")


@dataclass(slots=True)
class _Policy:
    """What the running process knows. `protected`: port → addresses of our own listeners ("*" = every one of ours)."""

    approved: frozenset[str] = frozenset()
    protected: dict[int, set[str]] = field(default_factory=dict)
    local_allowed: bool = True


_policy = _Policy()


def approve(origins: frozenset[str]) -> None:
    """Replace the set of approved local origins. The registry calls this with every snapshot."""
    _policy.approved = origins


def is_approved(origin: str) -> bool:
    """Whether calls of this origin may reach local addresses."""
    return _policy.local_allowed and origin in _policy.approved


def allow_local(allowed: bool) -> None:
    """`PATCHBAY_EGRESS_LOCAL=off` refuses every local address, approved or not."""
    _policy.local_allowed = allowed


def protect(host: str, port: int) -> None:
    """Refuse our own listener, the database or Redis on every path, whatever is approved. Names are looked up now."""
    if host in _ANY:
        addresses = {"*"}
    else:
        try:
            addresses = {str(info[4][0]) for info in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)}
        except OSError:
            addresses = set()
    _policy.protected.setdefault(port, set()).update(addresses)


def rules_for(origin: str) -> Rules:
    """What another process of ours has to know to judge the calls of this origin as this one does."""
    protected = {port: sorted(addresses) for port, addresses in _policy.protected.items()}
    return Rules(origin in _policy.approved, _policy.local_allowed, protected)


def adopt(origin: str, rules: Rules) -> None:
    """Judge the calls of this origin by the rules that came with one of them: the newest word holds."""
    _policy.local_allowed = rules.local_allowed
    _policy.protected = {port: set(addresses) for port, addresses in rules.protected.items()}
    _policy.approved = _policy.approved | {origin} if rules.is_approved else _policy.approved - {origin}


def judge(ip: str, port: int, *, local_ok: bool) -> EgressReason | None:
    """Why an address may not be connected, None when it may."""
    if port in _SERVICE_PORTS:
        return EgressReason.SERVICE_PORT
    if port in _policy.protected and _is_ours(ip, _policy.protected[port]):
        return EgressReason.OWN_PORT
    kind = kind_of(ip)
    if kind == "public":
        return None
    if kind != "local":
        return EgressReason(kind)
    if not _policy.local_allowed:
        return EgressReason.LOCAL_OFF
    return None if local_ok else EgressReason.LOCAL


async def classify(origin: str) -> Where:
    """Look the origin's host up and say where it lies. One denied address denies the host.

    Raises `EgressRefused` (its reason as in `judge`) or `Unreachable` (dns).
    """
    url = URL(origin)
    host, port = url.raw_host or "", url.port or 0
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("The host name cannot be found. Check the address.", details={"kind": ErrorKind.DNS, "host": host}) from error
    addresses = [str(info[4][0]) for info in infos]
    for address in addresses:
        if reason := judge(address, port, local_ok=True):
            raise refusal(reason, origin)
    return "local" if any(kind_of(a) == "local" for a in addresses) else "public"


def refusal(reason: EgressReason, origin: str) -> EgressRefused:
    """The error for a reason, in words."""
    return EgressRefused(_SENTENCES.get(reason, _SENTENCES[EgressReason.RESERVED]), details={"reason": reason, "origin": origin})


_SENTENCES = {
    EgressReason.METADATA: "This address belongs to a cloud's internal service and is never called.",
    EgressReason.LINK_LOCAL: "Link-local addresses are never called.",
    EgressReason.RESERVED: "This address is reserved and is never called.",
    EgressReason.SERVICE_PORT: "This port belongs to a service that is not a model provider and is never called.",
    EgressReason.OWN_PORT: "This address is Patchbay itself or its own database and is never called.",
    EgressReason.LOCAL: "This address is on your network and is not allowed yet. An admin allows it by testing or saving the provider.",
    EgressReason.LOCAL_OFF: "Addresses on your own network are not allowed (PATCHBAY_EGRESS_LOCAL=off).",
    EgressReason.KEY_IN_CLEAR: "Keys are never sent unencrypted over the internet. Use an https:// address.",
    EgressReason.PROXY: "Requests are never sent through a proxy that is not configured in Patchbay.",
}


def _is_ours(ip: str, listeners: set[str]) -> bool:
    return any(_listens(address, listeners) for address in unwrapped(ipaddress.ip_address(ip.split("%", 1)[0])))


def _listens(plain: IpAddress, listeners: set[str]) -> bool:
    if str(plain) in listeners:
        return True
    if plain.is_loopback:
        return any(listener == "*" or ipaddress.ip_address(listener).is_loopback for listener in listeners)
    return "*" in listeners and _is_assigned(plain)


def _is_assigned(address: IpAddress) -> bool:
    """Whether this machine owns the address: only then can a socket be bound to it."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True
