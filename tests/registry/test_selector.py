"""From `model` to a route."""

from collections.abc import Collection

import pytest

from app.domain.actor import Scope
from app.domain.errors import ProviderDisabled, UnknownModel
from app.domain.snapshot import AliasEntry, AliasTargetEntry, ClientKeyEntry, Endpoint, ModelGrants, Snapshot
from app.registry import build, selector
from tests.fixtures import make


def snapshot(*endpoints: Endpoint, default: str | None = None, aliases: tuple[AliasEntry, ...] = ()) -> Snapshot:
    by_model = build.listing({}, [], endpoints)
    by_name, names = {e.name: e for e in endpoints}, {e.id: e.name for e in endpoints}
    return Snapshot(1, 1.0, by_name, by_model, default=default, aliases={a.name: a for a in aliases}, names=names)


def provider(name: str, *models: str, **changes: object) -> Endpoint:
    return make.endpoint(f"https://{name}.example/v1", name=name, models=models, **changes)


def client(held: Snapshot, *, models: Collection[str] | None = None, providers: Collection[str] | None = None) -> ClientKeyEntry:
    """A key that was issued while the snapshot held."""
    ids = {name: id_ for id_, name in held.names.items()}
    grants = None
    if models is not None:
        parts = [(name.partition("/")[0], name.partition("/")[2], name) for name in models]
        grants = ModelGrants(
            bare=frozenset(name for _, rest, name in parts if not rest and name not in held.aliases),
            at=frozenset((ids[head], rest) for head, rest, name in parts if rest and name not in held.aliases),
            aliases=frozenset(held.aliases[name].id for name in models if name in held.aliases),
        )
    chosen = None if providers is None else frozenset(ids.get(name, name) for name in providers)
    return ClientKeyEntry("id", "app", b"", Scope.GATEWAY, models=grants, providers=chosen)


HELD = snapshot(
    provider("acme", "gpt", "meta/llama", default_model="gpt"),
    provider("beta", "gpt", "only-here", "acme/odd"),
    provider("strict", "listed", only_listed=True),
    provider("off", "sleeping", enabled=False),
    default="acme",
)


@pytest.mark.parametrize(
    ("text", "name", "model"),
    [
        ("acme/gpt", "acme", "gpt"),
        ("acme/meta/llama", "acme", "meta/llama"),
        ("acme/not-in-the-catalogue", "acme", "not-in-the-catalogue"),
        ("meta/llama", "acme", "meta/llama"),
        ("only-here", "beta", "only-here"),
        ("acme/odd", "acme", "odd"),
        ("beta/acme/odd", "beta", "acme/odd"),
        ("acme/", "acme", "gpt"),
        ("strict/listed", "strict", "listed"),
        ("", "acme", "gpt"),
        ("default", "acme", "gpt"),
    ],
)
def test_a_selector_resolves(text: str, name: str, model: str) -> None:
    route = selector.resolve(text, HELD)

    assert (route.endpoint.name, route.model) == (name, model)


def test_a_model_of_several_providers_asks_which() -> None:
    with pytest.raises(UnknownModel) as asked:
        selector.resolve("gpt", HELD)

    assert asked.value.suggestions == ("acme/gpt", "beta/gpt")


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [("lama", "acme/meta/llama"), ("strict/lsted", "strict/listed"), ("only-hre", "beta/only-here"), ("zzz", None)],
)
def test_an_unknown_one_suggests_the_nearest(text: str, suggestion: str | None) -> None:
    with pytest.raises(UnknownModel) as missed:
        selector.resolve(text, HELD)

    assert (suggestion in missed.value.suggestions) if suggestion else missed.value.suggestions == ()


def test_a_provider_that_is_off_says_so() -> None:
    with pytest.raises(ProviderDisabled):
        selector.resolve("off/sleeping", HELD)
    with pytest.raises(UnknownModel):
        selector.resolve("sleeping", HELD)


def test_without_a_default_a_model_must_be_named() -> None:
    with pytest.raises(UnknownModel, match="Add a model"):
        selector.resolve("", snapshot(provider("acme", "gpt")))


def test_a_restriction_can_make_a_bare_name_unique() -> None:
    allowed = client(HELD, providers={"beta"})

    assert selector.resolve("gpt", HELD, allowed).endpoint.name == "beta"
    assert [name for name, _ in selector.selectors(HELD, allowed)] == ["beta/gpt", "beta/only-here", "beta/acme/odd"]


