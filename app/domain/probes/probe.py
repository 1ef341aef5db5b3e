"""A probe: one test of a provider, from the address to a streamed answer."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

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


# What a step found, by its code: `ProbeStep.message` and `ProbeError.code`. `app.probe.diagnoses` declares them; a stored result may have
# one that is declared no more.
FindingCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,59}$")]

DEFAULT_NOT_LISTED: FindingCode = "default_not_listed"  # also a reason of health, long after the test


class FixAction(StrEnum):
    """Repairs that a form can make by itself."""

    CHANGE_ADDRESS = "change_address"  # to the value of the fix; those down to USE_DOCKER_HOST are cases of it with a name
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


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProbeStep(_Frozen):
    """One step. `ok` None = amber or not tried. `values` are the facts named beside each finding."""

    name: StepName  #: Which step.
    ok: bool | None  #: Whether it worked; null = not tried, or not certain.
    ms: float  #: How long it took, in milliseconds.
    message: FindingCode  #: Code of the finding.
    values: dict[str, object] = {}  #: Facts of the finding.


class ProbeFix(_Frozen):
    """`value` is what the repair would put in: a base URL, a header's name, seconds, an origin; "" where the person has to choose."""

    action: FixAction  #: What the fix would change.
    label: str  #: The action in words.
    value: str = ""  #: Value that it would put in, "" where one has to be chosen.


class ProbeError(_Frozen):
    """`code` names the reason, `message` says in one sentence what is wrong and what to do, `detail` is the
    provider's own text, scrubbed of every secret of the call and capped at 2 kB."""

    code: FindingCode  #: Code of the finding.
    message: str  #: What is wrong and what to do, in one sentence.
    values: dict[str, object] = {}  #: Facts that the sentence names.
    detail: str = ""  #: Text of the provider without secrets, at most 2 kB; "" where there is none.
    fix: ProbeFix | None = None  #: What would put it right; null = Patchbay does not know.


class ProbeResult(_Frozen):
    """What a probe found. `latency_ms` is that of the deepest call that answered. `models` are the identifiers the provider listed
    (≤ 5,000). `fingerprints` are those of the keys it speaks of: the one that was accepted, or all that were not. `curl` repeats the
    failing or last call with the credential left out."""

    ok: bool  #: Whether the provider can be used.
    verdict: Verdict  #: What the findings amount to.
    proven: list[StepName]  #: Steps that were shown to work.
    steps: list[ProbeStep]  #: Every step, in order.
    model: str | None = None  #: Model that was asked; null = none.
    latency_ms: float | None = None  #: Milliseconds of the deepest call that was answered; null = none was.
    preview: str = ""  #: Begin of the answer of the model, "" where there is none.
    usage: dict[str, object] | None = None  #: Tokens as the provider reported them; null = it did not.
    error: ProbeError | None = None  #: What is wrong; null = nothing is.
    models: list[str] = []  #: Identifiers that the provider listed, at most 5,000.
    fingerprints: list[str] = []  #: Fingerprints of the keys that the result is about.
    curl: str = ""  #: Command that repeats the failing or last call, without the key.
    checked_at: datetime  #: When the test ended.


class LastTest(Record):
    """The last probe that was made for exactly this configuration."""

    result: ProbeResult  #: What the test found.
    tested_by: str  #: Name of who tested.
