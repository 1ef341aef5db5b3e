"""From what a test met to what it says: the finding's facts, its sentence, its fix."""

from yarl import URL

from app.domain.probes.probe import ProbeError, ProbeFix
from app.domain.snapshot import Endpoint
from app.probe import diagnoses, messages
from app.probe.finding import Facts, Finding, Met

_ALWAYS = ("seconds", "target", "reason", "token_host", "place")  # details of an error that are facts whoever asks for them


def of(met: Met) -> tuple[Finding, dict[str, object]]:
    """The finding behind an error, and the facts that are known with it."""
    finding = diagnoses.of(met)
    url, error = URL(met.endpoint.base_url), met.error
    facts: dict[str, object] = {"host": url.host, "port": url.port, "origin": met.endpoint.origin}
    if error.status is not None:
        facts["status"] = error.status
    named = {name: value for name, value in error.details.items() if name in _ALWAYS or name in finding.facts}
    facts |= {name: value for name, value in named.items() if name not in facts}
    if met.model:
        facts["model"] = met.model
    return finding, facts


def error(finding: Finding, facts: Facts, endpoint: Endpoint, *, detail: str = "") -> ProbeError:
    """The finding as a probe's error, with the fix where there is one."""
    return ProbeError(
        code=finding.code,
        message=messages.sentence(finding.code, facts),
        values=dict(facts),
        detail=detail,
        fix=fix_of(finding, facts, endpoint),
    )


def fix_of(finding: Finding, facts: Facts, endpoint: Endpoint) -> ProbeFix | None:
    """The fix of a finding, None where a person has to think."""
    if (fix := finding.fix) is None:
        return None
    value = fix.value(facts, endpoint) if fix.value else ""
    return None if value is None else ProbeFix(action=fix.action, label=fix.label or messages.FIXES[fix.action], value=value)
