"""Which of a provider's keys a call uses, and what this process remembers of each.

Order: usable keys (active, not expired, not out) by lower priority, inside one priority by weight; then the reserve (standby) in
the same order. A key that a provider refused is out at once, here and before anybody has written it down; a key that is limited
cools. Once a refused key's next trial is due, one request tries it while the others use other keys (half-open).
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app.domain.credentials.credential import Credential, Held, KeyState
from app.domain.error_kind import ErrorKind
from app.domain.errors import NoCredential, RateLimited, Refused, UpstreamError
from app.domain.secret import Sealed
from app.domain.snapshot import Endpoint, Key, KeyUse
from app.relay import key_outcomes
from app.relay.key_outcomes import KeyEvent, Learned

# Until somebody said something else, a refused key is not asked again for so long; a trial without a clear end counts as well.
TRIAL_SECONDS = 60.0
LIMITED_SECONDS, NO_CREDIT_SECONDS = 30.0, 300.0
_LEAST, _MOST = 1.0, 300.0
_NEVER = (KeyState.DISABLED, KeyState.UNREADABLE)
# Processes that read the same due time do not all try in the same moment.
_LAG = timedelta(seconds=random.uniform(0, 2))  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True)
class Rest:
    """Why and until when a key is out in this process. It is over as soon as the key's secret or stored state is another one."""

    event: KeyEvent
    kind: ErrorKind | None  # RATE_LIMIT, NO_CREDIT or REFUSED; None = another process tries it
    until: float  # monotonic
    ends_at: datetime
    secrets: Mapping[str, Sealed]
    since: datetime | None


_resting: dict[str, Rest] = {}  # key id → why it is out
_used: dict[str, float] = {}  # key id → seconds since 1970 of the last call that was answered
_cooled: dict[str, float] = {}  # provider id → monotonic time from which nobody needs to look again
_LOOKED_AT_WITHIN = 60.0  # seconds in which an open page has surely read that a key cools no more


def choose(endpoint: Endpoint, tried: tuple[str, ...] = ()) -> Key | None:
    """The key of the next attempt, None when none is left. `tried` are the ids that this call has used already."""
    keys = endpoint.keys
    if not tried and len(keys) == 1 and (key := keys[0]).state is KeyState.ACTIVE and key.expires_at is None and key.id not in _resting:
        return key
    if endpoint.use is KeyUse.ONE:
        return keys[0] if keys and not tried and keys[0].state not in _NEVER else None
    return (
        (None if tried or endpoint.use is not KeyUse.TRAFFIC else _due(endpoint))
        or _best(keys, KeyState.ACTIVE, tried)
        or _best(keys, KeyState.STANDBY, tried)
        or (_due(endpoint, tried) if tried else None)
        or (None if endpoint.use is KeyUse.TRAFFIC else _last(keys, tried))
    )


def none_left(endpoint: Endpoint) -> UpstreamError:
    """Why there is no key to try: what a person has to do, or how long to wait. Names no key."""
    keys = [key for key in endpoint.keys if not key.is_held]
    resting = [rest for key in keys if not _is_expired(key) and (rest := resting_of(key)) is not None]
    if cooling := [rest for rest in resting if rest.event is KeyEvent.COOLING]:
        soonest = min(cooling, key=lambda rest: rest.until)
        wait = max(_LEAST, soonest.until - time.monotonic())
        sentence = (
            "The account at the provider has no credit left."
            if soonest.kind is ErrorKind.NO_CREDIT
            else "The provider is limiting requests."
        )
        return RateLimited(f"{sentence} Try again later.", retry_after=wait, details={"kind": soonest.kind})
    if resting or any(key.state is KeyState.AUTO_DISABLED and not _is_expired(key) for key in keys):
        return NoCredential(
            "The provider rejected its saved key. Patchbay retries it automatically; an admin can enter a new one.",
            details={"kind": ErrorKind.REFUSED},
        )
    if any(key.state is KeyState.UNREADABLE for key in keys):
        return NoCredential(
            "The saved key cannot be read with the current master key. Enter it again.", details={"kind": ErrorKind.UNREADABLE}
        )
    if any(_is_expired(key) for key in keys):
        return NoCredential("The key of this provider has expired. Enter a new one.", details={"kind": ErrorKind.EXPIRED})
    return NoCredential("This provider has no usable key. Enter one.", details={"kind": ErrorKind.MISSING})


