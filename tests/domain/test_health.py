"""The rule by which calls, tests, keys and the switch make a provider healthy or not."""

from datetime import UTC, datetime

import pytest

from app.domain.credentials.credential import KeyState
from app.domain.errors import (
    BadResponse,
    CircuitOpen,
    Failed,
    NoCredential,
    RateLimited,
    Refused,
    TimedOut,
    TlsFailed,
    Unreachable,
    UpstreamError,
)
from app.domain.probes.probe import ProbeResult, StepName, Verdict
from app.domain.providers import health
from app.domain.providers.health import Attempt, Health, Source, Standing

NOW = 1_800_000_000.0
MINUTE, HOUR = 60.0, 3_600.0
DOWN, LIMITED, KEY = "upstream_unreachable", "upstream_rate_limited", "upstream_refused"


def calls(*codes: str, ago: float = 10.0, ms: int = 200) -> list[Attempt]:
    """Calls a second apart, the last `ago` seconds before now."""
    return [Attempt(NOW - ago - len(codes) + number + 1, code, ms) for number, code in enumerate(codes)]


def result(verdict: Verdict, *proven: StepName, ok: bool = False, ago: float = HOUR) -> ProbeResult:
    return ProbeResult(ok=ok, verdict=verdict, proven=list(proven), steps=[], checked_at=datetime.fromtimestamp(NOW - ago, UTC))


def standing(
    attempts: list[Attempt], test: ProbeResult | None = None, *, enabled: bool = True, keys: str = "active", now: float = NOW
) -> Standing:
    states = [KeyState(state) for state in keys.split()]
    return health.standing(enabled=enabled, keys=states, result=test, attempts=attempts, now=now)


@pytest.mark.parametrize(
    ("attempts", "expected", "reason"),
    [
        pytest.param(calls(""), Health.HEALTHY, "", id="answered"),
        pytest.param(calls(DOWN), Health.DEGRADED, DOWN, id="failed once"),
        pytest.param(calls("", "", DOWN, DOWN), Health.DEGRADED, DOWN, id="failed twice"),
        pytest.param(calls("", DOWN, DOWN, DOWN), Health.DOWN, DOWN, id="failed three times in a row"),
        pytest.param(calls(DOWN, DOWN, DOWN, ""), Health.DEGRADED, DOWN, id="answers again"),
        pytest.param(calls("", DOWN, "", ago=16 * MINUTE), Health.HEALTHY, "", id="failed a while ago"),
        pytest.param(calls("", DOWN, ago=16 * MINUTE), Health.DEGRADED, DOWN, id="failed a while ago and was not called since"),
        pytest.param(calls(LIMITED), Health.DEGRADED, LIMITED, id="limited"),
        pytest.param(calls(*[LIMITED] * 5), Health.DEGRADED, LIMITED, id="limited is not down"),
        pytest.param(calls("", KEY), Health.DOWN, KEY, id="the key was refused"),
        pytest.param(calls("", "", "", ms=30_000), Health.DEGRADED, "slow", id="slow to begin"),
        pytest.param(calls("", "", ms=30_000), Health.HEALTHY, "", id="too few to call it slow"),
        pytest.param(calls(DOWN, DOWN, DOWN, ago=25 * HOUR), Health.UNKNOWN, "", id="older than a day"),
        pytest.param([], Health.UNKNOWN, "", id="never called"),
    ],
)
def test_the_newest_calls_decide(attempts: list[Attempt], expected: Health, reason: str) -> None:
    found = standing(attempts)

    assert (found.health, found.reason) == (expected, reason)


def test_it_says_how_many_failed_when_and_how_long_answers_took() -> None:
    found = standing([*calls(DOWN, "", ago=60), *calls("", ms=400), *calls("", ago=9, ms=900)])

    assert found.source is Source.CALLS
    assert (found.calls, found.failed, found.latency_ms) == (4, 1, 400)
    assert found.at == datetime.fromtimestamp(NOW - 9, UTC)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        pytest.param(result(Verdict.OK, StepName.CHAT, ok=True), Health.HEALTHY, id="answered"),
        pytest.param(result(Verdict.NO_MODEL_LIST, StepName.CHAT, ok=True), Health.HEALTHY, id="answered, no list"),
        pytest.param(result(Verdict.OK, StepName.CREDENTIAL, ok=True), Health.HEALTHY, id="key accepted"),
        pytest.param(result(Verdict.LIMITED), Health.DEGRADED, id="limited"),
        pytest.param(result(Verdict.MODEL_NOT_FOUND), Health.DEGRADED, id="without the model"),
        pytest.param(result(Verdict.AUTH_FAILED), Health.DOWN, id="refused"),
        pytest.param(result(Verdict.UNREACHABLE), Health.DOWN, id="out of reach"),
        pytest.param(result(Verdict.OK, StepName.CHAT, ok=True, ago=25 * HOUR), Health.UNKNOWN, id="older than a day"),
    ],
)
def test_without_calls_the_last_test_decides(test: ProbeResult, expected: Health) -> None:
    found = standing([], test)

    assert (found.health, found.source) == (expected, Source.TEST)


