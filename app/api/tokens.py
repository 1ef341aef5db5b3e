"""`/credentials/{id}/fetch-token`: the access token of a sign-in that needs one."""

from app.api import errors, guard
from app.api.guard import Caller
from app.domain.credentials.token import TokenInfo
from app.services import tokens

router = guard.router("Provider keys")


@router.post("/credentials/{credential_id}/fetch-token", responses=errors.documented(404, 409, 429, 502))
async def fetch_token(caller: Caller, credential_id: str) -> TokenInfo:
    """Fetch a token now and say how long it is valid. The token itself is never shown."""
    return await tokens.fetch(caller, credential_id)
