"""`/v1/models`: what a key may name."""

from collections.abc import Awaitable, Callable
from typing import Any

import openai
import pytest

from app.domain.actor import Actor, Scope
from app.services import client_keys, providers
from tests.fixtures.upstream import Upstream
from tests.gateway.conftest import Gateway


async def names(gateway: Gateway, key: str | None = None) -> list[str]:
    sdk = gateway.sdk.with_options(api_key=key) if key else gateway.sdk
    return [model.id async for model in await sdk.models.list()]


async def test_models_are_listed_behind_their_provider(acme: Upstream, gateway: Gateway, add: Callable[..., Awaitable[Any]]) -> None:
    await add("zeta", acme.base_url, models=["alpha"])

    assert await names(gateway) == ["acme/alpha", "acme/beta/large", "zeta/alpha"]


async def test_the_list_follows_every_change(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    assert len(await names(gateway)) == 2

    await providers.disable(actor, "acme")
    after_disable = await names(gateway)
    await providers.enable(actor, "acme")

    assert (after_disable, len(await names(gateway))) == ([], 2)


async def test_a_narrow_key_sees_what_it_may_use(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    key = (await client_keys.issue(actor, "narrow", Scope.GATEWAY, models=["acme/beta/large"])).key

    assert await names(gateway, key) == ["acme/beta/large"]


@pytest.mark.parametrize("limit", [{"models": ["acme/alpha"]}, {"providers": ["acme"]}])
async def test_a_key_reaches_nothing_of_a_provider_that_took_an_old_name(
    acme: Upstream, gateway: Gateway, actor: Actor, add: Callable[..., Awaitable[Any]], limit: dict[str, Any]
) -> None:
    narrow = gateway.sdk.with_options(api_key=(await client_keys.issue(actor, "narrow", Scope.GATEWAY, **limit)).key)
    await narrow.chat.completions.create(model="acme/alpha", messages=[{"role": "user", "content": "Hi"}])

    await providers.delete(actor, "acme")
    await add("acme", acme.base_url, models=["alpha"])
    acme.heard.clear()

    assert await names(gateway, narrow.api_key) == []
    for model in ("acme/alpha", "alpha"):
        with pytest.raises(openai.NotFoundError):
            await narrow.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hi"}])
    assert acme.heard == []
    assert await names(gateway) == ["acme/alpha"]


@pytest.mark.parametrize("name", ["acme/alpha", "acme/beta/large", "alpha", "beta/large"])
async def test_one_model_is_found_by_any_selector(acme: Upstream, gateway: Gateway, name: str) -> None:
    got = await gateway.sdk.models.retrieve(name)

    assert (got.id, got.object, got.owned_by) == (name, "model", "acme")


async def test_an_unknown_model_is_404(acme: Upstream, gateway: Gateway) -> None:
    with pytest.raises(openai.NotFoundError):
        await gateway.sdk.models.retrieve("nope/nothing")


async def test_asking_for_the_list_calls_nobody(acme: Upstream, gateway: Gateway) -> None:
    await names(gateway)

    assert acme.connections == 0
