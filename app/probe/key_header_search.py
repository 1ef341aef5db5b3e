"""A key that is refused as `Authorization: Bearer …`: whether the same address takes it in another header.

Asked only in a test that a person started, at the origin the key was entered for, where nobody has said how the provider reads its
key. Nothing is changed by asking: the test offers the header, a person's click takes it.
"""

from dataclasses import replace

from app.domain.errors import RateLimited, UpstreamError
from app.domain.probes.probe import FixAction, ProbeFix
from app.domain.providers.provider import Wire
from app.domain.providers.routes import ROUTES
from app.domain.snapshot import Endpoint, KeyUse
from app.probe import messages
from app.relay import keys
from app.relay.pipeline import Ask, call

HEADERS = ("x-api-key", "api-key")


async def fix(endpoint: Endpoint, ask: Ask) -> ProbeFix | None:
    """The repair, where one of the headers is accepted. At most three calls."""
    name = await find(endpoint, ask)
    return ProbeFix(action=FixAction.SEND_IN_HEADER, label=messages.FIXES[FixAction.SEND_IN_HEADER], value=name) if name else None


async def find(endpoint: Endpoint, ask: Ask) -> str:
    """The header that the key is read from, "" where there is none to find."""
    is_plain = endpoint.auth_type == "api_key" and endpoint.wire is Wire.OPENAI and not ROUTES[endpoint.type].key_header
    if not is_plain or endpoint.preset is not None or not ask.path:
        return ""
    if await _passes(replace(endpoint, auth_type="none", keys=()), ask):
        return ""  # open to everybody who sends no Authorization: an answer would prove nothing
    aside = replace(endpoint, use=KeyUse.DRAFT)  # what these trials meet is nothing that traffic should learn of the key
    if (key := keys.choose(aside)) is None:
        return ""
    aside = replace(aside, keys=(key,))  # one key tells the header, however many there are
    for name in HEADERS:
        if await _passes(aside, ask._replace(key_header=name)):
            return name
    return ""


async def _passes(endpoint: Endpoint, ask: Ask) -> bool:
    try:
        async with call(endpoint, ask):
            return True
    except RateLimited:
        return True
    except UpstreamError:
        return False
