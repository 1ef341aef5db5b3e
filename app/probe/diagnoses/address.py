"""The address itself: whether it is one, and whether it may be called at all."""

import re

from app.domain.error_kind import EgressReason
from app.domain.errors import EgressRefused
from app.domain.probes.probe import FixAction, Verdict
from app.domain.snapshot import Endpoint
from app.probe.finding import Cause, Facts, Finding, Fix


def _its_origin(facts: Facts, endpoint: Endpoint) -> str | None:
    return None if facts.get("reason") == EgressReason.LOCAL_OFF else endpoint.origin


ADDRESS_OK = Finding(code="address_ok", verdict=Verdict.OK, sentence="Requests go to {url}.", facts=("url",))

ADDRESS_INVALID = Finding(
    code="address_invalid",
    verdict=Verdict.NOT_FOUND,
    sentence="The address is not valid. It should look like https://api.example.com/v1.",
)

REFUSED_BY_POLICY = Finding(
    code="refused_by_policy",
    verdict=Verdict.REFUSED_BY_POLICY,
    sentence="Patchbay never calls this address: it is reserved, or a service that is no model provider. Choose another one.",
    causes=(Cause(EgressRefused),),
)

LOCAL_NOT_APPROVED = Finding(
    code="local_not_approved",
    verdict=Verdict.REFUSED_BY_POLICY,
    sentence="The address is on your network and is not allowed yet. An admin allows it by testing or saving.",
    facts=("origin",),
    causes=(Cause(EgressRefused, EgressReason.LOCAL), Cause(EgressRefused, EgressReason.LOCAL_OFF)),
    fix=Fix(FixAction.APPROVE_LOCAL, _its_origin),
)

KEY_IN_CLEAR = Finding(
    code="key_in_clear",
    verdict=Verdict.REFUSED_BY_POLICY,
    sentence="Keys are never sent unencrypted over the internet. Use an address that starts with https://.",
    causes=(Cause(EgressRefused, EgressReason.KEY_IN_CLEAR),),
    fix=Fix(FixAction.USE_HTTPS, lambda facts, endpoint: re.sub("^http:", "https:", endpoint.base_url)),
)
