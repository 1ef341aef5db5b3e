"""What a provider's card and its ladder show: small frozen records made from domain records. Nothing secret is in one."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast
from zlib import crc32

from app.domain.credential import Credential, Held, KeyState, reminder
from app.domain.health import Health, Source
from app.domain.preset import Preset
from app.domain.probe import FixAction, ProbeError, ProbeResult, ProbeStep, StepName, Verdict
from app.domain.provider import Provider, Status
from app.ui import words
from app.ui.state import health_words
from app.ui.state.days import day_of

TINTS = ("iris", "teal", "orange", "pink", "cyan", "grass", "brown", "purple")


@dataclass(frozen=True, slots=True)
class Face:
    """How something is recognised at a glance: logo file, or initials on a tint."""

    logo: str = ""
    initials: str = ""
    tint: str = "gray"


@dataclass(frozen=True, slots=True)
class Card:
    """One provider in the list. `seen` says what its status comes from and `seen_at` when that was; times are ISO 8601 or "". `problem`
    is a sentence or "". `keys_used` of `key_count` are in use; `key_ends` is the last day of the first of them that ends, with its
    `key_reminder`, "" while none is near. `gone`: it was deleted while the list is on the screen."""

    id: str
    name: str
    label: str
    preset: str
    kind: str
    face_logo: str
    face_initials: str
    face_tint: str
    address: str
    key_hint: str
    key_count: int
    keys_used: int
    key_ends: str
    key_reminder: str
    models: int
    default_model: str
    enabled: bool
    is_default: bool
    is_local: bool
    status: str
    latency_ms: float
    seen: str
    seen_at: str
    tested_at: str
    problem: str
    fix: str
    version: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One rung as drawn. `state`: ok, failed or noted; `title` names what was tried, `text` what was found ("" = nothing to add)."""

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
    key_url: str = ""


def face(label: str, preset: Preset | None) -> Face:
    """The face of a provider; the same label always gets the same tint."""
    parts = [word for word in label.replace("-", " ").replace("(", " ").split() if word[0].isalnum()] or ["?"]
    initials = (parts[0][0] + (parts[1][0] if len(parts) > 1 else "")).upper()
    return Face(preset.logo if preset else "", initials, TINTS[crc32(label.encode()) % len(TINTS)])


def card(provider: Provider, preset: Preset | None, language: str) -> Card:
    """The card of a provider, its sentences in `language`."""
    look = face(provider.label, preset)
    result = provider.last_test.result if provider.last_test else None
    kind = preset.label if preset else words.say_of(language, "provider_type", provider.type)
    keys = [key for key in provider.credentials if key.state_reason not in tuple(Held)]
    near = [key for key in keys if key.state is not KeyState.DISABLED and reminder(key.expires_at, datetime.now(UTC))]
    first = min(near, key=lambda key: str(key.expires_at), default=None)
    return Card(
        id=provider.id,
        name=provider.name,
        label=provider.label,
        preset=provider.preset or "",
        kind="" if kind == provider.label else kind,
        face_logo=look.logo,
        face_initials=look.initials,
        face_tint=look.tint,
        address=provider.base_url.split("://", 1)[-1],
        key_hint=hint(provider.credentials),
        key_count=len(keys),
        keys_used=sum(key.state is KeyState.ACTIVE for key in keys),
        key_ends=day_of(first.expires_at) if first else "",
        key_reminder=reminder(first.expires_at, datetime.now(UTC)) or "" if first else "",
        models=provider.model_count or len(result.models if result else ()),
        default_model=provider.default_model or "",
        enabled=provider.enabled,
        is_default=provider.is_default,
        is_local=provider.is_local,
        status=provider.status,
        latency_ms=_latency(provider, result),
        seen=health_words.seen(provider.health, result, language),
        seen_at=health_words.seen_at(provider.health, result),
        tested_at=result.checked_at.isoformat() if result else "",
        problem=_problem(provider, result, language) if provider.enabled else "",
        fix=_fix(provider, result) if provider.enabled and not _answers_again(provider) else "",
        version=provider.version,
    )


def _problem(provider: Provider, result: ProbeResult | None, language: str) -> str:
    """What the newest calls or else the last test found wrong; without one, why no key can be used."""
    if provider.health.source is Source.CALLS:
        return health_words.reason(provider.health.reason, language)
    if result and result.error:
        return sentence(result.error, language)
    if provider.default_model_listed is False and result and result.ok:
        return words.say(language, "probe.default_not_listed", model=provider.default_model or "")
    states = {key.state for key in provider.credentials}
    if provider.status is not Status.ATTENTION or not states or states & {KeyState.ACTIVE, KeyState.STANDBY}:
        return ""
    if KeyState.AUTO_DISABLED in states:
        return words.say(language, "card.keys_refused")
    return words.say(language, "card.keys_unresolved" if KeyState.UNRESOLVED in states else "card.keys_over")


def _answers_again(provider: Provider) -> bool:
    """Whether what the last test proposes is mended by now."""
    return provider.health.source is Source.CALLS and provider.health.health is Health.HEALTHY


def _fix(provider: Provider, result: ProbeResult | None) -> str:
    return fix_of(result) or (FixAction.CHOOSE_MODEL if provider.default_model_listed is False and result and result.ok else "")


def _latency(provider: Provider, result: ProbeResult | None) -> int:
    if provider.health.source is Source.CALLS:
        return 0 if provider.health.health is Health.DOWN else provider.health.latency_ms or 0
    return round(result.latency_ms or 0) if result and result.ok else 0


def fix_of(result: ProbeResult | None) -> str:
    """The repair that a test proposes, "" when there is none."""
    fix = result.error.fix if result and result.error else None
    return fix.action if fix else ""


def hint(credentials: Sequence[Credential]) -> str:
    """The first saved key as ••••4f2a, or "" when there is none."""
    return next((f"••••{c.hint}" for c in credentials if c.is_set), "")


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
    named = f"step.{step.message}" in words.keys()  # noqa: SIM118 - a function, not a mapping
    title = words.say_of(language, "step", step.message) if named else words.say_of(language, f"rung_{state}", step.name)
    return Line(step.name, state, title, words.say_of(language, "probe", step.message, **step.values), round(step.ms))


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
        key_url=key_url if result.verdict is Verdict.AUTH_FAILED else "",
    )


def sentence(error: ProbeError, language: str) -> str:
    """What went wrong and what to do."""
    return words.say_of(language, "probe", error.code, **error.values)
