"""The conformance of every route that is offered: where it goes, what it carries, and that nothing else ever leaves."""

import subprocess
from collections.abc import AsyncIterator

import pytest

from app.domain.errors import BadResponse, EgressRefused, Failed, NoCredential, Refused, UpstreamError
from app.domain.providers.provider import WIRES, ProviderType, Wire
from app.domain.snapshot import Endpoint
from app.upstream import egress
from app.upstream.wire import litellm
from app.upstream.wire.call import Ask
from tests.fixtures import make, translated, vendors
from tests.fixtures.translated import PLANTED, TOOL
from tests.fixtures.upstream import Upstream, answer

pytestmark = pytest.mark.usefixtures("vault", "outgoing", "translated")

ROUTES = [
    pytest.param(type_, stream, id=f"{type_}-{'stream' if stream else 'json'}") for type_ in vendors.NATIVE for stream in (False, True)
]
SIGNED = {
    ProviderType.ANTHROPIC: ("x-api-key", make.SECRET),
    ProviderType.BEDROCK: ("authorization", f"Bearer {make.SECRET}"),
    ProviderType.AZURE: ("api-key", make.SECRET),
}
MAY_BE_SENT = {"host", "content-type", "content-length", "accept", "accept-encoding", "user-agent", "anthropic-version", "anthropic-beta"}


@pytest.fixture
async def stranger() -> AsyncIterator[Upstream]:
    """A server nobody approved. It counts who connects."""
    server = Upstream()
    await server.start()
    yield server
    await server.stop()


async def call(endpoint: Endpoint, asked: Ask) -> bytes:
    async with litellm.send(endpoint, next(iter(endpoint.keys), None), asked) as got:
        return b"".join([chunk async for chunk in got.chunks()]) if got.is_events else await got.read()


async def failure(endpoint: Endpoint, asked: Ask) -> UpstreamError:
    with pytest.raises(UpstreamError) as raised:
        await call(endpoint, asked)
    return raised.value


def test_every_translated_type_is_proven_here() -> None:
    assert {type_ for type_, wire in WIRES.items() if wire is Wire.LITELLM} == set(vendors.NATIVE)


@pytest.mark.parametrize(("type_", "stream"), ROUTES)
async def test_a_call_is_one_request_with_our_key_and_nothing_unexpected(upstream: Upstream, type_: ProviderType, stream: bool) -> None:
    path = vendors.PATHS[type_][stream]
    upstream.on(path, vendors.say(type_, stream=stream))

    await call(translated.endpoint(type_, upstream.origin), translated.ask(stream=stream, tools=[TOOL], seed=1, user="u"))

    (heard,) = upstream.heard
    name, value = SIGNED[type_]
    assert (heard.method, heard.path, heard.headers[name]) == ("POST", path, value)
    assert heard.headers.keys() - MAY_BE_SENT == {name} - MAY_BE_SENT
    assert b"weather" in heard.body
    for planted in PLANTED.values():
        assert planted.encode() not in heard.raw_head + heard.body


@pytest.mark.parametrize(("type_", "stream"), ROUTES)
async def test_an_address_that_was_not_approved_is_not_even_connected(stranger: Upstream, type_: ProviderType, stream: bool) -> None:
    error = await failure(translated.endpoint(type_, stranger.origin), translated.ask(stream=stream))

    assert (type(error), error.details["reason"]) == (EgressRefused, "local")
    assert stranger.connections == 0


@pytest.mark.parametrize(("type_", "stream"), ROUTES)
async def test_our_own_ports_are_refused_although_approved(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, type_: ProviderType, stream: bool
) -> None:
    monkeypatch.setattr(egress._policy, "protected", {upstream.port: {"127.0.0.1"}})

    error = await failure(translated.endpoint(type_, upstream.origin), translated.ask(stream=stream))

    assert (type(error), error.details["reason"], upstream.connections) == (EgressRefused, "own_port", 0)


@pytest.mark.parametrize("type_", vendors.NATIVE)
async def test_local_addresses_that_are_switched_off_are_refused(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, type_: ProviderType
) -> None:
    monkeypatch.setattr(egress._policy, "local_allowed", False)

    error = await failure(translated.endpoint(type_, upstream.origin), translated.ask())

    assert (type(error), error.details["reason"], upstream.connections) == (EgressRefused, "local_off", 0)


@pytest.mark.parametrize("type_", vendors.NATIVE)
@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::23]", "[::ffff:0:a9fe:a9fe]"])
async def test_a_clouds_metadata_service_is_refused(type_: ProviderType, host: str) -> None:
    error = await failure(translated.endpoint(type_, f"http://{host}"), translated.ask())

    assert (type(error), error.details["reason"]) == (EgressRefused, "metadata")


