"""On the way to the server: its name, its port, a connection."""

import re

from yarl import URL

from app import presets
from app.domain.error_kind import ErrorKind
from app.domain.errors import TranslatorDown, Unreachable
from app.domain.probes.probe import FixAction, Verdict
from app.domain.snapshot import Endpoint
from app.probe.finding import Cause, Facts, Finding, Fix, Met
from app.upstream import container

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _is_of_a_vendor(met: Met) -> bool:
    host = URL(met.endpoint.base_url).host
    return any(host == URL(vendor.base_url).host for vendor in presets.all_() if "{" not in vendor.base_url)


def _is_this_container(met: Met) -> bool:
    return URL(met.endpoint.base_url).host in _LOOPBACK and container.current() is not None


def _around_the_container(facts: Facts, endpoint: Endpoint) -> str | None:
    name = container.HOST_NAMES.get(around) if (around := container.current()) else None
    return str(URL(endpoint.base_url).with_host(name)) if name else None


def _in_https(facts: Facts, endpoint: Endpoint) -> str | None:
    """What many servers do with plain text at a port for TLS is to hang up."""
    return re.sub("^http:", "https:", endpoint.base_url) if URL(endpoint.base_url).scheme == "http" else None


ADDRESS_FOUND = Finding(code="address_found", verdict=Verdict.OK, sentence="The host name was found.", facts=("addresses",))

LOOK_UP_NOT_NEEDED = Finding(code="look_up_not_needed", verdict=Verdict.OK, sentence="The address needs no lookup.", is_tried=False)

PORT_OPEN = Finding(code="port_open", verdict=Verdict.OK, sentence="Port {port} is open.", facts=("port",))

HOST_NOT_FOUND = Finding(
    code="host_not_found",
    verdict=Verdict.UNREACHABLE,
    sentence="The host name {host} cannot be found. Check its spelling.",
    facts=("host",),
    causes=(Cause(Unreachable, ErrorKind.DNS),),
)

# The name of a vendor is spelled as it should be; it is our side that finds nothing.
NO_LOOK_UP = Finding(
    code="no_look_up",
    verdict=Verdict.UNREACHABLE,
    sentence="The host name {host} cannot be looked up. Patchbay's server cannot reach the internet or its DNS; check its network.",
    facts=("host",),
    causes=(Cause(Unreachable, ErrorKind.DNS, when=_is_of_a_vendor),),
)

CONNECTION_REFUSED = Finding(
    code="connection_refused",
    verdict=Verdict.UNREACHABLE,
    sentence="Nothing responds at {host}, port {port}. Check that the server is running and the port is correct.",
    facts=("host", "port"),
    causes=(Cause(Unreachable, ErrorKind.REFUSED),),
)

LOCALHOST_OF_CONTAINER = Finding(
    code="localhost_of_container",
    verdict=Verdict.UNREACHABLE,
    sentence="Nothing responds at {host}, port {port}: this is the container that Patchbay runs in."
    " Use the name or address of the machine or service that the models run on.",
    facts=("host", "port"),
    causes=(Cause(Unreachable, ErrorKind.REFUSED, when=_is_this_container),),
    fix=Fix(FixAction.USE_DOCKER_HOST, _around_the_container),
)

CONNECTION_LOST = Finding(
    code="connection_lost",
    verdict=Verdict.UNREACHABLE,
    sentence="The connection was closed without a response. Check the address and the port.",
    causes=(Cause(Unreachable, ErrorKind.LOST),),
    fix=Fix(FixAction.USE_HTTPS, _in_https),
)

UNREACHABLE = Finding(
    code="unreachable",
    verdict=Verdict.UNREACHABLE,
    sentence="The address cannot be reached over the network. Check the address and the firewall.",
    causes=(Cause(Unreachable),),
)

TRANSLATOR_DOWN = Finding(
    code="translator_down",
    verdict=Verdict.UNREACHABLE,
    sentence="The part of Patchbay that handles this provider's own protocol is not running. Run patchbay doctor on the server.",
    causes=(Cause(TranslatorDown),),
)
