"""Repairs that a test proposes: each one mends what it was proposed for, and none is offered that would not."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import presets
from app.domain.probes.probe import FixAction, ProbeError, ProbeResult, Verdict
from app.domain.providers.preset import Preset
from app.domain.snapshot import Endpoint, Timeouts
from app.probe import diagnoses, findings, runner
from app.probe.diagnoses import credential
from app.ui import i18n
from app.upstream import connector, container, egress, session
from app.upstream.container import Container
from tests.fixtures import make
from tests.fixtures.certificates import Authority
from tests.fixtures.upstream import Heard, Line, Upstream, answer, usual

pytestmark = pytest.mark.usefixtures("vault", "outgoing")


async def climb(endpoint: Endpoint, **options: Any) -> ProbeResult:
    found = [item async for item in runner.run(endpoint, **options)]
    assert isinstance(found[-1], ProbeResult)
    return found[-1]


def proposed(result: ProbeResult) -> tuple[FixAction, str] | None:
    assert result.error is not None
    return (result.error.fix.action, result.error.fix.value) if result.error.fix else None


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[Upstream]:
    """A provider that speaks https only."""
    authority, server = Authority(tmp_path), Upstream()
    await server.start(authority.server())
    await session.close()
    session.open(ca_file=authority.ca_file)
    egress.approve(frozenset({server.origin, f"http://127.0.0.1:{server.port}"}))
    yield server
    egress.approve(frozenset())
    await server.stop()


async def test_a_port_that_speaks_https_only_is_mended_by_https(locked: Upstream) -> None:
    wrong = await climb(make.endpoint(f"http://127.0.0.1:{locked.port}/v1", secret=make.SECRET))
    assert (wrong.error and wrong.error.code, proposed(wrong)) == ("connection_lost", (FixAction.USE_HTTPS, locked.base_url))

    assert (await climb(make.endpoint(locked.base_url, secret=make.SECRET))).verdict is Verdict.OK


async def test_a_redirect_to_https_at_the_same_host_is_taken_by_a_button(upstream: Upstream) -> None:
    upstream.on("/models", answer(301, {}, {"location": "https://127.0.0.1:8443/v1/models"}))

    assert proposed(await climb(make.endpoint(upstream.base_url))) == (FixAction.USE_HTTPS, "https://127.0.0.1:8443/v1")


@pytest.mark.parametrize("around", [None, *Container])
async def test_what_localhost_means_is_told_by_what_is_around(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, around: Container | None
) -> None:
    await upstream.stop()
    monkeypatch.setattr(container, "current", lambda: around)

    result = await climb(make.endpoint(upstream.base_url))

    name = {Container.DOCKER: "host.docker.internal", Container.PODMAN: "host.containers.internal"}.get(around) if around else None
    mended = (FixAction.USE_DOCKER_HOST, upstream.base_url.replace("127.0.0.1", name)) if name else None
    assert (result.error and result.error.code, proposed(result)) == (
        "localhost_of_container" if around else "connection_refused",
        mended,
    )


@pytest.mark.parametrize(
    "vendor", [vendor for vendor in presets.all_() if "{" not in vendor.base_url and not vendor.local], ids=lambda v: v.id
)
async def test_a_vendors_own_name_that_is_not_found_is_no_typing_error(vendor: Preset, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(connector, "resolve", nothing)

    its_own = await climb(make.endpoint(vendor.base_url, preset=vendor.id))
    another = await climb(make.endpoint(vendor.base_url.replace("://", "://no-"), preset=vendor.id))

    assert (its_own.error and its_own.error.code, another.error and another.error.code) == ("no_look_up", "host_not_found")


@pytest.mark.parametrize(("path", "proposal"), [("/v1", None), ("/openai/v1", None), ("", "/v1"), ("/api", "/api/v1")])
async def test_a_web_page_is_told_to_lack_v1_only_where_it_does(upstream: Upstream, path: str, proposal: str | None) -> None:
    upstream.on("", answer(200, b"<html>Welcome", {"content-type": "text/html"}))

    result = await climb(make.endpoint(upstream.origin + path))

    assert (result.error and result.error.code, proposed(result)) == (
        "html",
        (FixAction.ADD_VERSION, upstream.origin + proposal) if proposal else None,
    )
    for language in i18n.languages():
        assert "/v1" not in i18n.say(language, "probe.html"), language
        assert "/v1" not in i18n.say(language, "probe.not_found"), language


def told(finding: str, endpoint: Endpoint, **facts: Any) -> tuple[FixAction, str] | None:
    fix = findings.fix_of(diagnoses.all_()[finding], facts, endpoint)
    return (fix.action, fix.value) if fix else None


def test_a_key_is_never_offered_to_travel_in_clear_over_the_internet() -> None:
    keyed = make.endpoint("https://models.example/v1", secret=make.SECRET)

    assert told("tls_not_spoken", keyed) is None
    assert told("tls_not_spoken", replace(keyed, auth_type="none")) == (FixAction.USE_HTTP, "http://models.example/v1")
    assert told("key_in_clear", make.endpoint("http://models.example/v1", secret=make.SECRET)) == (
        FixAction.USE_HTTPS,
        "https://models.example/v1",
    )


def test_a_redirect_elsewhere_and_a_switched_off_network_have_no_button() -> None:
    endpoint = make.endpoint("http://models.example/v1")

    assert told("redirected", endpoint, target="https://other.example") is None
    assert told("local_not_approved", endpoint, reason="local_off") is None
    assert told("local_not_approved", endpoint, reason="local") == (FixAction.APPROVE_LOCAL, endpoint.origin)


@pytest.mark.parametrize(
    ("finding", "limits", "wanted"),
    [
        pytest.param("first_byte_timeout", Timeouts(), "240", id="twice as long"),
        pytest.param("idle_timeout", Timeouts(idle=1), "10", id="at least so that it helps"),
        pytest.param("total_timeout", Timeouts(total=2_000), "3600", id="at most what is allowed"),
        pytest.param("connect_timeout", Timeouts(connect=60), None, id="no longer than the longest"),
    ],
)
def test_a_limit_of_ours_may_be_raised_as_far_as_it_goes(finding: str, limits: Timeouts, wanted: str | None) -> None:
    found = told(finding, make.endpoint("https://models.example/v1", timeouts=limits))

    assert found == ((FixAction.RAISE_LIMIT, wanted) if wanted else None)


@pytest.mark.parametrize("header", ["x-api-key", "api-key"])
@pytest.mark.parametrize("path", ["/models", "/chat/completions"])
async def test_a_key_that_is_read_from_another_header_is_found_there(upstream: Upstream, header: str, path: str) -> None:
    async def picky(line: Line, heard: Heard) -> None:
        await (usual if heard.headers.get(header) == make.SECRET else answer(401, {"error": {"message": "no"}}))(line, heard)

    upstream.on(path, picky)
    keyed = make.endpoint(upstream.base_url, secret=make.SECRET)

    assert proposed(await climb(keyed, seeks=True)) == (FixAction.SEND_IN_HEADER, header)
    assert proposed(await climb(keyed)) == (FixAction.REPLACE_KEY, "")  # nobody asked for the search


async def test_a_wrong_key_is_not_told_to_be_in_the_wrong_header(upstream: Upstream) -> None:
    async def only_without(line: Line, heard: Heard) -> None:
        """Open to everybody, but for those who send a wrong Authorization."""
        await (answer(401, {}) if "authorization" in heard.headers else usual)(line, heard)

    keyed = make.endpoint(upstream.base_url, secret=make.SECRET)
    upstream.on("/models", answer(401, {}))
    assert proposed(await climb(keyed, seeks=True)) == (FixAction.REPLACE_KEY, "")

    upstream.on("/models", only_without)
    assert proposed(await climb(keyed, seeks=True)) == (FixAction.REPLACE_KEY, "")
    assert all("x-api-key" not in heard.headers for heard in upstream.heard[-2:])


async def test_of_several_refused_keys_one_is_tried_in_other_headers(upstream: Upstream) -> None:
    upstream.on("/models", answer(401, {"error": {"message": "no"}}))
    keys = tuple(make.key(upstream.base_url, f"sk-planted-{number}") for number in range(5))

    assert proposed(await climb(make.endpoint(upstream.base_url, secret=make.SECRET, keys=keys), seeks=True)) == (FixAction.REPLACE_KEY, "")

    aside = [heard for heard in upstream.heard if "authorization" not in heard.headers]
    assert [sorted({"x-api-key", "api-key"} & heard.headers.keys()) for heard in aside] == [[], ["x-api-key"], ["api-key"]]


async def test_where_a_vendor_is_known_no_other_header_is_tried(upstream: Upstream) -> None:
    upstream.on("/models", answer(401, {}))

    await climb(make.endpoint(upstream.base_url, secret=make.SECRET, preset="openai"), seeks=True)

    assert len(upstream.heard) == 1


def test_an_error_says_its_repair_in_words() -> None:
    fix = findings.fix_of(credential.KEY_REFUSED, {}, make.endpoint("https://models.example/v1", secret=make.SECRET))

    assert ProbeError(code="key_refused", message="x", fix=fix).fix == fix
    assert fix is not None
    assert fix.label == "Replace the key"
