"""How a provider does, from the newest of its calls and its last test. The whole rule is here.

disabled   it is switched off
down       none of its keys can be used; or its newest call was refused for the key; or its newest three calls all failed; or
           no call is newer than a test that found it out of reach, refusing or not speaking the protocol
degraded   its newest call failed or was limited; or one of its newest twenty failed within a quarter of an hour, or any within
           a minute; or half of them were slow to begin; or no call is newer than a test that was limited or missed a model
healthy    its newest call, or a test after it, was answered
unknown    nothing of the last day says anything, or no call is newer than a test that left open whether the key works

A test is a person's recheck: calls before it count no more. The caller's own mistakes (other 4xx) are no outcomes at all.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from app.domain.credentials.credential import KeyState
from app.domain.error_kind import ErrorKind
from app.domain.errors import CircuitOpen, Failed, NoCredential, RateLimited, Refused, UpstreamError
from app.domain.probes.probe import DEFAULT_NOT_LISTED, ProbeResult, StepName, Verdict
from app.domain.record import Record

KEPT = 20  # newest calls that are looked at
IN_A_ROW = 3
SLOW_MS = 30_000
DAY, LATELY, MOMENT = 86_400.0, 900.0, 60.0  # seconds
_NO_CREDIT, SLOW = "no_credit", "slow"  # reasons that are no codes of errors
KEY_CODES = frozenset({Refused.code, "token_refused", NoCredential.code})
LIMIT_CODES = frozenset({RateLimited.code, _NO_CREDIT})
_USABLE = {KeyState.ACTIVE, KeyState.STANDBY}
# Why no key can be used, the first that is met.
_OUT = {
    KeyState.AUTO_DISABLED: "key_refused",
    KeyState.UNREADABLE: "key_unreadable",
    KeyState.UNRESOLVED: "key_place_empty",
}


class Health(StrEnum):
    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DOWN = "down"
    DISABLED = "disabled"


class Source(StrEnum):
    """What speaks: calls of applications, the last test, the states of the keys, the switch, or nothing."""

    CALLS = "calls"
    TEST = "test"
    KEYS = "keys"
    SWITCH = "switch"
    NOTHING = "nothing"


class Attempt(NamedTuple):
    """One attempt at a provider. `at` in seconds since 1970; `code` of the error, "" = answered; `ms` until it began or failed; `keys`
    says whose evidence it is (see `domain.evidence`)."""

    at: float
    code: str
    ms: int
    keys: str = ""


class Standing(Record):
    """How a provider does, and what says so. `reason` is a code, "" where all is well; `at` is the time of the newest evidence.

    Of calls: how many were looked at, how many of them `failed`, what the `newest` one failed of ("" = it was answered), and how long an
    answer took to begin (`latency_ms`, the median)."""

    health: Health = Health.UNKNOWN  #: How the provider is.
    source: Source = Source.NOTHING  #: What says so.
    reason: str = ""  #: Code of what is wrong, "" where nothing is.
    at: datetime | None = None  #: Time of the newest evidence; null = there is none.
    calls: int = 0  #: How many calls were looked at.
    failed: int = 0  #: How many of them failed.
    newest: str = ""  #: Code of what the newest call failed of, "" = it was answered.
    latency_ms: int | None = None  #: Median of the milliseconds until an answer began; null = none did.


# It is there, and yet did not do what it was asked for.
_HALF = frozenset({Verdict.LIMITED, Verdict.NO_MODEL_LIST, Verdict.MODEL_NOT_FOUND, Verdict.DEFAULT_NOT_LISTED})


def code_of(error: UpstreamError) -> str | None:
    """What a failed attempt counts as. None = it says nothing of the provider: it was not asked, or what it was asked for was wrong."""
    match error:
        case CircuitOpen():
            return None
        case Refused() if error.kind is ErrorKind.DENIED:
            return None
        case Refused() if error.kind is ErrorKind.NO_KEY:
            return NoCredential.code
        case RateLimited() if error.kind is ErrorKind.TOO_LARGE:
            return None
        case Failed() if error.status is not None and 400 <= error.status < 500:
            return None
        case RateLimited() if error.kind is ErrorKind.NO_CREDIT:
            return _NO_CREDIT
        case _:
            return error.code


def merged(*several: Iterable[Attempt]) -> list[Attempt]:
    """The newest calls out of these, the oldest first; the newest failure among them or before them."""
    found = sorted({attempt for attempts in several for attempt in attempts})
    newest, older = found[-KEPT:], found[:-KEPT]
    if not any(attempt.code for attempt in newest):
        newest = [*[attempt for attempt in older if attempt.code][-1:], *newest]
    return newest


def standing(
    *,
    enabled: bool,
    keys: Iterable[KeyState],
    result: ProbeResult | None,
    attempts: Sequence[Attempt],
    now: float,
    default_listed: bool | None = None,
) -> Standing:
    """How a provider does. `keys` are the states of those that are not held back; `attempts` the oldest first; `now` since 1970;
    `default_listed` False = the test found models, and the default one is not among them."""
    since = result.checked_at.timestamp() if result else 0.0
    observed = of_calls(attempts, since=since, now=now) or (of_test(result, now=now) if result else Standing())
    if observed.source is Source.TEST and observed.health is Health.HEALTHY and default_listed is False:
        observed = observed.model_copy(update={"health": Health.DEGRADED, "reason": DEFAULT_NOT_LISTED})
    return masked(observed, enabled=enabled, keys=keys)


def masked(observed: Standing, *, enabled: bool, keys: Iterable[KeyState]) -> Standing:
    """What was observed, unless the switch or the keys say that no call can be made."""
    if not enabled:
        return Standing(health=Health.DISABLED, source=Source.SWITCH, at=observed.at)
    states = set(keys)
    if not states or states & _USABLE:
        return observed
    if KeyState.COOLING in states:
        return Standing(health=Health.DEGRADED, source=Source.KEYS, reason=RateLimited.code, at=observed.at)
    reason = next((reason for state, reason in _OUT.items() if state in states), "no_key")
    return Standing(health=Health.DOWN, source=Source.KEYS, reason=reason, at=observed.at)


def of_calls(attempts: Sequence[Attempt], *, since: float = 0.0, now: float) -> Standing | None:
    """What calls after `since` say, None when there is none of the last day."""
    counted = [attempt for attempt in attempts if attempt.at > max(since, now - DAY)]
    if not counted:
        return None
    seen = counted[-KEPT:]
    health, reason = _judged(seen, counted, now)
    answered = [attempt.ms for attempt in seen if not attempt.code]
    return Standing(
        health=health,
        source=Source.CALLS,
        reason=reason,
        at=datetime.fromtimestamp(seen[-1].at, UTC),
        calls=len(seen),
        failed=len(seen) - len(answered),
        newest=seen[-1].code,
        latency_ms=round(median(answered)) if answered else None,
    )


def of_test(result: ProbeResult, *, now: float) -> Standing:
    """What the last test says. One that is older than a day says nothing any more."""
    is_old = result.checked_at.timestamp() <= now - DAY
    answered = result.ok and (result.verdict is Verdict.OK or {StepName.CHAT, StepName.STREAM} & set(result.proven))
    health = Health.HEALTHY if answered else Health.DEGRADED if result.verdict in _HALF else Health.DOWN
    is_unproven = result.verdict is Verdict.KEY_NOT_PROVEN  # it answers, and that is all
    return Standing(
        health=Health.UNKNOWN if is_old or is_unproven else health,
        source=Source.TEST,
        reason=result.error.code if result.error else "",
        at=result.checked_at,
        latency_ms=round(result.latency_ms) if result.ok and result.latency_ms else None,
    )


def _judged(seen: Sequence[Attempt], counted: Sequence[Attempt], now: float) -> tuple[Health, str]:
    """Health and reason. `counted` may hold a failure from before the newest calls."""
    newest, last = seen[-1].code, seen[-IN_A_ROW:]
    if newest in KEY_CODES:
        return Health.DOWN, newest
    if len(last) == IN_A_ROW and all(attempt.code and attempt.code not in LIMIT_CODES for attempt in last):
        return Health.DOWN, newest
    if newest:
        return Health.DEGRADED, newest
    lately = [attempt.code for attempt in counted if attempt.code and attempt.at > now - (LATELY if attempt in seen else MOMENT)]
    if lately:
        return Health.DEGRADED, lately[-1]
    if len(seen) >= IN_A_ROW and sum(attempt.ms >= SLOW_MS for attempt in seen) * 2 >= len(seen):
        return Health.DEGRADED, SLOW
    return Health.HEALTHY, ""
