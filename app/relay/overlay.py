"""What this process knows and the database does not, laid over the records that are shown: keys that cool, and keys that are read from a
place where there is nothing."""

from app.domain.credentials.credential import Credential, Held, KeyState
from app.domain.providers.health import masked
from app.domain.providers.provider import Provider
from app.domain.providers.provider_status import of_provider
from app.relay import keys
from app.upstream import credential


def laid_over(provider: Provider) -> Provider:
    """The provider with the states its keys have in this process right now, and the status that follows from them."""
    shown = [of_key(key, provider.auth_type) for key in provider.credentials]
    if shown == provider.credentials:
        return provider
    states = [key.state for key in shown if key.state_reason not in tuple(Held)]
    health = masked(provider.health, enabled=provider.enabled, keys=states)
    laid = provider.model_copy(update={"credentials": shown, "health": health})
    return laid.model_copy(update={"status": of_provider(laid)})


def of_key(key: Credential, auth_type: str) -> Credential:
    """The same of one key of a provider that signs in this way."""
    if not key.reference:
        return keys.shown(key)
    if credential.has_values(auth_type, key.reference):
        return keys.shown(key.model_copy(update={"resolves": True}))
    found = key.model_copy(update={"resolves": False})
    if key.state not in (KeyState.ACTIVE, KeyState.STANDBY) or key.state_reason in tuple(Held):
        return found
    reason = "unresolved_reserve" if key.state is KeyState.STANDBY else ""
    return found.model_copy(update={"state": KeyState.UNRESOLVED, "state_reason": reason})
