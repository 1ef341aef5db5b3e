"""How a call to a provider would fare right now: looked at from outside, nothing is counted, drawn or sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.domain.credentials.credential import KeyState, Reference
from app.domain.error_kind import ErrorKind
from app.domain.providers.explanation import SkipCode, shares
from app.domain.snapshot import ClientKeyEntry, Endpoint, Key
from app.relay import circuit, keys, limits
from app.relay.key_outcomes import KeyEvent
from app.upstream import auth, credential


@dataclass(frozen=True, slots=True)
class Obstruction:
    """Why something is passed over; `until` where that is known."""

    code: SkipCode
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyAvailability:
    """How one key stands. `share`: the part of the calls that would begin with it now."""

    key: Key
    obstruction: Obstruction | None
    share: float = 0.0


def of_client_key(entry: ClientKeyEntry) -> Obstruction | None:
    """Whether an application has had its calls of the minute."""
    wait = limits.wait_of_key(entry)
    return Obstruction(SkipCode.CLIENT_KEY_LIMIT, _in(wait)) if wait else None


def of_provider(endpoint: Endpoint, caller: str = "") -> Obstruction | None:
    """What keeps calls from a provider, whatever its keys; `caller` is the id of a client key."""
    if endpoint.problem in ("malformed", "unknown_auth_type"):
        return Obstruction(SkipCode.PROVIDER_BROKEN)
    if (opened := circuit.opened_for(endpoint, caller)) is not None and (opened.is_trying or opened.until > datetime.now(UTC)):
        return Obstruction(SkipCode.CIRCUIT_OPEN, None if opened.is_trying else opened.until)
    wait = limits.wait_of_provider(endpoint)
    return Obstruction(SkipCode.PROVIDER_LIMIT, _in(wait)) if wait else None


def needs_key(endpoint: Endpoint) -> bool:
    """Whether calls carry a secret."""
    return auth.needs_key(endpoint.auth_type)


def of_keys(endpoint: Endpoint) -> list[KeyAvailability]:
    """The keys in the order in which a call would try them (see `relay.keys`), those that are passed over last."""
    found = [(key, _of_key(key, endpoint.auth_type)) for key in endpoint.keys]
    reserve = [key for key, reason in found if reason is None and key.state is KeyState.STANDBY]
    trial = next((key for key, reason in found if reason is None and key.state is KeyState.AUTO_DISABLED), None)
    active = [key for key, reason in found if reason is None and key.state is KeyState.ACTIVE]
    # A refused key whose trial is due gets the next call; a second one waits for the call after it.
    first = [trial] if trial is not None else active or reserve
    parts = dict(zip((key.id for key in first), shares([(key.priority, key.weight, True) for key in first]), strict=True))
    standings = [KeyAvailability(key, _behind(key, reason, first), parts.get(key.id, 0.0)) for key, reason in found]
    places = {None: 0, SkipCode.KEY_STANDBY: 1}
    return sorted(
        standings,
        key=lambda s: (places.get(s.obstruction.code if s.obstruction else None, 2), s.key is not trial, s.key.priority, -s.key.weight),
    )


def _behind(key: Key, reason: Obstruction | None, first: list[Key]) -> Obstruction | None:
    """A reserve that could be used is passed over as long as there is another key."""
    return Obstruction(SkipCode.KEY_STANDBY) if reason is None and key.state is KeyState.STANDBY and key not in first else reason


def _of_key(key: Key, auth_type: str) -> Obstruction | None:
    if key.state is KeyState.DISABLED:
        return Obstruction(SkipCode.KEY_DISABLED)
    if key.state is KeyState.UNREADABLE:
        return Obstruction(SkipCode.KEY_UNREADABLE)
    if key.is_held:
        return Obstruction(SkipCode.KEY_HELD)
    if key.is_expired(datetime.now(UTC)):
        return Obstruction(SkipCode.KEY_EXPIRED, key.expires_at)
    if key.references and not credential.has_values(auth_type, {field: Reference.of(text) for field, text in key.references.items()}):
        return Obstruction(SkipCode.KEY_UNRESOLVED)
    rest = keys.resting_of(key)
    if rest is not None and rest.event is KeyEvent.COOLING:
        return Obstruction(SkipCode.KEY_NO_CREDIT if rest.kind is ErrorKind.NO_CREDIT else SkipCode.KEY_COOLING, rest.ends_at)
    if rest is not None:
        return Obstruction(SkipCode.KEY_REFUSED, rest.ends_at)
    if key.state is KeyState.AUTO_DISABLED and not keys.is_due(key):
        return Obstruction(SkipCode.KEY_REFUSED, key.next_retry_at)
    return None


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
