"""From rows to the record that the UI and REST show. No secret is opened on the way."""

import time
from collections.abc import Collection, Mapping, Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.credentials.credential import COUNTED, IN_TRAFFIC, Credential, Held
from app.domain.probes import evidence
from app.domain.probes.probe import LastTest
from app.domain.providers.address import Address, looks_local
from app.domain.providers.capabilities import Capabilities
from app.domain.providers.health import Attempt, standing
from app.domain.providers.model_name import default_is_listed
from app.domain.providers.provider import ModelDraft, Network, Provider, ProviderDraft, ProviderLimits, ProviderType
from app.domain.providers.provider_status import configuration, status_of
from app.domain.providers.routes import effective_urls
from app.storage import approvals, credentials, health, models, probes, providers
from app.storage.credentials import StoredKey
from app.storage.health import Configured
from app.storage.tables import ModelRow, ProbeRow, ProviderRow


async def load(session: AsyncSession, rows: Sequence[ProviderRow]) -> list[Provider]:
    """The records of these rows, in their order. A fixed number of queries, whatever the number of rows."""
    ids = [row.id for row in rows]
    keys = await credentials.of_providers(session, ids)
    counted = await models.counts(session, ids)
    tested = await probes.of_providers(session, ids)
    keys_tested = await probes.of_keys(session, ids)
    called = await health.of_providers(session, ids)
    approved = await approvals.origins(session)
    default = await providers.default_id(session)
    found = []
    for row in rows:
        place, marks = configured_as(row), in_place(keys[row.id])
        own = _fitting(tested.get(row.id), place, marks)
        of_keys = {key.row.id: _of_key(key, keys_tested.get(key.row.id), own, place) for key in keys[row.id]}
        shown = [credentials.record(key, last_test=_record_of(of_keys[key.row.id])) for key in keys[row.id]]
        found.append(
            _record(
                row,
                shown,
                model_count=counted.get(row.id, 0),
                last_test=_last_test(own, keys[row.id], of_keys),
                attempts=health.attempts_of(called.get(row.id), place, marks),
                is_default=row.id == default,
                is_local=row.origin in approved or looks_local(row.origin),
            )
        )
    return found


async def one(session: AsyncSession, row: ProviderRow) -> Provider:
    """The record of one row."""
    return (await load(session, [row]))[0]


async def configured(session: AsyncSession, provider_ids: Collection[str]) -> dict[str, Configured]:
    """Provider id → its configuration as it is stored; those that are gone are left out."""
    rows = await providers.of_ids(session, provider_ids)
    keys = await credentials.of_providers(session, [row.id for row in rows])
    return {row.id: Configured(configured_as(row), row.updated_at, in_place(keys[row.id])) for row in rows}


def configured_as(row: ProviderRow) -> str:
    """Digest of everything but the keys that decides how a call goes out. Results are kept with it, and with the marks of their keys."""
    return _configuration(row, [])


def in_place(keys: Sequence[StoredKey]) -> frozenset[str]:
    """The marks of the keys that calls may use."""
    counted = [key for key in keys if key.row.state in COUNTED and key.row.state_reason not in tuple(Held)]
    return frozenset(evidence.mark(key.fingerprints) for key in counted)


def speaks(probe: ProbeRow | None, row: ProviderRow, keys: Sequence[StoredKey]) -> bool:
    """Whether a test of a provider speaks of what is stored now."""
    return _fitting(probe, configured_as(row), in_place(keys)) is not None


def digest(row: ProviderRow, keys: Sequence[StoredKey], credential_id: str = "") -> str:
    """Digest of the configuration as it is stored: with the keys in use, or with one key alone, whatever its state. What is being tested
    must still be the same when its result is kept."""
    return _configuration(row, [k for k in keys if (k.row.id == credential_id if credential_id else k.row.state in IN_TRAFFIC)])


