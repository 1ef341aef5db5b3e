"""What may be shown of the master keys: their ids, never a byte of them."""

from datetime import datetime
from enum import StrEnum

from app.domain.provider import Record


class MasterKeyState(StrEnum):
    """Exactly one key is active: it seals. The others only open, or wait."""

    STAGED = "staged"
    ACTIVE = "active"
    DECRYPT_ONLY = "decrypt_only"
    RETIRED = "retired"


class MasterKey(Record):
    """`kid` is public. `values`: how many sealed values need this key."""

    kid: str
    state: MasterKeyState
    is_loaded: bool
    values: int
    created_at: datetime


class KeyringStatus(Record):
    """`source`: the words for where the keys of this process come from."""

    instance_id: str
    source: str
    keys: list[MasterKey]


class Worker(Record):
    """One serving process. `kids`: the master keys it holds; `revision`: what its registry serves."""

    worker_id: str
    kind: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    kids: list[str]
    revision: int
