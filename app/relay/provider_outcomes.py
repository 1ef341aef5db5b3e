"""How attempts at providers ended: told by `note`, heard by each `reader`."""

import time
from collections.abc import Sequence

from app.domain.credentials.credential import COUNTED
from app.domain.errors import UpstreamError
from app.domain.probes import evidence
from app.domain.providers.health import KEY_CODES, LIMIT_CODES, Attempt, code_of
from app.domain.snapshot import Endpoint, Key
from app.relay.feed import Feed

_feed: Feed[tuple[str, Attempt]] = Feed()  # with the id of the provider
reader = _feed.reader


def note(provider_id: str, error: UpstreamError | None, seconds: float, keys: str = "") -> None:
    """An attempt at a provider ended: None = it was answered; `seconds` until it began to answer or failed; `keys` as `whose` says. Returns
    at once."""
    code = "" if error is None else code_of(error)
    if code is None:
        return
    _feed.publish((provider_id, Attempt(time.time(), code, round(seconds * 1_000), keys)))


def whose(provider: Endpoint, error: UpstreamError | None, tried: Sequence[Key]) -> str:
    """Whose evidence an attempt is: an answer that of its key, a refusal or a limit that of every key that met it, the last one last; any
    other failure would have met every key."""
    if error is None:
        return tried[-1].mark if tried else ""
    if not provider.keys or code_of(error) not in KEY_CODES | LIMIT_CODES:
        return ""
    return evidence.of_keys(key.mark for key in tried) if tried else evidence.of_set(in_place(provider))


def in_place(provider: Endpoint) -> frozenset[str]:
    """The marks of the keys that calls may use, as `provider_records` counts them."""
    return frozenset(key.mark for key in provider.keys if key.state in COUNTED and not key.is_held)
