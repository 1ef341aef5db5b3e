"""From stored rows to the records of a snapshot. A row that cannot be understood becomes a provider with a problem."""

import json
import logging
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from app import presets
from app.domain.actor import Scope
from app.domain.address import origin_of
from app.domain.capabilities import Capabilities
from app.domain.credential import KeyState
from app.domain.provider import WIRES, Network, ProviderLimits, ProviderType
from app.domain.snapshot import AliasEntry, AliasTargetEntry, ClientKeyEntry, Endpoint, Key, Limits, Timeouts
from app.storage.snapshot import StoredAlias, StoredClientKey, StoredProvider, StoredSecret
from app.upstream import auth, credential

_log = logging.getLogger(__name__)


def endpoint(stored: StoredProvider) -> Endpoint:
    """The provider as calls need it. Never raises: `problem` says why it cannot be called."""
    try:
        built = _endpoint(stored)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _log.warning("provider %r cannot be read: %s", stored.name, type(error).__name__)
        return _malformed(stored)
    return replace(built, problem=_problem(built))


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
                models=_names(row.models),
                providers=_names(row.providers),
                expires_at=row.expires_at,
                requests_per_minute=row.requests_per_minute,
            )
        except (ValueError, TypeError) as error:
            _log.warning("client key %s cannot be read: %s", row.id, type(error).__name__)
    return MappingProxyType(entries)


def alias(stored: StoredAlias) -> AliasEntry:
    """The alias as requests need it. A target whose provider is off or gone stays: it is passed over when it is asked for."""
    return AliasEntry(stored.name, tuple(AliasTargetEntry(*target) for target in stored.targets))


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


def _endpoint(stored: StoredProvider) -> Endpoint:
    type_ = ProviderType(stored.type)
    auth_fields = _document(stored.auth)
    if not all(isinstance(v, str) for v in auth_fields.values()):
        raise TypeError("a field is not a text")
    network = Network.model_validate(_document(stored.network)).model_dump(exclude_none=True)
    known = presets.find(stored.preset)
    return Endpoint(
        id=stored.id,
        name=stored.name,
        label=stored.label,
        type=type_,
        wire=WIRES[type_],
        preset=stored.preset,
        base_url=stored.base_url,
        origin=origin_of(stored.base_url),  # of what will be called, never of the column beside it
        auth_type=stored.auth_type,
        auth=MappingProxyType(auth_fields),
        keys=tuple(_key(key) for key in stored.keys),
        models=tuple(stored.models),
        default_model=stored.default_model,
        only_listed=bool(stored.only_listed),
        enabled=bool(stored.enabled),
        timeouts=Timeouts(**{name.removesuffix("_seconds"): value for name, value in network.items()}),
        limits=Limits(**ProviderLimits.model_validate(_document(stored.limits)).model_dump()),
        capabilities=Capabilities.model_validate(_document(stored.capabilities)).over(known.capabilities if known else None),
    )


def _problem(built: Endpoint) -> str:
    """Mark keys that cannot be opened; the provider has a problem when none is left that can."""
    kind = auth.types().get(built.auth_type)
    if kind is None:
        return "unknown_auth_type"
    if not kind.info.secret_fields or any(key.state not in (KeyState.UNREADABLE, KeyState.DISABLED) for key in built.keys):
        return ""
    return "unreadable" if any(key.state is KeyState.UNREADABLE for key in built.keys) else ""


def _key(stored: StoredSecret) -> Key:
    try:
        state = KeyState(stored.state)
    except ValueError:
        state = KeyState.DISABLED  # a state of a newer version: not ours to use
    key = Key(
        id=stored.id,
        label=stored.label,
        state=state,
        weight=stored.weight,
        priority=stored.priority,
        origin=stored.origin,
        secrets=MappingProxyType(stored.fields),
        state_reason=stored.state_reason,
        expires_at=stored.expires_at,
        next_retry_at=stored.next_retry_at,
        state_since=stored.state_since,
    )
    if state in (KeyState.DISABLED, KeyState.UNREADABLE):
        return key
    try:
        key = replace(key, references=MappingProxyType(_document(stored.reference or "{}")))
    except (ValueError, TypeError):
        return replace(key, state=KeyState.UNREADABLE)
    return replace(key, state=KeyState.UNREADABLE) if stored.is_broken or not credential.is_readable(key) else key


def _malformed(stored: StoredProvider) -> Endpoint:
    return Endpoint(
        id=str(stored.id),
        name=str(stored.name),
        label=str(stored.label),
        type=ProviderType.CUSTOM,
        wire=WIRES[ProviderType.CUSTOM],
        preset=None,
        base_url="",
        origin="",
        auth_type="none",
        auth=MappingProxyType({}),
        keys=(),
        models=(),
        default_model=None,
        only_listed=False,
        enabled=bool(stored.enabled),
        problem="malformed",
    )


def _document(value: Any) -> dict[str, Any]:
    """A JSON object that the driver may have read already."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    if not isinstance(found, dict):
        raise TypeError("not a JSON object")
    return found


def _names(value: Any) -> frozenset[str] | None:
    """A restriction: None = all. JSON `null` and SQL NULL mean the same."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(v, str) for v in found):
        raise TypeError("not a list of names")
    return frozenset(found)
