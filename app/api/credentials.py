"""`/providers/{name}/credentials` and `/credentials`: the keys of a provider. What goes in never comes out again."""

from typing import Annotated

from fastapi import Body, Query, Response

from app.api import errors, guard
from app.api.guard import Caller
from app.api.lists import Paging, page
from app.api.schemas import CredentialList, Keeping, KeyLines, KeyOrder, KeysToAdd, OneKeyToTest, RotationDraft
from app.api.versions import IfMatch, expected, tagged
from app.domain.credentials.credential import Credential, CredentialDraft, CredentialPatch
from app.domain.probes.probe import ProbeResult
from app.services import credentials, probes, rotation

router = guard.router("Provider keys")
NAMED = errors.documented(404)
CHANGED = errors.documented(404, 409, 412)


@router.get("/providers/{name}/credentials", responses=NAMED)
async def list_credentials(caller: Caller, name: str, query: Annotated[Paging, Query()]) -> CredentialList:
    """The keys of a provider in the order in which they are tried."""
    return page(CredentialList, await credentials.list_(caller, name), query, key=lambda one: one.id, of=name)


@router.post("/providers/{name}/credentials", status_code=201, responses=CHANGED)
async def create_credential(caller: Caller, name: str, draft: CredentialDraft, response: Response) -> Credential:
    """Store one more key, or a reference to where it lives."""
    return tagged(response, await credentials.add(caller, name, draft))


@router.post("/providers/{name}/credentials/paste", responses=NAMED)
async def create_credentials(caller: Caller, name: str, given: KeysToAdd) -> KeyLines:
    """Store one key a line. Each line answers for itself; a line that is refused keeps no other from being stored."""
    return KeyLines(items=await credentials.add_many(caller, name, given.keys))


@router.put("/providers/{name}/credentials/order", responses=NAMED)
async def order_credentials(caller: Caller, name: str, order: KeyOrder) -> CredentialList:
    """Have the keys tried in this order; every key is named once."""
    ordered = await credentials.reorder(caller, name, order.ids)
    return CredentialList(items=ordered, next_cursor=None, total=len(ordered))


@router.get("/credentials/{credential_id}", responses=NAMED)
async def get_credential(caller: Caller, credential_id: str, response: Response) -> Credential:
    """One key of a provider; not its secret."""
    return tagged(response, await credentials.get(caller, credential_id))


@router.patch("/credentials/{credential_id}", responses=CHANGED)
async def update_credential(
    caller: Caller, credential_id: str, patch: CredentialPatch, response: Response, if_match: IfMatch = None
) -> Credential:
    """Change what the body names; `expires_at` null clears it, `secret` or `reference` replaces what is stored."""
    return tagged(response, await credentials.update(caller, credential_id, patch, version=expected(if_match, patch.version)))


@router.delete("/credentials/{credential_id}", status_code=204, responses=CHANGED)
async def delete_credential(caller: Caller, credential_id: str, if_match: IfMatch = None) -> None:
    """Delete a key for good."""
    await credentials.remove(caller, credential_id, version=expected(if_match))


@router.post("/credentials/{credential_id}/test", responses=errors.documented(404, 429))
async def test_credential(caller: Caller, credential_id: str, how: Annotated[OneKeyToTest | None, Body()] = None) -> ProbeResult:
    """Test one key, also one that traffic does not use. A provider that does not answer is a result, not an error."""
    how = how or OneKeyToTest()
    name = await credentials.provider_of(caller, credential_id)
    steps = probes.run_saved(caller, name, model=how.model, credential_id=credential_id, depth=how.depth)
    return [step async for step in steps if isinstance(step, ProbeResult)][-1]


@router.post("/credentials/{credential_id}/rotate", status_code=201, responses=CHANGED)
async def rotate_credential(
    caller: Caller, credential_id: str, draft: RotationDraft, response: Response, if_match: IfMatch = None
) -> Credential:
    """Store a new key beside this one, which it is to replace; the answer is the new one. It can be tested; traffic uses it once it is
    promoted."""
    new = CredentialDraft.model_validate({f: getattr(draft, f) for f in draft.model_fields_set})
    name = await credentials.provider_of(caller, credential_id)
    return tagged(response, await rotation.start(caller, name, new, replaces=credential_id, version=expected(if_match)))


@router.post("/credentials/{credential_id}/promote", responses=CHANGED)
async def promote_credential(
    caller: Caller, credential_id: str, response: Response, how: Annotated[Keeping | None, Body()] = None, if_match: IfMatch = None
) -> Credential:
    """Put the new key in the place of the old one, which is kept for `keep_hours` and then deleted by itself."""
    hours = (how or Keeping()).keep_hours
    return tagged(response, await rotation.promote(caller, credential_id, keep_hours=hours, version=expected(if_match)))


@router.post("/credentials/{credential_id}/rollback", responses=CHANGED)
async def roll_back_credential(caller: Caller, credential_id: str, response: Response, if_match: IfMatch = None) -> Credential:
    """Use the old key again. Either half of the rotation may be named; the answer is the old key."""
    return tagged(response, await rotation.rollback(caller, credential_id, version=expected(if_match)))


@router.post("/credentials/{credential_id}/cancel", status_code=204, responses=CHANGED)
async def cancel_rotation(caller: Caller, credential_id: str, if_match: IfMatch = None) -> None:
    """Delete the new key of a rotation that was not promoted."""
    await rotation.cancel(caller, credential_id, version=expected(if_match))
