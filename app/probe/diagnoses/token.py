"""The server that gives access tokens: without one the provider was not asked, so it is the key's step that is red."""

from app.domain.errors import TokenBadResponse, TokenRefused, TokenUnreachable
from app.domain.probes.probe import FixAction, StepName, Verdict
from app.probe.finding import Cause, Finding, Fix

TOKEN_REFUSED = Finding(
    code="token_refused",
    verdict=Verdict.AUTH_FAILED,
    sentence="The token server {token_host} rejected the client ID, client secret or scope. Check each one exactly.",
    facts=("token_host",),
    causes=(Cause(TokenRefused),),
    fix=Fix(FixAction.REPLACE_KEY),
)

TOKEN_UNREACHABLE = Finding(
    code="token_unreachable",
    verdict=Verdict.UNREACHABLE,
    sentence="The token server {token_host} does not respond right now. Check the token address, then test again.",
    facts=("token_host",),
    causes=(Cause(TokenUnreachable),),
    step=StepName.CREDENTIAL,
)

TOKEN_BAD_RESPONSE = Finding(
    code="token_bad_response",
    sentence="{token_host} did not return an access token. Check the token address.",
    facts=("token_host",),
    causes=(Cause(TokenBadResponse),),
    step=StepName.CREDENTIAL,
)
