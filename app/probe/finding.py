"""What a finding is declared with: code, verdict, sentence, the errors that mean it, its fix. `app.probe.diagnoses` holds the findings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import EgressRefused, TimedOut, UpstreamError
from app.domain.probes.probe import FindingCode, FixAction, StepName, Verdict
from app.domain.snapshot import Endpoint

Facts = Mapping[str, object]
Value = Callable[[Facts, Endpoint], str | None]


@dataclass(frozen=True, slots=True)
class Fix:
    """The button beside a finding.

    `value(facts, endpoint)` is what the form puts in, None where that would not help at this provider. Without it the person chooses, or
    the action says it all. `label` is the button's text in English, "" = that of the action; `limit` names the field of `Network` that
    RAISE_LIMIT changes.
    """

    action: FixAction
    value: Value | None = None
    label: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Met:
    """An error where it was met. `step` None = outside of a test; `model` is the one that was asked, "" = no chat."""

    error: UpstreamError
    endpoint: Endpoint
    step: StepName | None = None
    model: str = ""

    @property
    def status(self) -> int:
        """What the provider answered with, 0 where it did not."""
        return self.error.status or 0


@dataclass(frozen=True, slots=True)
class Cause:
    """An error that means a finding: of this class, of this kind (None = of any), where `when` holds.

    Of several causes the one with the nearer class counts, then the one that names the kind, then the one that has a condition. Two with
    a condition for the same class and kind could both hold: `over` names the findings that this one is a nearer explanation than.
    """

    error: type[UpstreamError]
    kind: StrEnum | None = None
    when: Callable[[Met], bool] | None = None
    over: tuple[FindingCode, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Finding:
    """One finding of a test.

    `sentence` says in English what is wrong and what to do; its {holes} are among `facts`, the names of values that are known when it is
    met: `host`, `port`, `origin`, `status`, what the step or the error's `details` add. Stored results hold `code`: it never changes.
    `step` is the one that is red, whichever met it; that of the key where the verdict is about the key. `is_tried` False = known without
    a try, so no tick belongs to it.
    """

    code: FindingCode
    sentence: str = ""
    verdict: Verdict = Verdict.BAD_RESPONSE
    facts: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    fix: Fix | None = None
    step: StepName | None = None
    is_tried: bool = True

    @property
    def red_step(self) -> StepName | None:
        """The step that is red, None = the one that met it."""
        return self.step or (StepName.CREDENTIAL if self.verdict in (Verdict.NO_CREDENTIAL, Verdict.AUTH_FAILED) else None)


def kind_of(error: UpstreamError) -> StrEnum | None:
    """What `Cause.kind` is compared with: the reason of a refused address, the limit that was met, the kind of any other error."""
    match error:
        case EgressRefused():
            return error.reason
        case TimedOut():
            return error.limit
        case _:
            return error.kind
