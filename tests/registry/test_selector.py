"""From `model` to a route."""

from types import MappingProxyType

import pytest

from app.domain.actor import Scope
from app.domain.errors import ProviderDisabled, UnknownModel
from app.domain.snapshot import ClientKeyEntry, Endpoint, Snapshot
from app.registry import build, selector
from tests.fixtures import make


def snapshot(*endpoints: Endpoint, default: str | None = None) -> Snapshot:
    by_model = build.listing({}, [], endpoints)
    return Snapshot(1, 1.0, MappingProxyType({e.name: e for e in endpoints}), by_model, default=default)


def provider(name: str, *models: str, **changes: object) -> Endpoint:
    return make.endpoint(f"https://{name}.example/v1", name=name, models=models, **changes)


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
    with pytest.raises(UnknownModel, match="Name a model"):
        selector.resolve("", snapshot(provider("acme", "gpt")))


def test_a_restriction_can_make_a_bare_name_unique() -> None:
    allowed = ClientKeyEntry("1", "k", b"", Scope.GATEWAY, providers=frozenset({"beta"}))

    assert selector.resolve("gpt", HELD, allowed).endpoint.name == "beta"
    assert [name for name, _ in selector.selectors(HELD, allowed)] == ["beta/gpt", "beta/only-here", "beta/acme/odd"]


RESOLD = snapshot(provider("openai", "gpt-4o"), provider("openrouter", "openai/gpt-4o", "gpt-4o"))
WITHOUT = snapshot(provider("openrouter", "openai/gpt-4o"))


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
    key = ClientKeyEntry("id", "app", b"", Scope.GATEWAY, models=frozenset({limit}))

    if reaches:
        assert selector.resolve(text, held, key).endpoint.name == reaches
    else:
        with pytest.raises(UnknownModel):
            selector.resolve(text, held, key)
