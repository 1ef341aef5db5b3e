"""A key is opened once a minute, not once a call; whatever changes is opened anew, and nothing stays behind."""

import asyncio
from dataclasses import replace

import pytest

from app import relay
from app.domain.snapshot import Endpoint
from app.upstream import credential, credential_cache
from app.upstream.scrub import Scrubber
from app.vault import open as vault_open
from tests.fixtures import make
from tests.fixtures.upstream import Upstream, answer

OTHER = "sk-another-77c1e09f3a52"


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch, vault: None, outgoing: None, upstream: Upstream) -> list[str]:
    """The fields that were opened, in order."""
    credential_cache.clear()  # what other tests left is swept by a loop that is gone
    seen: list[str] = []

    def opening(sealed: object, binding: object) -> object:
        seen.append(getattr(binding, "field", ""))
        return vault_open.open_secret(sealed, binding)  # type: ignore[arg-type]

    monkeypatch.setattr(credential, "open_secret", opening)
    upstream.on("/chat/completions", answer(body={"choices": []}))
    return seen


async def call(endpoint: Endpoint) -> None:
    async with relay.call(endpoint, relay.Ask("/chat/completions", b"{}")) as reply:
        await reply.read()


async def test_a_second_call_opens_nothing_and_sends_the_same_key(openings: list[str], upstream: Upstream) -> None:
    endpoint = make.endpoint(upstream.base_url, secret=make.SECRET)

    for _ in range(3):
        await call(endpoint)

    assert openings == ["api_key"]
    assert [heard.headers["authorization"] for heard in upstream.heard] == [f"Bearer {make.SECRET}"] * 3


async def test_an_edited_provider_or_another_key_is_opened_anew(openings: list[str], upstream: Upstream) -> None:
    endpoint = make.endpoint(upstream.base_url, secret=make.SECRET)
    await call(endpoint)

    await call(replace(endpoint, label="Edited"))
    await call(replace(endpoint, keys=(make.key(upstream.base_url, OTHER),)))

    assert openings == ["api_key"] * 3
    assert upstream.heard[-1].headers["authorization"] == f"Bearer {OTHER}"


async def test_a_reference_is_looked_up_at_every_call(openings: list[str], upstream: Upstream) -> None:
    endpoint = make.endpoint(upstream.base_url, secret=make.SECRET)
    key = replace(endpoint.keys[0], references={"api_key": "env:PATCHBAY_SECRET_ACME"})

    assert not credential.is_lasting(endpoint, key)
    assert credential.is_lasting(endpoint, endpoint.keys[0])


async def test_nothing_is_kept_longer_than_a_minute(openings: list[str], upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credential_cache, "KEPT_SECONDS", 0.05)
    endpoint = make.endpoint(upstream.base_url, secret=make.SECRET)
    await call(endpoint)

    async with asyncio.timeout(10):
        while credential_cache.get(endpoint, endpoint.keys[0]) is not None:  # noqa: ASYNC110 - a deadline, not an event
            await asyncio.sleep(0.01)


async def test_what_is_forgotten_is_opened_anew(openings: list[str], upstream: Upstream) -> None:
    endpoint = make.endpoint(upstream.base_url, secret=make.SECRET)
    await call(endpoint)

    credential_cache.clear()
    await call(endpoint)

    assert openings == ["api_key"] * 2


def test_what_is_kept_shows_nothing_of_itself() -> None:
    assert repr(credential_cache.Opened({}, Scrubber(()), {"authorization": "Bearer secret"}, "key=secret")) == "Opened(…)"
