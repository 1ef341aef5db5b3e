"""Sealing: plaintext in, an `s1` value out. Only services do this."""

import os

from app.domain.secret import Binding, Sealed, Secret
from app.vault import sealed_format
from app.vault.ring import Ring


def seal(ring: Ring, secret: Secret, binding: Binding) -> Sealed:
    """Seal under the active master key with a fresh data key. Needs nothing of the value it replaces."""
    data_key = os.urandom(sealed_format.KEY_BYTES)
    body = sealed_format.encrypt(
        data_key, os.urandom(12), secret.reveal().encode(), sealed_format.associated_data(ring.instance_id, binding)
    )
    return sealed_format.pack(*ring.wrap(data_key), body)


def rebind(ring: Ring, sealed: Sealed, held: Binding, wanted: Binding) -> Sealed:
    """The same secret sealed for another row. Where it may be sent cannot change this way: that takes a person who enters it again.

    Raises `SecretUnreadable`; `ValueError` for another field or destination.
    """
    if (held.field, held.destination) != (wanted.field, wanted.destination):
        raise ValueError("a secret keeps its field and its destination")
    return seal(ring, Secret(ring._open(sealed, held).decode()), wanted)
