"""Creating and changing providers."""

import asyncio
from collections.abc import Callable
from typing import Any

from app import presets, settings
from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.error_kind import EgressReason
from app.domain.errors import EgressRefused, InvalidDraft, Reason, Stale, UpstreamError
from app.domain.providers.address import is_ip
from app.domain.providers.drafts import Settled, free_name, patched, settle
from app.domain.providers.provider import FromPreset, Provider, ProviderDraft, ProviderPatch, ProviderPut
from app.services.kernel import lookup, sealing
from app.services.providers import keys
from app.services.providers.reading import name_is_free, preset_of, taken_names
from app.storage import approvals, credentials, models, probes, provider_records
from app.storage.database import engine
from app.storage.tables import ProviderRow
from app.storage.work import Work, work
from app.upstream import egress

LOOK_UP_SECONDS = 3.0
SHOWN = (
    "label",
    "description",
    "type",
    "preset",
    "base_url",
    "auth_type",
    "auth",
    "network",
    "limits",
    "default_model",
    "only_listed_models",
    "capabilities",
    "tags",
    "enabled",
)
TRIES = 3


async def create(actor: Actor, draft: ProviderDraft) -> Provider:
    """Save a new provider. Never blocked by a failed test; which provider is the default is decided by a person.

    Raises `InvalidDraft`, `NameTaken`.
    """
    actor.must_admin()
    settled = settle(draft, preset=preset_of(draft), types=lookup.auth_types())
    local = await _local(settled)
    async with work(actor) as doing:
        return await insert(doing, settled, local=local)


async def from_preset(actor: Actor, choice: FromPreset) -> Provider:
    """Save a provider of a known vendor with what the preset knows and the choice adds.

    Without a name it takes the preset's, or the next free one. Raises `UnknownPreset`, `InvalidDraft`, `NameTaken`.
    """
    actor.must_admin()
    preset = presets.get(choice.preset)
    fields = {f: v for f in choice.model_fields_set - {"name"} if (v := getattr(choice, f)) is not None or f == "credential"}
    async with engine.session() as session:
        name = choice.name or free_name(preset.id, await taken_names(session))
    fields.setdefault("models", preset.models)
    return await create(actor, ProviderDraft.model_validate({**fields, "name": name}))


async def update(actor: Actor, name: str, patch: ProviderPatch) -> Provider:
    """Change what the patch sets. Raises `UnknownProvider`, `InvalidDraft`, `Stale`, `ReentryRequired`."""
    return await _change(actor, name, lambda current: patched(current, patch), version=patch.version, detach=patch.detach)


async def replace(actor: Actor, name: str, put: ProviderPut) -> Provider:
    """Put a whole configuration in place of the old one; models and keys are kept. Raises as `update` does."""

    def whole(current: ProviderDraft) -> ProviderDraft:
        if put.name not in ("", current.name):
            raise InvalidDraft({"name": "The ID of a provider (name) cannot be changed. Change its label instead."})
        return put.over(current)

    return await _change(actor, name, whole, version=put.version, detach=put.detach)


async def insert(doing: Work, settled: Settled, *, local: list[str]) -> Provider:
    """Everything that belongs to a new provider, in the transaction of the caller. `local`: origins that this approves."""
    session = doing.session
    await name_is_free(session, settled.name)
    row = ProviderRow(name=settled.name, created_by=doing.actor.name, **_fields(settled))
    session.add(row)
    await session.flush()
    await keys.save(doing, row, [], settled, fields=tuple(settled.secrets), detach=False)
    await models.put(session, row.id, settled.models, source="declared")
    changes: dict[str, object] = {f: {"before": None, "after": v} for f, v in _shown(row).items()}
    changes["models"] = {"added": [m.identifier for m in settled.models]}
    doing.record(Action.PROVIDER_CREATE, target=("provider", row.id, row.name), changes=changes)
    await _settle_in(doing, row, local=local)
    return await provider_records.one(session, row)


async def _change(
    actor: Actor, name: str, make: Callable[[ProviderDraft], ProviderDraft], *, version: int | None, detach: bool
) -> Provider:
    """The host is looked up before the transaction; when somebody else saves meanwhile, start over."""
    actor.must_admin()
    for _ in range(TRIES):
        async with engine.session() as session:
            row = await lookup.provider(session, name)
            await lookup.expect_version(session, row, version)
            stored = await credentials.of_provider(session, row.id)
            draft = make(provider_records.draft_of(row, await models.of_provider(session, row.id)))
        preset = preset_of(draft, stored=draft.preset == row.preset)
        settled = settle(draft, preset=preset, types=lookup.auth_types(), hints=sealing.hints(stored))
        local = await _local(settled)
        async with work(actor) as doing:
            present = await lookup.provider(doing.session, name)
            if (present.id, present.version) == (row.id, row.version):
                return await _apply(doing, present, settled, local=local, detach=detach)
    raise Stale("Another user is changing this provider right now. Reload and try again.")


