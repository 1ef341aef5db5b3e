"""`/v1/models`: what a client key may name."""

import asyncio

import msgspec

from app import registry
from app.domain.snapshot import ClientKeyEntry, Snapshot
from app.registry import selector

# The list of unrestricted keys, kept with the snapshot it was made of: SDKs and chat front ends ask for it all the time.
_kept: tuple[Snapshot, bytes] | None = None


async def listing(allowed: ClientKeyEntry) -> bytes:
    """The JSON list. A big catalogue is written in a thread."""
    global _kept
    snapshot = registry.shared.snapshot
    if allowed.models is None and allowed.providers is None:
        kept = _kept
        if kept is None or kept[0] is not snapshot:
            _kept = kept = (snapshot, await asyncio.to_thread(_written, snapshot, None))
        return kept[1]
    return await asyncio.to_thread(_written, snapshot, allowed)


def one(name: str, allowed: ClientKeyEntry, provider: str = "") -> bytes:
    """One model by any selector, or by the own identifier of a provider. Raises `UnknownModel`, `UnknownProvider`, `ProviderDisabled`."""
    route = registry.shared.resolve_at(provider, name, allowed=allowed) if provider else registry.shared.resolve(name, allowed=allowed)
    return msgspec.json.encode(model(name, selector.OURS if route.alias else route.endpoint.name))


def _written(snapshot: Snapshot, allowed: ClientKeyEntry | None) -> bytes:
    data = [model(name, owner) for name, owner in selector.selectors(snapshot, allowed)]
    return msgspec.json.encode({"object": "list", "data": data})


def model(name: str, owner: str) -> dict[str, object]:
    """One entry of a list. `created` is required by the SDKs and known to nobody: 0."""
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}
