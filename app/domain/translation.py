"""What a serving process and its translator say to each other over their socket. Both write and read it as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.providers.provider import ProviderType

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
    """What a request is signed with where it is made: the auth type, its readable fields, its opened ones. For one call, given
    explicitly: nothing is ever looked for in an environment, a file or a metadata service."""

    auth_type: str
    auth: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """One call. `headers` and `query` sign it in, or `signing` does; they are used by the guard: LiteLLM never sees them. `request` is
    the caller's, in OpenAI's shape; `connect` in seconds."""

    type: ProviderType
    base_url: str
    rules: Rules
    connect: float
    headers: Mapping[str, str] = field(repr=False)
    request: Any = field(repr=False)  # a JSON object
    api_version: str = ""
    query: str = field(default="", repr=False)  # encoded
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
