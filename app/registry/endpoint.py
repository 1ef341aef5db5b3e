"""A provider as calls need it, from its rows or from a draft: one builder, so that a test of a draft and traffic cannot differ.

A row that cannot be understood becomes a provider with a problem.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from app import presets
from app.domain.credentials.credential import KeyState
from app.domain.probes import evidence
from app.domain.providers.address import origin_of
from app.domain.providers.capabilities import Capabilities
from app.domain.providers.drafts import Settled
from app.domain.providers.provider import WIRES, Network, ProviderLimits, ProviderType
from app.domain.snapshot import Endpoint, Key, KeyUse, Limits, Timeouts
from app.storage.snapshot import StoredProvider, StoredSecret
from app.upstream import auth, credential

_log = logging.getLogger(__name__)


def endpoint_from_row(stored: StoredProvider) -> Endpoint:
    """The provider as calls need it. Never raises: `problem` says why it cannot be called."""
    try:
        built = _endpoint(stored)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _log.warning("provider %r cannot be read: %s", stored.name, type(error).__name__)
        return _malformed(stored)
    return replace(built, problem=_problem(built))


def endpoint_from_draft(settled: Settled, provider_id: str, keys: Iterable[StoredSecret]) -> Endpoint:
    """The same of what is not saved yet, by way of the rows that saving would write: what a test of it finds is what traffic would get.
    `provider_id` "" = of a new provider; `keys` as they would lie in the database."""
    stored = StoredProvider(
        id=provider_id,
        name=settled.name,
        label=settled.label,
        type=settled.type.value,
        preset=settled.preset,
        base_url=settled.address.base_url,
        auth_type=settled.auth_type,
        auth=settled.auth,
        network=settled.network.model_dump(exclude_none=True),
        limits=settled.limits.model_dump(),
        capabilities=settled.capabilities.model_dump(mode="json", exclude_defaults=True),
        default_model=settled.default_model,
        only_listed=settled.only_listed_models,
        enabled=settled.enabled,
        is_deleted=False,
        keys=list(keys),
        models=[model.identifier for model in settled.models],
    )
    return replace(endpoint_from_row(stored), use=KeyUse.DRAFT)


def _endpoint(stored: StoredProvider) -> Endpoint:
    type_ = ProviderType(stored.type)
    written = _document(stored.auth)
    auth_fields = {name: text for name, text in written.items() if isinstance(text, str)}
    if len(auth_fields) < len(written):
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
        mark=evidence.mark(stored.fingerprints),
    )
    if state is KeyState.UNREADABLE:
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


def _document(value: object) -> dict[str, object]:
    """A JSON object that the driver may have read already."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    if not isinstance(found, dict):
        raise TypeError("not a JSON object")
    return found
