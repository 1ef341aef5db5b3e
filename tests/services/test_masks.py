"""Every door through which a key comes in refuses what only shows that there is one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor
from app.domain.credentials.credential import CredentialDraft, CredentialPatch
from app.domain.errors import InvalidDraft, Reason
from app.domain.providers.provider import FromPreset, Provider, ProviderDraft, ProviderPatch
from app.domain.secret import Secret
from app.services import credentials, probes, providers, rotation
from tests.fixtures.databases import only_sqlite

REAL = "sk-planted-0d41f77b0e29c8a36"
MASKS = ["sk-...0002", "sk-****", "••••0002"]
Door = Callable[[Actor, Provider, dict[str, Any]], Awaitable[Any]]

pytestmark = only_sqlite


@pytest.fixture
async def mine(db: Any, outgoing: None, actor: Actor) -> AsyncIterator[Provider]:
    await registry.shared.start(watch=False)
    draft = {"name": "mine", "base_url": "https://mine.example.com/v1", "credential": {"secret": {"api_key": REAL}}}
    yield await providers.create(actor, ProviderDraft.model_validate(draft))
    await registry.shared.stop()


async def create(actor: Actor, _: Provider, key: dict[str, Any]) -> None:
    await providers.create(
        actor, ProviderDraft.model_validate({"name": "other", "base_url": "https://other.example.com/v1", "credential": key})
    )


async def update(actor: Actor, _: Provider, key: dict[str, Any]) -> None:
    await providers.update(actor, "mine", ProviderPatch.model_validate({"credential": key}))


async def from_preset(actor: Actor, _: Provider, key: dict[str, Any]) -> None:
    await providers.from_preset(actor, FromPreset.model_validate({"preset": "openai", "credential": key}))


async def validate(actor: Actor, _: Provider, key: dict[str, Any]) -> None:
    await providers.validate(
        actor, ProviderDraft.model_validate({"name": "other", "base_url": "https://other.example.com/v1", "credential": key})
    )


async def tried(actor: Actor, _: Provider, key: dict[str, Any]) -> None:
    draft = ProviderDraft.model_validate({"name": "other", "base_url": "https://other.example.com/v1", "credential": key})
    async for _step in probes.run_draft(actor, draft):
        pass


async def add(actor: Actor, _: Provider, key: dict[str, Any]) -> None:
    await credentials.add(actor, "mine", CredentialDraft.model_validate(key))


async def add_many(actor: Actor, _: Provider, key: dict[str, Any]) -> None:
    [line] = await credentials.add_many(actor, "mine", Secret(key["secret"]["api_key"]))
    assert line.credential is None
    raise InvalidDraft({"credential": Reason(line.code, line.reason)})


async def change(actor: Actor, mine: Provider, key: dict[str, Any]) -> None:
    await credentials.update(actor, mine.credentials[0].id, CredentialPatch.model_validate(key))


async def rotate(actor: Actor, _: Provider, key: dict[str, Any]) -> None:
    await rotation.start(actor, "mine", CredentialDraft.model_validate(key))


async def paste(actor: Actor, _: Provider, key: dict[str, Any]) -> None:
    [added] = await providers.add_pasted(actor, Secret(f"OPENAI_API_KEY={key['secret']['api_key']}"), [0])
    assert added.problem is None or isinstance(added.problem, InvalidDraft)
    assert added.provider is None or added.provider.credentials == []
    raise InvalidDraft({"credential": Reason("masked_secret", "no key in the text")})


DOORS: list[Door] = [create, update, from_preset, validate, tried, add, add_many, change, rotate, paste]


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
async def test_a_mask_comes_through_no_door(mine: Provider, actor: Actor, door: Door, mask: str) -> None:
    with pytest.raises(InvalidDraft) as caught:
        await door(actor, mine, {"secret": {"api_key": mask}})

    assert getattr(caught.value.message, "code", "") == "masked_secret"
    assert mask not in str(caught.value) + repr(caught.value.details)
    assert [key.hint for key in (await providers.get(actor, "mine")).credentials] == [REAL[-4:]]
