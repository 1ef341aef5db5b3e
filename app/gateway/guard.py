"""Who calls: one client key, from either header, checked against the snapshot."""

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime

from app import registry
from app.domain.actor import Scope
from app.domain.errors import Forbidden, InvalidDraft, NotSignedIn
from app.domain.people import client_key
from app.domain.snapshot import ClientKeyEntry

# LiteLLM as a client knows a wrong key by the first four words, which are OpenAI's.
_WRONG = "Incorrect API key provided. Check that you copied the whole key and that it has not been revoked."


async def check(headers: Iterable[tuple[bytes, bytes]]) -> ClientKeyEntry:
    """The client key of a request.

    Raises `NotSignedIn` (none, unknown, expired), `Forbidden` (another scope), `InvalidDraft` (two different keys).
    """
    text = _shown(headers)
    # Where it stands in a key; whether it is one at all matters only when nobody is found, for the digest is that of the whole text.
    entry = registry.shared.snapshot.client_keys.get(text[client_key.PUBLIC])
    if entry is None:
        public_id = client_key.public_id_of(text)
        if not public_id:
            raise NotSignedIn(_WRONG if text else "No API key was sent. Send it as Authorization: Bearer pb-…")
        # It may have been issued a moment ago by another process.
        await registry.shared.glance()
        entry = registry.shared.snapshot.client_keys.get(public_id)
    if entry is None or not hmac.compare_digest(entry.digest, client_key.digest_of(text)):
        raise NotSignedIn(_WRONG)
    if entry.expires_at is not None and entry.expires_at <= datetime.now(UTC):
        raise NotSignedIn("Incorrect API key provided: it has expired. Ask an admin for a new one.")
    if entry.scope is not Scope.GATEWAY:
        raise Forbidden(f"This API key has the scope {entry.scope.value!r} and cannot call models. Use one with the scope 'gateway'.")
    return entry


def _shown(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The key text, "" when there is none. All headers count, repeated ones too."""
    found: set[str] = set()
    for name, value in headers:
        if name == b"authorization":
            scheme, _, rest = value.decode("latin-1").partition(" ")
            found.add(rest.strip() if scheme.lower() == "bearer" else f"{scheme} {rest}")
        elif name == b"x-api-key":
            found.add(value.decode("latin-1").strip())
    if len(found) > 1:
        raise InvalidDraft({"authorization": "Two different API keys were sent. Send one."})
    return next(iter(found), "")
