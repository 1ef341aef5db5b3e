"""How a provider does, in words: what its status comes from, what is wrong, and its newest calls one by one."""

from dataclasses import dataclass

from app.domain.probes.probe import ProbeResult
from app.domain.providers.health import LIMIT_CODES, SLOW, SLOW_MS, Health, Source, Standing
from app.services.providers import HealthInFull
from app.ui import i18n

_STATES = {"": "ok"} | dict.fromkeys(LIMIT_CODES, "limited")


@dataclass(frozen=True, slots=True)
class Mark:
    """One call. `state`: ok, slow, limited or failed; `text` is a sentence, `at` ISO 8601."""

    state: str
    text: str
    at: str


def seen(found: Standing, result: ProbeResult | None, language: str) -> str:
    """What the status comes from, "" where nothing is known."""
    if found.source is not Source.CALLS:
        return "" if result is None else i18n.say(language, "health.tested" if result.ok else "health.test_failed")
    if found.health is Health.HEALTHY:
        return i18n.say(language, "health.answered")
    if found.reason == SLOW:
        return i18n.say(language, "health.slow")
    if not found.failed:
        return i18n.say(language, "health.failed_lately")
    if found.failed == found.calls == 1:
        return i18n.say(language, "health.failed_one")
    if found.failed == found.calls:
        return i18n.say(language, "health.failed_all", n=found.calls)
    return i18n.say(language, "health.failed_some", failed=found.failed, n=found.calls)


def seen_at(found: Standing, result: ProbeResult | None) -> str:
    """When that was."""
    at = found.at if found.source is Source.CALLS else result.checked_at if result else None
    return at.isoformat() if at else ""


def reason(code: str, language: str) -> str:
    """What calls failed of, "" where nothing did."""
    if code in ("", SLOW):
        return ""
    return i18n.say(language, "key_reason.no_credit") if code == "no_credit" else i18n.say_code(language, "error", code)


def marks(found: HealthInFull, language: str) -> list[Mark]:
    """The newest calls, the oldest first."""
    return [
        Mark(
            state="slow" if not call.error and call.ms >= SLOW_MS else _STATES.get(call.error, "failed"),
            text=reason(call.error, language) if call.error else i18n.say(language, "health.answered_in", ms=call.ms),
            at=call.at.isoformat(),
        )
        for call in found.recent
    ]
