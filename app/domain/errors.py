"""What can go wrong, as one tree. An error says what happened by its code (`domain.error_code`); each edge answers it in its own shape.

PatchbayError
├ NotFound            UnknownProvider, UnknownPreset, UnknownModel, UnknownAlias, UnknownClientKey, UnknownUser, UnknownCredential
├ Conflict            Taken (NameTaken, EmailTaken, DuplicateKey), AlreadyCreated, AlreadySetUp, InUse (LastAdmin), Revoked, Stale,
│                     ReentryRequired, ProviderDisabled, RotationConflict, RowRefused
├ InvalidDraft        field → reason; Unsupported
├ Unreadable
├ AccessError         NotSignedIn, Forbidden (ScopeMissing, CsrfRequired), ConfirmationNeeded, TooManyAttempts
├ LimitReached        a limit of ours
├ VaultError          KeyMissing, KeyMismatch, CanaryCorrupt, KeyFileUnsafe, SecretUnreadable
├ StorageError        StorageUnavailable (DiskFull, StorageReadOnly), StorageDamaged
└ UpstreamError       EgressRefused, NoCredential, Unreachable, TlsFailed, TimedOut, Refused, RateLimited, Failed, BadResponse,
                      CircuitOpen, TranslatorDown, TokenRefused, TokenUnreachable, TokenBadResponse
"""

import math
from collections.abc import Mapping, Sequence

from app.domain.error_base import PatchbayError as PatchbayError
from app.domain.error_code import ErrorCode as ErrorCode
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
    code = ErrorCode.NOT_FOUND


class UnknownProvider(NotFound):
    code = ErrorCode.PROVIDER_NOT_FOUND
    GONE = "There is no provider with this ID. It may have been deleted."


class UnknownPreset(NotFound):
    code = ErrorCode.PRESET_NOT_FOUND


class UnknownModel(NotFound):
    code = ErrorCode.MODEL_NOT_FOUND


class UnknownAlias(NotFound):
    code = ErrorCode.ALIAS_NOT_FOUND


class UnknownClientKey(NotFound):
    code = ErrorCode.CLIENT_KEY_NOT_FOUND


class UnknownUser(NotFound):
    code = ErrorCode.USER_NOT_FOUND


class UnknownCredential(NotFound):
    code = ErrorCode.CREDENTIAL_NOT_FOUND


class Conflict(PatchbayError):
    code = ErrorCode.CONFLICT


class Taken(Conflict):
    """What has to be unique is there already; `field` says which, and the message is a `Reason` where a page shows it."""


class NameTaken(Taken):
    code = ErrorCode.NAME_TAKEN


class EmailTaken(Taken):
    code = ErrorCode.EMAIL_TAKEN


class DuplicateKey(Taken):
    code = ErrorCode.DUPLICATE_KEY


class AlreadyCreated(Conflict):
    code = ErrorCode.ALREADY_CREATED


class InUse(Conflict):
    """Something needs what is to go."""

    code = ErrorCode.IN_USE


class LastAdmin(InUse):
    code = ErrorCode.LAST_ADMIN


class Revoked(Conflict):
    code = ErrorCode.REVOKED


class Stale(Conflict):
    """Somebody saved in between. `details["changed"]` maps each changed field to its current value."""

    code = ErrorCode.STALE


class ReentryRequired(Conflict):
    """The host moved; a stored secret is bound to the old one. `details["credential_ids"]`, `details["origin"]`."""

    code = ErrorCode.CREDENTIAL_REENTRY_REQUIRED


class ProviderDisabled(Conflict):
    code = ErrorCode.PROVIDER_DISABLED


class RotationConflict(Conflict):
    """The key is in another step of its rotation than the request assumes."""

    code = ErrorCode.ROTATION_CONFLICT


class AlreadySetUp(Conflict):
    code = ErrorCode.ALREADY_SET_UP


class RowRefused(Conflict):
    """A row that lets somebody in or allows something is not as we wrote it."""

    code = ErrorCode.ROW_REFUSED


def fault(field: str, code: str, message: str) -> dict[str, str | None]:
    """One of `details.errors`. `field` is a dotted path, None for the body as a whole."""
    return {"field": None if field in ("", "body") else field, "code": code, "message": message}


class InvalidDraft(PatchbayError):
    """Input that cannot be accepted. `reasons` maps a field to one sentence, a `Reason` where a page shows it; never echoes the input."""

    code = ErrorCode.INVALID

    def __init__(self, reasons: Mapping[str, str], *, suggestions: Sequence[str] = ()) -> None:
        faults = [fault(field, getattr(why, "code", "invalid"), why) for field, why in reasons.items()]
        super().__init__(next(iter(reasons.values())), field=faults[0]["field"], suggestions=suggestions, details={"errors": faults})
        self.reasons = dict(reasons)


class Unsupported(InvalidDraft):
    """A request asks for something that its provider is declared not to do."""

    code = ErrorCode.UNSUPPORTED


class Unreadable(PatchbayError):
    """A request that says nothing certain: no JSON, a field twice, two keys."""

    code = ErrorCode.BAD_REQUEST


class AccessError(PatchbayError):
    code = ErrorCode.FORBIDDEN


class NotSignedIn(AccessError):
    code = ErrorCode.NOT_SIGNED_IN


class Forbidden(AccessError):
    code = ErrorCode.FORBIDDEN


class ScopeMissing(Forbidden):
    """The client key has another scope. `details["scope"]` is the one that is needed."""

    code = ErrorCode.SCOPE_MISSING


class CsrfRequired(Forbidden):
    """A browser did not send the token of its session."""

    code = ErrorCode.CSRF_REQUIRED


class ConfirmationNeeded(AccessError):
    """Who is signed in has to show the password again."""

    code = ErrorCode.CONFIRMATION_NEEDED


class TooManyAttempts(AccessError):
    """`details["retry_after"]` in seconds."""

    code = ErrorCode.TOO_MANY_ATTEMPTS

    @classmethod
    def after(cls, wait: float) -> "TooManyAttempts":
        """Wrong passwords, and the next one is looked at in this many seconds."""
        seconds = math.ceil(wait)
        words = f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"
        return cls(f"Too many wrong passwords. Try again in {words}.", details={"retry_after": seconds})


class LimitReached(PatchbayError):
    """A limit of ours. `details`: `limit`, `most`, `retry_after` in seconds."""

    code = ErrorCode.LIMIT_REACHED

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
    code = ErrorCode.VAULT_LOCKED


class KeyMissing(VaultError):
    code = ErrorCode.KEY_MISSING


class KeyMismatch(VaultError):
    code = ErrorCode.KEY_MISMATCH


class CanaryCorrupt(VaultError):
    code = ErrorCode.CANARY_CORRUPT


class KeyFileUnsafe(VaultError):
    code = ErrorCode.KEY_FILE_UNSAFE


class SecretUnreadable(VaultError):
    """A sealed value that cannot be opened. Its kind: missing_kid, auth_failed or malformed."""

    code = ErrorCode.SECRET_UNREADABLE


class StorageError(PatchbayError):
    code = ErrorCode.STORAGE


class StorageUnavailable(StorageError):
    code = ErrorCode.STORAGE_UNAVAILABLE


class DiskFull(StorageUnavailable):
    code = ErrorCode.DISK_FULL


class StorageReadOnly(StorageUnavailable):
    code = ErrorCode.STORAGE_READ_ONLY


class StorageDamaged(StorageError):
    code = ErrorCode.STORAGE_DAMAGED
