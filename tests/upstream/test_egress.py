"""Where calls may go: many spellings, one judge, no connection to what is refused."""

import ipaddress
import socket
from dataclasses import replace

import pytest
from pydantic import ValidationError

from app import lifespan, settings
from app.domain.errors import EgressRefused, UpstreamError
from app.upstream import connector, egress, ranges, session
from app.upstream.wire import openai
from tests.fixtures import denied, make
from tests.fixtures.upstream import Upstream

# Every one of these ends at this machine or at a metadata service; {port} is a listener that counts.
SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1", "0177.1",
    "017700000001", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "%6c%6f%63alhost", "127。0。0。1", "127．0．0．1", "①②⑦.0.0.1",
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]", "[::127.0.0.1]", "[::7f00:1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:0001::1]",
    "[2001:0:7f00:1:0:0:80ff:fffe]", "[fe80::1]", "[fec0::1]", "[::]", "0.0.0.0", "0", "0x0", "00000000", "[::ffff:0.0.0.0]",
    "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::ffff:169.254.169.254]", "[::a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.0.8",
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "[fc00::1]", "[fd12:3456::1]", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "[ff02::1]", "[::ffff:10.0.0.1]", "[64:ff9b::10.0.0.1]", "[2002:a00:1::]", "[fe80::5efe:7f00:1]",
    *denied.hosts(), *(f"[{address}]" for ip in ("127.0.0.1", "169.254.169.254") for address in denied.carried(ip)),
]  # fmt: skip


def test_there_are_enough_spellings() -> None:
    assert len(set(SPELLINGS)) >= 60


@pytest.mark.parametrize("host", list(dict.fromkeys(SPELLINGS)))
async def test_no_spelling_of_a_denied_address_reaches_a_listener(vault: object, outgoing: None, host: str) -> None:
    server = Upstream()
    await server.start(address="0.0.0.0")
    asked = make.endpoint(f"http://{host}:{server.port}/v1", origin="http://unused:1")

    with pytest.raises(UpstreamError):
        async with openai.send(asked, None, openai.Ask("/models")):
            pass
    await server.stop()

    assert server.connections == 0


@pytest.mark.parametrize(
    ("ip", "local_ok", "reason"),
    [
        pytest.param("8.8.8.8", False, "", id="public"),
        pytest.param("127.0.0.1", False, "local", id="loopback"),
        pytest.param("127.0.0.1", True, "", id="approved loopback"),
        pytest.param("::ffff:10.1.2.3", True, "", id="approved, mapped"),
        pytest.param("169.254.169.254", True, "metadata", id="metadata, approved or not"),
        pytest.param("64:ff9b::a9fe:a9fe", True, "metadata", id="metadata behind NAT64"),
        pytest.param("2002:a9fe:a9fe::", True, "metadata", id="metadata behind 6to4"),
        pytest.param("fe80::1%eth0", True, "link_local", id="link-local with a zone"),
        pytest.param("198.51.100.7", True, "reserved", id="documentation range"),
        pytest.param("not an address", True, "reserved", id="nonsense"),
    ],
)
def test_an_address_is_judged(ip: str, local_ok: bool, reason: str) -> None:
    assert egress.judge(ip, 443, local_ok=local_ok) == (reason or None)


@pytest.mark.parametrize(("ip", "reason"), denied.NEVER.items())
def test_an_approval_opens_none_of_the_networks_that_are_never_called(ip: str, reason: str) -> None:
    carriers = list(denied.carried(ip)) if ":" not in ip and not ip.startswith("0.") else []

    assert egress.judge(ip, 443, local_ok=True) == reason
    assert [carrier for carrier in carriers if not egress.judge(carrier, 443, local_ok=True)] == []


@pytest.mark.parametrize("network", [str(network) for networks in ranges.NEVER.values() for network in networks])
def test_each_network_of_the_list_is_tried_from_inside(network: str) -> None:
    assert any(ipaddress.ip_address(ip) in ipaddress.ip_network(network) for ip in denied.NEVER)


@pytest.mark.parametrize(
    "ip", ["1.1.1.1", "93.184.216.34", "2001:4860:4860::8888", "2a00:1450:4001::1", "64:ff9b::808:808", "2620:4f:8000::1"]
)
def test_the_internet_stays_open(ip: str) -> None:
    assert egress.judge(ip, 443, local_ok=False) is None


@pytest.mark.parametrize("ip", ["fd12:3456::1", "fd00:42::43", "fd20:ce::1", "fc00::1", "10.1.2.3", "::1"])
def test_what_lies_beside_them_on_the_own_network_can_be_approved(ip: str) -> None:
    assert (egress.judge(ip, 443, local_ok=False), egress.judge(ip, 443, local_ok=True)) == ("local", None)


@pytest.mark.parametrize("port", [22, 25, 2375, 5432, 6379, 9200, 10250, 11211, 27017])
def test_ports_of_other_services_are_never_called(port: int) -> None:
    assert egress.judge("8.8.8.8", port, local_ok=True) == "service_port"


def test_our_own_port_is_refused_even_when_approved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress._policy, "protected", {})
    egress.protect("0.0.0.0", 8701)
    egress.protect("127.0.0.1", 8702)

    assert egress.judge("127.0.0.1", 8701, local_ok=True) == "own_port"
    assert egress.judge("127.0.0.9", 8702, local_ok=True) == "own_port"
    assert egress.judge("::ffff:127.0.0.1", 8702, local_ok=True) == "own_port"
    assert {egress.judge(ip, 8702, local_ok=True) for ip in denied.carried("127.0.0.1")} == {"own_port"}
    assert egress.judge("8.8.8.8", 8701, local_ok=True) is None


