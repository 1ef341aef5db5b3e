"""A chat and a stream: what was answered, and what was answered instead."""

from app.domain.error_kind import ErrorKind
from app.domain.errors import BadResponse, Failed
from app.domain.probes.probe import FixAction, StepName, Verdict
from app.probe.finding import Cause, Finding, Fix

_ANOTHER_MODEL = Fix(FixAction.CHOOSE_MODEL)

CHAT_ANSWERED = Finding(code="chat_answered", verdict=Verdict.OK, sentence="{model} answered.", facts=("model",))

# A reasoning model, or our limit of its length: still a success.
CHAT_EMPTY = Finding(
    code="chat_empty",
    verdict=Verdict.OK,
    sentence="{model} replied with no text, as reasoning models with a short limit do.",
    facts=("model",),
)

STREAM_ANSWERED = Finding(
    code="stream_answered",
    verdict=Verdict.OK,
    sentence="{model} streamed its answer.",
    facts=("model", "chunks"),
)

STREAM_NOT_OFFERED = Finding(
    code="stream_not_offered",
    verdict=Verdict.OK,
    sentence="Skipped, because streaming is set to no for this provider.",
)

CHAT_REJECTED = Finding(
    code="chat_rejected",
    sentence="The provider rejected the chat request (status {status}). Choose another model.",
    facts=("status", "model"),
    causes=(Cause(Failed, when=lambda met: met.model != "" and 400 <= met.status < 500),),
    fix=_ANOTHER_MODEL,
)

NOT_CHAT = Finding(
    code="not_chat",
    sentence="The response is not a chat response. Check the path of the address, or choose another model.",
    facts=("model",),
    causes=(Cause(BadResponse, ErrorKind.NOT_CHAT),),
    fix=_ANOTHER_MODEL,
)

STREAM_CUT = Finding(
    code="stream_cut",
    sentence="The streamed answer ended before it was complete. Test again.",
    facts=("model",),
    causes=(Cause(BadResponse, ErrorKind.CUT_OFF, when=lambda met: met.step is StepName.STREAM),),
)

NOT_STREAMED = Finding(
    code="not_streamed",
    sentence="The provider did not stream its answer.",
    facts=("model",),
    causes=(Cause(BadResponse, ErrorKind.NOT_STREAMED),),
)
