"""What may be shown of the master keys: their ids, never a byte of them."""

from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.record import Record

# A process that was not seen for this long no longer serves.
ALIVE = timedelta(seconds=60)


class MasterKeyState(StrEnum):
    """Exactly one key is active: it seals. The others only open, or wait."""

    STAGED = "staged"
    ACTIVE = "active"
    DECRYPT_ONLY = "decrypt_only"
    RETIRED = "retired"


class MasterKey(Record):
    """`kid` is public. `values`: how many sealed values need this key. `kit_…`: its recovery kit was taken, was said to be kept."""

    kid: str  #: Public ID of the key.
    state: MasterKeyState  #: What it is used for.
    is_loaded: bool  #: Whether this process holds it.
    values: int  #: How many stored secrets need it.
    created_at: datetime  #: When it was added.
    kit_issued_at: datetime | None = None  #: When its recovery kit was last downloaded; null = never.
    kit_acknowledged_at: datetime | None = None  #: When an admin said that it is kept; null = never.


class AddedKey(Record):
    """A key that `master-key create` staged, or one that has to be put into the key source first: then `is_staged` is false, `advice`
    says where, and `key` is the text of a key that was generated. It is shown this once."""

    kid: str
    is_staged: bool
    key: str | None = None
    advice: str = ""


class Rewrapped(Record):
    """What one run did. `broken`: values that cannot be opened by any key, marked and left out. `left`: still under other keys."""

    kid: str
    rewrapped: int
    broken: int
    left: int


class RetiredKey(Record):
    """`advice`: what is left to do by hand, in words."""

    kid: str
    advice: str


class ExposedSecret(Record):
    """A field of a credential that has to be issued anew after a master key became known."""

    provider: str
    credential: str
    field: str
    hint: str
    fingerprint: str
    is_deleted: bool


class Worker(Record):
    """One serving process. `kids`: the master keys it holds, the one it seals with first; `revision`: what its registry serves;
    `forwarded_at`: when X-Forwarded-For arrived last of a peer that is no proxy it was told of, `forwarded_by`."""

    worker_id: str  #: ID of the worker.
    kind: str  #: What the worker serves.
    host: str  #: Host name of its machine.
    pid: int  #: Process ID on its machine.
    started_at: datetime  #: When it started.
    seen_at: datetime  #: When it was last heard of.
    kids: list[str]  #: IDs of the master keys it holds, the one it encrypts with first.
    revision: int  #: Configuration revision that it serves.
    forwarded_at: datetime | None = None  #: When `X-Forwarded-For` last came from a proxy it was not told of; null = never.
    forwarded_by: str = ""  #: Address of that proxy, "" where there is none.


class Spread(Record):
    """How far the newest revision has come: `live` of `of` workers answer by it. `seconds`: how long after the save all of them did,
    None while some do not or when none was saved yet. `late` are those that do not."""

    revision: int
    live: int
    of: int
    seconds: float | None = None
    late: list[Worker] = []


class KeyringStatus(Record):
    """`source`: the words for where the keys of this process come from; `kind`: file, named_file or environment.
    `workers`: the processes that serve, each with the keys it holds."""

    instance_id: str  #: ID of this installation.
    source: str  #: Where the keys of this process come from, in words.
    kind: str  #: `file`, `named_file` or `environment`.
    keys: list[MasterKey]  #: Every master key, the newest first.
    workers: list[Worker]  #: Workers that serve, with the keys they hold.


class DamagedSecret(Record):
    """A sealed value that cannot be opened where it stands. `place`: its table; `name`: its field, or of one of our own its name;
    `provider` and `credential` name whose it is, "" for our own; `kind`: missing_kid, auth_failed or malformed; `advice`: what to do."""

    place: str
    name: str
    provider: str
    credential: str
    kind: str
    advice: str

    @property
    def sentence(self) -> str:
        """What it is and what to do, for an operator."""
        whose = f"of the key {self.credential} of the provider {self.provider}" if self.provider else "of Patchbay itself"
        what = {"system_secret": "The system secret", "crypto_key": "The check value of the master key"}.get(self.place, "The field")
        return f"{what} {self.name} {whose} cannot be opened. {self.advice}"
