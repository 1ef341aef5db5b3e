"""A probe: one run of the diagnosis ladder, from the address to a streamed answer."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Rung(StrEnum):
    """The ladder, in its order."""

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


Depth = Literal["auth", "models", "chat", "stream"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProbeStep(_Frozen):
    """One rung. `ok` None = amber or not tried. `message` is a code the edges put into words; `values` its facts."""

    name: Rung
    ok: bool | None
    ms: float
    message: str
    values: dict[str, Any] = {}


class ProbeFix(_Frozen):
    action: str
    label: str


class ProbeError(_Frozen):
    """`code` names the reason, `message` says in one sentence what is wrong and what to do, `detail` is the
    provider's own text, scrubbed of every secret of the call and capped at 2 kB."""

    code: str
    message: str
    detail: str = ""
    fix: ProbeFix | None = None


class ProbeResult(_Frozen):
    """What a probe found. `latency_ms` is that of the deepest call that answered. `models` are the identifiers the
    provider listed (≤ 5,000). `curl` repeats the failing or last call with the credential left out."""

    ok: bool
    verdict: Verdict
    proven: list[Rung]
    steps: list[ProbeStep]
    model: str | None = None
    latency_ms: float | None = None
    preview: str = ""
    usage: dict[str, Any] | None = None
    error: ProbeError | None = None
    models: list[str] = []
    curl: str = ""
    checked_at: datetime
