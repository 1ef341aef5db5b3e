"""The shared registry: an immutable snapshot of the configuration, swapped whole, read by every request."""

from app.registry.live import Registry, shared

__all__ = ["Registry", "shared"]
