"""The status in words, and the digest that ties a test to its configuration."""

from datetime import UTC, datetime

import pytest

from app.domain.credentials.credential import KeyState
from app.domain.probes.probe import ProbeResult, StepName, Verdict
from app.domain.providers.model_name import default_is_listed
from app.domain.providers.provider import Status
from app.domain.providers.provider_status import configuration, status_of

FACTS = {"type_": "custom", "base_url": "u", "auth_type": "api_key", "auth": {}, "network": {}, "fingerprints": ["a"]}


def result(verdict: Verdict, *proven: StepName, ok: bool = False) -> ProbeResult:
    return ProbeResult(ok=ok, verdict=verdict, proven=list(proven), steps=[], checked_at=datetime.now(UTC))


@pytest.mark.parametrize(
    ("found", "status"),
    [
        pytest.param(None, Status.NOT_TESTED, id="never"),
        pytest.param(result(Verdict.OK, StepName.CREDENTIAL, StepName.CHAT, ok=True), Status.WORKING, id="chat proven"),
        pytest.param(result(Verdict.NO_MODEL_LIST, StepName.CHAT, ok=True), Status.WORKING, id="chat proven without a list"),
        pytest.param(result(Verdict.OK, StepName.CREDENTIAL, ok=True), Status.KEY_ACCEPTED, id="chat not tried"),
        pytest.param(result(Verdict.OK, StepName.HTTP, StepName.MODELS, ok=True), Status.REACHABLE, id="neither key nor chat tried"),
        pytest.param(result(Verdict.KEY_NOT_PROVEN, StepName.HTTP, ok=True), Status.REACHABLE, id="the list is public"),
        pytest.param(result(Verdict.DEFAULT_NOT_LISTED, StepName.CREDENTIAL, ok=True), Status.ATTENTION, id="the default is not listed"),
        pytest.param(result(Verdict.LIMITED, StepName.CREDENTIAL), Status.LIMITED, id="limited"),
        pytest.param(result(Verdict.NO_MODEL_LIST, StepName.HTTP, ok=True), Status.ATTENTION, id="nothing proven"),
        pytest.param(result(Verdict.AUTH_FAILED), Status.ATTENTION, id="refused"),
        pytest.param(result(Verdict.UNREACHABLE), Status.DOWN, id="unreachable"),
    ],
)
def test_the_status_follows_the_last_test(found: ProbeResult | None, status: Status) -> None:
    assert status_of(enabled=True, keys=[KeyState.ACTIVE], result=found) is status


@pytest.mark.parametrize(
    ("listed", "model", "default", "expected"),
    [
        (["m"], "m", "m", None),
        (["m"], "other", "other", None),  # not listed, and it answered
        (["m"], "m", "other", False),
        (["m", "other"], "m", "other", True),
        ([], "m", "other", None),
        (["m"], "m", None, None),
    ],
)
def test_a_default_model_that_the_last_test_did_not_meet_is_not_working(
    listed: list[str], model: str, default: str | None, expected: bool | None
) -> None:
    found = result(Verdict.OK, StepName.CHAT, ok=True).model_copy(update={"models": listed, "model": model})

    known = default_is_listed(default, found)

    assert known is expected
    status = Status.ATTENTION if expected is False else Status.WORKING
    assert status_of(enabled=True, keys=[KeyState.ACTIVE], result=found, default_listed=known) is status


def test_off_and_unreadable_come_first() -> None:
    working = result(Verdict.OK, StepName.CHAT, ok=True)

    assert status_of(enabled=False, keys=[KeyState.UNREADABLE], result=working) is Status.OFF
    assert status_of(enabled=True, keys=[KeyState.UNREADABLE], result=working) is Status.UNREADABLE


@pytest.mark.parametrize(
    ("states", "status"),
    [
        pytest.param("unreadable active", Status.WORKING, id="one is usable"),
        pytest.param("auto_disabled standby", Status.WORKING, id="the reserve is usable"),
        pytest.param("auto_disabled disabled", Status.ATTENTION, id="refused"),
        pytest.param("auto_disabled unreadable", Status.ATTENTION, id="refused and unreadable"),
        pytest.param("expired", Status.ATTENTION, id="expired"),
        pytest.param("unresolved disabled", Status.ATTENTION, id="nothing where it is read from"),
        pytest.param("unresolved active", Status.WORKING, id="one has a value"),
        pytest.param("cooling auto_disabled", Status.LIMITED, id="cooling"),
        pytest.param("cooling active", Status.WORKING, id="one does not cool"),
        pytest.param("", Status.WORKING, id="none is needed"),
    ],
)
def test_a_provider_is_as_good_as_its_usable_keys(states: str, status: Status) -> None:
    working = result(Verdict.OK, StepName.CHAT, ok=True)

    assert status_of(enabled=True, keys=[KeyState(state) for state in states.split()], result=working) is status


@pytest.mark.parametrize(
    "change",
    [{"base_url": "v"}, {"auth": {"a": "b"}}, {"network": {"total_seconds": 5}}, {"fingerprints": ["b"]}],
    ids=lambda c: next(iter(c)),
)
def test_another_configuration_has_another_digest(change: dict[str, object]) -> None:
    assert configuration(**FACTS) != configuration(**{**FACTS, **change})  # type: ignore[arg-type]


def test_unset_limits_and_the_order_of_keys_do_not_matter() -> None:
    same = {**FACTS, "network": {"total_seconds": None}, "fingerprints": ["b", "a"]}

    assert configuration(**same) == configuration(**{**FACTS, "fingerprints": ["a", "b"]})  # type: ignore[arg-type]
