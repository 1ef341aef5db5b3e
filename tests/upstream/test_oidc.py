"""Tokens of a real OAuth 2 server: fetched once, renewed in time, renewed when revoked, used while the server is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from app.domain.errors import Refused, TokenRefused, TokenUnreachable
from app.domain.snapshot import Endpoint
from app.upstream import egress
from app.upstream.access_tokens import tokens
from app.upstream.wire import openai
from app.upstream.wire.call import Ask
from tests.fixtures import oauth
from tests.fixtures.oauth import SECRET, OAuthServer
from tests.fixtures.upstream import Heard, Line, Upstream, answer, usual

pytestmark = pytest.mark.usefixtures("vault", "outgoing")


class Clock:
    """The time of day of our own store of tokens; the server's goes on by itself."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch, outgoing: None) -> AsyncIterator[Clock]:
    made = Clock()
    monkeypatch.setattr(tokens, "shared", tokens.Tokens(made))
    yield made
    await tokens.shared.close()


@pytest.fixture(scope="module")
def running() -> Iterator[OAuthServer]:
    server = OAuthServer.start()
    yield server
    server.stop()


@pytest.fixture
def server(running: OAuthServer, upstream: Upstream, clock: Clock) -> OAuthServer:
    """The server, and a provider that asks it about every token."""
    asks(upstream, running)
    return running


def asks(upstream: Upstream, server: OAuthServer) -> None:
    async def judged(line: Line, heard: Heard) -> None:
        found = await server.introspected(heard.headers.get("authorization", "").removeprefix("Bearer "))
        await (usual if found["active"] else answer(401, {"error": {"message": "this token is not valid"}}))(line, heard)

    upstream.on("/models", judged)
    egress.approve(frozenset({upstream.origin, server.origin}))


def behind(server: OAuthServer, upstream: Upstream, client: str = "in-body", secret: str = SECRET, **fields: str) -> Endpoint:
    way = {"send_secret": "header"} if client == "in-header" else {}
    return oauth.endpoint(
        "oauth",
        upstream.base_url,
        {"client_id": client, "token_url": f"{server.origin}/token", "scope": "models", **way, **fields},
        {"client_secret": secret},
    )


async def call(endpoint: Endpoint) -> bytes:
    async with openai.send(endpoint, endpoint.keys[0], Ask("/models")) as reply:
        return await reply.read()


def sent(upstream: Upstream) -> list[str]:
    """The tokens that the provider was shown, in order."""
    return [heard.headers["authorization"].removeprefix("Bearer ") for heard in upstream.heard]


@pytest.mark.parametrize("client", ["in-body", "in-header"])
async def test_two_hundred_calls_at_once_ask_for_one_token(server: OAuthServer, upstream: Upstream, client: str) -> None:
    upstream.on("/models", usual)  # the number of calls is the point here
    before, endpoint = await server.asked(), behind(server, upstream, client)

    answers = await asyncio.gather(*(call(endpoint) for _ in range(200)))

    assert await server.asked() - before == 1
    assert (len(answers), len(set(sent(upstream)))) == (200, 1)
    assert (await server.introspected(sent(upstream)[0]))["client_id"] == client


async def test_scope_and_resource_arrive(server: OAuthServer, upstream: Upstream) -> None:
    await call(behind(server, upstream, scope="models chats", resource="https://models.example.com"))

    found = await server.introspected(sent(upstream)[0])
    assert (found["scope"], found["aud"]) == ("models chats", "https://models.example.com")


async def test_a_token_is_renewed_before_its_end_while_the_old_one_is_used(server: OAuthServer, upstream: Upstream, clock: Clock) -> None:
    endpoint, before = behind(server, upstream), await server.asked()
    await call(endpoint)

    clock.ahead = 600 - 65
    await call(endpoint)
    assert await server.asked() - before == 1

    clock.ahead = 600 - 55
    await asyncio.gather(*(call(endpoint) for _ in range(20)))
    async with asyncio.timeout(5):
        while sent(upstream)[-1] == sent(upstream)[0]:
            await call(endpoint)

    assert await server.asked() - before == 2
    assert len(set(sent(upstream)[:4])) == 1  # nobody waited for the new one


async def test_a_revoked_token_is_replaced_once_and_the_request_sent_again(server: OAuthServer, upstream: Upstream) -> None:
    endpoint, before = behind(server, upstream), await server.asked()
    await call(endpoint)
    await server.revoke(sent(upstream)[0])

    answers = await asyncio.gather(*(call(endpoint) for _ in range(20)))

    assert all(b"alpha-small" in found for found in answers)
    assert await server.asked() - before == 2
    assert len(set(sent(upstream))) == 2


async def test_a_provider_that_refuses_every_token_is_believed(server: OAuthServer, upstream: Upstream, clock: Clock) -> None:
    upstream.on("/models", answer(401, {"error": {"message": "not you"}}))
    endpoint, before = behind(server, upstream), await server.asked()

    with pytest.raises(Refused) as refused:
        await call(endpoint)
    assert (refused.value.status, await server.asked() - before, len(upstream.heard)) == (401, 2, 2)

    with pytest.raises(Refused):
        await call(endpoint)
    assert (await server.asked() - before, len(upstream.heard)) == (2, 3)  # no token is asked for in vain

    clock.ahead = tokens.FAILURE_SECONDS + 1
    with pytest.raises(Refused):
        await call(endpoint)
    assert await server.asked() - before == 3


async def test_a_token_is_used_until_its_end_while_the_server_is_away(upstream: Upstream, clock: Clock) -> None:
    server = OAuthServer.start()
    try:
        asks(upstream, server)
        endpoint = behind(server, upstream)
        await call(endpoint)
    finally:
        server.stop()
    upstream.on("/models", usual)

    clock.ahead = 600 - 30
    await call(endpoint)
    await asyncio.sleep(0.05)  # the attempt in the background fails
    await call(endpoint)
    assert len(set(sent(upstream))) == 1

    clock.ahead = 601
    with pytest.raises(TokenUnreachable) as away:
        await call(endpoint)
    assert away.value.message == "The token server does not respond right now."
    assert (away.value.details["token_host"], len(upstream.heard)) == ("127.0.0.1", 3)


async def test_a_wrong_secret_is_said_in_the_servers_words_and_asked_about_once(server: OAuthServer, upstream: Upstream) -> None:
    endpoint, before = behind(server, upstream, secret="not-the-secret-81c2"), await server.asked()

    for _ in range(3):
        with pytest.raises(TokenRefused) as refused:
            await call(endpoint)

    assert "invalid_client" in refused.value.detail
    assert (await server.asked() - before, upstream.heard) == (1, [])
    assert "not-the-secret-81c2" not in f"{vars(refused.value)}{refused.value.__cause__!r}"
