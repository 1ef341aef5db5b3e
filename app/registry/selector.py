"""From the text a caller sends as `model` to a route (DESIGN 3.17).

Order: exact alias → known provider before the first `/` → bare model that one provider lists. Empty or "default" = the default
provider's default model.
"""

import difflib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import islice

from app.domain.errors import ProviderDisabled, UnknownModel, UnknownProvider
from app.domain.snapshot import AliasEntry, AliasTargetEntry, ClientKeyEntry, Endpoint, Route, Snapshot, Target

OURS = "patchbay"  # who owns an alias, in the list of models
_MOST_COMPARED = 20_000
_MOST_LIKELY = 300
_SUGGESTIONS = 5


class Obstacle(StrEnum):
    """Why a target of an alias is passed over, whatever its provider does right now."""

    DELETED = "deleted"
    OUT_OF_SCOPE = "out_of_scope"  # the client key may not use its provider
    DISABLED = "disabled"
    NOT_LISTED = "not_listed"  # its provider serves listed models only


def resolve(selector: str, snapshot: Snapshot, allowed: ClientKeyEntry | None = None) -> Route:
    """The route of a selector, inside what a client key may use.

    Raises `UnknownModel` with the nearest selectors of that scope, `ProviderDisabled`.
    """
    if (alias := snapshot.aliases.get(selector)) is not None and may_name(allowed, alias):
        return _of_alias(alias, snapshot, allowed)
    if selector in ("", "default"):
        return _default(snapshot, allowed)
    head, slash, rest = selector.partition("/")
    if slash and (endpoint := snapshot.endpoints.get(head)) is not None and may_use(allowed, endpoint, rest or endpoint.default_model):
        return _of_provider(endpoint, rest, selector, snapshot, allowed)
    names = _listing(selector, snapshot, allowed)
    if len(names) == 1:
        return Route((Target(snapshot.endpoints[names[0]], selector),))
    if names:
        choices = [f"{name}/{selector}" for name in names]
        raise UnknownModel(
            f"Several providers list {selector!r}. Say which one: {_either(choices)}.", field="model", suggestions=choices[:_SUGGESTIONS]
        )
    raise _unknown(selector, snapshot, allowed)


def provider(name: str, snapshot: Snapshot, allowed: ClientKeyEntry | None = None) -> Endpoint:
    """A provider by its name. Raises `UnknownProvider` (for one that a client key may not use as well), `ProviderDisabled`."""
    endpoint = snapshot.endpoints.get(name)
    if endpoint is None or not _may_ask(allowed, endpoint):
        raise UnknownProvider(f"There is no provider {name[:80]!r}, or you do not have access to it.")
    if not endpoint.enabled:
        raise ProviderDisabled(f"The provider {name!r} is off.")
    return endpoint


def at(name: str, model: str, snapshot: Snapshot, allowed: ClientKeyEntry | None = None) -> Route:
    """The route to a model at the address of one provider: `model` is that provider's own identifier, "" its default model.

    Neither aliases nor other providers count. Raises `UnknownProvider`, `UnknownModel` with what this provider lists,
    `ProviderDisabled`.
    """
    endpoint = provider(name, snapshot, allowed)
    wanted = model or endpoint.default_model
    if not wanted or (not model and not may_use(allowed, endpoint, wanted)):
        raise UnknownModel(
            f"The request names no model, and the provider {name!r} has no default model. Add a model to the request.", field="model"
        )
    if not may_use(allowed, endpoint, wanted) or (endpoint.only_listed and not _lists(name, wanted, snapshot)):
        near = difflib.get_close_matches(
            wanted[:200], [m for m in endpoint.models[:_MOST_LIKELY] if may_use(allowed, endpoint, m)], _SUGGESTIONS
        )
        hint = f" Did you mean {_either(near)}?" if near else ""
        raise UnknownModel(
            f"The provider {name!r} has no model {wanted[:200]!r} or you do not have access to it.{hint}", field="model", suggestions=near
        )
    return _of_provider(endpoint, wanted, f"{name}/{wanted}", snapshot, allowed)


