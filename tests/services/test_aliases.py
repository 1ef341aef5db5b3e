"""Aliases: one name for models of several providers, saved whole or not at all, and never silently over somebody else's change."""

from typing import Any

import pytest

from app.domain.actor import Actor, ActorType, Role
from app.domain.errors import Forbidden, InvalidDraft, NameTaken, Stale, UnknownAlias
from app.domain.providers.alias import Alias, AliasDraft, AliasPatch, AliasQuery, TargetProblem
from app.domain.providers.provider import ProviderDraft, ProviderPatch
from app.services import aliases, audit, providers
from tests.fixtures.databases import Database

VIEWER = Actor(ActorType.USER, "v", "Vera", Role.VIEWER)


@pytest.fixture(autouse=True)
async def two(db: Database, actor: Actor) -> None:
    """Two providers, `one` and `two`."""
    for name in ("one", "two"):
        fields = {"name": name, "label": name.title(), "base_url": "https://93.184.216.34/v1", "auth_type": "none", "models": ["alpha"]}
        await providers.create(actor, ProviderDraft.model_validate(fields))


def target(name: str, model: str = "alpha", **changes: Any) -> dict[str, Any]:
    return {"provider": name, "model": model, **changes}


def draft(name: str = "fast", *targets: dict[str, Any], **changes: Any) -> AliasDraft:
    return AliasDraft.model_validate({"name": name, "targets": targets or (target("one"),), **changes})


def patch(**changes: Any) -> AliasPatch:
    return AliasPatch.model_validate(changes)


def selectors(alias: Alias) -> list[str]:
    return [f"{t.provider}/{t.model}" for t in alias.targets]


