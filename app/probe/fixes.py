"""The repairs that a form can make by itself: from a finding and where it was met to the button beside it."""

import math
import re
from collections.abc import Mapping
from typing import Any

from yarl import URL

from app.domain.probes.probe import LIMITS, Finding, FixAction, ProbeFix
from app.domain.providers.address import looks_local
from app.domain.snapshot import Endpoint
from app.probe import messages, paths
from app.upstream import auth, container

_F = Finding
Repair = tuple[FixAction, str]

_FIXED: dict[Finding, FixAction] = {
    _F.KEY_REFUSED: FixAction.REPLACE_KEY,
    _F.KEY_EXPIRED: FixAction.REPLACE_KEY,
    _F.KEY_REQUIRED: FixAction.ADD_KEY,
    _F.TOKEN_REFUSED: FixAction.REPLACE_KEY,
    _F.NO_CREDENTIAL: FixAction.REPLACE_KEY,
    _F.KEY_UNREADABLE: FixAction.REPLACE_KEY,
    _F.LIST_IS_PUBLIC: FixAction.TEST_CHAT,
    _F.KEY_NOT_PROVEN: FixAction.TEST_CHAT,
    _F.DEFAULT_NOT_LISTED: FixAction.CHOOSE_MODEL,
    _F.MODEL_NOT_FOUND: FixAction.CHOOSE_MODEL,
    _F.NO_MODEL_KNOWN: FixAction.CHOOSE_MODEL,
    _F.NO_MODEL_LIST: FixAction.CHOOSE_MODEL,
    _F.CHAT_REJECTED: FixAction.CHOOSE_MODEL,
    _F.NOT_CHAT: FixAction.CHOOSE_MODEL,
}


def of(finding: Finding, facts: Mapping[str, Any], endpoint: Endpoint) -> ProbeFix | None:
    """The repair of a finding, None where a person has to think."""
    found = _of(finding, facts, endpoint)
    return ProbeFix(action=found[0], label=messages.FIXES[found[0]], value=found[1]) if found else None


def _of(finding: Finding, facts: Mapping[str, Any], endpoint: Endpoint) -> Repair | None:
    base_url = endpoint.base_url
    if finding in _FIXED:
        return _FIXED[finding], ""
    if finding in LIMITS:
        return _longer(finding, endpoint)
    match finding:
        case _F.VERSION_DOUBLED:
            return FixAction.DROP_VERSION, paths.without_second_version(base_url)
        case _F.VERSION_MISSING:
            return FixAction.ADD_VERSION, base_url.rstrip("/") + "/v1"
        case _F.HTML if paths.lacks_version(endpoint):
            return FixAction.ADD_VERSION, base_url.rstrip("/") + "/v1"
        case _F.NOT_FOUND if URL(base_url).path == "/v1" and endpoint.preset is None:
            return FixAction.AT_ROOT, str(URL(base_url).origin())  # /v1 may be ours: it is added where a person gave no path
        case _F.TLS_NOT_SPOKEN if _may_go_in_clear(endpoint):
            return FixAction.USE_HTTP, re.sub("^https:", "http:", base_url)
        case _F.TLS_EXPECTED | _F.KEY_IN_CLEAR:
            return FixAction.USE_HTTPS, re.sub("^http:", "https:", base_url)
        case _F.CONNECTION_LOST if URL(base_url).scheme == "http":  # what many servers do with plain text at a port for TLS
            return FixAction.USE_HTTPS, re.sub("^http:", "https:", base_url)
        case _F.REDIRECTED if _is_same_host_in_https(str(facts.get("target", "")), base_url):
            return FixAction.USE_HTTPS, str(URL(str(facts["target"])).with_path(URL(base_url).path))
        case _F.LOCAL_NOT_APPROVED if facts.get("reason") != "local_off":
            return FixAction.APPROVE_LOCAL, endpoint.origin
        case _F.LOCALHOST_OF_CONTAINER if (around := container.current()) is not None and around in container.HOST_NAMES:
            return FixAction.USE_DOCKER_HOST, str(URL(base_url).with_host(container.HOST_NAMES[around]))
        case _:
            return None


def _longer(finding: Finding, endpoint: Endpoint) -> Repair | None:
    """Twice the limit that was met, as far as a provider may have it."""
    field, most = LIMITS[finding]
    now = float(getattr(endpoint.timeouts, field.removesuffix("_seconds")))
    wanted = min(max(math.ceil(now * 2), 10), most)
    return (FixAction.RAISE_LIMIT, str(wanted)) if wanted > now else None


def _may_go_in_clear(endpoint: Endpoint) -> bool:
    """Whether http would not be refused next: no key, or an address on the own network."""
    return looks_local(endpoint.origin) or not auth.needs_key(endpoint.auth_type)


def _is_same_host_in_https(target: str, base_url: str) -> bool:
    try:
        to = URL(target)
    except ValueError:
        return False
    return to.scheme == "https" and to.host == URL(base_url).host and URL(base_url).scheme == "http"
