"""One test, of a draft or of a saved provider, through the path that traffic takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

from app import presets, registry, settings
from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.credentials.credential import FIRST_LABEL, IN_TRAFFIC
from app.domain.errors import InvalidDraft, UnknownCredential, UpstreamError
from app.domain.ids import uuid7
from app.domain.probes.probe import Depth, LastTest, ProbeResult, ProbeStep
from app.domain.providers.drafts import Settled, settle
from app.domain.providers.preset import Preset
from app.domain.providers.provider import ProviderDraft, ProviderType
from app.domain.providers.provider_status import configuration
from app.domain.snapshot import Endpoint, KeyUse
from app.probe import runner
from app.registry.endpoint import endpoint_from_draft
from app.relay import keys as relay_keys
from app.relay import rate_limit
from app.services.kernel import lookup, sealing
from app.services.probes import results
from app.services.probes.results import Subject
from app.storage import approvals, credentials, probes, snapshot
from app.storage.credentials import StoredKey
from app.storage.database import engine
from app.storage.tables import CredentialRow, CredentialSecret, ProviderRow
from app.storage.work import work
from app.upstream import auth, egress

LOOK_UP_SECONDS = 5.0


async def run_saved(
    actor: Actor, name: str, *, model: str | None = None, credential_id: str | None = None, depth: Depth = "chat"
) -> AsyncIterator[ProbeStep | ProbeResult]:
    """Test a saved provider, also one that is off. Yields each step when it is done and the result last, which is kept: with
    `credential_id` as the result of that key, which is tested whatever its state, otherwise as that of the provider.

    Raises `UnknownProvider`, `UnknownCredential`, `TooManyAttempts` before the first step.
    """
    actor.must_admin()
    rate_limit.count(actor.id)
    async with engine.session() as session:
        row, keys = await results.stored(session, name)
    subject = Subject(row.id, name, results.digest_of(row, keys, credential_id or ""), credential_id=credential_id or "")
    await _approve(actor, row.origin)
    await registry.shared.refresh(row.revision)
    endpoint = replace(registry.shared.endpoint(name), use=KeyUse.TEST)
    for server in _token_servers(endpoint):
        await _approve(actor, server)
    if credential_id is not None:
        endpoint = _with_one(endpoint, credential_id)
    async with aclosing(runner.run(endpoint, model=model, depth=depth, preset=presets.find(row.preset), seeks=True)) as steps:
        async for step in steps:
            if isinstance(step, ProbeResult):
                await results.store(actor, step, subject)
            yield step


async def run_draft(
    actor: Actor, draft: ProviderDraft, *, model: str | None = None, depth: Depth = "chat", provider_name: str | None = None
) -> AsyncIterator[ProbeStep | ProbeResult]:
    """Test what has not been saved. With `provider_name` (the one being edited) an empty key field means the stored key,
    which is used only while the origin is the one it was entered for.

    Raises `InvalidDraft`, `UnknownProvider`, `TooManyAttempts` before the first step.
    """
    actor.must_admin()
    row: ProviderRow | None = None
    keys: list[StoredKey] = []
    if provider_name is not None:
        async with engine.session() as session:
            row, keys = await results.stored(session, provider_name)
    preset = _preset_of(draft, row)
    settled = settle(draft, preset=preset, types=lookup.auth_types(), hints=sealing.hints(keys))
    rate_limit.count(actor.id)
    for called in (settled.address.origin, *settled.servers.values()):
        await _approve(actor, called)
    kept = _keys(settled, row, keys)
    endpoint = endpoint_from_draft(settled, row.id if row else "", map(snapshot.of_key, kept))
    digest = configuration(
        type_=settled.type.value,
        base_url=settled.address.base_url,
        auth_type=settled.auth_type,
        auth=settled.auth,
        network=settled.network.model_dump(exclude_none=True),
        fingerprints=[f"{f}:{secret.fingerprint}" for key in kept if key.row.state in IN_TRAFFIC for f, secret in key.secrets.items()],
        test_path=settled.capabilities.test_path,
    )
    facts = preset if settled.preset else None
    subject = Subject(row.id if row else "", settled.name, digest)
    asked = model or settled.default_model
    async with aclosing(runner.run(endpoint, model=asked, depth=depth, preset=facts, seeks=True)) as steps:
        async for step in steps:
            if isinstance(step, ProbeResult):
                probes.remember_draft(digest, LastTest(result=step, tested_by=actor.name))
                await results.store(actor, step, subject)
            yield step


def _with_one(endpoint: Endpoint, credential_id: str) -> Endpoint:
    """The provider with one key to test: whatever keeps traffic away from it, a test may find out. One that is off stays so."""
    alone = relay_keys.alone(endpoint, credential_id)
    if alone is None:
        raise UnknownCredential("This provider has no key with this ID.")
    return alone


async def _approve(actor: Actor, origin: str) -> None:
    """An admin who tests an origin on the own network approves exactly that origin. What is refused, the test says."""
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
    """Origins that signing in calls; none when the stored fields are not whole, which the test says."""
    kind = auth.types().get(endpoint.auth_type)
    try:
        return [*kind.info.servers(endpoint.auth).values()] if kind else []
    except (KeyError, ValueError):
        return []


def _keys(settled: Settled, row: ProviderRow | None, stored: list[StoredKey]) -> list[StoredKey]:
    """The keys as saving this draft would leave them in use; what was typed is sealed, and nothing is written."""
    origin, wanted = settled.destination, set(auth.types()[settled.auth_type].info.secret_fields)
    if not settled.brings_key:
        return [key for key in stored if key.row.origin == origin and set(key.secrets) <= wanted]
    only = stored[0].row if len(stored) == 1 else None
    owner = CredentialRow(
        id=only.id if only else uuid7(),
        provider_id=row.id if row else "",
        label=only.label if only else FIRST_LABEL,
        weight=only.weight if only else 1,
        priority=only.priority if only else 1,
        expires_at=only.expires_at if only else None,
        origin=origin,
    )
    sealed = sealing.seal(owner, settled)
    owner.reference = credentials.reference_text(settled.references)
    return [
        StoredKey(
            owner,
            {
                field: CredentialSecret(credential_id=owner.id, field=field, value=part.value, fingerprint=part.fingerprint)
                for field, part in sealed.items()
            },
        )
    ]


def _preset_of(draft: ProviderDraft, row: ProviderRow | None) -> Preset | None:
    """The preset a draft names, or that of its type. A saved provider outlives its preset's file."""
    if draft.preset is None:
        return presets.get("openai") if draft.type is ProviderType.OPENAI else None
    found = presets.find(draft.preset)
    if found is None and (row is None or row.preset != draft.preset):
        raise InvalidDraft({"preset": "There is no known provider with this ID."})
    return found