OPENAI, ROUTER = provider("openai", "gpt-4o"), provider("openrouter", "openai/gpt-4o", "gpt-4o")
RESOLD, WITHOUT = snapshot(OPENAI, ROUTER), snapshot(ROUTER)


@pytest.mark.parametrize(
    ("held", "limit", "text", "reaches"),
    [
        pytest.param(RESOLD, "openai/gpt-4o", "openai/gpt-4o", "openai", id="the provider it names"),
        pytest.param(RESOLD, "openai/gpt-4o", "gpt-4o", "openai", id="the same, bare"),
        pytest.param(RESOLD, "openai/gpt-4o", "openrouter/openai/gpt-4o", "", id="not what a reseller calls so"),
        pytest.param(WITHOUT, "openai/gpt-4o", "openai/gpt-4o", "", id="not a reseller's once the provider is gone"),
        pytest.param(WITHOUT, "openai/gpt-4o", "openrouter/openai/gpt-4o", "", id="nor behind the reseller's name"),
        pytest.param(RESOLD, "openrouter/openai/gpt-4o", "openrouter/openai/gpt-4o", "openrouter", id="the reseller's when it is named"),
        pytest.param(
            RESOLD, "openrouter/openai/gpt-4o", "openai/gpt-4o", "openrouter", id="and then by its own name too, never the vendor's"
        ),
        pytest.param(RESOLD, "gpt-4o", "openrouter/gpt-4o", "openrouter", id="a bare name, of whichever provider"),
    ],
)
def test_a_key_for_one_providers_model_reaches_no_other_provider(held: Snapshot, limit: str, text: str, reaches: str) -> None:
    key = client(RESOLD, models={limit})

    if reaches:
        assert selector.resolve(text, held, key).endpoint.name == reaches
    else:
        with pytest.raises(UnknownModel):
            selector.resolve(text, held, key)


def alias(name: str, *targets: tuple[Endpoint, str, int, int]) -> AliasEntry:
    return AliasEntry(f"id of {name}", name, tuple(AliasTargetEntry(endpoint.id, *rest) for endpoint, *rest in targets))


ONE, TWO, OFF = provider("one", "big", "fast"), provider("two", "big"), provider("off", "big", enabled=False)
STRICT, GONE = provider("strict", "listed", only_listed=True), provider("gone", "big")
NAMED = snapshot(
    ONE, TWO, OFF, STRICT,
    aliases=(
        alias("fast", (TWO, "big", 2, 3), (ONE, "unknown/one", 1, 1)),
        alias("vendor/fast", (ONE, "fast", 1, 1)),
        alias("patchy", (OFF, "big", 1, 1), (GONE, "big", 1, 1), (STRICT, "other", 1, 1), (STRICT, "listed", 2, 5)),
        alias("asleep", (OFF, "big", 1, 1), (GONE, "big", 1, 1)),
        alias("lost", (GONE, "big", 1, 1), (STRICT, "other", 1, 1)),
    ),
)  # fmt: skip


def leads_to(text: str, allowed: ClientKeyEntry | None = None) -> list[str]:
    return [f"{t.endpoint.name}/{t.model} {t.priority} {t.weight}" for t in selector.resolve(text, NAMED, allowed).targets]


def test_an_alias_comes_before_a_model_of_the_same_name() -> None:
    route = selector.resolve("fast", NAMED)

    assert route.alias == "fast"
    assert leads_to("fast") == ["two/big 2 3", "one/unknown/one 1 1"]
    assert leads_to("vendor/fast") == ["one/fast 1 1"]
    assert selector.resolve("one/fast", NAMED).alias == ""


def test_targets_that_cannot_be_used_are_passed_over() -> None:
    assert leads_to("patchy") == ["strict/listed 2 5"]


def test_an_alias_whose_providers_are_all_off_says_so() -> None:
    with pytest.raises(ProviderDisabled, match="'asleep'"):
        selector.resolve("asleep", NAMED)


def test_an_alias_that_leads_nowhere_asks_for_an_admin() -> None:
    with pytest.raises(UnknownModel, match="Ask an admin to change it"):
        selector.resolve("lost", NAMED)


def test_aliases_are_listed_first_and_only_where_they_lead_somewhere() -> None:
    assert list(selector.selectors(NAMED))[:4] == [
        ("fast", "patchbay"), ("patchy", "patchbay"), ("vendor/fast", "patchbay"), ("one/big", "one"),
    ]  # fmt: skip


def test_a_mistyped_alias_is_suggested() -> None:
    with pytest.raises(UnknownModel) as missed:
        selector.resolve("vendr/fast", NAMED)

    assert missed.value.suggestions[0] == "vendor/fast"