def is_about_the_key(error: UpstreamError) -> bool:
    """Whether another key could have helped, and nothing was accepted with this one."""
    return isinstance(error, RateLimited | NoCredential) or (isinstance(error, Refused) and error.kind is not ErrorKind.DENIED)


def answered(endpoint: Endpoint, key: Key, *, is_proof: bool) -> None:
    """A call with this key began to be answered. `is_proof`: only a good key is answered so; a public model list proves nothing."""
    _used[key.id] = time.time()
    if key.state is KeyState.AUTO_DISABLED:
        if is_proof:
            accepted(endpoint, key)
        else:
            allow(key)


def accepted(endpoint: Endpoint, key: Key) -> None:
    """The provider takes a key that was out."""
    if endpoint.use is not KeyUse.DRAFT:
        _resting.pop(key.id, None)
        key_outcomes.note(_learned(KeyEvent.ACCEPTED, endpoint, key))


def proven(endpoint: Endpoint) -> None:
    """A test of an endpoint with a single key has proven it."""
    if len(endpoint.keys) == 1 and endpoint.keys[0].state is KeyState.AUTO_DISABLED:
        accepted(endpoint, endpoint.keys[0])


def failed(endpoint: Endpoint, key: Key, error: UpstreamError, *, is_proof: bool = True) -> None:
    """A call with this key failed. Takes it out where the provider said that the key is the reason. `is_proof` as of `answered`."""
    if endpoint.use is KeyUse.DRAFT or not is_about_the_key(error):
        return
    if isinstance(error, RateLimited):
        _used[key.id] = time.time()
        if key.state is KeyState.AUTO_DISABLED and is_proof:
            accepted(endpoint, key)  # limited is taken
        kind = error.kind or ErrorKind.RATE_LIMIT
        if kind is ErrorKind.TOO_LARGE:
            return  # others are served; whoever may send something huge must not take the key from them
        wait = error.retry_after or (NO_CREDIT_SECONDS if kind is ErrorKind.NO_CREDIT else LIMITED_SECONDS)
        wait = min(max(wait, _LEAST), _MOST)
        _rest(key, KeyEvent.COOLING, kind, wait)
        _cooled[endpoint.id] = max(_cooled.get(endpoint.id, 0), time.monotonic() + wait + _LOOKED_AT_WITHIN)
        key_outcomes.note(_learned(KeyEvent.COOLING, endpoint, key, error.status, seconds=wait))
    elif isinstance(error, Refused):
        _used[key.id] = time.time()
        before = resting_of(key)
        _rest(key, KeyEvent.REFUSED, ErrorKind.REFUSED, TRIAL_SECONDS)
        if before is None or before.kind is not ErrorKind.REFUSED:  # many requests may be under way with it
            key_outcomes.note(_learned(KeyEvent.REFUSED, endpoint, key, error.status))


def resting_of(key: Key) -> Rest | None:
    """Why a key of a snapshot is out in this process, None when it is not."""
    rest = _resting.get(key.id)
    if rest is None:
        return None
    if rest.until <= time.monotonic() or rest.since != key.state_since or rest.secrets != key.secrets:
        del _resting[key.id]
        return None
    return rest


def shown(credential: Credential) -> Credential:
    """The record of a key with what this process knows laid over it: whether it cools, why and until when."""
    rest = _resting.get(credential.id)
    if rest is None or rest.event is not KeyEvent.COOLING or credential.state not in (KeyState.ACTIVE, KeyState.STANDBY):
        return credential
    if rest.since != credential.state_since or rest.until <= time.monotonic() or credential.state_reason in tuple(Held):
        return credential  # what traffic never uses has no break
    return credential.model_copy(update={"state": KeyState.COOLING, "state_reason": str(rest.kind), "next_retry_at": rest.ends_at})


