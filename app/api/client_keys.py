"""`/client-keys`: keys for applications."""

from typing import Annotated

from fastapi import Query, Response

from app.api import errors, guard
from app.api.guard import Caller
from app.api.lists import page
from app.api.schemas import ClientKeyDraft, ClientKeyList, ClientKeyQuery
from app.api.versions import IfMatch, expected, tagged
from app.domain.people.people import ClientKey, ClientKeyPatch, IssuedClientKey
from app.services import client_keys

router = guard.router("Client keys")


@router.get("/client-keys")
async def list_client_keys(caller: Caller, query: Annotated[ClientKeyQuery, Query()]) -> ClientKeyList:
    """Keys that were issued, the newest first, revoked ones included; none of them can be read again."""
    found = [key for key in await client_keys.list_(caller) if query.name in (None, key.name)]
    return page(ClientKeyList, found, query, key=lambda one: one.id)


@router.post("/client-keys", status_code=201)
async def create_client_key(caller: Caller, draft: ClientKeyDraft) -> IssuedClientKey:
    """Issue a key. This answer is the only one that shows it."""
    return await client_keys.issue(
        caller, draft.name, draft.scope, models=draft.models, providers=draft.providers, expires_at=draft.expires_at,
        requests_per_minute=draft.requests_per_minute,
    )  # fmt: skip


@router.get("/client-keys/{key_id}", responses=errors.documented(404))
async def get_client_key(caller: Caller, key_id: str, response: Response) -> ClientKey:
    """What a key may do; not the key itself."""
    return tagged(response, await client_keys.get(caller, key_id))


@router.patch("/client-keys/{key_id}", responses=errors.documented(404, 409, 412))
async def update_client_key(caller: Caller, key_id: str, patch: ClientKeyPatch, response: Response, if_match: IfMatch = None) -> ClientKey:
    """Change what a key may do; it stays the same key. What is left out stays, null takes a restriction away."""
    return tagged(response, await client_keys.update(caller, key_id, patch, version=expected(if_match, patch.version)))


@router.delete("/client-keys/{key_id}", status_code=204, responses=errors.documented(404, 412))
async def delete_client_key(caller: Caller, key_id: str, if_match: IfMatch = None) -> None:
    """Refuse a key from now on."""
    await client_keys.revoke(caller, key_id, version=expected(if_match))
