"""From stored rows to the records of a snapshot; those of providers: `registry.endpoint`."""

import logging
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from app.domain.actor import Scope
from app.domain.snapshot import AliasEntry, AliasTargetEntry, ClientKeyEntry, Endpoint, ModelGrants
from app.storage.snapshot import StoredAlias, StoredClientKey

_log = logging.getLogger(__name__)


def client_keys(stored: Iterable[StoredClientKey]) -> Mapping[str, ClientKeyEntry]:
    """Public id → entry; a row that cannot be read lets nobody in."""
    entries = {}
    for row in stored:
        try:
            entries[row.public_id] = ClientKeyEntry(
                id=row.id,
                name=row.name,
                digest=bytes(row.digest),
                scope=Scope(row.scope),
                models=None if row.all_models else _models(row),
                providers=None if row.all_providers else frozenset(p for p, _, model in row.grants if p is not None and model is None),
                expires_at=row.expires_at,
                requests_per_minute=row.requests_per_minute,
            )
        except (ValueError, TypeError) as error:
            _log.warning("client key %s cannot be read: %s", row.id, type(error).__name__)
    return MappingProxyType(entries)


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


def _models(stored: StoredClientKey) -> ModelGrants:
    return ModelGrants(
        bare=frozenset(model for provider, _, model in stored.grants if provider is None and model is not None),
        at=frozenset((provider, model) for provider, _, model in stored.grants if provider is not None and model is not None),
        aliases=frozenset(alias for _, alias, _ in stored.grants if alias is not None),
    )