def lately_cooled() -> set[str]:
    """Ids of the providers with a key that cools or did so a moment ago: what pages show of them changed without a new revision."""
    at = time.monotonic()
    for provider_id in [provider_id for provider_id, until in _cooled.items() if until < at]:
        del _cooled[provider_id]
    return set(_cooled)


def is_due(key: Key) -> bool:
    """Whether a key that the provider refused may have its next trial, as far as this process knows."""
    if key.state is not KeyState.AUTO_DISABLED or _is_expired(key) or resting_of(key) is not None:
        return False
    return key.next_retry_at is None or key.next_retry_at + _LAG <= datetime.now(UTC)


def put_off(key: Key) -> None:
    """A trial of this key is under way, here or elsewhere: no request makes one meanwhile."""
    _rest(key, KeyEvent.REFUSED, None, TRIAL_SECONDS)


def allow(key: Key) -> None:
    """The trial said nothing of the key: the next request may try it."""
    _resting.pop(key.id, None)


def alone(endpoint: Endpoint, key_id: str) -> Endpoint | None:
    """The endpoint with one of its keys, to be used whatever its state: for a test or a trial of that key. None = no such key."""
    chosen = tuple(key for key in endpoint.keys if key.id == key_id)
    return replace(endpoint, keys=chosen, use=KeyUse.ONE) if chosen else None


def drain_uses() -> dict[str, float]:
    """Key id → when it was used last, in seconds since 1970, of the keys used since the last time."""
    found = _used.copy()
    _used.clear()
    return found


def forget() -> None:
    """Know nothing of any key: a process that serves anew (tests) starts here."""
    _resting.clear()
    _used.clear()
    _cooled.clear()
    key_outcomes.drain()


def _best(keys: tuple[Key, ...], state: KeyState, tried: tuple[str, ...]) -> Key | None:
    """The first by priority; among equals each as often as its weight says, without remembering whose turn it was."""
    best: Key | None = None
    total = 0
    for key in keys:
        if key.state is not state or key.id in tried or (key.id in _resting and resting_of(key) is not None):
            continue
        if (key.expires_at is not None and _is_expired(key)) or key.is_held:
            continue
        if best is None or key.priority < best.priority:
            best, total = key, key.weight
        elif key.priority == best.priority:
            total += key.weight
            if random.random() * total < key.weight:  # noqa: S311 - no secret
                best = key
    return best


def _due(endpoint: Endpoint, tried: tuple[str, ...] = ()) -> Key | None:
    """A refused key whose trial is due. Whoever gets it is the only one until its outcome is known."""
    for key in endpoint.keys:
        if key.state is KeyState.AUTO_DISABLED and key.id not in tried and is_due(key):
            put_off(key)
            return key
    return None


def _last(keys: tuple[Key, ...], tried: tuple[str, ...]) -> Key | None:
    """For a test: the first key that is out."""
    states = (KeyState.ACTIVE, KeyState.AUTO_DISABLED)
    left = [key for key in keys if key.state in states and key.id not in tried and not _is_expired(key)]
    return min(left, key=lambda key: key.priority, default=None)


def _is_expired(key: Key) -> bool:
    return key.expires_at is not None and key.expires_at <= datetime.now(UTC)


def _rest(key: Key, event: KeyEvent, kind: ErrorKind | None, seconds: float) -> None:
    ends_at = datetime.now(UTC) + timedelta(seconds=seconds)
    _resting[key.id] = Rest(event, kind, time.monotonic() + seconds, ends_at, key.secrets, key.state_since)


def _learned(event: KeyEvent, endpoint: Endpoint, key: Key, status: int | None = None, *, seconds: float = 0.0) -> Learned:
    return Learned(event, endpoint.id, key.id, key.state, key.state_since, key.secrets, status, seconds)
