"""Token servers that answer what no standard foresees."""

import json

import pytest

from app.domain.errors import TokenBadResponse
from app.domain.secret import Secret
from app.upstream import egress
from app.upstream.access_tokens import token_server
from tests.fixtures.upstream import Upstream, answer

SECRET = Secret("client-secret-planted-40ce91")

pytestmark = pytest.mark.usefixtures("outgoing")


@pytest.mark.parametrize(
    ("said", "life"),
    [
        pytest.param(10**400, 300.0, id="no number of a computer"),
        pytest.param("1e999", 86_400.0, id="for ever"),
        pytest.param("nan", 300.0, id="none at all"),
        pytest.param("9" * 5_000, 86_400.0, id="a long text"),
        pytest.param(-5, 300.0, id="before it began"),
        pytest.param([3600], 300.0, id="a list"),
    ],
)
async def test_a_life_that_makes_no_sense_is_a_usual_or_the_longest_one(upstream: Upstream, said: object, life: float) -> None:
    egress.approve(frozenset({upstream.origin}))
    upstream.on("/token", answer(body=json.dumps({"access_token": "t-1", "expires_in": said}).encode()))

    token = await token_server.exchange(token_server.client_credentials(f"{upstream.origin}/token", "client", SECRET))

    assert token.life == life


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_token_server_that_moved_is_not_followed(upstream: Upstream, status: int) -> None:
    egress.approve(frozenset({upstream.origin}))
    upstream.on("/token", answer(status, {}, {"location": f"{upstream.origin}/elsewhere"}))

    with pytest.raises(TokenBadResponse, match="did not return an access token") as refused:
        await token_server.exchange(token_server.client_credentials(f"{upstream.origin}/token", "client", SECRET))

    assert "redirect" in refused.value.detail
    assert [heard.path for heard in upstream.heard] == ["/token"]