def test_other_processes_of_ours_are_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "_policy", replace(egress._policy, protected={}))
    monkeypatch.setenv("PATCHBAY_OWN_ADDRESSES", "127.0.0.1:8710, [::1]:8711,10.0.0.9:8700")

    lifespan._protect(settings.Settings())  # pyright: ignore[reportCallIssue]

    asked = [("127.0.0.1", 8710), ("::1", 8711), ("10.0.0.9", 8700), ("10.0.0.8", 8712)]
    assert [egress.judge(*place, local_ok=True) for place in asked] == ["own_port", "own_port", "own_port", None]


@pytest.mark.parametrize("text", ["8710", "127.0.0.1", "http://127.0.0.1:8710", "a:b", "a:1,,b:2"])
def test_an_address_of_ours_that_cannot_be_read_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PATCHBAY_OWN_ADDRESSES", text)

    with pytest.raises(ValidationError):
        settings.Settings()  # pyright: ignore[reportCallIssue]


def test_local_addresses_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress._policy, "local_allowed", False)
    monkeypatch.setattr(egress._policy, "approved", frozenset({"http://127.0.0.1:1"}))

    assert egress.judge("127.0.0.1", 443, local_ok=True) == "local_off"
    assert not egress.is_approved("http://127.0.0.1:1")


async def test_classify_tells_local_from_refused() -> None:
    assert await egress.classify("http://127.0.0.1:11434") == "local"
    assert await egress.classify("https://8.8.8.8:443") == "public"
    with pytest.raises(EgressRefused) as refused:
        await egress.classify("http://169.254.169.254:80")
    assert refused.value.details["reason"] == "metadata"


async def test_a_key_is_not_sent_in_clear_over_the_internet(vault: object, outgoing: None) -> None:
    asked = make.endpoint("http://8.8.8.8/v1", secret=make.SECRET)

    with pytest.raises(EgressRefused, match="unencrypted"):
        async with openai.send(asked, asked.keys[0], openai.Ask("/models")):
            pass


async def test_a_kept_connection_is_useless_once_the_approval_is_gone(upstream: Upstream, vault: object, outgoing: None) -> None:
    asked = make.endpoint(upstream.base_url)
    async with openai.send(asked, None, openai.Ask("/models")) as reply:
        await reply.read()

    egress.approve(frozenset())

    with pytest.raises(EgressRefused):
        async with openai.send(asked, None, openai.Ask("/models")):
            pass
    assert len(upstream.heard) == 1


def answering(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let the system's resolver give these addresses for every name."""

    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        return [
            {"hostname": host, "host": a, "port": port, "family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST}
            for a in addresses
        ]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", resolve)


async def test_one_denied_address_denies_the_host(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, vault: object, outgoing: None
) -> None:
    answering(monkeypatch, "8.8.8.8", "127.0.0.1")

    with pytest.raises(EgressRefused):
        async with openai.send(make.endpoint(f"http://mixed.test:{upstream.port}/v1"), None, openai.Ask("/models")):
            pass

    assert upstream.connections == 0


async def test_an_answer_that_changes_after_the_look_up_is_judged_again(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, vault: object, outgoing: None
) -> None:
    answering(monkeypatch, "127.0.0.1")
    # As when the name was rebound between the look-up that passed and the connection: the resolver judges nothing.
    monkeypatch.setattr(connector.GuardedResolver, "resolve", lambda self, host, port=0, family=0: self._inner.resolve(host, port, family))

    with pytest.raises(EgressRefused):
        async with openai.send(make.endpoint(f"http://rebound.test:{upstream.port}/v1"), None, openai.Ask("/models")):
            pass

    assert upstream.connections == 0


async def test_a_proxy_in_the_environment_is_ignored(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, vault: object, outgoing: None
) -> None:
    trap = Upstream()
    await trap.start()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, trap.origin)

    async with openai.send(make.endpoint(upstream.base_url), None, openai.Ask("/models")) as reply:
        await reply.read()
    await trap.stop()

    assert (len(upstream.heard), trap.connections) == (1, 0)


async def test_whoever_calls_without_saying_for_whom_reaches_nothing_local(upstream: Upstream, outgoing: None) -> None:
    with pytest.raises(connector.EgressDenied):
        await session.current().http.get(upstream.base_url)

    assert upstream.connections == 0


async def test_a_kept_connection_in_clear_carries_no_key_over_the_internet(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, vault: object, outgoing: None
) -> None:
    # Two providers of one address: the first has no key, and leaves an unencrypted connection to a public address behind.
    monkeypatch.setattr(egress, "kind_of", lambda ip: "public")
    async with openai.send(make.endpoint(upstream.base_url), None, openai.Ask("/models")) as reply:
        await reply.read()
    with_key = make.endpoint(upstream.base_url, secret=make.SECRET)

    with pytest.raises(EgressRefused, match="unencrypted"):
        async with openai.send(with_key, with_key.keys[0], openai.Ask("/models")):
            pass

    assert make.SECRET not in str([heard.headers for heard in upstream.heard])