def selectors(snapshot: Snapshot, allowed: ClientKeyEntry | None = None) -> Iterator[tuple[str, str]]:
    """(selector, owner) of what a client key may use: aliases that lead somewhere, then every `provider/model`, by provider and then
    as listed."""
    for name in sorted(snapshot.aliases):
        alias = snapshot.aliases[name]
        if may_name(allowed, alias) and any(obstacle(target, snapshot, allowed) is None for target in alias.targets):
            yield name, OURS
    for name in sorted(snapshot.endpoints):
        endpoint = snapshot.endpoints[name]
        if endpoint.enabled:
            for model in endpoint.models:
                if may_use(allowed, endpoint, model):
                    yield f"{name}/{model}", name


def obstacle(target: AliasTargetEntry, snapshot: Snapshot, allowed: ClientKeyEntry | None) -> Obstacle | None:
    """Why a target of an alias is passed over, None when it is tried."""
    endpoint = snapshot.endpoints.get(snapshot.names.get(target.provider_id, ""))
    if endpoint is None:
        return Obstacle.DELETED
    if allowed is not None and allowed.providers is not None and endpoint.id not in allowed.providers:
        return Obstacle.OUT_OF_SCOPE
    if not endpoint.enabled:
        return Obstacle.DISABLED
    if endpoint.only_listed and not _lists(endpoint.name, target.model, snapshot):
        return Obstacle.NOT_LISTED
    return None


def may_name(allowed: ClientKeyEntry | None, alias: AliasEntry) -> bool:
    """Whether a client key may use an alias: a key restricted to models names it. Where the alias leads is its admin's decision."""
    return allowed is None or allowed.models is None or alias.id in allowed.models.aliases


def may_use(allowed: ClientKeyEntry | None, endpoint: Endpoint, model: str | None) -> bool:
    """Whether a client key reaches this model: its grants name it bare, of any provider, or at this one."""
    if allowed is None:
        return True
    if allowed.providers is not None and endpoint.id not in allowed.providers:
        return False
    granted = allowed.models
    return granted is None or (endpoint.id, model) in granted.at or model in granted.bare


def _may_ask(allowed: ClientKeyEntry | None, endpoint: Endpoint) -> bool:
    """Whether there can be a model of this provider that a client key reaches."""
    if allowed is None:
        return True
    if allowed.providers is not None and endpoint.id not in allowed.providers:
        return False
    granted = allowed.models
    return granted is None or bool(granted.bare) or any(provider_id == endpoint.id for provider_id, _ in granted.at)


def _of_alias(alias: AliasEntry, snapshot: Snapshot, allowed: ClientKeyEntry | None) -> Route:
    """Its targets without those that are passed over. What was found is kept with the snapshot."""
    asked = (alias.name, None if allowed is None else allowed.providers)
    if (route := snapshot.routes.get(asked)) is not None:
        return route
    found = [(target, obstacle(target, snapshot, allowed)) for target in alias.targets]
    endpoints = snapshot.endpoints
    targets = tuple(
        Target(endpoints[snapshot.names[target.provider_id]], target.model, target.priority, target.weight)
        for target, reason in found
        if reason is None
    )
    if targets:
        route = snapshot.routes[asked] = Route(targets, alias.name)
        return route
    if any(reason is Obstacle.DISABLED for _, reason in found):
        raise ProviderDisabled(f"Every target provider of the alias {alias.name!r} is off.", field="model")
    if not found or any(reason is not Obstacle.OUT_OF_SCOPE for _, reason in found):
        raise UnknownModel(f"The alias {alias.name!r} has no usable target. Ask an admin to change it.", field="model")
    raise _unknown(alias.name, snapshot, allowed)


