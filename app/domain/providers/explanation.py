"""What a selector leads to and what stands in the way, told without sending anything (G12)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from app.domain.credentials.credential import KeyState
from app.domain.providers.health import Health
from app.domain.providers.outlook import Concern, Outlook
from app.domain.providers.provider import Status
from app.domain.record import Record


class SkipCode(StrEnum):
    """Why an alias, a caller, a target or a key is passed over. Pages say each in the reader's words (`skip.<code>`)."""

    ALIAS_DISABLED = "alias_disabled"
    ALIAS_OUT_OF_SCOPE = "alias_out_of_scope"
    CLIENT_KEY_EXPIRED = "client_key_expired"
    CLIENT_KEY_SCOPE = "client_key_scope"
    CLIENT_KEY_LIMIT = "client_key_limit"
    PROVIDER_DELETED = "provider_deleted"
    PROVIDER_DISABLED = "provider_disabled"
    PROVIDER_OUT_OF_SCOPE = "provider_out_of_scope"
    PROVIDER_BROKEN = "provider_broken"
    PROVIDER_LIMIT = "provider_limit"
    MODEL_NOT_LISTED = "model_not_listed"
    CIRCUIT_OPEN = "circuit_open"
    NO_KEY = "no_key"
    KEY_DISABLED = "key_disabled"
    KEY_UNREADABLE = "key_unreadable"
    KEY_EXPIRED = "key_expired"
    KEY_UNRESOLVED = "key_unresolved"
    KEY_COOLING = "key_cooling"
    KEY_NO_CREDIT = "key_no_credit"
    KEY_REFUSED = "key_refused"
    KEY_STANDBY = "key_standby"
    KEY_HELD = "key_held"


SENTENCES: dict[SkipCode, str] = {
    SkipCode.ALIAS_DISABLED: "An alias with this name exists, but it is off.",
    SkipCode.ALIAS_OUT_OF_SCOPE: "An alias with this name exists, but this app key is not allowed to use it.",
    SkipCode.CLIENT_KEY_EXPIRED: "This app key has expired.",
    SkipCode.CLIENT_KEY_SCOPE: "This app key does not have permission to call models.",
    SkipCode.CLIENT_KEY_LIMIT: "This app key has reached its limit per minute.",
    SkipCode.PROVIDER_DELETED: "The provider was deleted.",
    SkipCode.PROVIDER_DISABLED: "The provider is off.",
    SkipCode.PROVIDER_OUT_OF_SCOPE: "This app key is not allowed to use the provider.",
    SkipCode.PROVIDER_BROKEN: "The saved settings of the provider cannot be read. Edit and save them again.",
    SkipCode.PROVIDER_LIMIT: "The provider has reached its request limit.",
    SkipCode.MODEL_NOT_LISTED: "The provider accepts listed models only, and this one is not listed.",
    SkipCode.CIRCUIT_OPEN: "The provider failed several times in a row and is paused. Patchbay retries it automatically.",
    SkipCode.NO_KEY: "No key of the provider is available.",
    SkipCode.KEY_DISABLED: "The key is off.",
    SkipCode.KEY_UNREADABLE: "The key cannot be read with the current master key.",
    SkipCode.KEY_EXPIRED: "The key has expired.",
    SkipCode.KEY_UNRESOLVED: "The source of the key has no usable value.",
    SkipCode.KEY_COOLING: "The key is cooling down after the provider's rate limit.",
    SkipCode.KEY_NO_CREDIT: "The account of this key has no credit left.",
    SkipCode.KEY_REFUSED: "The provider rejected the key. Patchbay retries it automatically.",
    SkipCode.KEY_STANDBY: "The key is a reserve, used only when no other key is available.",
    SkipCode.KEY_HELD: "The key is being replaced and is not in use.",
}


class Skip(Record):
    """Why something is passed over, and until when where that is known."""

    code: SkipCode  #: Code of the reason.
    message: str  #: The reason, in one sentence.
    until: datetime | None = None  #: Until when; null = not known.


class KeyStep(Record):
    """A key of a target, in the order in which keys are tried. `share`: the part of the calls (0 to 1) that would begin with it now."""

    id: str  #: ID of the provider key.
    label: str  #: Name that people see.
    state: KeyState  #: Whether traffic uses it.
    priority: int  #: Keys with a lower number are tried first.
    weight: int  #: How often it is used among keys of the same priority, relative to them.
    share: float  #: Share of the calls that would begin with it now, 0 to 1.
    skipped: Skip | None  #: Why it is passed over; null = it is not.