async def _apply(doing: Work, row: ProviderRow, settled: Settled, *, local: list[str], detach: bool) -> Provider:
    session = doing.session
    stored = await credentials.of_provider(session, row.id)
    fields = lookup.auth_types()[settled.auth_type].secret_fields
    rekeyed = await keys.save(doing, row, stored, settled, fields=fields, detach=detach)
    before, after = _shown(row), _fields(settled)
    changes = {f: {"before": before[f], "after": after[f]} for f in before if before[f] != after[f]}
    changes |= await _list_models(doing, row, settled)
    if changes or rekeyed:
        if changes:
            doing.record(Action.PROVIDER_UPDATE, target=("provider", row.id, row.name), changes=changes)
        for field, value in after.items():
            setattr(row, field, value)
        doing.change(row)
        await _settle_in(doing, row, local=local)
    return await provider_records.one(session, row)


async def _settle_in(doing: Work, row: ProviderRow, *, local: list[str]) -> None:
    """What follows from any save: approval of local origins, the verdict of a test of exactly this draft, the registry."""
    session = doing.session
    for origin in local:
        if await approvals.add(session, origin, by=doing.actor.name):
            doing.record(Action.EGRESS_APPROVE, target=("origin", origin, origin), changes={"origin": {"before": None, "after": origin}})
    await session.flush()
    keys = await credentials.of_provider(session, row.id)
    last = (await probes.of_providers(session, [row.id])).get(row.id)
    if not provider_records.speaks(last, row, keys):
        await probes.clear(session, row.id)
        await session.flush()
        if tested := probes.of_draft(provider_records.digest(row, keys)):
            await probes.save(session, row.id, configuration=provider_records.configured_as(row), test=tested)
    await session.flush()
    doing.touch(row.id)


async def _list_models(doing: Work, row: ProviderRow, settled: Settled) -> dict[str, object]:
    """Make the list of models the one of the draft, and say for the audit what that changed."""
    before = {m.identifier: m.label for m in await models.of_provider(doing.session, row.id)}
    wanted = {m.identifier: m.label for m in settled.models}
    gone = await models.remove(doing.session, row.id, before.keys() - wanted.keys())
    await doing.session.flush()
    new = await models.put(doing.session, row.id, settled.models, source="declared")
    relabelled = [m for m, label in wanted.items() if label and m in before and before[m] != label]
    return {"models": {"added": new, "removed": gone, "relabelled": relabelled}} if new or gone or relabelled else {}


async def _local(settled: Settled) -> list[str]:
    """Which of the origins that a draft calls its save approves: the provider's own, and those that signing in calls.

    Raises `InvalidDraft` for an address that is never called, and for a secret that would travel unencrypted over the internet.
    """
    found: list[str] = []
    for field, origin in {"base_url": settled.address.origin, **{f"auth.{f}": o for f, o in settled.servers.items()}}.items():
        where = await _where(field, origin)
        if where == "local" and settings.current().egress_local != "off":
            found.append(origin)
        if where == "public" and field != "base_url" and origin.startswith("http://"):
            why = "Secrets are never sent unencrypted over the internet. Use an address that starts with https://."
            raise InvalidDraft({field: Reason("secret_in_clear", why)})
    return list(dict.fromkeys(found))


async def _where(field: str, origin: str) -> str:
    """ "local", "public", or "" for a host that cannot be looked up right now, which is saved without an approval.

    A name that resolves to a reserved range is let through, because some networks answer 0.0.0.0 for a while; calls to it are
    refused all the same.
    """
    host = origin.split("://")[1].rsplit(":", 1)[0]
    try:
        async with asyncio.timeout(LOOK_UP_SECONDS):
            return await egress.classify(origin)
    except EgressRefused as error:
        if is_ip(host) or error.reason is not EgressReason.RESERVED:
            raise InvalidDraft({field: Reason("refused_by_policy", error.message)}) from error
        return ""
    except (UpstreamError, TimeoutError):
        return ""


def _fields(settled: Settled) -> dict[str, Any]:  # Any: arguments of the row
    """The columns that a draft decides."""
    return {
        "label": settled.label,
        "description": settled.description,
        "type": settled.type.value,
        "preset": settled.preset,
        "base_url": settled.address.base_url,
        "origin": settled.address.origin,
        "auth_type": settled.auth_type,
        "auth": settled.auth,
        "network": settled.network.model_dump(exclude_none=True),
        "limits": settled.limits.model_dump(exclude_defaults=True),
        "default_model": settled.default_model,
        "only_listed_models": settled.only_listed_models,
        "capabilities": settled.capabilities.model_dump(mode="json", exclude_defaults=True),
        "tags": settled.tags,
        "enabled": settled.enabled,
    }


def _shown(row: ProviderRow) -> dict[str, object]:
    """The configuration as the audit shows and compares it. The origin is part of the base URL."""
    return {field: getattr(row, field) for field in SHOWN}
