"""A probe: one test of a provider, from the address to a streamed answer."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from app.domain.record import Record


class StepName(StrEnum):
    """The steps of a test, in their order."""

    ADDRESS = "address"
    DNS = "dns"
    PORT = "port"
    TLS = "tls"
    HTTP = "http"
    CREDENTIAL = "credential"
    MODELS = "models"
    CHAT = "chat"
    STREAM = "stream"


class Verdict(StrEnum):
    OK = "ok"
    LIMITED = "limited"
    NO_MODEL_LIST = "no_model_list"
    AUTH_FAILED = "auth_failed"
    UNREACHABLE = "unreachable"
    TLS_FAILED = "tls_failed"
    NOT_FOUND = "not_found"
    MODEL_NOT_FOUND = "model_not_found"
    TIMEOUT = "timeout"
    BAD_RESPONSE = "bad_response"
    REFUSED_BY_POLICY = "refused_by_policy"
    NO_CREDENTIAL = "no_credential"
    KEY_NOT_PROVEN = "key_not_proven"  # all that was asked is also answered without the key
    DEFAULT_NOT_LISTED = "default_not_listed"  # it lists models, and the default one is not among them


Depth = Literal["auth", "models", "chat", "stream"]


class Finding(StrEnum):
    """What a step found: `ProbeStep.message` and `ProbeError.code` are one of these. The edges own the words."""

    # good
    ADDRESS_OK = "address_ok"  # url
    ADDRESS_FOUND = "address_found"  # addresses
    LOOK_UP_NOT_NEEDED = "look_up_not_needed"
    PORT_OPEN = "port_open"  # port
    SECURE = "secure"
    NOT_ENCRYPTED = "not_encrypted"  # http: nothing to check on this step
    ANSWERS = "answers"  # status
    KEY_ACCEPTED = "key_accepted"
    KEY_NOT_NEEDED = "key_not_needed"
    KEY_LIMITED = "key_limited"
    MODELS_LISTED = "models_listed"  # count
    CHAT_ANSWERED = "chat_answered"  # model
    CHAT_EMPTY = "chat_empty"  # model; a reasoning model or a length stop: still a success
    STREAM_ANSWERED = "stream_answered"  # model, chunks
    # amber
    KEY_NOT_TRIED = "key_not_tried"  # the provider has no list that would prove it; the chat will
    LIST_IS_PUBLIC = "list_is_public"  # it is also answered without the key
    KEY_NOT_PROVEN = "key_not_proven"  # whether it is answered without the key could not be found out
    LIMITED_UNPROVEN = "limited_unproven"  # limited before the key was looked at, as far as anybody can tell
    DEFAULT_NOT_LISTED = "default_not_listed"  # model
    NO_MODEL_LIST = "no_model_list"
    NO_MODELS = "no_models"
    STREAM_NOT_OFFERED = "stream_not_offered"  # declared so; it was not tried
    NO_MODEL_KNOWN = "no_model_known"
    # the address
    ADDRESS_INVALID = "address_invalid"
    REFUSED_BY_POLICY = "refused_by_policy"
    LOCAL_NOT_APPROVED = "local_not_approved"  # origin
    KEY_IN_CLEAR = "key_in_clear"
    # on the way
    HOST_NOT_FOUND = "host_not_found"  # host
    NO_LOOK_UP = "no_look_up"  # host: of a vendor, so its spelling is right; it is our side that finds nothing
    CONNECTION_REFUSED = "connection_refused"  # host, port
    LOCALHOST_OF_CONTAINER = "localhost_of_container"  # host, port: nothing there, and "there" is the container of this process
    CONNECTION_LOST = "connection_lost"
    TRANSLATOR_DOWN = "translator_down"  # ours: it speaks this vendor's protocol and does not run
    UNREACHABLE = "unreachable"
    CONNECT_TIMEOUT = "connect_timeout"  # seconds
    TLS_SELF_SIGNED = "tls_self_signed"
    TLS_EXPIRED = "tls_expired"
    TLS_WRONG_NAME = "tls_wrong_name"  # host
    TLS_UNKNOWN_ISSUER = "tls_unknown_issuer"
    TLS_NOT_SPOKEN = "tls_not_spoken"  # https asked of a port that speaks http
    TLS_EXPECTED = "tls_expected"  # http asked of a port that speaks https
    TLS_FAILED = "tls_failed"
    # the answer
    NOT_HTTP = "not_http"
    FIRST_BYTE_TIMEOUT = "first_byte_timeout"  # seconds
    IDLE_TIMEOUT = "idle_timeout"  # seconds
    TOTAL_TIMEOUT = "total_timeout"  # seconds
    REDIRECTED = "redirected"  # target: an origin
    HTML = "html"
    NOT_JSON = "not_json"
    ENCODED = "encoded"
    TOO_LARGE = "too_large"
    CUT_OFF = "cut_off"
    NOT_FOUND = "not_found"
    VERSION_DOUBLED = "version_doubled"
    VERSION_MISSING = "version_missing"
    PROVIDER_ERROR = "provider_error"  # status
    # the key
    NO_CREDENTIAL = "no_credential"
    KEY_UNREADABLE = "key_unreadable"
    KEY_PLACE_EMPTY = "key_place_empty"  # place
    UNKNOWN_AUTH_TYPE = "unknown_auth_type"
    KEY_EXPIRED = "key_expired"  # the date that was set here is over
    KEY_REFUSED = "key_refused"  # status
    KEY_REQUIRED = "key_required"  # status: refused although, or because, no key was sent
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - token_host: the token server did not accept client id, secret or scope
    TOKEN_UNREACHABLE = "token_unreachable"  # noqa: S105 - token_host
    TOKEN_BAD_RESPONSE = "token_bad_response"  # noqa: S105 - token_host
    RATE_LIMITED = "rate_limited"
    NO_CREDIT = "no_credit"
    # the model
    MODEL_NOT_FOUND = "model_not_found"  # model
    CHAT_REJECTED = "chat_rejected"  # status
    NOT_CHAT = "not_chat"
    STREAM_CUT = "stream_cut"
    NOT_STREAMED = "not_streamed"


class FixAction(StrEnum):
    """Repairs that a form can make by itself."""

    DROP_VERSION = "drop_version"  # …/v1/v1 → …/v1
    ADD_VERSION = "add_version"  # … → …/v1
    AT_ROOT = "at_root"  # …/v1 → the root of the host
    USE_HTTPS = "use_https"
    USE_HTTP = "use_http"
    USE_DOCKER_HOST = "use_docker_host"  # localhost → host.docker.internal, or Podman's name for the same
    REPLACE_KEY = "replace_key"
    ADD_KEY = "add_key"
    CHOOSE_MODEL = "choose_model"
    TEST_CHAT = "test_chat"  # only a chat tells
    SEND_IN_HEADER = "send_in_header"  # the key was accepted in a header of this name
    RAISE_LIMIT = "raise_limit"  # seconds: the limit of ours that was met
    APPROVE_LOCAL = "approve_local"  # a test by an admin approves the address


# The limits of ours that a provider may have of its own: field of `Network`, most seconds.
LIMITS: dict[Finding, tuple[str, int]] = {
    Finding.CONNECT_TIMEOUT: ("connect_seconds", 60),
    Finding.FIRST_BYTE_TIMEOUT: ("first_byte_seconds", 600),
    Finding.IDLE_TIMEOUT: ("idle_seconds", 600),
    Finding.TOTAL_TIMEOUT: ("total_seconds", 3_600),
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProbeStep(_Frozen):
    """One step. `ok` None = amber or not tried. `values` are the facts named beside each finding."""

    name: StepName
    ok: bool | None
    ms: float
    message: Finding
    values: dict[str, Any] = {}


class ProbeFix(_Frozen):
    """`value` is what the repair would put in: a base URL, a header's name, seconds, an origin; "" where the person has to choose."""

    action: FixAction
    label: str
    value: str = ""


class ProbeError(_Frozen):
    """`code` names the reason, `message` says in one sentence what is wrong and what to do, `detail` is the
    provider's own text, scrubbed of every secret of the call and capped at 2 kB."""

    code: Finding
    message: str
    values: dict[str, Any] = {}
    detail: str = ""
    fix: ProbeFix | None = None


class ProbeResult(_Frozen):
    """What a probe found. `latency_ms` is that of the deepest call that answered. `models` are the identifiers the provider listed
    (≤ 5,000). `fingerprints` are those of the keys it speaks of: the one that was accepted, or all that were not. `curl` repeats the
    failing or last call with the credential left out."""

    ok: bool
    verdict: Verdict
    proven: list[StepName]
    steps: list[ProbeStep]
    model: str | None = None
    latency_ms: float | None = None
    preview: str = ""
    usage: dict[str, Any] | None = None
    error: ProbeError | None = None
    models: list[str] = []
    fingerprints: list[str] = []
    curl: str = ""
    checked_at: datetime


class LastTest(Record):
    """The last probe that was made for exactly this configuration."""

    result: ProbeResult
    tested_by: str