async def test_an_alias_comes_back_as_it_was_saved(actor: Actor) -> None:
    targets = (target("two", "b", priority=2), target("one", "a", weight=7), target("one", "c"))
    wanted = draft("team/gpt-4o:fast", *targets, description="For the app")

    saved = await aliases.create(actor, wanted)

    assert await aliases.get(VIEWER, saved.id) == saved
    assert (saved.name, saved.description, saved.enabled, saved.version) == ("team/gpt-4o:fast", "For the app", True, 1)
    assert saved.created_by == "Ada"
    assert [(t.provider, t.provider_label, t.model, t.priority, t.weight, t.problem) for t in saved.targets] == [
        ("one", "One", "a", 1, 7, None), ("one", "One", "c", 1, 1, None), ("two", "Two", "b", 2, 1, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("", "name_length", id="empty"),
        pytest.param("x" * 201, "name_length", id="too long"),
        pytest.param("two words", "alias_blanks", id="space"),
        pytest.param("new\nline", "alias_blanks", id="line"),
        pytest.param("narrow\u00a0space", "alias_blanks", id="other space"),
        pytest.param("\u202ename", "alias_blanks", id="turned around"),
        pytest.param("default", "name_reserved", id="reserved"),
        pytest.param("one/alpha", "alias_of_provider", id="a model of a provider"),
        pytest.param("one/", "alias_of_provider", id="a provider"),
    ],
)
async def test_a_name_that_means_something_else_is_refused(actor: Actor, name: str, code: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        await aliases.create(actor, draft(name))

    assert refused.value.field == "name"
    assert getattr(refused.value.reasons["name"], "code", "") == code
    assert (await aliases.list_(actor)).items == []


@pytest.mark.parametrize("name", ["x", "x" * 200, "gpt-4o", "meta/llama:free", "ones/alpha", "one", "模型", "Default"])
async def test_any_other_name_may_be_used(actor: Actor, name: str) -> None:
    assert (await aliases.create(actor, draft(name))).name == name


@pytest.mark.parametrize(
    ("targets", "field", "code"),
    [
        pytest.param([], "targets", "alias_no_target", id="none"),
        pytest.param([target("one"), target("one", weight=2)], "targets", "alias_same_target", id="the same twice"),
        pytest.param([target("one"), target("ones")], "targets.1.provider", "alias_provider", id="no such provider"),
    ],
)
async def test_targets_that_make_no_sense_are_refused(actor: Actor, targets: list[dict[str, Any]], field: str, code: str) -> None:
    saved = await aliases.create(actor, draft("kept"))
    with pytest.raises(InvalidDraft) as refused:
        await aliases.create(actor, AliasDraft.model_validate({"name": "fast", "targets": targets}))
    with pytest.raises(InvalidDraft):
        await aliases.update(actor, saved.id, patch(targets=targets))

    assert refused.value.field == field
    assert getattr(refused.value.reasons[field], "code", "") == code
    assert (await aliases.list_(actor)).items == [saved]


async def test_a_mistyped_provider_is_suggested(actor: Actor) -> None:
    with pytest.raises(InvalidDraft) as refused:
        await aliases.create(actor, draft("fast", target("onne")))

    assert refused.value.suggestions == ("one",)


async def test_a_name_is_given_once(actor: Actor) -> None:
    await aliases.create(actor, draft("fast"))
    other = await aliases.create(actor, draft("slow"))

    with pytest.raises(NameTaken):
        await aliases.create(actor, draft("fast"))
    with pytest.raises(NameTaken):
        await aliases.update(actor, other.id, patch(name="fast"))


async def test_a_change_says_what_it_changed_and_nothing_else(db: Database, actor: Actor) -> None:
    saved = await aliases.create(actor, draft("fast", target("one"), target("two", priority=2)))

    changed = await aliases.update(actor, saved.id, patch(targets=[target("two", "beta", weight=3)], enabled=False))

    assert (changed.version, changed.enabled, changed.name, selectors(changed)) == (2, False, "fast", ["two/beta"])
    assert changed.updated_at >= saved.updated_at
    told = (await _audited(actor))[0]
    assert (told.action, told.target.type, told.target.name) == ("alias:config:update", "alias", "fast")
    assert told.changes == {
        "enabled": {"before": True, "after": False},
        "targets": {"before": ["1. one/alpha ×1", "2. two/alpha ×1"], "after": ["1. two/beta ×3"]},
        "version": {"before": 1, "after": 2},
    }


async def test_saving_the_same_again_leaves_no_trace(actor: Actor) -> None:
    saved = await aliases.create(actor, draft("fast", target("two"), target("one")))
    entries = await _audited(actor)

    again = await aliases.replace(actor, saved.id, draft("fast", target("two"), target("one")))

    assert again == saved
    assert await _audited(actor) == entries


async def test_a_stale_save_is_refused_and_shows_what_changed(actor: Actor) -> None:
    saved = await aliases.create(actor, draft("fast"))
    await aliases.update(actor, saved.id, patch(description="by somebody else", version=1))

    for stale in (aliases.update(actor, saved.id, patch(enabled=False, version=1)), aliases.delete(actor, saved.id, version=1)):
        with pytest.raises(Stale) as refused:
            await stale
        assert refused.value.details == {"changed": {"description": "by somebody else"}, "version": 2, "changed_by": "Ada"}

    assert (await aliases.get(actor, saved.id)).enabled


async def test_a_deleted_alias_is_gone_and_told(actor: Actor) -> None:
    saved = await aliases.create(actor, draft("fast"))

    await aliases.delete(actor, saved.id, version=1)

    for call in (aliases.get(actor, saved.id), aliases.update(actor, saved.id, patch(enabled=False)), aliases.delete(actor, saved.id)):
        with pytest.raises(UnknownAlias):
            await call
    assert [entry.action for entry in (await _audited(actor))[:2]] == ["alias:config:delete", "alias:config:create"]
    assert (await aliases.create(actor, draft("fast"))).id != saved.id


async def test_a_target_says_why_it_is_passed_over(actor: Actor) -> None:
    saved = await aliases.create(actor, draft("fast", target("one", "unlisted"), target("two")))

    await providers.update(actor, "one", ProviderPatch(only_listed_models=True))
    await providers.disable(actor, "two")
    assert [t.problem for t in (await aliases.get(actor, saved.id)).targets] == [TargetProblem.NOT_LISTED, TargetProblem.DISABLED]
    await providers.delete(actor, "two")

    assert [t.problem for t in (await aliases.get(actor, saved.id)).targets] == [TargetProblem.NOT_LISTED, TargetProblem.DELETED]


async def test_an_alias_with_a_deleted_provider_can_still_be_edited(actor: Actor) -> None:
    saved = await aliases.create(actor, draft("fast", target("two")))
    await providers.delete(actor, "two")

    edited = await aliases.replace(actor, saved.id, draft("fast", target("two"), target("one"), description="one more"))
    assert selectors(edited) == ["two/alpha", "one/alpha"]

    with pytest.raises(InvalidDraft):
        await aliases.create(actor, draft("another", target("two")))


async def test_aliases_are_listed_by_name_a_page_at_a_time(actor: Actor) -> None:
    names = ["B", "a", "a/b", "c_%", "模型"]
    for name in reversed(names):
        await aliases.create(actor, draft(name, target("two") if name == "a" else target("one"), description="odd" if name == "B" else ""))

    found, cursor = [], None
    while True:
        page = await aliases.list_(VIEWER, AliasQuery(limit=2, cursor=cursor))
        found += [alias.name for alias in page.items]
        assert page.total == 5
        if (cursor := page.next_cursor) is None:
            break

    assert found == names
    assert [a.name for a in (await aliases.list_(VIEWER, AliasQuery(search="_%"))).items] == ["c_%"]
    assert [a.name for a in (await aliases.list_(VIEWER, AliasQuery(search="ODD"))).items] == ["B"]
    assert [a.name for a in (await aliases.list_(VIEWER, AliasQuery(provider="two"))).items] == ["a"]


async def test_a_cursor_of_another_list_is_refused(actor: Actor) -> None:
    for cursor in ("nonsense", "WyJsYWJlbCIsICJhc2MiXQ", "bnVsbA"):
        with pytest.raises(InvalidDraft):
            await aliases.list_(actor, AliasQuery(cursor=cursor))


async def test_a_viewer_looks_and_changes_nothing(actor: Actor) -> None:
    saved = await aliases.create(actor, draft("fast"))

    for call in (
        aliases.create(VIEWER, draft("mine")), aliases.update(VIEWER, saved.id, patch(enabled=False)), aliases.delete(VIEWER, saved.id),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            await call

    assert (await aliases.list_(VIEWER)).items == [saved]


async def _audited(actor: Actor) -> list[Any]:
    return [entry for entry in (await audit.page(actor, limit=50)).items if entry.action.startswith("alias:")]


async def test_no_new_provider_takes_the_name_an_alias_begins_with(actor: Actor) -> None:
    await aliases.create(actor, draft("team/gpt-4o"))
    await aliases.create(actor, draft("plain"))
    new = {"label": "Team", "base_url": "https://93.184.216.34/v1", "auth_type": "none"}

    for verb in (providers.create, providers.validate):
        with pytest.raises(InvalidDraft, match="The alias team/gpt-4o starts with this name") as caught:
            await verb(actor, ProviderDraft.model_validate({"name": "team", **new}))
        assert caught.value.suggestions == ("team-2",)
    with pytest.raises(InvalidDraft):
        await providers.duplicate(actor, "one", new_name="team")

    assert (await providers.create(actor, ProviderDraft.model_validate({"name": "plain", **new}))).name == "plain"


async def test_a_provider_comes_back_once_no_alias_begins_with_its_name(actor: Actor) -> None:
    await providers.delete(actor, "two")
    alias = await aliases.create(actor, draft("two/fast"))

    with pytest.raises(InvalidDraft, match="rename the alias"):
        await providers.restore(actor, "two")

    await aliases.update(actor, alias.id, patch(name="fast"))
    assert (await providers.restore(actor, "two")).name == "two"
