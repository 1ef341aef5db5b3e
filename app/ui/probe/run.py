"""A test as it is drawn: its steps and what it found, in the reader's language. Nothing secret is in one."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from app.domain.probes.probe import ProbeError, ProbeResult, ProbeStep, StepName, Verdict
from app.domain.providers.preset import Preset
from app.domain.providers.routes import readable
from app.probe import diagnoses, messages
from app.ui import i18n


@dataclass(frozen=True, slots=True)
class Line:
    """One rung as drawn. `state`: ok, failed, noted, or skipped where there was nothing to try; `title` names what was tried, `text` what
    was found ("" = nothing to add). `ms` is 0 where nothing was tried, or it took no time worth a figure."""

    rung: str
    state: str
    title: str
    text: str
    ms: float


@dataclass(frozen=True, slots=True)
class Run:
    """A ladder on the screen, running or finished. `outcome`: "" while it runs, then ok, partly or failed."""

    lines: list[Line] = field(default_factory=list)
    outcome: str = ""
    sentence: str = ""
    detail: str = ""
    model: str = ""
    answer: str = ""
    latency_ms: float = 0
    curl: str = ""
    code: str = ""
    fix: str = ""
    fix_value: str = ""
    fix_label: str = ""  # where the finding has a text of its own for the button
    key_url: str = ""


Steps = AsyncGenerator[ProbeStep | ProbeResult]


def steps_of(probe: AsyncIterator[ProbeStep | ProbeResult]) -> Steps:
    """A running probe as the generator it is, so that stopping to read it stops it."""
    return cast("Steps", probe)


def climb(run: Run, step: ProbeStep | ProbeResult, language: str, preset: Preset | None) -> Run:
    """The ladder one rung further, or finished."""
    if isinstance(step, ProbeStep):
        drawn = line(step, language)
        if step.ok and any(known.rung == step.name for known in run.lines):
            return replace(run, lines=[drawn if known.rung == step.name else known for known in run.lines])
        return replace(run, lines=[*(known for known in run.lines if known.rung != step.name), drawn])
    return finished(run, step, language, key_url=preset.key_url if preset else "")


def line(step: ProbeStep, language: str) -> Line:
    """One rung as drawn."""
    state = {True: "ok", False: "failed", None: "noted"}[step.ok]
    named = i18n.has(f"step.{step.message}")
    title = i18n.say_code(language, "step", step.message) if named else i18n.say_code(language, f"rung_{state}", step.name)
    finding = diagnoses.find(step.message)
    sign = "skipped" if finding and not finding.is_tried else state  # what is known without a try gets no green tick
    values = {name: readable(str(value)) if name == "url" else value for name, value in step.values.items()}
    return Line(step.name, sign, title, found(step.message, values, language), round(step.ms))


def finished(run: Run, result: ProbeResult, language: str, *, key_url: str = "") -> Run:
    """The ladder with what the whole test found."""
    answered = bool({StepName.CHAT, StepName.STREAM} & set(result.proven))
    fix = result.error.fix if result.error else None
    return Run(
        lines=[line(step, language) for step in result.steps] or run.lines,
        outcome="failed" if not result.ok else "ok" if answered and result.verdict is not Verdict.LIMITED else "partly",
        sentence=sentence(result.error, language) if result.error else "",
        detail=result.error.detail if result.error else "",
        model=result.model or "",
        answer=result.preview,
        latency_ms=round(result.latency_ms or 0),
        curl=result.curl,
        code=result.error.code if result.error else "",
        fix=fix.action if fix else "",
        fix_value=fix.value if fix else "",
        fix_label=label(result.error, language) if result.error else "",
        key_url=key_url if result.verdict is Verdict.AUTH_FAILED else "",
    )


def fix_of(result: ProbeResult | None) -> str:
    """The repair that a test proposes, "" when there is none."""
    fix = result.error.fix if result and result.error else None
    return fix.action if fix else ""


def sentence(error: ProbeError, language: str) -> str:
    """What went wrong and what to do."""
    return found(error.code, error.values, language, otherwise=error.message)


def label(error: ProbeError, language: str) -> str:
    """What its finding has the button say, "" where it says what its action always says."""
    finding = diagnoses.find(error.code)
    own = finding.fix if finding else None
    if own is None or not own.label or error.fix is None or error.fix.action is not own.action:
        return ""
    return i18n.say_code(language, "fix", error.code, value=error.fix.value)


def found(code: str, values: Mapping[str, object], language: str, *, otherwise: str = "") -> str:
    """What a finding says; its English sentence, or what was stored with it, where no language has a text for it."""
    if i18n.has(f"probe.{code}"):
        return i18n.say_code(language, "probe", code, **values)
    return otherwise or messages.sentence(code, values)
