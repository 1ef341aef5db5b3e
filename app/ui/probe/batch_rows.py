"""The rows of a batch of tests as the page draws them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.domain.probes.probe import ProbeResult, StepName, Verdict
from app.domain.providers.provider import Provider
from app.domain.shortened import shortened
from app.ui.probe.run import sentence

ANSWER = 120  # characters of an answer that are shown


@dataclass(frozen=True, slots=True)
class Row:
    """One test. `state`: "" (not begun), waiting, running, then ok, noted or failed; `proven`: the deepest rung; `said`: the first words
    of the answer, or what is wrong; `off`: the provider is switched off."""

    key: str
    title: str
    hint: str = ""
    on: bool = True
    off: bool = False
    state: str = ""
    verdict: str = ""
    passed: bool = False
    ms: int = 0
    proven: str = ""
    model: str = ""
    said: str = ""


def of_model(model: str, *, on: bool) -> Row:
    """A model that may be tested."""
    return Row(model, model, on=on)


def of_provider(p: Provider) -> Row:
    """A provider that may be tested; one that is off is not ticked."""
    return Row(p.name, p.label, hint=p.base_url.split("://", 1)[-1], on=p.enabled, off=not p.enabled)


def begun(row: Row) -> Row:
    """The test was sent."""
    return replace(row, state="running")


def done(result: ProbeResult, language: str) -> Callable[[Row], Row]:
    """What the test found."""
    answered = bool({StepName.CHAT, StepName.STREAM} & set(result.proven))
    passed = result.ok and answered and result.verdict is not Verdict.LIMITED
    problem = sentence(result.error, language) if result.error else ""

    def changed(row: Row) -> Row:
        return replace(
            row,
            state="failed" if not result.ok else "ok" if passed else "noted",
            verdict=result.verdict.value,
            passed=passed,
            ms=round(result.latency_ms or 0) if result.ok else 0,
            proven=result.proven[-1].value if result.proven else "",
            model="" if row.key == result.model else result.model or "",
            said=shortened(" ".join(result.preview.split()), ANSWER) if passed and result.preview.strip() else problem,
        )

    return changed
