"""From stored rows to the records of a snapshot; those of providers: `registry.endpoint`."""

import logging
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable

from app.domain.actor import Scope
from app.domain.snapshot import AliasEntry, AliasTargetEntry, ClientKeyEntry, Endpoint, ModelGrants
from app.storage.snapshot import StoredAlias, StoredClientKey, StoredGrant

_log = logging.getLogger(__name__)


def client_key(row: StoredClientKey, grants: Collection[StoredGrant]) -> ClientKeyEntry | None:
    """The key as the gateway checks it; None for one of a newer version, which lets nobody in."""
    try:
        scope = Scope(row.scope)
    except ValueError:
        _log.warning("client key %s cannot be read: its scope is not known here", row.id)
        return None
    return ClientKeyEntry(
        id=row.id,
        name=row.name,
        digest=row.digest,
        scope=scope,
        models=None if row.all_models else _models(grants),
        providers=None if row.all_providers else frozenset(g.provider_id for g in grants if g.provider_id and g.model is None),
        expires_at=row.expires_at,
        requests_per_minute=row.requests_per_minute,
    )


def alias(stored: StoredAlias) -> AliasEntry:
    """The alias as requests need it. A target whose provider is off or gone stays: it is passed over when it is asked for."""
    return AliasEntry(stored.id, stored.name, tuple(AliasTargetEntry(*target) for target in stored.targets))


def listing(before: dict[str, tuple[str, ...]], old: Iterable[Endpoint], new: Iterable[Endpoint]) -> dict[str, tuple[str, ...]]:
    """`Snapshot.by_model` after these endpoints were replaced by those. Cost follows the change."""
    was = {(model, endpoint.name) for endpoint in old if endpoint.enabled for model in endpoint.models}
    becomes = {(model, endpoint.name) for endpoint in new if endpoint.enabled for model in endpoint.models}
    if was == becomes:
        return before
    names = before.copy()
    for model, name in was - becomes:
        held = names.pop(model)
        place = bisect_left(held, name)
        if len(held) > 1:
            names[model] = held[:place] + held[place + 1 :]
    come = defaultdict[str, list[str]](list)
    for model, name in becomes - was:
        come[model].append(name)
    for model, more in come.items():
        held = names.get(model, ())
        place = bisect_left(held, more[0])
        names[model] = (*held[:place], *more, *held[place:]) if len(more) == 1 else tuple(sorted([*held, *more]))
    return names


def _models(grants: Collection[StoredGrant]) -> ModelGrants:
    return ModelGrants(
        bare=frozenset(g.model for g in grants if g.model is not None and g.provider_id is None),
        at=frozenset((g.provider_id, g.model) for g in grants if g.model is not None and g.provider_id is not None),
        aliases=frozenset(g.alias_id for g in grants if g.alias_id is not None),
    )
