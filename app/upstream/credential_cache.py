"""What a key opens to, kept for a minute at most: opening and learning every spelling of a secret costs more than the call itself."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.secret import Secret
from app.domain.snapshot import Endpoint, Key
from app.upstream import credential
from app.upstream.scrub import Scrubber

KEPT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """The secrets of a call, what finds them again in an answer, and the headers and the query that carry them: of one that
    `is_signed_each`, nothing is added that would serve two requests."""

    secrets: Mapping[str, Secret]
    scrub: Scrubber
    headers: Mapping[str, str]
    query: str = ""  # encoded
    is_signed_each: bool = False

    def __repr__(self) -> str:
        return "Opened(…)"


_kept: dict[str, tuple[Endpoint, Key, Opened]] = {}  # key id → what it was opened for


def open_(endpoint: Endpoint, secrets: Mapping[str, Secret]) -> Opened:
    """The secrets of one call. Raises `NoCredential` for one that cannot be sent."""
    scrub = Scrubber(secrets.values())
    if (added := credential.added(endpoint, secrets)) is None:
        return Opened(secrets, scrub, {}, is_signed_each=True)
    return Opened(secrets, scrub, added.headers, added.url.raw_query_string)


def get(endpoint: Endpoint, key: Key | None) -> Opened | None:
    """What this key opened to for this very endpoint a moment ago. An edit makes new objects of both, so it is never out of date."""
    found = _kept.get(key.id) if key is not None else None
    return found[2] if found is not None and found[0] is endpoint and found[1] is key else None


def put(endpoint: Endpoint, key: Key, opened: Opened) -> None:
    """Remember it for the next call."""
    if not _kept:
        asyncio.get_running_loop().call_later(KEPT_SECONDS, _kept.clear)
    _kept[key.id] = (endpoint, key, opened)


def clear() -> None:
    """Keep nothing any longer."""
    _kept.clear()
