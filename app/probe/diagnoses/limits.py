"""The provider's own limits: its key is good, and yet it answers nothing more now."""

from app.domain.error_kind import ErrorKind
from app.domain.errors import RateLimited
from app.domain.probes.probe import Verdict
from app.probe.finding import Cause, Finding

KEY_LIMITED = Finding(
    code="key_limited",
    verdict=Verdict.LIMITED,
    sentence="The key was accepted; the provider is limiting requests right now.",
)

# Limited before the key was looked at, as far as anybody can tell.
LIMITED_UNPROVEN = Finding(
    code="limited_unproven",
    verdict=Verdict.LIMITED,
    sentence="The provider is limiting requests right now, so the key could not be tested. Test again later.",
)

RATE_LIMITED = Finding(
    code="rate_limited",
    verdict=Verdict.LIMITED,
    sentence="The key was accepted, but the provider is limiting requests right now. Try again later.",
    causes=(Cause(RateLimited),),
)

NO_CREDIT = Finding(
    code="no_credit",
    verdict=Verdict.LIMITED,
    sentence="The key was accepted, but the account has no credit or quota left. Add credit at the provider.",
    causes=(Cause(RateLimited, ErrorKind.NO_CREDIT),),
)
