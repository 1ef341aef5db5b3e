"""What will probably become of a call, from what is known: how the provider does, and whether it has the model.

A call goes to a target whose provider is out of credit as to any other; what matters is that somebody says so.
"""

from collections.abc import Collection
from enum import StrEnum

from app.domain.probes.probe import ProbeResult, StepName, Verdict
from app.domain.providers.health import KEY_CODES, Health, Source, Standing
from app.domain.providers.model_name import is_listed
from app.domain.providers.provider import Provider
from app.domain.record import Record


class Outlook(StrEnum):
    """From the best to the worst."""

    LIKELY = "likely"  # its newest calls, or a test after them, were answered
    UNKNOWN = "unknown"  # nothing is known
    DOUBTFUL = "doubtful"
    UNLIKELY = "unlikely"


class ConcernCode(StrEnum):
    """What speaks against an answer. Pages say each in the reader's words (`concern.<code>`)."""

    NO_CREDIT = "no_credit"
    LIMITED = "limited"
    KEY_REFUSED = "key_refused"
    FAILING = "failing"
    UNSTABLE = "unstable"
    TEST_FAILED = "test_failed"
    NOT_TRIED = "not_tried"
    KEY_NOT_PROVEN = "key_not_proven"
    MODEL_UNKNOWN = "model_unknown"
    MODEL_NOT_LISTED = "model_not_listed"


SENTENCES: dict[ConcernCode, str] = {
    ConcernCode.NO_CREDIT: "The account at the provider has no credit left. The latest requests were rejected for this reason.",
    ConcernCode.LIMITED: "The provider is limiting requests. The latest requests were rejected for this reason.",
    ConcernCode.KEY_REFUSED: "The provider rejected the key in the latest requests or in the last test.",
    ConcernCode.FAILING: "The latest requests to the provider failed.",
    ConcernCode.UNSTABLE: "Some of the latest requests to the provider failed or were slow.",
    ConcernCode.TEST_FAILED: "The last test of the provider failed.",
    ConcernCode.NOT_TRIED: "No request and no test in the past 24 hours shows whether the provider responds.",
    ConcernCode.KEY_NOT_PROVEN: "The last test did not show whether the provider accepts the key.",
    ConcernCode.MODEL_UNKNOWN: "The provider does not list this model.",
    ConcernCode.MODEL_NOT_LISTED: "This model is not in the saved list, and the provider's own list is unknown.",
}
_WORST = list(Outlook)


class Concern(Record):
    """One reason to doubt, with its sentence."""

    code: ConcernCode  #: Code of the reason.
    message: str  #: The reason, in one sentence.


def concern(code: ConcernCode) -> Concern:
    """A reason with its sentence."""
    return Concern(code=code, message=SENTENCES[code])


def of_call(provider: Provider, model: str, declared: Collection[str]) -> tuple[Outlook, list[Concern]]:
    """What will probably become of a call of this model. `declared` are the models that are listed here."""
    result = provider.last_test.result if provider.last_test else None
    found = [_of_health(provider.health, result, model), _of_model(model, declared, result)]
    outlook = max((outlook for outlook, _ in found), key=_WORST.index)
    return outlook, [concern(code) for _, code in found if code is not None]


def _of_health(health: Standing, result: ProbeResult | None, model: str) -> tuple[Outlook, ConcernCode | None]:
    code, is_over = health.reason, health.source is Source.CALLS and not health.newest  # it failed, and was answered since
    match health.health:
        case Health.HEALTHY:
            return Outlook.LIKELY, None
        case Health.UNKNOWN | Health.DISABLED:
            is_open = result is not None and result.verdict is Verdict.KEY_NOT_PROVEN and health.source is Source.TEST
            return Outlook.UNKNOWN, ConcernCode.KEY_NOT_PROVEN if is_open else ConcernCode.NOT_TRIED
        case Health.DEGRADED if code == "no_credit":
            return (Outlook.DOUBTFUL if is_over else Outlook.UNLIKELY), ConcernCode.NO_CREDIT
        case Health.DEGRADED if code in ("upstream_rate_limited", "rate_limited"):
            return (Outlook.UNLIKELY if 0 < health.calls == health.failed else Outlook.DOUBTFUL), ConcernCode.LIMITED
        case Health.DEGRADED if health.source is Source.TEST:
            return _of_half_a_test(result, model)
        case Health.DEGRADED:
            return Outlook.DOUBTFUL, ConcernCode.UNSTABLE
        case Health.DOWN if health.source is Source.KEYS or code in KEY_CODES or code == "key_refused":
            return Outlook.UNLIKELY, ConcernCode.KEY_REFUSED
        case Health.DOWN if health.source is Source.TEST:
            return Outlook.UNLIKELY, ConcernCode.TEST_FAILED
        case _:
            return Outlook.UNLIKELY, ConcernCode.FAILING


def _of_half_a_test(result: ProbeResult | None, model: str) -> tuple[Outlook, ConcernCode | None]:
    """A test that found the key good and a model missing says something of that model alone."""
    if (
        result is not None
        and StepName.CREDENTIAL in result.proven
        and result.verdict in (Verdict.MODEL_NOT_FOUND, Verdict.DEFAULT_NOT_LISTED)
    ):
        return (Outlook.UNLIKELY, ConcernCode.MODEL_UNKNOWN) if model == result.model else (Outlook.UNKNOWN, None)
    return Outlook.DOUBTFUL, ConcernCode.TEST_FAILED


def _of_model(model: str, declared: Collection[str], result: ProbeResult | None) -> tuple[Outlook, ConcernCode | None]:
    has_answered = result is not None and result.model == model and bool({StepName.CHAT, StepName.STREAM} & set(result.proven))
    if has_answered or (result is not None and is_listed(model, result.models)):
        return Outlook.LIKELY, None
    if result is not None and result.models:
        return (Outlook.DOUBTFUL if is_listed(model, declared) else Outlook.UNLIKELY), ConcernCode.MODEL_UNKNOWN
    if declared and not is_listed(model, declared):
        return Outlook.DOUBTFUL, ConcernCode.MODEL_NOT_LISTED
    return Outlook.LIKELY, None
