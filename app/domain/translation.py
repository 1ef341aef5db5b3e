"""What a serving process and its translator say to each other over their socket. Both write and read it as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.provider import ProviderType

CALL_PATH = "/call"
FAILURE_HEADER = "x-patchbay-failure"  # the answer is a `Failure` of ours, not something a provider said


@dataclass(frozen=True, slots=True)
class Rules:
    """The outgoing policy of the serving process, as far as it concerns one origin. See `upstream.egress`."""

    is_approved: bool
    local_allowed: bool
    protected: Mapping[int, list[str]]


@dataclass(frozen=True, slots=True)
class Signing:
    """What a request to AWS is signed with (Signature Version 4). For one call, given explicitly: nothing is ever looked for in an
    environment, a file or a metadata service."""

    service: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """One call. `headers` and `signing` sign it in and are used by the guard: LiteLLM never sees them. `request` is the caller's, in
    OpenAI's shape; `connect` in seconds."""

    type: ProviderType
    base_url: str
    rules: Rules
    connect: float
    headers: Mapping[str, str] = field(repr=False)
    request: Any = field(repr=False)  # a JSON object
    api_version: str = ""
    signing: Signing | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """An `UpstreamError` of the translator: the name of its class, and what it says."""

    error: str
    message: str
    status: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first line on the translator's stdin: not in its arguments or environment, which others on the machine could read."""

    socket: str
    token: str = field(repr=False)
