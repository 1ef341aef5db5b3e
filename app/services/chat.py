"""One chat for a script: a question in, the whole answer out, through the path that traffic takes. Nothing is kept of it."""

import time
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import msgspec
from pydantic import Field, StringConstraints

from app import registry, relay
from app.domain.actor import Actor, ActorType
from app.domain.errors import PatchbayError
from app.domain.record import Closed, Record
from app.domain.snapshot import Route, Target
from app.domain.usage import Usage
from app.probe import requests
from app.relay import chat_text, failover
from app.relay.request_record import RequestRecord

MOST_MESSAGES = 1_000
Text = Annotated[str, StringConstraints(max_length=4_000_000)]


class Message(Closed):
    """One turn, in words. Images and tools are what `/v1/chat/completions` is for."""

    role: Literal["system", "developer", "user", "assistant"]  #: Who speaks.
    content: Text  #: What is said.


class ChatAnswer(Record):
    """`content` is "" where the model said nothing. `usage` as the provider reported it, null where it did not; `latency_ms` until
    the whole answer was there."""

    content: str  #: Answer of the model, "" where it is empty.
    model: str  #: Identifier of the model that answered.
    provider: str  #: ID of the provider that answered (its `name`).
    usage: dict[str, object] | None  #: Tokens as the provider reported them; null = it did not.
    latency_ms: Annotated[float, Field(ge=0)]  #: Milliseconds until the whole answer was there.


async def ask(
    actor: Actor,
    messages: Sequence[Message],
    *,
    provider: str | None = None,
    model: str | None = None,
    status_of: Callable[[PatchbayError], int],
) -> ChatAnswer:
    """Ask `model` of `provider`, or its default model; without a provider `model` is any selector, and without both it is the
    default provider's default model. The targets of an alias are tried as for traffic, and the call is counted in usage: for the
    key of a script, or for nobody's. `status_of` says what the caller gets for an error.

    Only an admin may: it spends the organisation's money. Raises `UnknownProvider`, `UnknownModel`, `ProviderDisabled` before
    anything is sent, then what the last target was refused with: `LimitReached`, `UpstreamError`.
    """
    actor.must_admin()
    note = RequestRecord(time.perf_counter(), actor.id if actor.type is ActorType.CLIENT_KEY else "")
    note.asks(model or "", provider or "")
    try:
        route = registry.shared.resolve_at(provider, model or "") if provider else registry.shared.resolve(model or "")
    except PatchbayError as error:
        note.refused(error, status_of(error))
        raise
    asking = _Asking(route, [message.model_dump() for message in messages])
    status, code = 0, "caller_left"
    try:
        answer = await asking.answer()
        status, code = 200, ""
    except PatchbayError as error:
        status, code = status_of(error), error.code
        raise
    finally:
        note.ended(asking.trying, status, code, asking.usage, asking.began_at)
    return answer


class _Asking:
    """One question on its way. `began_at` on the clock of `perf_counter`, 0 before an answer began."""

    def __init__(self, route: Route, messages: list[dict[str, str]]) -> None:
        self._messages = messages
        self.trying = failover.Trying(route, self._request)
        self.usage: Usage | None = None
        self.began_at = 0.0

    async def answer(self) -> ChatAnswer:
        """The whole answer. Raises `PatchbayError`."""
        started = time.perf_counter()
        async with self.trying as reply:
            self.began_at = time.perf_counter()
            body = await reply.read()
            self.usage = reply.usage
        seconds = time.perf_counter() - started
        document: object = msgspec.json.decode(body)
        if not isinstance(document, dict) or not document.get("choices"):
            raise requests.not_chat(document, body)
        return ChatAnswer(
            content=chat_text.text(document, "message"),
            model=self.trying.target.model,
            provider=self.trying.target.endpoint.name,
            usage=requests.counts(document.get("usage")),
            latency_ms=round(seconds * 1_000, 1),
        )

    def _request(self, target: Target) -> relay.Ask:
        return relay.Ask(requests.CHAT_PATH, msgspec.json.encode({"model": target.model, "messages": self._messages}))
