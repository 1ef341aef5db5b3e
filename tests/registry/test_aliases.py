"""Aliases in the snapshot: live with the save, and built anew only where something changed."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.domain.actor import Actor
from app.domain.errors import ProviderDisabled, UnknownModel
from app.domain.providers.alias import Alias, AliasDraft, AliasPatch
from app.registry import Registry
from app.services import aliases, providers

Add = Callable[..., Awaitable[Any]]


@pytest.fixture
async def named(live: Registry, add: Add, actor: Actor) -> Callable[..., Awaitable[Alias]]:
    """Two providers, `one` and `two`, and who saves aliases of them."""
    for name in ("one", "two"):
        await add(name)

    async def saving(name: str, *targets: str, **changes: Any) -> Alias:
        parts = [dict(zip(("provider", "model"), target.split("/"), strict=True)) for target in targets or ("one/alpha",)]
        return await aliases.create(actor, AliasDraft.model_validate({"name": name, "targets": parts, **changes}))

    return saving


def leads_to(live: Registry, name: str) -> list[str]:
    return [f"{target.endpoint.name}/{target.model}" for target in live.resolve(name).targets]


async def test_a_saved_alias_is_effective_at_once_and_one_revision(live: Registry, named: Any, actor: Actor) -> None:
    before = live.snapshot
    alias = await named("fast", "one/alpha", "two/beta")
    assert leads_to(live, "fast") == ["one/alpha", "two/beta"]
    assert live.snapshot.revision == before.revision + 1
    assert live.snapshot.endpoints["one"] is before.endpoints["one"]

    await aliases.update(actor, alias.id, AliasPatch.model_validate({"targets": [{"provider": "two", "model": "gamma"}]}))
    assert leads_to(live, "fast") == ["two/gamma"]
    await aliases.update(actor, alias.id, AliasPatch(name="quick"))
    assert leads_to(live, "quick") == ["two/gamma"]
    await aliases.delete(actor, alias.id)

    for name in ("fast", "quick"):
        with pytest.raises(UnknownModel):
            live.resolve(name)
    assert live.snapshot.revision == before.revision + 4


async def test_an_alias_that_is_switched_off_is_none(live: Registry, named: Any, actor: Actor) -> None:
    alias = await named("fast", enabled=False)
    assert "fast" not in live.snapshot.aliases

    await aliases.update(actor, alias.id, AliasPatch(enabled=True))
    assert leads_to(live, "fast") == ["one/alpha"]
    await aliases.update(actor, alias.id, AliasPatch(enabled=False))

    assert "fast" not in live.snapshot.aliases


async def test_only_the_alias_that_changed_is_built_anew(live: Registry, named: Any, actor: Actor) -> None:
    kept, changed = await named("kept"), await named("changed")
    before = live.snapshot

    await providers.disable(actor, "two")
    assert live.snapshot.aliases is before.aliases
    await aliases.update(actor, changed.id, AliasPatch.model_validate({"targets": [{"provider": "two", "model": "x"}]}))

    assert live.snapshot.aliases["kept"] is before.aliases[kept.name]
    assert live.snapshot.aliases["changed"] is not before.aliases["changed"]


async def test_a_rebuild_gives_the_same_as_the_small_steps(live: Registry, named: Any, actor: Actor) -> None:
    first = await named("one-of-them", "two/b", "one/a")
    await named("another", enabled=False)
    await named("third", "two/b")
    await aliases.delete(actor, first.id)
    await named("one-of-them", "one/c")
    stepped = live.snapshot

    await live.rebuild()

    assert (live.snapshot.aliases, live.snapshot.names) == (stepped.aliases, stepped.names)


async def test_targets_follow_what_becomes_of_their_provider(live: Registry, named: Any, actor: Actor) -> None:
    await named("both", "one/alpha", "two/alpha")
    await named("only", "two/alpha")
    held = live.snapshot

    await providers.disable(actor, "two")
    assert leads_to(live, "both") == ["one/alpha"]
    with pytest.raises(ProviderDisabled):
        live.resolve("only")
    await providers.delete(actor, "two")
    with pytest.raises(UnknownModel):
        live.resolve("only")
    await providers.restore(actor, "two")
    await providers.enable(actor, "two")

    assert leads_to(live, "both") == ["one/alpha", "two/alpha"]
    assert [target.endpoint.name for target in live.resolve("both", held).targets] == ["one", "two"]


async def test_rows_that_point_nowhere_harm_nobody(live: Registry, named: Any, damage: Callable[[str], Awaitable[None]]) -> None:
    await named("bad", "two/alpha")
    await named("good", "one/alpha")

    await damage("DELETE FROM alias_target WHERE alias_id = (SELECT id FROM alias WHERE name = 'bad')")
    await live.rebuild()

    assert leads_to(live, "good") == ["one/alpha"]
    with pytest.raises(UnknownModel, match="Ask an admin to change it"):
        live.resolve("bad")
