"""What a call will probably meet: never better than what is known, and a reason wherever it is less than likely."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.probes.probe import LastTest, ProbeResult, StepName, Verdict
from app.domain.providers.health import Health, Source, Standing
from app.domain.providers.outlook import SENTENCES, ConcernCode, Outlook, of_call
from app.domain.providers.provider import Provider
from app.ui import i18n
from tests.fixtures.make import provider

CHATTED = [StepName.HTTP, StepName.CREDENTIAL, StepName.CHAT]
C, O = ConcernCode, Outlook  # noqa: E741 - a table of them


def seen(health: Health, source: Source = Source.CALLS, reason: str = "", calls: int = 20, failed: int = 0, newest: str = "") -> Standing:
    return Standing(health=health, source=source, reason=reason, calls=calls, failed=failed, newest=newest)


def known(standing: Standing, **result: Any) -> Provider:
    fields = {"ok": True, "verdict": Verdict.OK, "proven": CHATTED, "steps": [], "model": "m", "models": ["m", "n"], **result}
    test = LastTest(result=ProbeResult(**fields, checked_at=datetime.now(UTC)), tested_by="Ada")
    return provider(health=standing, last_test=test)


@pytest.mark.parametrize(
    ("standing", "outlook", "concern"),
    [
        (seen(Health.HEALTHY), O.LIKELY, None),
        (seen(Health.HEALTHY, Source.TEST), O.LIKELY, None),
        (seen(Health.UNKNOWN, Source.NOTHING), O.UNKNOWN, C.NOT_TRIED),
        (seen(Health.DEGRADED, reason="no_credit", failed=1, newest="no_credit"), O.UNLIKELY, C.NO_CREDIT),
        (seen(Health.DEGRADED, reason="no_credit", failed=1), O.DOUBTFUL, C.NO_CREDIT),  # and answered since
        (seen(Health.DEGRADED, Source.TEST, "no_credit", 0), O.UNLIKELY, C.NO_CREDIT),
        (seen(Health.DEGRADED, reason="upstream_rate_limited", failed=20), O.UNLIKELY, C.LIMITED),
        (seen(Health.DEGRADED, reason="upstream_rate_limited", failed=3), O.DOUBTFUL, C.LIMITED),
        (seen(Health.DEGRADED, Source.TEST, "rate_limited", 0), O.DOUBTFUL, C.LIMITED),
        (seen(Health.DEGRADED, Source.KEYS, "upstream_rate_limited", 0), O.DOUBTFUL, C.LIMITED),
        (seen(Health.DEGRADED, reason="upstream_failed", failed=2), O.DOUBTFUL, C.UNSTABLE),
        (seen(Health.DEGRADED, reason="slow"), O.DOUBTFUL, C.UNSTABLE),
        (seen(Health.DOWN, reason="upstream_refused", failed=20), O.UNLIKELY, C.KEY_REFUSED),
        (seen(Health.DOWN, Source.KEYS, "key_refused", 0), O.UNLIKELY, C.KEY_REFUSED),
        (seen(Health.DOWN, Source.KEYS, "no_key", 0), O.UNLIKELY, C.KEY_REFUSED),
        (seen(Health.DOWN, Source.TEST, "key_refused", 0), O.UNLIKELY, C.KEY_REFUSED),
        (seen(Health.DOWN, Source.TEST, "host_not_found", 0), O.UNLIKELY, C.TEST_FAILED),
        (seen(Health.DOWN, reason="upstream_unreachable", failed=20), O.UNLIKELY, C.FAILING),
    ],
)
def test_how_the_provider_does_is_what_is_to_be_expected(standing: Standing, outlook: Outlook, concern: ConcernCode | None) -> None:
    found = of_call(known(standing), "m", [])

    assert (found[0], [one.code for one in found[1]]) == (outlook, [concern] if concern else [])


@pytest.mark.parametrize("health", [h for h in Health if h is not Health.HEALTHY])
@pytest.mark.parametrize("source", list(Source))
def test_only_a_healthy_provider_is_likely_to_answer(health: Health, source: Source) -> None:
    outlook, concerns = of_call(known(seen(health, source)), "m", [])

    assert outlook is not Outlook.LIKELY
    assert concerns


@pytest.mark.parametrize(
    ("model", "result", "declared", "outlook", "concern"),
    [
        ("m", {}, [], O.LIKELY, None),
        ("n", {}, [], O.LIKELY, None),
        ("nonsense", {}, [], O.UNLIKELY, C.MODEL_UNKNOWN),
        ("nonsense", {}, ["nonsense"], O.DOUBTFUL, C.MODEL_UNKNOWN),
        ("own", {"model": "own"}, [], O.LIKELY, None),  # not in the list, and it has answered
        ("x", {"models": []}, [], O.LIKELY, None),  # no list is known
        ("x", {"models": []}, ["a"], O.DOUBTFUL, C.MODEL_NOT_LISTED),
        ("a", {"models": []}, ["a"], O.LIKELY, None),
    ],
)
def test_a_model_that_is_not_where_models_are_known_is_not_expected_to_answer(
    model: str, result: dict[str, Any], declared: list[str], outlook: Outlook, concern: ConcernCode | None
) -> None:
    found = of_call(known(seen(Health.HEALTHY), **result), model, declared)

    assert (found[0], [one.code for one in found[1]]) == (outlook, [concern] if concern else [])


@pytest.mark.parametrize(("model", "outlook"), [("ghost", O.UNLIKELY), ("m", O.UNKNOWN)])
def test_a_missing_model_speaks_against_itself_and_no_other(model: str, outlook: Outlook) -> None:
    missing = {"ok": False, "verdict": Verdict.MODEL_NOT_FOUND, "proven": [StepName.CREDENTIAL], "model": "ghost"}

    assert of_call(known(seen(Health.DEGRADED, Source.TEST, "model_not_found", 0), **missing), model, [])[0] is outlook


def test_every_concern_has_its_sentence_in_every_language() -> None:
    assert set(SENTENCES) == set(ConcernCode)
    for language, texts in i18n.catalogues().items():
        assert {code for code in ConcernCode if f"concern.{code}" not in texts} == set(), language
        assert {outlook for outlook in Outlook if f"routes.outlook.{outlook}" not in texts} == set(), language
