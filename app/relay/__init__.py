"""The one path every call to a provider takes: traffic and probes alike. `relay.call(endpoint, ask)`."""

from app.relay.pipeline import Ask, Reply, call

__all__ = ["Ask", "Reply", "call"]