def test_a_key_restricted_to_providers_reaches_only_their_targets() -> None:
    assert leads_to("fast", client(NAMED, providers={"one"})) == ["one/unknown/one 1 1"]
    assert leads_to("fast", client(NAMED, providers={"two"})) == ["two/big 2 3"]
    assert leads_to("fast") == ["two/big 2 3", "one/unknown/one 1 1"]
    with pytest.raises(UnknownModel, match="do not have access"):
        selector.resolve("vendor/fast", NAMED, client(NAMED, providers={"two"}))


def test_a_key_restricted_to_models_uses_an_alias_that_it_names_and_no_other() -> None:
    key = client(NAMED, models={"fast", "one/big"})

    assert leads_to("fast", key) == ["two/big 2 3", "one/unknown/one 1 1"]
    assert [name for name, _ in selector.selectors(NAMED, key)] == ["fast", "one/big"]
    with pytest.raises(UnknownModel):
        selector.resolve("vendor/fast", NAMED, key)


def test_who_may_not_use_an_alias_still_reaches_the_model_of_that_name() -> None:
    route = selector.resolve("fast", NAMED, client(NAMED, models={"one/fast"}))

    assert (route.alias, route.endpoint.name, route.model) == ("", "one", "fast")


CROWD = snapshot(*(provider(f"p{number:03}", "same", f"own-{number}") for number in range(300)), provider("x", "y", only_listed=True))


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(client(CROWD, providers={"p123", "nobody"}), id="of one provider"),
        pytest.param(client(CROWD, models={"p123/same"}), id="of one provider's model"),
        pytest.param(client(CROWD, models={"p123/same", "p124/same"}, providers={"p123"}), id="of both"),
    ],
)
def test_a_restricted_key_finds_its_provider_among_many(key: ClientKeyEntry) -> None:
    assert selector.resolve("same", CROWD, key).endpoint.name == "p123"


def test_of_many_providers_the_first_few_are_named() -> None:
    for key in (None, client(CROWD, models={"same"}), client(CROWD, providers={f"p{number:03}" for number in range(100)})):
        with pytest.raises(UnknownModel) as asked:
            selector.resolve("same", CROWD, key)
        assert asked.value.suggestions == tuple(f"p{number:03}/same" for number in range(5))


def test_the_list_of_names_follows_each_change() -> None:
    names = build.listing({}, [], [ONE, TWO, OFF])
    assert names == {"big": ("one", "two"), "fast": ("one",)}
    assert build.listing(names, [ONE], [ONE]) is names

    renamed = provider("one", "fast", "new")

    assert build.listing(names, [ONE], [renamed]) == {"big": ("two",), "fast": ("one",), "new": ("one",)}
    assert build.listing(names, [ONE, TWO], []) == {}
    assert names == {"big": ("one", "two"), "fast": ("one",)}


def test_what_is_made_later_under_an_old_name_is_not_granted() -> None:
    key = client(RESOLD, models={"openai/gpt-4o"}, providers={"openai"})
    again = snapshot(provider("openai", "gpt-4o"), ROUTER, aliases=(alias("gpt-4o", (ROUTER, "gpt-4o", 1, 1)),))

    for text in ("openai/gpt-4o", "gpt-4o"):
        assert selector.resolve(text, RESOLD, key).endpoint is OPENAI
        with pytest.raises(UnknownModel):
            selector.resolve(text, again, key)
    assert list(selector.selectors(again, key)) == []


def test_a_renamed_alias_keeps_its_users_and_another_of_its_name_has_none() -> None:
    key = client(NAMED, models={"fast"})
    renamed = snapshot(ONE, TWO, aliases=(AliasEntry("id of fast", "quick", NAMED.aliases["fast"].targets),))
    other = snapshot(ONE, TWO, aliases=(AliasEntry("another", "fast", NAMED.aliases["fast"].targets),))

    assert selector.resolve("quick", renamed, key).alias == "quick"
    with pytest.raises(UnknownModel):
        selector.resolve("fast", other, key)


@pytest.mark.parametrize("key", [client(HELD, models=()), client(HELD, providers=()), client(HELD, models=(), providers=())])
def test_no_grant_left_means_nothing(key: ClientKeyEntry) -> None:
    assert list(selector.selectors(HELD, key)) == []
    for text in ("acme/gpt", "only-here", "", "beta/only-here"):
        with pytest.raises(UnknownModel):
            selector.resolve(text, HELD, key)
