"""`/providers`: the paths with a word of their own come before those with a name."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Body, Query, Response

from app import presets
from app.api import errors, guard
from app.api.guard import Caller
from app.api.lists import Paging, page
from app.api.schemas import Copy, DraftToTest, PresetList, ProviderPage, RegistryStatus, SavedToTest, SwitchOff
from app.api.versions import IfMatch, expected, tagged
from app.domain.probes.probe import ProbeResult, ProbeStep
from app.domain.providers.preset import Preset
from app.domain.providers.provider import FromPreset, Page, Provider, ProviderDraft, ProviderPatch, ProviderPut, ProviderQuery
from app.services import probes, providers, registry_admin

router = guard.router("Providers")
NAMED = errors.documented(404)
CHANGED = errors.documented(404, 409, 412)
TESTED = errors.documented(404, 429)


@router.get("/providers", response_model=ProviderPage)
async def list_providers(caller: Caller, query: Annotated[ProviderQuery, Query()]) -> Page:
    """Providers, a page at a time: search, filter by status, auth type, type or tag, sort."""
    return await providers.list_(caller, query)


@router.post("/providers", status_code=201, responses=errors.documented(409))
async def create_provider(caller: Caller, draft: ProviderDraft, response: Response) -> Provider:
    """Save a new provider. `credential` is write-only."""
    return tagged(response, await providers.create(caller, draft))


@router.get("/providers/presets")
async def list_presets(query: Annotated[Paging, Query()]) -> PresetList:
    """Known vendors, in the order of the gallery."""
    return page(PresetList, presets.all_(), query, key=lambda one: one.id)


@router.get("/providers/presets/{preset}", responses=NAMED)
async def get_preset(preset: str) -> Preset:
    """One known vendor."""
    return presets.get(preset)


@router.post("/providers/from-preset", status_code=201, responses=CHANGED)
async def create_provider_from_preset(caller: Caller, choice: FromPreset, response: Response) -> Provider:
    """Save a provider of a known vendor; what is left out comes from the preset."""
    return tagged(response, await providers.from_preset(caller, choice))


@router.post("/providers/validate", responses=errors.documented(409))
async def validate_draft(caller: Caller, draft: ProviderDraft) -> providers.Preview:
    """Check a draft without calling anybody, and see where calls would go."""
    return await providers.validate(caller, draft)


@router.post("/providers/test", responses=TESTED)
async def test_draft(caller: Caller, draft: DraftToTest) -> ProbeResult:
    """Test what has not been saved. A provider that does not answer is a result, not an error."""
    return await _last(probes.run_draft(caller, draft, model=draft.model, depth=draft.depth, provider_name=draft.provider_name))


@router.get("/providers/registry-status")
async def get_registry_status(caller: Caller) -> RegistryStatus:
    """What the registry of this process holds, and which revision every worker answers by."""
    return RegistryStatus.model_validate(await registry_admin.status(caller))


@router.post("/providers/refresh-registry")
async def refresh_registry(caller: Caller) -> RegistryStatus:
    """Have every worker read the configuration again."""
    return RegistryStatus.model_validate(await registry_admin.refresh(caller))


@router.get("/providers/{name}", responses=NAMED)
async def get_provider(caller: Caller, name: str, response: Response) -> Provider:
    """One provider."""
    return tagged(response, await providers.get(caller, name))


@router.put("/providers/{name}", responses=CHANGED)
async def replace_provider(caller: Caller, name: str, draft: ProviderPut, response: Response, if_match: IfMatch = None) -> Provider:
    """Replace the own fields; models and keys stay. Takes what GET answers: fields that are only read are ignored."""
    versioned = draft.model_copy(update={"version": expected(if_match, draft.version)})
    return tagged(response, await providers.replace(caller, name, versioned))


@router.patch("/providers/{name}", responses=CHANGED)
async def update_provider(caller: Caller, name: str, patch: ProviderPatch, response: Response, if_match: IfMatch = None) -> Provider:
    """Change what the body names; null clears a field."""
    versioned = patch.model_copy(update={"version": expected(if_match, patch.version)})
    return tagged(response, await providers.update(caller, name, versioned))


@router.delete("/providers/{name}", status_code=204, responses=CHANGED)
async def delete_provider(caller: Caller, name: str, if_match: IfMatch = None, next_default: Annotated[str | None, Query()] = None) -> None:
    """Move a provider to the trash. Where it was the default, another one takes its place only if it is named."""
    await providers.delete(caller, name, version=expected(if_match), next_default=next_default)


@router.get("/providers/{name}/dependants", responses=NAMED)
async def list_dependants(caller: Caller, name: str) -> providers.Dependants:
    """Which aliases, client keys and requests without a model would notice if the provider were gone."""
    return await providers.dependants(caller, name)


@router.post("/providers/{name}/enable", responses=CHANGED)
async def enable_provider(caller: Caller, name: str, response: Response, if_match: IfMatch = None) -> Provider:
    """Let new requests through."""
    return tagged(response, await providers.enable(caller, name, version=expected(if_match)))


@router.post("/providers/{name}/disable", responses=CHANGED)
async def disable_provider(
    caller: Caller, name: str, response: Response, how: Annotated[SwitchOff | None, Body()] = None, if_match: IfMatch = None
) -> Provider:
    """Refuse new requests at once; running ones finish. A default provider stays the default unless `next_default` says otherwise."""
    is_said = how is not None and "next_default" in how.model_fields_set
    following = how.next_default if how and is_said else providers.Default.KEEP
    return tagged(response, await providers.disable(caller, name, next_default=following, version=expected(if_match)))


@router.post("/providers/{name}/default", responses=CHANGED)
async def set_default_provider(caller: Caller, name: str, response: Response, if_match: IfMatch = None) -> Provider:
    """Answer requests that name no provider with this one."""
    return tagged(response, await providers.set_default(caller, name, version=expected(if_match)))


@router.delete("/providers/{name}/default", status_code=204, responses=CHANGED)
async def clear_default(caller: Caller, name: str, if_match: IfMatch = None) -> None:
    """Have no default provider, if it is this one; requests must then name one."""
    await providers.clear_default(caller, name, version=expected(if_match))


@router.post("/providers/{name}/duplicate", status_code=201, responses=CHANGED)
async def duplicate_provider(caller: Caller, name: str, response: Response, how: Annotated[Copy | None, Body()] = None) -> Provider:
    """Make a second provider like this one; it is off. `with_keys` copies the stored keys, for the same address."""
    how = how or Copy()
    return tagged(response, await providers.duplicate(caller, name, new_name=how.name, label=how.label, with_keys=how.with_keys))


@router.post("/providers/{name}/restore", responses=CHANGED)
async def restore_provider(caller: Caller, name: str, response: Response) -> Provider:
    """Take a provider out of the trash."""
    return tagged(response, await providers.restore(caller, name))


@router.post("/providers/{name}/test", responses=TESTED)
async def test_provider(caller: Caller, name: str, how: Annotated[SavedToTest | None, Body()] = None) -> ProbeResult:
    """Test a saved provider, also one that is off."""
    how = how or SavedToTest()
    return await _last(probes.run_saved(caller, name, model=how.model, credential_id=how.credential_id, depth=how.depth))


async def _last(steps: AsyncIterator[ProbeStep | ProbeResult]) -> ProbeResult:
    """The result, which the test yields last; read to the end, so that everything is closed."""
    found = [step async for step in steps if isinstance(step, ProbeResult)]
    return found[-1]
