"""What the card says, derived from the newest calls and the last test of the present configuration."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from app.domain.credentials.credential import Held, KeyState
from app.domain.probes.probe import ProbeResult, StepName, Verdict
from app.domain.providers.health import KEY_CODES, LIMIT_CODES, Health, Source, Standing
from app.domain.providers.provider import Provider, Status

_USABLE = {KeyState.ACTIVE, KeyState.STANDBY}
_WORDS: dict[Verdict, Status] = {
    Verdict.LIMITED: Status.LIMITED,
    Verdict.UNREACHABLE: Status.DOWN,
    Verdict.TLS_FAILED: Status.DOWN,
    Verdict.TIMEOUT: Status.DOWN,
}


def of_provider(provider: Provider) -> Status:
    """The status of a provider as it is shown. Keys that are held back for a rotation do not count."""
    return status_of(
        enabled=provider.enabled,
        keys=[key.state for key in provider.credentials if key.state_reason not in tuple(Held)],
        result=provider.last_test.result if provider.last_test else None,
        health=provider.health,
        default_listed=provider.default_model_listed,
    )


def status_of(
    *,
    enabled: bool,
    keys: Iterable[KeyState],
    result: ProbeResult | None,
    health: Standing | None = None,
    default_listed: bool | None = None,
) -> Status:
    """The status in words. Everything that is neither proven, limited nor down needs attention. A provider with one usable key is
    as good as its newest calls, or where none is newer its last test, whatever its other keys are; a test that met a default model which
    the provider does not list does not speak for it."""
    if not enabled:
        return Status.OFF
    states = set(keys)
    if states and not states & _USABLE:
        if KeyState.COOLING in states:
            return Status.LIMITED
        return Status.UNREADABLE if KeyState.UNREADABLE in states and KeyState.AUTO_DISABLED not in states else Status.ATTENTION
    if health is not None and health.source is Source.CALLS:
        return _of_calls(health)
    if result is None:
        return Status.NOT_TESTED
    if result.ok and default_listed is False:
        return Status.ATTENTION
    if result.ok and {StepName.CHAT, StepName.STREAM} & set(result.proven):
        return Status.WORKING
    if result.ok and result.verdict is Verdict.OK:
        return Status.KEY_ACCEPTED if StepName.CREDENTIAL in result.proven else Status.REACHABLE
    if result.verdict is Verdict.KEY_NOT_PROVEN:
        return Status.REACHABLE
    return _WORDS.get(result.verdict, Status.ATTENTION)


def _of_calls(found: Standing) -> Status:
    match found.health:
        case Health.HEALTHY:
            return Status.WORKING
        case Health.DOWN:
            return Status.ATTENTION if found.reason in KEY_CODES else Status.DOWN
        case _:
            return Status.LIMITED if found.reason in LIMIT_CODES else Status.DEGRADED


def configuration(
    *,
    type_: str,
    base_url: str,
    auth_type: str,
    auth: Mapping[str, str],
    network: Mapping[str, object],
    fingerprints: Iterable[str],
    test_path: str = "",
) -> str:
    """Digest of what decides how a call goes out: another digest means that an old test says nothing about it.

    The name, label, tags and default model are not part of it; the result names the model it used.
    """
    facts = {
        "type": type_,
        "base_url": base_url,
        "auth_type": auth_type,
        "auth": dict(auth),
        "network": {k: v for k, v in network.items() if v is not None},
        "fingerprints": sorted(fingerprints),
        **({"test_path": test_path} if test_path else {}),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
