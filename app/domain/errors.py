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
    """A limit of ours. `details`: `limit` (key_rpm, provider_rpm, provider_concurrent), `retry_after` in seconds."""

    code = "limit_reached"

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
    """A sealed value that cannot be opened. `details["kind"]`: missing_kid, auth_failed or malformed."""

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


class UpstreamError(PatchbayError):
    """A call to a provider failed. `detail` is the scrubbed, capped text of the provider (≤ 2 kB), for folding."""

    code = "upstream_failed"

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, details=details)
        self.detail = detail
        self.status = status
        self.retry_after = retry_after


class EgressRefused(UpstreamError):
    code = "refused_by_policy"


class NoCredential(UpstreamError):
    code = "no_credential"


class Unreachable(UpstreamError):
    """`details["kind"]`: dns, refused, reset, network."""

    code = "upstream_unreachable"


class TlsFailed(UpstreamError):
    code = "upstream_tls_failed"


class TimedOut(UpstreamError):
    """`details["limit"]`: connect, first_byte, idle, total; `details["seconds"]`."""

    code = "upstream_timeout"


class Refused(UpstreamError):
    """The provider answered 401 or 403. `details["kind"]`: key, no_key where none was sent, or denied where a 403 does not speak of it."""

    code = "upstream_refused"


class RateLimited(UpstreamError):
    code = "upstream_rate_limited"


class Failed(UpstreamError):
    """5xx, or another status that says the provider could not do it."""

    code = "upstream_failed"


class BadResponse(UpstreamError):
    """Not what the protocol says: HTML, wrong type, too large, encoded, redirect, cut off. `details["kind"]`."""

    code = "upstream_bad_response"


class CircuitOpen(UpstreamError):
    """The provider failed several times in a row and is not asked again before `retry_after` seconds are over."""

    code = "circuit_open"


class TranslatorDown(UpstreamError):
    """The process that speaks this provider's own protocol does not run. `details["kind"]`: missing, broken, slow, died."""

    code = "translator_down"


class TokenRefused(Refused):
    """The token server did not accept the client, its secret or what was asked for. `details["token_host"]`. The provider was not asked."""

    code = "token_refused"


class TokenUnreachable(Unreachable):
    """The token server cannot be reached or does not answer right now. `details["token_host"]`, `details["kind"]` = "token"."""

    code = "token_unreachable"


class TokenBadResponse(BadResponse):
    """What the token server answered is no token. `details["token_host"]`, `details["kind"]` = "token"."""

    code = "token_bad_response"
