"""`/aliases`: public names for models of one or several providers."""

from typing import Annotated

from fastapi import Query, Response

from app.api import errors, guard
from app.api.guard import Caller
from app.api.versions import IfMatch, expected, tagged
from app.domain.providers.alias import Alias, AliasDraft, AliasPage, AliasPatch, AliasPut, AliasQuery
from app.services import aliases

router = guard.router("Aliases")
NAMED = errors.documented(404)
CHANGED = errors.documented(404, 409, 412)


@router.get("/aliases")
async def list_aliases(caller: Caller, query: Annotated[AliasQuery, Query()]) -> AliasPage:
    """Aliases by name, a page at a time; `provider` narrows to those that lead there."""
    return await aliases.list_(caller, query)


@router.post("/aliases", status_code=201, responses=errors.documented(409))
async def create_alias(caller: Caller, draft: AliasDraft, response: Response) -> Alias:
    """Save a new alias."""
    return tagged(response, await aliases.create(caller, draft))


@router.get("/aliases/{alias_id}", responses=NAMED)
async def get_alias(caller: Caller, alias_id: str, response: Response) -> Alias:
    """One alias."""
    return tagged(response, await aliases.get(caller, alias_id))


@router.put("/aliases/{alias_id}", responses=CHANGED)
async def replace_alias(caller: Caller, alias_id: str, draft: AliasPut, response: Response, if_match: IfMatch = None) -> Alias:
    """Replace the alias; what is left out takes its default."""
    return tagged(response, await aliases.replace(caller, alias_id, draft, version=expected(if_match, draft.version)))


@router.patch("/aliases/{alias_id}", responses=CHANGED)
async def update_alias(caller: Caller, alias_id: str, patch: AliasPatch, response: Response, if_match: IfMatch = None) -> Alias:
    """Change what the body names; `targets` replaces all of them."""
    versioned = patch.model_copy(update={"version": expected(if_match, patch.version)})
    return tagged(response, await aliases.update(caller, alias_id, versioned))


@router.delete("/aliases/{alias_id}", status_code=204, responses=CHANGED)
async def delete_alias(caller: Caller, alias_id: str, if_match: IfMatch = None) -> None:
    """Delete an alias; requests that name it are refused from now on."""
    await aliases.delete(caller, alias_id, version=expected(if_match))