def test_a_test_wins_over_older_calls_and_loses_against_newer_ones() -> None:
    fine, failing = result(Verdict.OK, StepName.CHAT, ok=True, ago=30), calls(DOWN, DOWN, DOWN, ago=60)

    assert standing(failing, fine).health is Health.HEALTHY
    assert standing([*failing, *calls(DOWN)], fine).health is Health.DEGRADED
    assert standing([*failing, *calls(DOWN)], fine).calls == 1
    assert standing(calls(""), result(Verdict.UNREACHABLE, ago=30)).health is Health.HEALTHY


@pytest.mark.parametrize(
    ("keys", "expected", "reason"),
    [
        pytest.param("auto_disabled", Health.DOWN, "key_refused", id="the single key refused"),
        pytest.param("auto_disabled active", Health.HEALTHY, "", id="another key is left"),
        pytest.param("auto_disabled standby", Health.HEALTHY, "", id="a reserve is left"),
        pytest.param("unreadable", Health.DOWN, "key_unreadable", id="unreadable"),
        pytest.param("expired disabled", Health.DOWN, "no_key", id="none in use"),
        pytest.param("cooling auto_disabled", Health.DEGRADED, LIMITED, id="cooling"),
        pytest.param("", Health.HEALTHY, "", id="none is needed"),
    ],
)
def test_keys_that_cannot_be_used_come_first(keys: str, expected: Health, reason: str) -> None:
    found = standing(calls(""), keys=keys)

    assert (found.health, found.reason) == (expected, reason)


def test_a_provider_that_is_off_is_disabled_whatever_else_it_is() -> None:
    assert standing(calls(DOWN, DOWN, DOWN), enabled=False, keys="unreadable").health is Health.DISABLED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(Unreachable(""), DOWN, id="unreachable"),
        pytest.param(TlsFailed(""), "upstream_tls_failed", id="tls"),
        pytest.param(TimedOut(""), "upstream_timeout", id="time-out"),
        pytest.param(BadResponse(""), "upstream_bad_response", id="not the protocol"),
        pytest.param(Failed("", status=500), "upstream_failed", id="5xx"),
        pytest.param(Failed(""), "upstream_failed", id="no status"),
        pytest.param(RateLimited(""), LIMITED, id="limited"),
        pytest.param(RateLimited("", details={"kind": "no_credit"}), "no_credit", id="no credit"),
        pytest.param(RateLimited("", details={"kind": "too_large"}), None, id="too large a request"),
        pytest.param(Refused("", status=401, details={"kind": "key"}), KEY, id="key refused"),
        pytest.param(NoCredential(""), "no_credential", id="no key"),
        pytest.param(Refused("", status=403, details={"kind": "denied"}), None, id="asked for what it may not"),
        pytest.param(Failed("", status=400), None, id="a wrong request"),
        pytest.param(Failed("", status=404), None, id="a wrong model"),
        pytest.param(CircuitOpen(""), None, id="not asked at all"),
    ],
)
def test_the_callers_own_mistakes_say_nothing_of_a_provider(error: UpstreamError, code: str | None) -> None:
    assert health.code_of(error) == code


def test_the_newest_calls_of_several_processes_are_kept_in_order_and_once() -> None:
    ours, theirs = calls(*[""] * 15, ago=5), calls(*[""] * 15, ago=5.5)

    kept = health.merged(ours, theirs, ours)

    assert kept == sorted({*ours, *theirs})[-health.KEPT :]


def test_a_failure_among_many_answers_is_seen_for_a_minute() -> None:
    kept = health.merged(calls(DOWN, ago=30), calls(*[""] * 50))

    assert len(kept) == health.KEPT + 1
    assert standing(kept).health is Health.DEGRADED
    assert standing(kept).failed == 0
    assert standing(kept, now=NOW + MINUTE).health is Health.HEALTHY
