"""The first answer: one question of a person to a saved provider, streamed through the path that traffic takes."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

import msgspec

from app import registry
from app.domain.actor import Actor
from app.domain.errors import Failed, InvalidDraft, Reason, UpstreamError
from app.domain.probes.probe import ProbeError
from app.domain.snapshot import Endpoint, KeyUse
from app.probe import findings, requests
from app.probe.finding import Met
from app.relay import chat_text, rate_limit
from app.relay.pipeline import Ask, call

LONGEST_QUESTION = 4_000  # characters
LONGEST_ANSWER = 20_000  # after that many the rest is not waited for


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went. `first_ms` = until the first word, `total_ms` = until the end; `error` None = answered."""

    model: str
    first_ms: int
    total_ms: int
    error: ProbeError | None = None


async def ask(actor: Actor, name: str, model: str, question: str) -> AsyncGenerator[str | Ended]:
    """Ask a provider's model. Yields pieces of the answer as they come and `Ended` last; whoever stops reading hangs up.

    Raises `InvalidDraft`, `UnknownModel`, `ProviderDisabled`, `TooManyAttempts` before anything is sent.
    """
    actor.must_admin()
    question = question.strip()
    if not question:
        raise InvalidDraft({"question": Reason("fill_in", "Fill in this field.")})
    if len(question) > LONGEST_QUESTION:
        raise InvalidDraft({"question": Reason("too_long", "Use at most {most} characters.", most=LONGEST_QUESTION)})
    route = registry.shared.resolve(f"{name}/{model}")
    rate_limit.count(actor.id)
    body = {"model": route.model, "messages": [{"role": "user", "content": question}], "stream": True}
    endpoint = replace(route.endpoint, use=KeyUse.TEST)  # a person who asks again has perhaps just mended something
    started, first, length = time.perf_counter(), 0, 0
    error: ProbeError | None = None
    try:
        async with aclosing(_pieces(endpoint, Ask(requests.CHAT_PATH, msgspec.json.encode(body), stream=True))) as pieces:
            async for piece in pieces:
                first = first or _ms(started)
                yield piece
                length += len(piece)
                if length >= LONGEST_ANSWER:
                    break
    except UpstreamError as failure:
        error = _said(failure, route.endpoint, route.model)
    yield Ended(route.model, first, _ms(started), error)


async def _pieces(endpoint: Endpoint, question: Ask) -> AsyncGenerator[str]:
    """The texts of the events; of an answer in one piece, the whole."""
    async with call(endpoint, question) as reply:
        if not reply.is_events:
            document = msgspec.json.decode(body := await reply.read())
            if not isinstance(document, dict) or not document.get("choices"):
                raise requests.not_chat(document, body)
            yield chat_text.text(document, "message")
            return
        async with aclosing(chat_text.events(reply)) as events:
            async for event in events:
                if (failed := event.get("error")) is not None:
                    raise Failed("The provider ended the response with an error.", detail=str(failed)[:2_000])
                if piece := chat_text.text(event, "delta"):
                    yield piece


def _said(failure: UpstreamError, endpoint: Endpoint, model: str) -> ProbeError:
    """The failure in the words of a test: a person has seen those before."""
    finding, facts = findings.of(Met(failure, endpoint, model=model))
    return findings.error(finding, facts, endpoint, detail=failure.detail)


def _ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1_000)
