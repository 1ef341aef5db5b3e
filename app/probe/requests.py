"""The calls a probe makes, each one that traffic would make: the key check, the model list, one short chat, one short stream."""

import re
import time
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice

import msgspec

from app.domain.error_kind import ErrorKind
from app.domain.errors import BadResponse, Failed, UpstreamError
from app.domain.shortened import shortened
from app.relay import chat_text
from app.relay.pipeline import Ask, Calling
from app.upstream import failures

MODELS_PATH = "/models"
CHAT_PATH = "/chat/completions"
MOST_MODELS = 5_000
_QUESTION = "Reply with the single word OK."
# Some vendors refuse fewer than 16; reasoning models may spend all of them without a word, which still counts.
_ANSWER_TOKENS = 16
_NO_SUCH_MODEL = re.compile(
    r"model.{0,200}?(not (be )?(found|exist|available|supported|valid|loaded)|n[o']t exist|unknown|invalid)", re.IGNORECASE | re.DOTALL
)
_PREVIEW = 200
_IDENTIFIER = re.compile(r"[^\s\x00-\x1f\x7f]{1,200}")  # what may be saved as a model
_MOST_COUNTS = 20


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What a chat answered. `usage` as the provider reported it; `chunks` counts the events of a stream."""

    preview: str
    usage: dict[str, object] | None
    latency_ms: float
    chunks: int = 0


async def get(calling: Calling) -> bytes:
    """What a GET is answered."""
    async with calling as reply:
        return await reply.read()


async def reach(calling: Calling) -> bytes:
    """A GET for its status alone."""
    async with calling:
        return b""


def listed(body: bytes) -> list[str]:
    """Identifiers in a model list: {"data": […]}, {"models": […]} or a bare array. Raises `BadResponse`."""
    document = msgspec.json.decode(body)
    if isinstance(document, dict):
        document = document.get("data", document.get("models"))
    if not isinstance(document, list):
        raise BadResponse("The provider's response is not a list of models.", details={"kind": ErrorKind.NOT_JSON})
    names = (item.get("id") or item.get("name") if isinstance(item, dict) else item for item in document[:MOST_MODELS])
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and _IDENTIFIER.fullmatch(name)))


async def chat(calling: Calling) -> ChatReply:
    """One short answer. Raises `UpstreamError`; `BadResponse` of kind not_chat when the answer is none of a chat."""
    started = time.perf_counter()
    async with calling as reply:
        body = await reply.read()
    latency = _ms(started)
    document = msgspec.json.decode(body)
    choices = document.get("choices") if isinstance(document, dict) else None
    if not isinstance(choices, list) or not choices:
        raise not_chat(document, body)
    return ChatReply(
        _preview(chat_text.text(document, "message"), is_cut=chat_text.ended_by(document) == "length"),
        counts(document.get("usage")),
        latency,
    )


async def stream(calling: Calling) -> ChatReply:
    """One short streamed answer, read to its end; `latency_ms` is the time to the first event."""
    started, first = time.perf_counter(), 0.0
    text, chunks, usage, ended = "", 0, None, ""
    async with calling as reply:
        if not reply.is_events:
            raise BadResponse("The provider did not stream its response.", details={"kind": ErrorKind.NOT_STREAMED})
        async with aclosing(chat_text.events(reply)) as events:
            async for event in events:
                first = first or _ms(started)
                chunks += 1
                text += chat_text.text(event, "delta") if len(text) <= _PREVIEW else ""
                usage = counts(event.get("usage")) or usage
                ended = chat_text.ended_by(event) or ended
    return ChatReply(_preview(text, is_cut=ended == "length"), usage, first, chunks)


def _preview(text: str, *, is_cut: bool) -> str:
    """The beginning of an answer; our limit of its length is no end of a sentence either."""
    return f"{text.rstrip()}…" if is_cut and text.strip() and len(text) < _PREVIEW else shortened(text, _PREVIEW)


def question(model: str, *, stream: bool = False, limit: str = "max_tokens") -> Ask:
    """The request of a test. `limit` names the field that caps the answer: newer models know only one of the two."""
    body: dict[str, object] = {"model": model, "messages": [{"role": "user", "content": _QUESTION}], limit: _ANSWER_TOKENS}
    if stream:
        body["stream"] = True
    return Ask(CHAT_PATH, msgspec.json.encode(body), stream=stream)


def wants_other_limit(error: Failed) -> bool:
    """Whether a refusal names the field `max_completion_tokens`, which some models take instead of `max_tokens`."""
    said = _said(error)
    return error.status in (400, 422) and ("max_completion_tokens" in said["message"] or said["param"] == "max_tokens")


def names_the_model(error: UpstreamError, model: str) -> bool:
    """Whether the provider says that it does not know this model, rather than that the path is wrong."""
    said = _said(error)
    if error.status not in (400, 404, 410, 422):
        return False
    text = f"{said['message']} {said['code']}"
    return "model_not_found" in text or bool(_NO_SUCH_MODEL.search(text)) or (error.status == 404 and model in text)


def _said(error: UpstreamError) -> dict[str, str]:
    said = error.details.get("error")
    return said if isinstance(said, dict) else {"message": "", "code": "", "param": ""}


def counts(usage: object) -> dict[str, object] | None:
    """The numbers of a usage report and nothing else of it: it is kept with the result and shown on every card."""
    if not isinstance(usage, dict):
        return None
    numbers = {k: v for k, v in usage.items() if len(k) <= 40 and isinstance(v, int | float) and abs(v) < 2**53}
    return dict(islice(numbers.items(), _MOST_COUNTS))


def not_chat(document: object, body: bytes) -> Exception:
    """What a 200 that is no chat means. Some routers answer 200 and put the failure, with its status, into the body."""
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, dict) and isinstance(code := error.get("code"), int) and 400 <= code < 600:
        return failures.from_status(code, {}, body, failures.NOTHING_TO_SCRUB, "")
    detail = body[:2_000].decode(errors="replace")
    return BadResponse("The provider's response is not a chat response.", detail=detail, details={"kind": ErrorKind.NOT_CHAT})


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
