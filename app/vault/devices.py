"""What a browser carries that has signed in to an account before: not a way in, only a place of its own among the wrong passwords.

`<account>.<random>.<mac>`, under the instance's own secret and bound to the password as it is stored: a new password makes every device
unknown.
"""

import hmac
import re
import secrets

from app.vault import ring

_SHAPE = re.compile(r"([0-9a-f-]{36})\.([A-Za-z0-9_-]{22})\.([0-9a-f]{64})")


def issue(user_id: str, password_hash: str) -> str:
    """A new device of this account."""
    number = secrets.token_urlsafe(16)
    return f"{user_id}.{number}.{_mac(user_id, number, password_hash)}"


def number_of(token: str, user_id: str, password_hash: str) -> str:
    """The random part of a token that belongs to this account and its present password, else ""."""
    if not (found := _SHAPE.fullmatch(token)) or found[1] != user_id:
        return ""
    return found[2] if hmac.compare_digest(found[3], _mac(user_id, found[2], password_hash)) else ""


def _mac(user_id: str, number: str, password_hash: str) -> str:
    parts = (part.encode() for part in (user_id, number, password_hash))
    return ring.current().mac("device", b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hex()
