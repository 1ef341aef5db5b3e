"""What this process knows of keys and the database does not, laid over the records that are shown: keys that cool."""

from app.domain.credential import Held
from app.domain.health import masked
from app.domain.provider import Provider
from app.domain.provider_status import of_provider
from app.relay import keys


def laid_over(provider: Provider) -> Provider:
    """The provider with the states its keys have in this process right now, and the status that follows from them."""
    shown = [keys.shown(credential) for credential in provider.credentials]
    if shown == provider.credentials:
        return provider
    states = [key.state for key in shown if key.state_reason not in tuple(Held)]
    health = masked(provider.health, enabled=provider.enabled, keys=states)
    laid = provider.model_copy(update={"credentials": shown, "health": health})
    return laid.model_copy(update={"status": of_provider(laid)})