def draft_of(row: ProviderRow, listed: Sequence[ModelRow]) -> ProviderDraft:
    """The stored configuration as a draft without a credential; every field counts as set."""
    return ProviderDraft(
        name=row.name,
        label=row.label,
        description=row.description,
        type=ProviderType(row.type),
        preset=row.preset,
        base_url=row.base_url,
        at_root=Address(row.base_url, row.origin).is_at_root,
        auth_type=row.auth_type,
        auth=row.auth,
        default_model=row.default_model,
        models=[ModelDraft(identifier=m.identifier, label=m.label or None) for m in listed],
        network=Network.model_validate(row.network),
        limits=ProviderLimits.model_validate(row.limits),
        only_listed_models=row.only_listed_models,
        capabilities=Capabilities.model_validate(row.capabilities),
        tags=row.tags,
        enabled=row.enabled,
    )


def _configuration(row: ProviderRow, keys: Sequence[StoredKey]) -> str:
    return configuration(
        type_=row.type,
        base_url=row.base_url,
        auth_type=row.auth_type,
        auth=row.auth,
        network=row.network,
        fingerprints=[f"{f}:{fingerprint}" for k in keys for f, fingerprint in k.fingerprints.items()],
        test_path=str(row.capabilities.get("test_path", "")),
    )


def _fitting(probe: ProbeRow | None, place: str, marks: Collection[str]) -> ProbeRow | None:
    """The probe, where it was made for this configuration and one of its keys is in place."""
    fits = probe is not None and probe.configuration == place and evidence.speaks(probe.result.get("fingerprints", []), marks)
    return probe if fits else None


def _of_key(key: StoredKey, alone: ProbeRow | None, own: ProbeRow | None, place: str) -> ProbeRow | None:
    """The newest test that speaks of this key: one of the key alone, or one of its provider that went out with this key and no other."""
    mark = evidence.mark(key.fingerprints)
    fits = [_fitting(alone, place, {mark}), own if own is not None and own.result.get("fingerprints") == [mark] else None]
    return max((probe for probe in fits if probe is not None), key=lambda probe: probe.checked_at, default=None)


def _last_test(own: ProbeRow | None, keys: Sequence[StoredKey], of_keys: Mapping[str, ProbeRow | None]) -> LastTest | None:
    """The test that speaks for a provider. That of its only key is as good as its own: a key that was promoted brings its proof along. Of
    several keys one that passed stands in where the provider's own test says nothing any more."""
    used = [key.row.id for key in keys if key.row.state in IN_TRAFFIC]
    found = [probe for key_id in used if (probe := of_keys[key_id]) is not None]
    if len(used) > 1:
        found = [] if own is not None else [probe for probe in found if probe.result.get("ok")]
    candidates = [*found, *([own] if own is not None else [])]
    return _record_of(max(candidates, key=lambda probe: probe.checked_at, default=None))


def _record_of(probe: ProbeRow | None) -> LastTest | None:
    return probes.record(probe) if probe is not None else None


def _record(
    row: ProviderRow,
    shown: list[Credential],
    *,
    model_count: int,
    last_test: LastTest | None,
    attempts: Sequence[Attempt],
    is_default: bool,
    is_local: bool,
) -> Provider:
    address = Address(row.base_url, row.origin)
    states = [key.state for key in shown if key.state_reason not in tuple(Held)]
    result = last_test.result if last_test else None
    listed = default_is_listed(row.default_model, result)
    found = standing(enabled=row.enabled, keys=states, result=result, attempts=attempts, now=time.time(), default_listed=listed)
    return Provider(
        id=row.id,
        name=row.name,
        label=row.label,
        description=row.description,
        type=ProviderType(row.type),
        preset=row.preset,
        base_url=row.base_url,
        at_root=address.is_at_root,
        origin=row.origin,
        effective_urls=effective_urls(ProviderType(row.type), row.base_url, row.auth),
        auth_type=row.auth_type,
        auth=row.auth,
        credentials=shown,
        enabled=row.enabled,
        is_default=is_default,
        is_system=row.is_system,
        is_local=is_local,
        default_model=row.default_model,
        default_model_listed=listed,
        model_count=model_count,
        network=Network.model_validate(row.network),
        limits=ProviderLimits.model_validate(row.limits),
        only_listed_models=row.only_listed_models,
        capabilities=Capabilities.model_validate(row.capabilities),
        tags=row.tags,
        status=status_of(enabled=row.enabled, keys=states, result=result, health=found, default_listed=listed),
        health=found,
        last_test=last_test,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=row.created_by,
    )
