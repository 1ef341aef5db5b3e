"""Which key a call uses, and what a process remembers of each."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.credentials.credential import Held, KeyState
from app.domain.errors import Failed, NoCredential, RateLimited, Refused, TimedOut, TokenRefused, UpstreamError
from app.domain.snapshot import Endpoint, Key, KeyUse
from app.relay import key_outcomes, keys
from app.relay.key_outcomes import KeyEvent
from app.upstream import failures
from tests.fixtures import make

URL = "https://api.example.com/v1"
PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)

pytestmark = pytest.mark.usefixtures("vault")


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    keys.forget()
    yield
    keys.forget()


def endpoint(*held: Key, **changes: Any) -> Endpoint:
    return make.endpoint(URL, auth_type="api_key", keys=held, **changes)


def key(label: str, **changes: Any) -> Key:
    return make.key(URL, label=label, **changes)


def order(of: Endpoint) -> list[str]:
    """Labels in the order in which one call would try them."""
    found: list[Key] = []
    while (chosen := keys.choose(of, tuple(k.id for k in found))) is not None:
        found.append(chosen)
    return [k.label for k in found]


def test_lower_priority_comes_first_and_the_reserve_last() -> None:
    held = endpoint(
        key("third", priority=3), key("reserve", state=KeyState.STANDBY), key("first", priority=1), key("second", priority=2, weight=99)
    )

    assert order(held) == ["first", "second", "third", "reserve"]


def test_one_call_tries_each_key_once() -> None:
    held = endpoint(*(key(str(n)) for n in range(5)))

    assert sorted(order(held)) == ["0", "1", "2", "3", "4"]


def test_equal_priority_is_shared_by_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", random.Random(7).random)  # noqa: S311 - dice
    held = endpoint(key("light", weight=1), key("heavy", weight=3), key("later", priority=2, weight=100))

    seen = Counter(chosen.label for _ in range(4_000) if (chosen := keys.choose(held)))

    assert seen.keys() == {"light", "heavy"}
    assert 2.7 < seen["heavy"] / seen["light"] < 3.3


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"state": KeyState.DISABLED}, id="switched off"),
        pytest.param({"state": KeyState.UNREADABLE}, id="unreadable"),
        pytest.param({"state": KeyState.AUTO_DISABLED, "next_retry_at": FUTURE}, id="refused"),
        pytest.param({"expires_at": PAST}, id="expired"),
        pytest.param({"state": KeyState.STANDBY, "expires_at": PAST}, id="expired reserve"),
        pytest.param({"state": KeyState.STANDBY, "state_reason": Held.ROTATION}, id="not promoted"),
        pytest.param({"state": KeyState.STANDBY, "state_reason": Held.ROLLBACK}, id="kept for going back"),
    ],
)
def test_traffic_never_uses(changes: dict[str, Any]) -> None:
    assert keys.choose(endpoint(key("other", **changes))) is None
    assert order(endpoint(key("other", **changes), key("good", priority=9))) == ["good"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        pytest.param([{"state": KeyState.AUTO_DISABLED, "next_retry_at": FUTURE}, {"expires_at": PAST}], "refused", id="refused"),
        pytest.param([{"state": KeyState.UNREADABLE}, {"state": KeyState.DISABLED}], "unreadable", id="unreadable"),
        pytest.param([{"expires_at": PAST}], "expired", id="expired"),
        pytest.param([{"state": KeyState.STANDBY, "state_reason": Held.ROTATION}], "missing", id="held"),
        pytest.param([], "missing", id="none"),
    ],
)
def test_no_usable_key_is_said_with_its_reason(changes: list[dict[str, Any]], kind: str) -> None:
    held = endpoint(*(key("secretly-named", **change) for change in changes))

    error = keys.none_left(held)

    assert isinstance(error, NoCredential)
    assert error.details["kind"] == kind
    assert "secretly-named" not in error.message


def test_a_limited_key_cools_as_long_as_the_provider_says(monkeypatch: pytest.MonkeyPatch) -> None:
    only = key("only")
    held = endpoint(only)
    at = 1_000.0
    monkeypatch.setattr("time.monotonic", lambda: at)

    keys.failed(held, only, RateLimited("", status=429, retry_after=7))
    error = keys.none_left(held)
    at += 6.9
    before = keys.choose(held)
    at += 0.2

    assert before is None
    assert keys.choose(held) is only
    assert isinstance(error, RateLimited)
    assert error.retry_after == 7


@pytest.mark.parametrize(
    ("kind", "said", "waits"),
    [("rate_limit", None, 30), ("no_credit", None, 300), ("rate_limit", 0.2, 1), ("no_credit", 9_999, 300)],
)
def test_how_long_it_cools_is_held_within_bounds(kind: str, said: float | None, waits: float) -> None:
    only = key("only")

    keys.failed(endpoint(only), only, RateLimited("", status=429, retry_after=said, details={"kind": kind}))
    error = keys.none_left(endpoint(only))

    assert isinstance(error, RateLimited) and error.retry_after is not None
    assert waits - 1 < error.retry_after <= waits


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (429, "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 342389. The input or output tokens must be"),
        (402, "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 1200."),
    ],
)
def test_a_request_that_is_too_large_takes_the_key_from_nobody(status: int, message: str) -> None:
    only, second = key("only"), key("second", priority=2)
    held = endpoint(only, second)
    body = json.dumps({"error": {"message": message, "type": "tokens", "code": "rate_limit_exceeded"}}).encode()

    error = failures.from_status(status, {}, body, failures.NOTHING_TO_SCRUB, held.origin)
    keys.failed(held, only, error)

    assert keys.is_about_the_key(error)  # another account may have room
    assert keys.choose(held, (only.id,)) is second
    assert keys.choose(held) is only
    assert key_outcomes.drain() == []


@pytest.mark.parametrize("error", [Refused("", status=401, details={"kind": "key"}), TokenRefused("")], ids=["key", "no token for it"])
def test_a_refused_key_is_out_at_once_and_reported_once(error: UpstreamError) -> None:
    bad, good = key("bad"), key("good", priority=2)
    held = endpoint(bad, good)

    for _ in range(50):  # as many requests were under way
        keys.failed(held, bad, error)

    assert order(held) == ["good"]
    assert [(learned.event, learned.key_id, learned.status) for learned in key_outcomes.drain()] == [
        (KeyEvent.REFUSED, bad.id, error.status)
    ]


@pytest.mark.parametrize("changes", [{"secrets": {}}, {"state_since": FUTURE}], ids=["another secret", "reactivated"])
def test_what_was_learned_ends_with_the_key_it_was_learned_of(changes: dict[str, Any]) -> None:
    bad = key("bad")
    keys.failed(endpoint(bad), bad, Refused("", status=401, details={"kind": "key"}))

    assert keys.choose(endpoint(make.key(URL, id=bad.id, **changes))) is not None


@pytest.mark.parametrize(
    "error",
    [Refused("", status=403, details={"kind": "denied"}), Failed("", status=500), TimedOut("", details={"limit": "first_byte"})],
    ids=["denied", "failed", "timed out"],
)
def test_what_does_not_speak_of_the_key_teaches_nothing(error: Any) -> None:
    only = key("only")

    keys.failed(endpoint(only), only, error)

    assert keys.choose(endpoint(only)) is only
    assert key_outcomes.drain() == []


def test_a_due_key_is_tried_by_one_call_while_the_others_use_other_keys() -> None:
    due = key("due", state=KeyState.AUTO_DISABLED, next_retry_at=PAST)
    held = endpoint(due, key("good", priority=9))

    assert [chosen.label for _ in range(4) if (chosen := keys.choose(held))] == ["due", "good", "good", "good"]


def test_an_answer_proves_a_key_unless_anybody_would_have_got_it() -> None:
    due = key("due", state=KeyState.AUTO_DISABLED, next_retry_at=PAST)
    held = endpoint(due)

    keys.answered(held, due, is_proof=False)
    open_list = key_outcomes.drain()
    keys.answered(held, due, is_proof=True)

    assert open_list == []
    assert [learned.event for learned in key_outcomes.drain()] == [KeyEvent.ACCEPTED]


def test_a_limited_trial_has_proven_the_key() -> None:
    due = key("due", state=KeyState.AUTO_DISABLED, next_retry_at=PAST)

    keys.failed(endpoint(due), due, RateLimited("", status=429))

    assert [learned.event for learned in key_outcomes.drain()] == [KeyEvent.ACCEPTED, KeyEvent.COOLING]


def test_a_person_may_test_a_key_that_is_out_but_not_one_that_is_off() -> None:
    out = key("out", state=KeyState.AUTO_DISABLED, next_retry_at=FUTURE)
    new = key("new", state=KeyState.STANDBY, state_reason=Held.ROTATION)
    off = key("off", state=KeyState.DISABLED)
    held = endpoint(out, new, off)
    assert keys.alone(held, "another") is None

    assert keys.choose(endpoint(out, use=KeyUse.TEST)) is out
    assert [keys.choose(alone) for k in (out, new, off) if (alone := keys.alone(held, k.id))] == [out, new, None]


def test_a_draft_teaches_nothing() -> None:
    only = key("only")
    draft = endpoint(only, use=KeyUse.DRAFT)

    keys.failed(draft, only, Refused("", status=401, details={"kind": "key"}))
    keys.failed(draft, only, RateLimited("", status=429))

    assert (keys.choose(draft), key_outcomes.drain()) == (only, [])
