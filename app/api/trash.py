"""`/trash`: deleted providers until they are removed for good."""

from typing import Annotated

from fastapi import Query

from app.api import errors, guard
from app.api.guard import Caller
from app.api.lists import Paging, page
from app.api.schemas import TrashList
from app.domain.providers.provider import Provider
from app.services import providers

router = guard.router("Trash")


@router.get("/trash")
async def list_trash(caller: Caller, query: Annotated[Paging, Query()]) -> TrashList:
    """Deleted providers, the newest first, each with the time at which it is removed for good."""
    return page(TrashList, await providers.in_trash(caller), query, key=lambda one: one.id)


@router.post("/trash/{provider_id}/restore", responses=errors.documented(404, 409))
async def restore_trashed(caller: Caller, provider_id: str) -> Provider:
    """Take a provider out of the trash, as it was."""
    return await providers.restore_from_trash(caller, provider_id)


@router.delete("/trash/{provider_id}", status_code=204, responses=errors.documented(404))
async def delete_trashed(caller: Caller, provider_id: str) -> None:
    """Remove a deleted provider for good, with its keys, its models and the targets of aliases that lead there."""
    await providers.purge(caller, provider_id)
