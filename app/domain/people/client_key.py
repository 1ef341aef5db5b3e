"""The shape of an application's key: `pb-<public id>-<random>`. The public id finds it, the hash of the whole text proves it."""

import hashlib
import re
import secrets
import string

_PUBLIC_LENGTH = 12
PUBLIC = slice(3, 3 + _PUBLIC_LENGTH)  # where the public id stands in a key
_SHAPE = re.compile(r"pb-([a-z0-9]{12})-[A-Za-z0-9_-]{43}")


def mint() -> tuple[str, str]:
    """(key, public id): 256 random bits, of which nothing is stored but the hash."""
    public = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(_PUBLIC_LENGTH))
    return f"pb-{public}-{secrets.token_urlsafe(32)}", public


def public_id_of(text: str) -> str:
    """The public id of a well-formed key, or ""."""
    match = _SHAPE.fullmatch(text)
    return match[1] if match else ""


def digest_of(text: str) -> bytes:
    """What is stored and compared (with `hmac.compare_digest`): SHA-256 of the whole key."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
