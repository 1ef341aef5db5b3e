"""The limits of ours that a call may meet, each with the button that doubles it."""

import math

from app.domain.error_kind import TimeLimit
from app.domain.errors import TimedOut
from app.domain.probes.probe import FixAction, Verdict
from app.domain.providers.provider import MOST_SECONDS
from app.domain.snapshot import Endpoint
from app.probe.finding import Cause, Facts, Finding, Fix


def _longer(limit: TimeLimit) -> Fix:
    """Twice the limit that was met, as far as a provider may have it."""
    field = f"{limit}_seconds"

    def value(facts: Facts, endpoint: Endpoint) -> str | None:
        now = float(getattr(endpoint.timeouts, limit))
        wanted = min(max(math.ceil(now * 2), 10), MOST_SECONDS[field])
        return str(wanted) if wanted > now else None

    return Fix(FixAction.RAISE_LIMIT, value, limit=field)


CONNECT_TIMEOUT = Finding(
    code="connect_timeout",
    verdict=Verdict.TIMEOUT,
    sentence="No connection within {seconds} s, which is the limit. Check the address, the port and the firewall.",
    facts=("seconds",),
    causes=(Cause(TimedOut, TimeLimit.CONNECT),),
    fix=_longer(TimeLimit.CONNECT),
)

FIRST_BYTE_TIMEOUT = Finding(
    code="first_byte_timeout",
    verdict=Verdict.TIMEOUT,
    sentence="No response within {seconds} s, which is the limit. A local model may still be loading; test again.",
    facts=("seconds",),
    causes=(Cause(TimedOut, TimeLimit.FIRST_BYTE),),
    fix=_longer(TimeLimit.FIRST_BYTE),
)

IDLE_TIMEOUT = Finding(
    code="idle_timeout",
    verdict=Verdict.TIMEOUT,
    sentence="The response paused for {seconds} s, which is the limit. Test again.",
    facts=("seconds",),
    causes=(Cause(TimedOut, TimeLimit.IDLE),),
    fix=_longer(TimeLimit.IDLE),
)

TOTAL_TIMEOUT = Finding(
    code="total_timeout",
    verdict=Verdict.TIMEOUT,
    sentence="The whole response took longer than {seconds} s, which is the limit. Test again or raise the limit.",
    facts=("seconds",),
    causes=(Cause(TimedOut, TimeLimit.TOTAL),),
    fix=_longer(TimeLimit.TOTAL),
)