async def test_an_approval_that_was_withdrawn_holds_for_the_next_call(upstream: Upstream) -> None:
    endpoint = translated.endpoint(ProviderType.ANTHROPIC, upstream.origin)
    upstream.on("/v1/messages", vendors.say(ProviderType.ANTHROPIC))
    await call(endpoint, translated.ask())

    egress.approve(frozenset())
    error = await failure(endpoint, translated.ask())

    assert (type(error), len(upstream.heard)) == (EgressRefused, 1)


@pytest.mark.parametrize(("type_", "stream"), ROUTES)
@pytest.mark.parametrize("keys", [pytest.param((), id="no key"), pytest.param(None, id="empty key")])
async def test_without_a_key_nothing_is_sent(upstream: Upstream, type_: ProviderType, stream: bool, keys: tuple[()] | None) -> None:
    made = (make.key(upstream.origin, ""),) if keys is None else keys

    error = await failure(translated.endpoint(type_, upstream.origin, keys=made), translated.ask(stream=stream))

    assert (type(error), upstream.connections) == (NoCredential, 0)


@pytest.mark.parametrize(("type_", "stream"), ROUTES)
async def test_a_server_that_wants_no_key_is_sent_none(upstream: Upstream, type_: ProviderType, stream: bool) -> None:
    upstream.on(vendors.PATHS[type_][stream], vendors.say(type_, stream=stream))

    await call(translated.endpoint(type_, upstream.origin, secret=None), translated.ask(stream=stream))

    assert upstream.heard[0].headers.keys() & {"authorization", "x-api-key", "api-key", "cookie"} == set()


@pytest.mark.parametrize(("type_", "stream"), ROUTES)
async def test_a_wrong_key_is_asked_about_once(upstream: Upstream, type_: ProviderType, stream: bool) -> None:
    upstream.on(vendors.PATHS[type_][stream], vendors.refuse(type_, 401, "bad key"))

    error = await failure(translated.endpoint(type_, upstream.origin), translated.ask(stream=stream))

    assert (type(error), error.status, error.detail, len(upstream.heard)) == (Refused, 401, "bad key", 1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(("type_", "stream"), ROUTES)
async def test_a_redirect_is_never_followed(upstream: Upstream, stranger: Upstream, type_: ProviderType, stream: bool, status: int) -> None:
    egress.approve(frozenset({upstream.origin, stranger.origin}))
    upstream.on(vendors.PATHS[type_][stream], answer(status, b"", {"location": f"{stranger.origin}/v1/messages"}))

    error = await failure(translated.endpoint(type_, upstream.origin), translated.ask(stream=stream))

    assert (type(error), error.details) == (BadResponse, {"kind": "redirect", "target": stranger.origin})
    assert (len(upstream.heard), stranger.connections) == (1, 0)


@pytest.mark.parametrize(("type_", "stream"), ROUTES)
async def test_what_a_caller_writes_beside_openais_fields_steers_nothing(
    upstream: Upstream, stranger: Upstream, type_: ProviderType, stream: bool
) -> None:
    egress.approve(frozenset({upstream.origin, stranger.origin}))
    upstream.on(vendors.PATHS[type_][stream], vendors.say(type_, stream=stream))
    tricks = {
        "api_base": stranger.origin, "base_url": stranger.origin, "api_key": "sk-mine", "custom_llm_provider": "openai",
        "aws_bedrock_runtime_endpoint": stranger.origin, "aws_role_name": "x", "extra_headers": {"x-evil": "1"}, "fallbacks": ["openai/x"],
        "num_retries": 5, "azure_ad_token": "x", "proxy": stranger.origin, "mock_response": "no", "callbacks": ["langfuse"],
    }  # fmt: skip

    await call(translated.endpoint(type_, upstream.origin), translated.ask(stream=stream, **tricks))

    assert (len(upstream.heard), stranger.connections) == (1, 0)
    assert b"evil" not in upstream.heard[0].raw_head + upstream.heard[0].body


@pytest.mark.parametrize("type_", vendors.NATIVE)
async def test_an_image_elsewhere_is_not_fetched(upstream: Upstream, stranger: Upstream, type_: ProviderType) -> None:
    egress.approve(frozenset({upstream.origin, stranger.origin}))
    upstream.on(vendors.PATHS[type_][False], vendors.say(type_))
    image = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"{stranger.origin}/cat.png"}}]}

    try:
        await call(translated.endpoint(type_, upstream.origin), translated.ask(messages=[image]))
    except Failed as error:
        assert (error.status, error.details["error"]["code"]) == (400, "remote_content")  # type: ignore[index]
        assert upstream.heard == []

    assert stranger.connections == 0


async def test_only_who_holds_the_token_may_call(child: tuple[subprocess.Popen[bytes], object]) -> None:
    from app.upstream import translator

    greeting = child[1]
    async with translator.client(greeting) as http:  # type: ignore[arg-type]
        for headers in ({}, {"authorization": "another"}):
            async with http.post("http://translator/call", data=b"{}", headers=headers) as answered:
                assert answered.status == 403
