"""What the table of a provider's keys shows: small frozen records made from domain records. Nothing secret is in one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.credentials.credential import Credential, Held, KeyState, Reference, reminder
from app.domain.probes.probe import StepName, Verdict
from app.ui import i18n
from app.ui.i18n.days import day_of
from app.ui.probe.run import sentence

USED, RESERVE, HELD = "used", "reserve", "held"
_OUT = (KeyState.COOLING, KeyState.AUTO_DISABLED, KeyState.EXPIRED, KeyState.UNRESOLVED, KeyState.UNREADABLE, KeyState.DISABLED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key is read from: an environment variable or a file, in words, and its name."""

    what: str
    name: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key. Times are ISO 8601 or ""; `ends_on` is its last day. `zone`: used, reserve, or held for a rotation; `look` is its state,
    or which half of a rotation it is. `outcome` of its last test: "", ok, partly or failed. `resolves`: "", yes or no. `replaces` is
    the name of the key whose place it takes; `replaced_by` is the id of the key that takes its place; `goes_back_to` of the one that is
    kept for a roll-back."""

    id: str
    label: str
    hint: str
    fingerprint: str
    zone: str
    look: str
    reason: str
    since: str
    retry_at: str
    retire_at: str
    weight: int
    priority: int
    expires_at: str
    ends_on: str
    reminder: str
    used_at: str
    tested_at: str
    outcome: str
    latency_ms: float
    problem: str
    created_at: str
    places: list[Place]
    resolves: str
    also_at: str
    is_first: bool
    is_last: bool
    replaces: str
    replaces_id: str
    replaced_by: str
    goes_back_to: str
    token_until: str


def rows(keys: Sequence[Credential], language: str, tokens: Mapping[str, str]) -> list[KeyRow]:
    """The keys of a provider as drawn, zone by zone, in the order in which they are tried. `tokens`: key id → until when its token is
    valid."""
    zones = [[k for k in keys if zone_of(k) == zone] for zone in (USED, RESERVE, HELD)]
    return [_row(k, keys, language, tokens.get(k.id, ""), is_first=k is zone[0], is_last=k is zone[-1]) for zone in zones for k in zone]


def zone_of(key: Credential) -> str:
    """Where a key stands: a reserve stays one while the provider refuses it or its date is over."""
    if key.state_reason in tuple(Held):
        return HELD
    is_reserve = key.state is KeyState.STANDBY or key.state_reason.endswith("_reserve")
    return RESERVE if is_reserve else USED


def searched(key: KeyRow) -> str:
    """What a search looks at, in lower case."""
    places = (f"{place.what} {place.name}" for place in key.places)
    return " ".join((key.label, key.hint, key.fingerprint, *places)).lower()


def moved(keys: Iterable[KeyRow], key_id: str, *, up: bool) -> list[str] | None:
    """The ids in their new order after one step within its zone; None where there is no step. Halves of a rotation stay behind the key
    they belong to."""
    order = [k for k in keys if k.zone != HELD]
    at = next((i for i, k in enumerate(order) if k.id == key_id), -1)
    to = at - 1 if up else at + 1
    if at < 0 or not 0 <= to < len(order) or order[at].zone != order[to].zone:
        return None
    order[at], order[to] = order[to], order[at]
    partners = {other: k.id for k in keys if k.zone == HELD for other in (k.replaces_id, k.replaced_by) if other}
    ids = [i for k in order for i in (k.id, partners.get(k.id, "")) if i]
    return ids + [k.id for k in keys if k.id not in ids]


def summary(keys: Sequence[Credential], language: str) -> list[str]:
    """How many there are of what, in words: "2 of 3 keys in use", "1 refused by the provider", "1 reserve"."""
    shown = [k for k in keys if zone_of(k) != HELD]
    if not shown:
        return []
    states = [k.state for k in shown]
    parts = [i18n.say(language, "keys.in_use", used=states.count(KeyState.ACTIVE), n=len(shown))]
    parts += [i18n.say_code(language, "keys_out", state, n=states.count(state)) for state in _OUT if state in states]
    if reserve := states.count(KeyState.STANDBY):
        parts.append(i18n.say(language, "keys.reserves", n=reserve))
    return parts


def _row(key: Credential, keys: Sequence[Credential], language: str, token_until: str, *, is_first: bool, is_last: bool) -> KeyRow:
    result = key.last_test.result if key.last_test else None
    by_id = {k.id: k for k in keys}
    old = by_id.get(key.replaces or "")
    newer = next((k for k in keys if k.replaces == key.id), None)
    is_waiting = newer is not None and newer.state_reason == Held.ROTATION
    is_kept = old is not None and old.state_reason == Held.ROLLBACK
    return KeyRow(
        id=key.id,
        label=key.label,
        hint=f"••••{key.hint}" if key.is_set and not key.reference else "",
        fingerprint=key.fingerprint,
        zone=zone_of(key),
        look=key.state_reason if key.state_reason in tuple(Held) else key.state.value,
        reason=_reason(key, language),
        since=_iso(key.state_since),
        retry_at=_iso(key.next_retry_at),
        retire_at=_iso(key.retire_at),
        weight=key.weight,
        priority=key.priority,
        expires_at=_iso(key.expires_at),
        ends_on=day_of(key.expires_at),
        reminder=(reminder(key.expires_at, datetime.now(UTC)) or "") if key.state_reason != Held.ROLLBACK else "",
        used_at=_iso(key.last_used_at),
        tested_at=_iso(result.checked_at) if result else "",
        outcome=("failed" if not result.ok else "ok" if _answered(result.proven, result.verdict) else "partly") if result else "",
        latency_ms=round(result.latency_ms or 0) if result and result.ok else 0,
        problem=sentence(result.error, language) if result and result.error else "",
        created_at=_iso(key.created_at),
        places=[_place(reference, language) for reference in key.reference.values()],
        resolves="" if key.resolves is None else "yes" if key.resolves else "no",
        also_at=i18n.say(language, "common.comma").join(key.also_at),
        is_first=is_first,
        is_last=is_last,
        replaces=old.label if old else "",
        replaces_id=key.replaces or "",
        replaced_by=newer.id if newer and is_waiting else "",
        goes_back_to=old.id if old and is_kept else "",
        token_until=token_until,
    )


def _reason(key: Credential, language: str) -> str:
    """Why it is in this state, where the word for the state does not say it."""
    if key.state in (KeyState.ACTIVE, KeyState.STANDBY, KeyState.DISABLED):
        return ""
    known = i18n.has(f"key_reason.{key.state_reason}")
    return i18n.say_code(language, "key_reason", key.state_reason if known else key.state)


def _answered(proven: Sequence[StepName], verdict: Verdict) -> bool:
    return bool({StepName.CHAT, StepName.STREAM} & set(proven)) and verdict is not Verdict.LIMITED


def _place(reference: Reference, language: str) -> Place:
    if reference.env is not None:
        return Place(i18n.say(language, "keys.in_variable"), reference.env)
    return Place(i18n.say(language, "keys.in_file"), reference.file or "")


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""
