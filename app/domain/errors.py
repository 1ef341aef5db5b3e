"""What can go wrong, as one tree. An error says what happened (a code); each edge owns the table that answers it.

PatchbayError
├ NotFound            UnknownProvider, UnknownPreset, UnknownModel, UnknownAlias, UnknownClientKey, UnknownUser
├ Conflict            NameTaken, Stale, ReentryRequired, ProviderDisabled, RotationConflict, AlreadySetUp, RowRefused
├ InvalidDraft        field → reason; Unsupported
├ AccessError         NotSignedIn, Forbidden, ConfirmationNeeded, TooManyAttempts
├ LimitReached        a limit of ours
├ VaultError          KeyMissing, KeyMismatch, CanaryCorrupt, KeyFileUnsafe, SecretUnreadable
├ StorageError        StorageUnavailable (DiskFull, StorageReadOnly), StorageDamaged
└ UpstreamError       EgressRefused, NoCredential, Unreachable, TlsFailed, TimedOut, Refused, RateLimited, Failed, BadResponse,
                      CircuitOpen, TranslatorDown, TokenRefused, TokenUnreachable, TokenBadResponse
"""

import math
from collections.abc import Mapping, Sequence

from app.domain.error_base import PatchbayError as PatchbayError
from app.domain.error_kind import OwnLimit, member
from app.domain.error_upstream import (  # noqa: F401 - to be imported from here
    BadResponse,
    CircuitOpen,
    EgressRefused,
    Failed,
    NoCredential,
    RateLimited,
    Refused,
    TimedOut,
    TlsFailed,
    TokenBadResponse,
    TokenRefused,
    TokenUnreachable,
    TranslatorDown,
    Unreachable,
    UpstreamError,
)
from app.domain.reason import Reason as Reason


class NotFound(PatchbayError):
    code = "not_found"


class UnknownProvider(NotFound):
    code = "provider_not_found"
    GONE = "There is no provider with this ID. It may have been deleted."


class UnknownPreset(NotFound):
    code = "preset_not_found"


class UnknownModel(NotFound):
    code = "model_not_found"


class UnknownAlias(NotFound):
    code = "alias_not_found"


class UnknownClientKey(NotFound):
    code = "client_key_not_found"


class UnknownUser(NotFound):
    code = "user_not_found"


class UnknownCredential(NotFound):
    code = "credential_not_found"


class Conflict(PatchbayError):
    code = "conflict"


class NameTaken(Conflict):
    code = "name_taken"


class Stale(Conflict):
    """Somebody saved in between. `details["changed"]` maps each changed field to its current value."""

    code = "stale"


class ReentryRequired(Conflict):
    """The host moved; a stored secret is bound to the old one. `details["credential_ids"]`, `details["origin"]`."""

    code = "credential_reentry_required"


class ProviderDisabled(Conflict):
    code = "provider_disabled"


class RotationConflict(Conflict):
    """The key is in another step of its rotation than the request assumes."""

    code = "rotation_conflict"


class AlreadySetUp(Conflict):
    code = "already_set_up"


class RowRefused(Conflict):
    """A row that lets somebody in or allows something is not as we wrote it."""

    code = "row_refused"


class InvalidDraft(PatchbayError):
    """Input that cannot be accepted. `reasons` maps a field to one sentence, a `Reason` where a page shows it; never echoes the input."""

    code = "invalid"

    def __init__(self, reasons: Mapping[str, str], *, code: str | None = None, suggestions: Sequence[str] = ()) -> None:
        first = next(iter(reasons.items()))
        super().__init__(first[1], field=first[0], suggestions=suggestions, details={"fields": dict(reasons)})
        self.reasons = dict(reasons)
        self.reason_code = code or "invalid"


class Unsupported(InvalidDraft):
    """A request asks for something that its provider is declared not to do."""

    code = "unsupported"


class AccessError(PatchbayError):
    code = "access"


class NotSignedIn(AccessError):
    code = "not_signed_in"


class Forbidden(AccessError):
    code = "forbidden"


class ConfirmationNeeded(AccessError):
    """Who is signed in has to show the password again."""

    code = "confirmation_needed"


class TooManyAttempts(AccessError):
    """`details["retry_after"]` in seconds."""

    code = "too_many_attempts"

    @classmethod
    def after(cls, wait: float) -> "TooManyAttempts":
        """Wrong passwords, and the next one is looked at in this many seconds."""
        seconds = math.ceil(wait)
        words = f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"
        return cls(f"Too many wrong passwords. Try again in {words}.", details={"retry_after": seconds})


class LimitReached(PatchbayError):
    """A limit of ours. `details`: `limit`, `most`, `retry_after` in seconds."""

    code = "limit_reached"

    @property
    def limit(self) -> OwnLimit | None:
        """Which limit it was."""
        return member(OwnLimit, self.details.get("limit"))

    @property
    def retry_after(self) -> float | None:
        """Seconds until it is worth trying again."""
        found = self.details.get("retry_after")
        return float(found) if isinstance(found, int | float) else None


class VaultError(PatchbayError):
    code = "vault_locked"


class KeyMissing(VaultError):
    code = "key_missing"


class KeyMismatch(VaultError):
    code = "key_mismatch"


class CanaryCorrupt(VaultError):
    code = "canary_corrupt"


class KeyFileUnsafe(VaultError):
    code = "key_file_unsafe"


class SecretUnreadable(VaultError):
    """A sealed value that cannot be opened. Its kind: missing_kid, auth_failed or malformed."""

    code = "secret_unreadable"


class StorageError(PatchbayError):
    code = "storage"


class StorageUnavailable(StorageError):
    code = "storage_unavailable"


class DiskFull(StorageUnavailable):
    code = "disk_full"


class StorageReadOnly(StorageUnavailable):
    code = "storage_read_only"


class StorageDamaged(StorageError):
    code = "storage_damaged"
