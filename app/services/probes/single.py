"""One climb of the diagnosis ladder, of a draft or of a saved provider, through the path that traffic takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from types import MappingProxyType

from app import presets, registry, settings
from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.credential import IN_TRAFFIC, KeyState
from app.domain.drafts import Settled, settle
from app.domain.errors import InvalidDraft, UnknownCredential, UpstreamError
from app.domain.ids import uuid7
from app.domain.preset import Preset
from app.domain.probe import Depth, LastTest, ProbeResult, ProbeStep
from app.domain.provider import WIRES, Network, ProviderDraft, ProviderType
from app.domain.provider_status import configuration
from app.domain.snapshot import Endpoint, Key, KeyUse, Timeouts
from app.relay import keys as relay_keys
from app.relay import ladder, pace
from app.services.probes import keeping
from app.services.probes.keeping import Subject
from app.storage import approvals, engine, probes
from app.storage.credentials import StoredKey
from app.storage.tables import ProviderRow
from app.storage.work import work
from app.upstream import auth, egress, references
from app.vault import fields

LOOK_UP_SECONDS = 5.0


async def run_saved(
    actor: Actor, name: str, *, model: str | None = None, credential_id: str | None = None, depth: Depth = "chat"
) -> AsyncIterator[ProbeStep | ProbeResult]:
    """Test a saved provider, also one that is off. Yields each rung when it is done and the result last, which is kept: with
    `credential_id` as the result of that key, which is tested whatever its state, otherwise as that of the provider.

    Raises `UnknownProvider`, `UnknownCredential`, `TooManyAttempts` before the first rung.
    """
    actor.must_admin()
    pace.count(actor.id)
    async with engine.session() as session:
        row, keys = await keeping.stored(session, name)
    subject = Subject(row.id, name, keeping.digest_of(row, keys, credential_id or ""), credential_id=credential_id or "")
    await _approve(actor, row.origin)
    await registry.shared.refresh(row.revision)
    endpoint = replace(registry.shared.endpoint(name), use=KeyUse.TEST)
    for server in _token_servers(endpoint):
        await _approve(actor, server)
    if credential_id is not None:
        endpoint = _with_one(endpoint, credential_id)
    async with aclosing(ladder.run(endpoint, model=model, depth=depth, preset=presets.find(row.preset), seeks=True)) as steps:
        async for step in steps:
            if isinstance(step, ProbeResult):
                await keeping.keep(actor, step, subject)
            yield step


async def run_draft(
    actor: Actor, draft: ProviderDraft, *, model: str | None = None, depth: Depth = "chat", provider_name: str | None = None
) -> AsyncIterator[ProbeStep | ProbeResult]:
    """Test what has not been saved. With `provider_name` (the one being edited) an empty key field means the stored key,
    which is used only while the origin is the one it was entered for.

    Raises `InvalidDraft`, `UnknownProvider`, `TooManyAttempts` before the first rung.
    """
    actor.must_admin()
    row: ProviderRow | None = None
    keys: list[StoredKey] = []
    if provider_name is not None:
        async with engine.session() as session:
            row, keys = await keeping.stored(session, provider_name)
    preset = _preset_of(draft, row)
    hints = {f: s.hint for key in keys for f, s in key.secrets.items()}
    settled = settle(draft, preset=preset, types={n: t.info for n, t in auth.types().items()}, hints=hints)
    pace.count(actor.id)
    for called in (settled.address.origin, *settled.servers.values()):
        await _approve(actor, called)
    endpoint, fingerprints = _endpoint(settled, row, keys, preset=preset if settled.preset else None)
    digest = configuration(
        type_=settled.type.value,
        base_url=settled.address.base_url,
        auth_type=settled.auth_type,
        auth=settled.auth,
        network=settled.network.model_dump(exclude_none=True),
        fingerprints=fingerprints,
        test_path=settled.capabilities.test_path,
    )
    facts = preset if settled.preset else None
    subject = Subject(row.id if row else "", settled.name, digest)
    asked = model or settled.default_model
    async with aclosing(ladder.run(endpoint, model=asked, depth=depth, preset=facts, seeks=True)) as steps:
        async for step in steps:
            if isinstance(step, ProbeResult):
                probes.remember_draft(digest, LastTest(result=step, tested_by=actor.name))
                await keeping.keep(actor, step, subject)
            yield step


def _with_one(endpoint: Endpoint, credential_id: str) -> Endpoint:
    """The provider with one key to test: whatever keeps traffic away from it, a test may find out. One that is off stays so."""
    alone = relay_keys.alone(endpoint, credential_id)
    if alone is None:
        raise UnknownCredential("This provider has no key of this id.")
    return alone


async def _approve(actor: Actor, origin: str) -> None:
    """An admin who tests an origin on the own network approves exactly that origin. What is refused, the ladder says."""
    if settings.current().egress_local == "off" or egress.is_approved(origin):
        return
    try:
        async with asyncio.timeout(LOOK_UP_SECONDS):
            where = await egress.classify(origin)
    except (UpstreamError, TimeoutError):
        return
    if where != "local":
        return
    async with work(actor) as doing:
        if await approvals.add(doing.session, origin, by=actor.name):
            doing.record(Action.EGRESS_APPROVE, target=("origin", origin, origin), changes={"origin": {"before": None, "after": origin}})
            doing.touch()
    await registry.shared.refresh(doing.revision or 0)


def _token_servers(endpoint: Endpoint) -> list[str]:
    """Origins that signing in calls; none when the stored fields are not whole, which the ladder says."""
    kind = auth.types().get(endpoint.auth_type)
    try:
        return [*kind.info.servers(endpoint.auth).values()] if kind else []
    except (KeyError, ValueError):
        return []


def _endpoint(settled: Settled, row: ProviderRow | None, keys: list[StoredKey], *, preset: Preset | None) -> tuple[Endpoint, list[str]]:
    """The draft as calls need it, and what its digest says of its secrets."""
    origin = settled.destination
    if settled.brings_key:
        owner = uuid7()
        for field, reference in settled.references.items():
            if why := references.refused(reference):
                raise InvalidDraft({f"credential.reference.{field}": why})
        sealed = fields.seal(owner, origin, settled.secrets, settled.references)
        places = {field: reference.text for field, reference in settled.references.items()}
        values = {field: part.value for field, part in sealed.items()}
        used = (Key(owner, "", KeyState.ACTIVE, 1, 1, origin, MappingProxyType(values), MappingProxyType(places)),)
        fingerprints = [f"{field}:{part.fingerprint}" for field, part in sealed.items()]
    else:
        wanted = set(auth.types()[settled.auth_type].info.secret_fields)
        kept = [k for k in keys if k.row.origin == origin and k.row.state in IN_TRAFFIC and set(k.secrets) <= wanted]
        used = tuple(_key(k) for k in kept)
        fingerprints = [f"{f}:{s.fingerprint}" for k in kept for f, s in k.secrets.items()]
    endpoint = Endpoint(
        id=row.id if row else "",
        name=settled.name,
        label=settled.label,
        type=settled.type,
        wire=WIRES[settled.type],
        preset=settled.preset,
        base_url=settled.address.base_url,
        origin=settled.address.origin,
        auth_type=settled.auth_type,
        auth=MappingProxyType(settled.auth),
        keys=used,
        models=tuple(m.identifier for m in settled.models),
        default_model=settled.default_model,
        only_listed=settled.only_listed_models,
        enabled=True,
        timeouts=_timeouts(settled.network),
        capabilities=settled.capabilities.over(preset.capabilities if preset else None),
        use=KeyUse.DRAFT,
    )
    return endpoint, fingerprints


def _key(key: StoredKey) -> Key:
    sealed = {f: s.value for f, s in key.secrets.items()}
    return Key(
        key.row.id,
        key.row.label,
        KeyState(key.row.state),
        key.row.weight,
        key.row.priority,
        key.row.origin,
        MappingProxyType(sealed),
        MappingProxyType({f: r.text for f, r in key.references.items()}),
    )


def _timeouts(network: Network) -> Timeouts:
    given = network.model_dump(exclude_none=True)
    return Timeouts(**{field.removesuffix("_seconds"): value for field, value in given.items()})


def _preset_of(draft: ProviderDraft, row: ProviderRow | None) -> Preset | None:
    """The preset a draft names, or that of its type. A saved provider outlives its preset's file."""
    if draft.preset is None:
        return presets.get("openai") if draft.type is ProviderType.OPENAI else None
    found = presets.find(draft.preset)
    if found is None and (row is None or row.preset != draft.preset):
        raise InvalidDraft({"preset": "There is no preset of this name."})
    return found
