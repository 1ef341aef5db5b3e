"""What can go wrong with a call to a provider. The whole tree of errors: `domain.errors`, which is where to import these from."""

from collections.abc import Mapping

from app.domain.error_base import PatchbayError
from app.domain.error_code import ErrorCode
from app.domain.error_kind import EgressReason, TimeLimit, member


class UpstreamError(PatchbayError):
    """A call to a provider failed. `detail` is the scrubbed, capped text of the provider (≤ 2 kB), for folding."""

    code = ErrorCode.UPSTREAM_FAILED

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
    """`details`: `reason`, `origin`."""

    code = ErrorCode.REFUSED_BY_POLICY

    @property
    def reason(self) -> EgressReason | None:
        """Why the address is not called."""
        return member(EgressReason, self.details.get("reason"))


class NoCredential(UpstreamError):
    code = ErrorCode.NO_CREDENTIAL


class Unreachable(UpstreamError):
    """Its kind: dns, refused, reset, network."""

    code = ErrorCode.UPSTREAM_UNREACHABLE


class TlsFailed(UpstreamError):
    code = ErrorCode.UPSTREAM_TLS_FAILED


class TimedOut(UpstreamError):
    """`details`: `limit`, `seconds`."""

    code = ErrorCode.UPSTREAM_TIMEOUT

    @property
    def limit(self) -> TimeLimit | None:
        """Which limit of ours it was."""
        return member(TimeLimit, self.details.get("limit"))


class Refused(UpstreamError):
    """The provider answered 401 or 403. Its kind: key, no_key where none was sent, or denied where a 403 does not speak of it."""

    code = ErrorCode.UPSTREAM_REFUSED


class RateLimited(UpstreamError):
    code = ErrorCode.UPSTREAM_RATE_LIMITED


class Failed(UpstreamError):
    """5xx, or another status that says the provider could not do it."""

    code = ErrorCode.UPSTREAM_FAILED


class BadResponse(UpstreamError):
    """Not what the protocol says: HTML, wrong type, too large, encoded, redirect, cut off: its kind."""

    code = ErrorCode.UPSTREAM_BAD_RESPONSE


class CircuitOpen(UpstreamError):
    """The provider failed several times in a row and is not asked again before `retry_after` seconds are over."""

    code = ErrorCode.CIRCUIT_OPEN


class TranslatorDown(UpstreamError):
    """The process that speaks this provider's own protocol does not run. Its kind: missing, broken, slow, died."""

    code = ErrorCode.TRANSLATOR_DOWN


class TokenRefused(Refused):
    """The token server did not accept the client, its secret or what was asked for. `details["token_host"]`. The provider was not asked."""

    code = ErrorCode.TOKEN_REFUSED


class TokenUnreachable(Unreachable):
    """The token server cannot be reached or does not answer right now. `details["token_host"]`; its kind is TOKEN."""

    code = ErrorCode.TOKEN_UNREACHABLE


class TokenBadResponse(BadResponse):
    """What the token server answered is no token. `details["token_host"]`; its kind is TOKEN."""

    code = ErrorCode.TOKEN_BAD_RESPONSE
