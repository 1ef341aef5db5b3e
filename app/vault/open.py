"""The only way back to plaintext. Only `upstream` imports this, right before a secret goes onto the wire."""

from app.domain.secret import Binding, Sealed, Secret
from app.vault import ring


def open_secret(sealed: Sealed, binding: Binding) -> Secret:
    """Open a value where it belongs. Raises `SecretUnreadable` of kind MISSING_KID, AUTH_FAILED or MALFORMED."""
    return Secret(ring.current()._open(sealed, binding).decode())
