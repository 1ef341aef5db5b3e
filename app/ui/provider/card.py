"""What a provider's card shows: a small frozen record made from domain records. Nothing secret is in one."""

from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.credentials.credential import Held, KeyState, reminder
from app.domain.probes.probe import FixAction, ProbeResult
from app.domain.providers.health import Health, Source
from app.domain.providers.preset import Preset
from app.domain.providers.provider import Provider, ProviderType, Status
from app.ui import i18n
from app.ui.i18n.days import day_of
from app.ui.presets.face import face
from app.ui.probe.run import fix_of, sentence
from app.ui.provider import health_words
from app.ui.provider_form.form_values import hint


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


def kind_of(provider: Provider, preset: Preset | None, language: str) -> str:
    """The vendor, or that it is a custom provider."""
    return preset.label if preset else i18n.say_code(language, "provider_type", provider.type)


def _is_custom(provider: Provider, preset: Preset | None) -> bool:
    return preset is None and provider.type is ProviderType.CUSTOM


def card(provider: Provider, preset: Preset | None, language: str) -> Card:
    """The card of a provider, its sentences in `language`."""
    look = face(provider.label, preset)
    result = provider.last_test.result if provider.last_test else None
    kind = i18n.say(language, "card.custom") if _is_custom(provider, preset) else kind_of(provider, preset, language)
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
        return i18n.say(language, "probe.default_not_listed", model=provider.default_model or "")
    states = {key.state for key in provider.credentials}
    if provider.status is not Status.ATTENTION or not states or states & {KeyState.ACTIVE, KeyState.STANDBY}:
        return ""
    if KeyState.AUTO_DISABLED in states:
        return i18n.say(language, "card.keys_refused")
    return i18n.say(language, "card.keys_unresolved" if KeyState.UNRESOLVED in states else "card.keys_over")


def _answers_again(provider: Provider) -> bool:
    """Whether what the last test proposes is mended by now."""
    return provider.health.source is Source.CALLS and provider.health.health is Health.HEALTHY


def _fix(provider: Provider, result: ProbeResult | None) -> str:
    return fix_of(result) or (FixAction.CHOOSE_MODEL if provider.default_model_listed is False and result and result.ok else "")


def _latency(provider: Provider, result: ProbeResult | None) -> int:
    if provider.health.source is Source.CALLS:
        return 0 if provider.health.health is Health.DOWN else provider.health.latency_ms or 0
    return round(result.latency_ms or 0) if result and result.ok else 0
