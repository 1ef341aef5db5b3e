"""The `s1` format: Fernet guards a fresh data key, AES-256-GCM guards the text, the binding is authenticated with it.

    value   = "s1" "." kid "." wrapped "." body
    kid     = first 10 lower-case hex of SHA-256("kid" 0x00 || raw master key)
    wrapped = Fernet(master key).encrypt(data key), "=" stripped
    body    = base64url-nopad(nonce[12] || AES-256-GCM(data key, nonce, text, AAD))
    AAD     = for each of "s1", instance id, table, row id, field, destination: uint32 big-endian length || UTF-8 bytes

Pure functions; who holds the keys is `ring`'s business.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.error_kind import ErrorKind
from app.domain.errors import SecretUnreadable
from app.domain.secret import Binding, Sealed

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16


@dataclass(frozen=True, slots=True, repr=False)
class Parts:
    """A value taken apart, nothing opened yet."""

    kid: str
    wrapped: bytes
    body: bytes


def kid_of(key: bytes) -> str:
    """The public name of a master key."""
    return hashlib.sha256(b"kid\0" + key).hexdigest()[:10]


def fernet(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key))


def associated_data(instance_id: str, binding: Binding) -> bytes:
    """The bytes that tie a value to its place; lengths make the join unambiguous."""
    fields = ("s1", instance_id, binding.table, binding.row_id, binding.field, binding.destination)
    return b"".join(len(raw).to_bytes(4, "big") + raw for raw in (field.encode() for field in fields))


def parse(sealed: Sealed) -> Parts:
    """Take a value apart. Raises `SecretUnreadable` (malformed); the value never appears in the message."""
    try:
        prefix, kid, wrapped, body = sealed.text.split(".")
        parts = Parts(kid, _unpadded(wrapped), base64.b64decode(_unpadded(body), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise unreadable(ErrorKind.MALFORMED) from error
    if prefix != "s1" or len(kid) != 10 or len(parts.body) < _NONCE_BYTES + _TAG_BYTES:
        raise unreadable(ErrorKind.MALFORMED)
    return parts


def pack(kid: str, wrapped: bytes, body: bytes) -> Sealed:
    tail = base64.urlsafe_b64encode(body).rstrip(b"=").decode()
    return Sealed(f"s1.{kid}.{wrapped.rstrip(b'=').decode()}.{tail}")


def encrypt(data_key: bytes, nonce: bytes, text: bytes, data: bytes) -> bytes:
    """The body. A data key is used once, so a nonce never meets its key again."""
    return nonce + AESGCM(data_key).encrypt(nonce, text, data)


def decrypt(cipher: AESGCM, body: bytes, data: bytes) -> bytes:
    """The text, or `SecretUnreadable` (auth_failed) when the body or the binding is not the one that was sealed."""
    try:
        return cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], data)
    except InvalidTag as error:
        raise unreadable(ErrorKind.AUTH_FAILED) from error


def unwrap(key: Fernet, wrapped: bytes) -> bytes:
    """The data key, or `SecretUnreadable` (auth_failed)."""
    try:
        data_key = key.decrypt(wrapped)
    except InvalidToken as error:
        raise unreadable(ErrorKind.AUTH_FAILED) from error
    if len(data_key) != KEY_BYTES:
        raise unreadable(ErrorKind.MALFORMED)
    return data_key


def unreadable(kind: ErrorKind) -> SecretUnreadable:
    """`kind`: MISSING_KID, AUTH_FAILED or MALFORMED."""
    what = {
        ErrorKind.MISSING_KID: "The master key of this secret is not loaded. Add it to the key source and restart.",
        ErrorKind.AUTH_FAILED: "This encrypted secret is damaged or belongs elsewhere. Enter the secret again.",
        ErrorKind.MALFORMED: "This encrypted secret is damaged. Enter the secret again.",
    }[kind]
    return SecretUnreadable(what, details={"kind": kind})


def _unpadded(text: str) -> bytes:
    """Bytes with the padding put back; anything but one line of base64url in its shortest form is refused."""
    if not text or "=" in text or not text.isascii():
        raise ValueError("not base64url without padding")
    raw = text.encode() + b"=" * (-len(text) % 4)
    # Unused bits of the last character must be zero, or several texts would mean the same value.
    if base64.urlsafe_b64encode(base64.b64decode(raw, altchars=b"-_", validate=True)) != raw:
        raise ValueError("not canonical base64url")
    return raw
