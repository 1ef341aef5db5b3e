"""What an IP address is: public, local, or of a range that nobody may call. One table for every version of Python: what
`ipaddress` takes for global changes with its releases.

Sources: the special-purpose registries of IANA (RFC 6890), and what the clouds document of their services inside a machine.
"""

import ipaddress
from collections.abc import Callable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

IpAddress = IPv4Address | IPv6Address
_Networks = tuple[IPv4Network | IPv6Network, ...]


def _networks(*texts: str) -> _Networks:
    return tuple(ipaddress.ip_network(text) for text in texts)


# reason → networks nobody may call; the first that fits is the reason.
NEVER: dict[str, _Networks] = {
    "metadata": _networks(
        "169.254.169.254/32",  # AWS, Azure, Google, Oracle, DigitalOcean, OpenStack and most others
        "169.254.170.2/32", "169.254.170.23/32",  # AWS: roles of ECS tasks and of EKS pods
        "fd00:ec2::/32",  # AWS over IPv6: metadata ::254, EKS pods ::23, name server ::253, licences ::250
        "169.254.42.42/32", "fd00:42::42/128",  # Scaleway
        "fd20:ce::254/128",  # Google over IPv6
        "fd00:c1::a9fe:a9fe/128", "192.0.0.192/32",  # Oracle over IPv6, and its classic one
        "fd00:a9fe:a9fe::1/128",  # Akamai (Linode) over IPv6
        "100.100.100.200/32", "fd00:100::100:200/128",  # Alibaba
        "168.63.129.16/32",  # Azure: the agent of the host
        "169.254.0.23/32",  # Tencent
    ),
    "link_local": _networks("169.254.0.0/16", "fe80::/10"),
    "reserved": _networks(
        "0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
        "ff00::/8",
    ),
}  # fmt: skip
# Called only at an origin that an admin approved.
LOCAL = _networks("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7")
_NOTHING = ipaddress.IPv4Network("0.0.0.0/8")
_TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
# All that was given out of IPv6, and the ways of an IPv6 network to IPv4; what lies elsewhere is unknown, and refused.
_GLOBAL_IPV6 = (ipaddress.IPv6Network("2000::/3"), _NAT64, _LOCAL_NAT64)


@lru_cache(4096)
def kind_of(ip: str) -> str:
    """ "public", "local", or the reason why nobody may call this address. Unknown ranges are refused."""
    try:
        address = ipaddress.ip_address(ip.split("%", 1)[0])
    except ValueError:
        return "reserved"
    kinds = {_kind(a) for a in unwrapped(address)}
    for kind in (*NEVER, "local"):
        if kind in kinds:
            return kind
    return "public"


def unwrapped(address: IpAddress) -> Iterator[IpAddress]:
    """The address and every IPv4 address it carries: each of them is where a packet may end up."""
    if isinstance(address, IPv4Address):
        yield address
        return
    inner = [found for wrapped in _WRAPPINGS for found in wrapped(address)]
    # A mapped or compatible address is only another spelling; of a tunnel both ends count.
    if not (address.ipv4_mapped or _compatible(address)):
        yield address
    yield from inner


def _kind(address: IpAddress) -> str:
    for reason, networks in NEVER.items():
        if any(address in network for network in networks):
            return reason
    if any(address in network for network in LOCAL):
        return "local"
    return "public" if address.version == 4 or any(address in network for network in _GLOBAL_IPV6) else "reserved"


def _mapped(address: IPv6Address) -> list[IPv4Address]:
    return [address.ipv4_mapped] if address.ipv4_mapped else []


def _compatible(address: IPv6Address) -> list[IPv4Address]:
    number = int(address)
    return [IPv4Address(number)] if 1 < number <= 0xFFFF_FFFF else []


def _translated(address: IPv6Address) -> list[IPv4Address]:
    """Of SIIT (RFC 2765) and of NAT64 (RFC 6052). Below the local prefix a network chooses the length, so every place counts that holds
    an address at all."""
    if address in _TRANSLATED or address in _NAT64:
        return [_four(address, 12, 13, 14, 15)]
    if address not in _LOCAL_NAT64:
        return []
    shorter = (_four(address, *places) for places in ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12)))
    return [*(found for found in shorter if found not in _NOTHING), _four(address, 12, 13, 14, 15)]


def _tunnelled(address: IPv6Address) -> list[IPv4Address]:
    """Of 6to4, Teredo (server and client) and ISATAP."""
    found = [address.sixtofour] if address.sixtofour else []
    if address.packed[8:12] in (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe"):
        found.append(_four(address, 12, 13, 14, 15))
    return [*found, *(address.teredo or ())]


def _four(address: IPv6Address, *places: int) -> IPv4Address:
    return IPv4Address(bytes(address.packed[place] for place in places))


_WRAPPINGS: tuple[Callable[[IPv6Address], list[IPv4Address]], ...] = (_mapped, _compatible, _translated, _tunnelled)
