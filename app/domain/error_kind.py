"""What kind of its error one is, where the class alone does not say what code has to know. REST shows it among the `details`."""

from enum import StrEnum
from typing import TypeVar

_Kind = TypeVar("_Kind", bound=StrEnum)


class ErrorKind(StrEnum):
    """`details.kind`, of any error."""

    # The provider is not reached.
    DNS = "dns"
    REFUSED = "refused"  # the connection; of a key: by the provider
    LOST = "lost"
    NETWORK = "network"
    # Its certificate, and TLS itself.
    EXPIRED = "expired"  # a certificate; of a key: its end
    SELF_SIGNED = "self_signed"
    UNKNOWN_ISSUER = "unknown_issuer"
    WRONG_NAME = "wrong_name"
    NOT_SPOKEN = "not_spoken"
    FAILED = "failed"
    TLS_EXPECTED = "tls_expected"
    # What it answers is not what the protocol says.
    NOT_HTTP = "not_http"
    REDIRECT = "redirect"
    STATUS = "status"
    HTML = "html"
    NOT_JSON = "not_json"
    ENCODED = "encoded"
    TOO_LARGE = "too_large"  # an answer; of a limit: the request
    CUT_OFF = "cut_off"
    NOT_CHAT = "not_chat"
    NOT_STREAMED = "not_streamed"
    # It does not take the key, or wants no more of it.
    KEY = "key"
    NO_KEY = "no_key"
    DENIED = "denied"
    RATE_LIMIT = "rate_limit"
    NO_CREDIT = "no_credit"
    # There is no key to send.
    MISSING = "missing"  # also the translator's library
    SEALED = "sealed"
    CHARACTERS = "characters"
    HEADER_NAME = "header_name"
    UNKNOWN_AUTH_TYPE = "unknown_auth_type"
    OTHER_ORIGIN = "other_origin"
    UNREADABLE = "unreadable"
    REFERENCE = "reference"
    TOKEN = "token"  # noqa: S105 - a word, no secret
    # A sealed value cannot be opened.
    MISSING_KID = "missing_kid"
    AUTH_FAILED = "auth_failed"
    MALFORMED = "malformed"  # also settings that cannot be read
    # The translator does not run.
    BROKEN = "broken"
    SLOW = "slow"
    DIED = "died"


class EgressReason(StrEnum):
    """Why an address is not called: `details.reason` of `EgressRefused`."""

    METADATA = "metadata"
    LINK_LOCAL = "link_local"
    RESERVED = "reserved"
    SERVICE_PORT = "service_port"
    OWN_PORT = "own_port"
    LOCAL = "local"  # an admin may approve it
    LOCAL_OFF = "local_off"
    KEY_IN_CLEAR = "key_in_clear"
    PROXY = "proxy"
    PUBLIC = "public"  # by a call that may go to the own network only


class TimeLimit(StrEnum):
    """Which limit of ours a call met: `details.limit` of `TimedOut`."""

    CONNECT = "connect"
    FIRST_BYTE = "first_byte"
    IDLE = "idle"
    TOTAL = "total"


class OwnLimit(StrEnum):
    """Which limit of requests was used up: `details.limit` of `LimitReached`."""

    KEY_RPM = "key_rpm"
    PROVIDER_RPM = "provider_rpm"
    PROVIDER_CONCURRENT = "provider_concurrent"


def member(of: type[_Kind], text: object) -> _Kind | None:
    """The kind that was written as this text, by this process or another; None for anything else."""
    return next((kind for kind in of if kind == text), None)
