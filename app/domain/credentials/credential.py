"""A key of a provider: what a person types, what comes back, the states it can be in and when it needs somebody's attention."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.domain.errors import InvalidDraft, Reason
from app.domain.probes.probe import LastTest
from app.domain.record import Closed, Label, Moment, Record
from app.domain.secret import Secret

MOST_KEYS = 100  # of one provider
FIRST_LABEL = "Key 1"  # of a key that was given no name
MOST_REFERENCES = 500  # characters of all of a key together: what its column holds

Weight = Annotated[int, Field(ge=1, le=100)]
Priority = Annotated[int, Field(ge=1, le=10)]


class KeyState(StrEnum):
    """`cooling` and `unresolved` are known to the process only and `expired` follows from the date: none of them is ever stored."""

    ACTIVE = "active"
    STANDBY = "standby"  # a reserve, or one half of a rotation (see `Held`)
    COOLING = "cooling"  # the vendor asked for a pause
    AUTO_DISABLED = "auto_disabled"  # the vendor refused it; tried again by itself
    DISABLED = "disabled"
    EXPIRED = "expired"
    UNRESOLVED = "unresolved"  # there is no usable value where it is read from
    UNREADABLE = "unreadable"


# A key in one of these belongs to how its provider is called: that it is refused for a while makes no other configuration.
IN_TRAFFIC = frozenset({KeyState.ACTIVE, KeyState.AUTO_DISABLED})
COUNTED = IN_TRAFFIC | {KeyState.STANDBY}  # that a call may have used, unless they are `Held`


class Held(StrEnum):
    """Why a standby key is not a reserve: traffic never uses it, whatever happens to the others."""

    ROTATION = "rotation"  # new, not promoted yet
    ROLLBACK = "rollback"  # old, kept for a while


class Reminder(StrEnum):
    """How near the end of a key is."""

    MONTH = "month"  # 30 days or less
    FORTNIGHT = "fortnight"  # 14
    DAYS = "days"  # 3
    EXPIRED = "expired"


_MARK = "\0reference\0"
_BANDS = ((timedelta(0), Reminder.EXPIRED), (timedelta(days=3), Reminder.DAYS), (timedelta(days=14), Reminder.FORTNIGHT),
          (timedelta(days=30), Reminder.MONTH))  # fmt: skip

SettableState = Literal[KeyState.ACTIVE, KeyState.STANDBY, KeyState.DISABLED]


class Reference(Closed):
    """Where a value lives that Patchbay does not store: an environment variable or a mounted file. Exactly one of the two."""

    #: Name of an environment variable that the operator allowed.
    env: Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    #: Path of a file in a folder that the operator allowed.
    file: Annotated[str, StringConstraints(max_length=300, pattern=r"^/[ -~]+$")] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("name either an environment variable or a file")
        return self

    @property
    def text(self) -> str:
        """One line that says where: `env:PATCHBAY_SECRET_ACME`, `file:/run/secrets/acme`."""
        return f"env:{self.env}" if self.env is not None else f"file:{self.file}"

    def marked(self) -> Secret:
        """What is sealed in the place of a value. No value begins like this: what is typed holds no NUL."""
        return Secret(_MARK + self.text)

    @classmethod
    def of(cls, text: str) -> "Reference":
        """Back from `text`. Raises `ValueError` for anything else."""
        kind, _, place = text.partition(":")
        if kind not in ("env", "file"):
            raise ValueError("not a reference")
        return cls(env=place) if kind == "env" else cls(file=place)


def reference_in(opened: Secret) -> str | None:
    """The text of the reference that was sealed instead of a value, None for a value."""
    text = opened.reveal()
    return text.removeprefix(_MARK) if text.startswith(_MARK) else None


class CredentialDraft(Closed):
    """`secret` maps the field names the auth type declares to their values, for example {"api_key": "sk-…"}; `reference` says
    for a field where its value lives instead."""

    label: Label | None = None  #: Name that people see; null = one is made up.
    secret: dict[str, Secret] = Field(default_factory=dict)  #: Secret fields of the auth type with their values.
    reference: dict[str, Reference] = Field(default_factory=dict)  #: Secret fields whose value is read elsewhere, with its place.
    weight: Weight = 1  #: How often it is used among keys of the same priority, relative to them.
    priority: Priority = 1  #: Keys with a lower number are tried first.
    state: SettableState = KeyState.ACTIVE  #: Whether traffic uses it.
    expires_at: Moment | None = None  #: When the key expires; null = not known.


class CredentialPatch(Closed):
    """Partial update: what is not set stays, `expires_at` None clears. `secret` and `reference` replace what is stored."""

    label: Label | None = None  #: Name that people see.
    secret: dict[str, Secret] | None = None  #: Secret fields of the auth type with their values, in place of what is stored.
    reference: dict[str, Reference] | None = None  #: Secret fields whose value is read elsewhere, with its place.
    weight: Weight | None = None  #: How often it is used among keys of the same priority, relative to them.
    priority: Priority | None = None  #: Keys with a lower number are tried first.
    state: SettableState | None = None  #: Whether traffic uses it.
    expires_at: Moment | None = None  #: When the key expires; null = not known.
    version: int | None = None  #: Version that the change is based on; null = any.


class Credential(Record):
    """Everything about a credential that is safe to show."""

    id: str  #: ID of the key (UUIDv7).
    label: str  #: Name that people see.
    is_set: bool  #: Whether there is a value, stored or in its place.
    #: The last characters of the key, "" where none are shown.
    hint: str  # last four characters, or "" for short secrets
    #: Keyed hash of the value: equal keys have equal ones.
    fingerprint: str  # first 12 hex of a keyed hash
    #: Whether traffic uses it.
    state: KeyState  # as stored, or `expired`, `cooling`, `unresolved`
    #: Code of why it is in this state, "" where somebody chose it.
    state_reason: str  # "", a `Held`, or why the state is what it is
    state_since: datetime | None  #: Since when it is in this state.
    next_retry_at: datetime | None  #: When it is tried again; null = not by itself.
    weight: int  #: How often it is used among keys of the same priority, relative to them.
    priority: int  #: Keys with a lower number are tried first.
    expires_at: datetime | None  #: When the key expires; null = not known.
    #: When it is deleted after its replacement; null = it is not.
    retire_at: datetime | None  # deleted by itself then
    #: ID of the key that it is to replace; null = none.
    replaces: str | None  # id of the key whose place this one takes in a rotation
    #: Secret fields whose value is read elsewhere, with its place.
    reference: dict[str, Reference]  # field → where its value lives
    #: Whether a value was found there; null = nothing is read elsewhere.
    resolves: bool | None  # whether there is a value there right now; None = stored here, or not looked at
    #: IDs of other providers with the same key (`name`).
    also_at: list[str]  # names of other providers where the same key is stored; looked for by `credentials.list_` only
    #: Scheme, host and port that it is bound to.
    origin: str  # what it is bound to
    last_used_at: datetime | None  #: When traffic last used it; null = never.
    #: Last test with this key; null = none.
    last_test: LastTest | None  # that used this key and no other, as it is now
    version: int = 1  #: Grows with every change.
    created_at: datetime  #: When it was stored.
    updated_at: datetime  #: When it was last changed.


class KeyLine(Record):
    """What became of one line of many. `line` counts from 1; `reason` is a sentence, `code` its code, both "" when it was stored."""

    line: int  #: Number of the line, from 1.
    credential: Credential | None  #: The stored key; null = it was not stored.
    reason: str = ""  #: Why it was not stored, in one sentence; "" when it was.
    code: str = ""  #: Code of the reason; "" when it was stored.


def state_at(stored: KeyState, expires_at: datetime | None, at: datetime) -> KeyState:
    """The stored state with the date laid over it: only a key that could be used can be past its end."""
    has_ended = expires_at is not None and expires_at <= at
    return KeyState.EXPIRED if has_ended and stored in (KeyState.ACTIVE, KeyState.STANDBY) else stored


def reminder(expires_at: datetime | None, at: datetime) -> Reminder | None:
    """Which warning a key deserves, None while its end is far or it has none."""
    if expires_at is None:
        return None
    return next((band for left, band in _BANDS if expires_at - at <= left), None)


def must_be_ahead(expires_at: datetime | None, at: datetime, *, field: str = "expires_at") -> None:
    """Raise `InvalidDraft` for an end that is over, or of which nobody can tell."""
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= at):
        raise InvalidDraft({field: Reason("time_past", "Choose a time in the future, with its time zone.")})


def in_order(ids: list[str]) -> Mapping[str, tuple[int, int | None]]:
    """Id → (priority, weight) that make the relay try keys in this order. A weight of None stays as it is.

    The first nine have a priority of their own; those behind share the last one and are told apart by their weight.
    """
    return {key: (min(place, 10), None if place < 10 else max(1, 110 - place)) for place, key in enumerate(ids, 1)}
