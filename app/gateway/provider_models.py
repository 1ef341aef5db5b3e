"""`/v1/providers/{name}/models`: what that provider itself reports, passed through like a chat.

Our own catalogue stands in `/v1/models`; whoever uses the address of one provider wants that provider's, with the fields it adds and
the models that nobody listed here. It is written anew where a caller may not see all of it, and where a vendor's list has another
shape; where a vendor's protocol has no list, the listed models stand in.
"""

import time
from collections.abc import Callable, Iterable

import msgspec

from app import registry, relay
from app.domain.providers.provider import Wire
from app.domain.providers.routes import ROUTES
from app.domain.snapshot import ClientKeyEntry, Endpoint, Route, Target
from app.gateway import exchange, guard, models, streams
from app.probe import requests
from app.registry import selector
from app.relay import failover, limits
from app.relay.request_record import RequestRecord


async def answer(scope: exchange.Scope, receive: streams.Receive, send: exchange.Send, provider: str) -> None:
    """Answer a GET. Raises `PatchbayError` until the first byte was sent."""
    note = RequestRecord(time.perf_counter())
    key = await guard.check(scope["headers"])
    note.key_id = key.id
    limits.admit(key)
    endpoint = registry.shared.provider(provider, allowed=key)
    if not ROUTES[endpoint.type].models:
        await exchange.respond(send, 200, _written(endpoint.models, endpoint, key))
        return
    trying = failover.Trying(Route((Target(endpoint, ""),)), lambda _: relay.Ask(requests.MODELS_PATH), key.id)
    answering = exchange.Answering(send, trying, rewrite=_rewrite(endpoint, key))
    with streams.Running(receive) as running:
        running.is_whole = True  # a GET has no body that would be waited for
        await answering.run(running)
    note.ended(trying, answering.status, answering.error, None, answering.began_at)


def _rewrite(endpoint: Endpoint, allowed: ClientKeyEntry) -> Callable[[bytes], bytes] | None:
    """What is done to the provider's list, None = nothing."""
    if endpoint.wire is Wire.OPENAI and allowed.models is None and not endpoint.only_listed:
        return None
    return lambda body: _written(requests.listed(body), endpoint, allowed)


def _written(identifiers: Iterable[str], endpoint: Endpoint, allowed: ClientKeyEntry) -> bytes:
    """Those that the caller may name at this address, in OpenAI's shape."""
    listed = set(endpoint.models)
    named = [
        identifier
        for identifier in identifiers
        if selector.may_use(allowed, endpoint, identifier) and (not endpoint.only_listed or identifier in listed)
    ]
    return msgspec.json.encode({"object": "list", "data": [models.model(identifier, endpoint.name) for identifier in named]})