class TargetStep(Record):
    """A model that may answer, in the order in which targets are tried; `share` as of a key. `keys` is empty where the provider needs
    none (`needs_key`). `provider` is "" where nothing is known of it any more. Of a target that is not `skipped`: how its provider does
    (`status`, `health`), what will probably become of a call (`outlook`) and what speaks against an answer (`concerns`)."""

    provider: str  #: ID of the provider (its `name`), "" where it is gone.
    provider_label: str  #: Name of the provider that people see.
    model: str  #: Identifier of the model.
    priority: int  #: Targets with a lower number are tried first.
    weight: int  #: How often it is used among targets of the same priority, relative to them.
    share: float  #: Share of the calls that would begin with it now, 0 to 1.
    skipped: Skip | None  #: Why it is passed over; null = it is not.
    needs_key: bool  #: Whether the provider needs a key.
    keys: list[KeyStep]  #: Its keys, in the order in which they are tried.
    status: Status | None = None  #: Status of the provider; null where the target is passed over.
    health: Health | None = None  #: Health of the provider; null where the target is passed over.
    outlook: Outlook | None = None  #: What will probably become of a call; null where the target is passed over.
    concerns: list[Concern] = []  #: What speaks against an answer.


class Unanswered(Record):
    """What the caller would be told instead of an answer. `suggestions` are selectors."""

    code: str  #: Code of the error.
    message: str  #: The error, in one sentence.
    suggestions: list[str] = []  #: Selectors that would lead somewhere.


class Chosen(Record):
    """Where a call would most likely go now. `key_id` "" = the provider needs no key."""

    provider: str  #: ID of the provider (its `name`).
    model: str  #: Identifier of the model.
    key_id: str  #: ID of the provider key, "" where none is needed.
    key_label: str  #: Name of the provider key, "" where none is needed.


class Explanation(Record):
    """`kind`: what the selector is: an alias, `provider/model` (provider), a bare model, the default, or nothing that is known (unknown).
    `refused`: the client key is turned away before anything is looked at. Exactly one of `chosen` and `error` is set. `outlook`: what will
    probably become of the call where it goes first; `fallback`: where that is unlikely to answer, the next one that may.

    Breaks and limits are those of the process that answers: each process that serves counts for itself.
    """

    selector: str  #: What was asked about.
    revision: int  #: Configuration revision that the answer is about.
    kind: Literal["alias", "provider", "model", "default", "unknown"]  #: What the selector is.
    alias: str  #: Name of the alias, "" where it is none.
    client_key: str  #: Name of the app key, "" where none was named.
    refused: Skip | None  #: Why the app key is rejected; null = it is not.
    notes: list[Skip]  #: What was passed over before the targets.
    targets: list[TargetStep]  #: Models that may answer, in the order in which they are tried.
    chosen: Chosen | None  #: Where a call would go now; null = nowhere.
    outlook: Outlook | None = None  #: What will probably become of the call there; null = it goes nowhere.
    fallback: Chosen | None = None  #: Where the call goes next if that is unlikely to answer; null = nowhere.
    error: Unanswered | None  #: What the caller would be told; null = a target was found.


def skip(code: SkipCode, until: datetime | None = None) -> Skip:
    """A reason with its sentence."""
    return Skip(code=code, message=SENTENCES[code], until=until)


def shares(steps: Sequence[tuple[int, int, bool]]) -> list[float]:
    """The part of the calls that begins with each, from (priority, weight, whether it can be used). Lower priority comes first, among
    equals each as often as its weight says.

    >>> shares([(1, 3, True), (1, 1, True), (2, 9, True), (1, 1, False)])
    [0.75, 0.25, 0.0, 0.0]
    """
    usable = [(priority, weight) for priority, weight, is_usable in steps if is_usable]
    if not usable:
        return [0.0] * len(steps)
    first = min(priority for priority, _ in usable)
    total = sum(weight for priority, weight in usable if priority == first)
    return [round(weight / total, 4) if is_usable and priority == first else 0.0 for priority, weight, is_usable in steps]