def _listing(model: str, snapshot: Snapshot, allowed: ClientKeyEntry | None) -> Sequence[str]:
    """Names of the providers of a bare model that a client key reaches, as many as it takes to say which. Looks through the shorter of
    the lists, so that a restricted key costs as little where a thousand providers have the model."""
    names: Sequence[str] = snapshot.by_model.get(model, ())
    if allowed is None:
        return names[: _SUGGESTIONS + 1]
    granted = allowed.models
    if allowed.providers is not None and len(allowed.providers) < len(names):
        names = _named(allowed.providers, model, snapshot)
    elif granted is not None and len(granted.at) < len(names) and model not in granted.bare:
        names = _named((provider_id for provider_id, entry in granted.at if entry == model), model, snapshot)
    return list(islice((name for name in names if may_use(allowed, snapshot.endpoints[name], model)), _SUGGESTIONS + 1))


def _named(provider_ids: Iterable[str], model: str, snapshot: Snapshot) -> list[str]:
    """Names of those of the providers that list a model, sorted."""
    names = (snapshot.names.get(provider_id, "") for provider_id in provider_ids)
    return sorted(name for name in names if name and _lists(name, model, snapshot))


def _lists(provider: str, model: str, snapshot: Snapshot) -> bool:
    """Whether a provider that is switched on lists a model. The names are sorted: quick, however many providers have it."""
    names = snapshot.by_model.get(model, ())
    place = bisect_left(names, provider)
    return place < len(names) and names[place] == provider


def _default(snapshot: Snapshot, allowed: ClientKeyEntry | None) -> Route:
    endpoint = snapshot.endpoints.get(snapshot.default or "")
    if endpoint is None:
        raise UnknownModel("The request names no model, and there is no default provider. Add a model to the request.", field="model")
    if not endpoint.default_model or not may_use(allowed, endpoint, endpoint.default_model):
        raise UnknownModel(
            "The request names no model, and the default provider has no default model. Add a model to the request.", field="model"
        )
    return _of_provider(endpoint, endpoint.default_model, endpoint.default_model, snapshot, allowed)


def _of_provider(endpoint: Endpoint, rest: str, selector: str, snapshot: Snapshot, allowed: ClientKeyEntry | None) -> Route:
    if not endpoint.enabled:
        raise ProviderDisabled(f"The provider {endpoint.name!r} is off.", field="model")
    model = rest or endpoint.default_model
    if not model or (endpoint.only_listed and not _lists(endpoint.name, model, snapshot)):
        raise _unknown(selector, snapshot, allowed)
    return Route((Target(endpoint, model),))


def _unknown(selector: str, snapshot: Snapshot, allowed: ClientKeyEntry | None) -> UnknownModel:
    near = _nearest(selector, snapshot, allowed)
    hint = f" Did you mean {_either(near)}?" if near else ""
    return UnknownModel(
        f"The model {selector[:200]!r} does not exist or you do not have access to it.{hint}", field="model", suggestions=near
    )


def _nearest(selector: str, snapshot: Snapshot, allowed: ClientKeyEntry | None) -> list[str]:
    """A few selectors that look alike. Bounded: a big catalogue must not hold the loop for a typing error."""
    wanted = selector[:200].lower()
    last = wanted.rpartition("/")[2]
    start, end = last[:3], last[-3:]  # a typing error rarely spoils both
    pool = islice((name for name, _ in selectors(snapshot, allowed)), _MOST_COMPARED)
    likely = list(islice((name for name in pool if start in (low := name.lower()) or end in low), _MOST_LIKELY))
    by_lower = {name.lower(): name for name in likely} | {name.partition("/")[2].lower(): name for name in likely}
    found = difflib.get_close_matches(wanted, list(by_lower), n=_SUGGESTIONS, cutoff=0.5)
    return list(dict.fromkeys(by_lower[name] for name in found))


def _either(names: list[str]) -> str:
    return " or ".join(repr(name) for name in names[:_SUGGESTIONS])
