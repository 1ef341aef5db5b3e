"""Access tokens that sign-ins fetch: fetch one now, see how long the one at hand is valid. The token itself is never shown."""

from app import registry
from app.domain.actor import Actor
from app.domain.audit import Action, Outcome
from app.domain.credentials.token import TokenInfo
from app.domain.errors import InvalidDraft, Reason, UnknownCredential, UpstreamError
from app.domain.snapshot import Endpoint, Key
from app.relay import rate_limit
from app.storage.work import work
from app.upstream import credential
from app.upstream.access_tokens import tokens


async def fetch(actor: Actor, credential_id: str) -> TokenInfo:
    """Fetch a token with a saved credential, whatever is held. This worker uses it from now on.

    Raises `UnknownCredential`, `InvalidDraft` when this way of signing in needs no token, `TooManyAttempts`, `UpstreamError`
    when none is to be had: `TokenRefused`, `TokenUnreachable`, `TokenBadResponse`, `NoCredential`.
    """
    actor.must_admin()
    await registry.shared.refresh()
    endpoint, key = _find(credential_id)
    rate_limit.count(actor.id)
    try:
        found = await credential.fetch_token(endpoint, key)
    except UpstreamError as error:
        await _record(actor, endpoint, key, {"error": error.code}, Outcome.FAILED)
        raise
    if found is None:
        reason = Reason("no_token_needed", "This provider needs no access token.")
        raise InvalidDraft({"credential_id": reason})
    await _record(actor, endpoint, key, {"expires_at": found.expires_at.isoformat(), "scope": found.scope}, Outcome.OK)
    return found


def info(credential_id: str) -> TokenInfo | None:
    """What is known of the token that this worker holds for a credential; None when it holds none that is valid."""
    return tokens.shared.known(credential_id)


def _find(credential_id: str) -> tuple[Endpoint, Key]:
    for endpoint in registry.shared.snapshot.endpoints.values():
        for key in endpoint.keys:
            if key.id == credential_id:
                return endpoint, key
    raise UnknownCredential("There is no key with this ID. It may have been deleted.")


async def _record(actor: Actor, endpoint: Endpoint, key: Key, changes: dict[str, object], outcome: Outcome) -> None:
    async with work(actor) as doing:
        target = ("provider", endpoint.id, endpoint.name)
        doing.record(Action.CREDENTIAL_TOKEN_FETCH, target=target, changes={"credential_id": key.id, **changes}, outcome=outcome)
