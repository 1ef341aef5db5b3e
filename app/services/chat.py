"""One chat for a script: a question in, the whole answer out, through the path that traffic takes. Nothing is kept of it."""

import time
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, StringConstraints

from app import registry, relay
from app.domain.actor import Actor
from app.domain.record import Closed, Record
from app.relay import speech, trial

MOST_MESSAGES = 1_000
Text = Annotated[str, StringConstraints(max_length=4_000_000)]


class Message(Closed):
    """One turn, in words. Images and tools are what `/v1/chat/completions` is for."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text


class ChatAnswer(Record):
    """`content` is "" where the model said nothing. `usage` as the provider reported it, null where it did not; `latency_ms` until
    the whole answer was there."""

    content: str
    model: str
    provider: str
    usage: dict[str, Any] | None
    latency_ms: Annotated[float, Field(ge=0)]


async def ask(actor: Actor, messages: Sequence[Message], *, provider: str | None = None, model: str | None = None) -> ChatAnswer:
    """Ask `model` of `provider`, or its default model; without a provider `model` is any selector, and without both it is the
    default provider's default model.

    Only an admin may: it spends the organisation's money. Raises `UnknownProvider`, `UnknownModel`, `ProviderDisabled` before
    anything is sent, then `UpstreamError`.
    """
    actor.must_admin()
    route = registry.shared.resolve_at(provider, model or "") if provider else registry.shared.resolve(model or "")
    body = {"model": route.model, "messages": [message.model_dump() for message in messages]}
    started = time.perf_counter()
    async with relay.call(route.endpoint, relay.Ask(trial.CHAT_PATH, msgspec.json.encode(body))) as reply:
        answer = await reply.read()
    seconds = time.perf_counter() - started
    document: Any = msgspec.json.decode(answer)
    if not isinstance(document, dict) or not document.get("choices"):
        raise trial.not_chat(document, answer)
    return ChatAnswer(
        content=speech.text(document, "message"),
        model=route.model,
        provider=route.endpoint.name,
        usage=trial.counts(document.get("usage")),
        latency_ms=round(seconds * 1_000, 1),
    )
