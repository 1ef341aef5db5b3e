"""The fields of one credential, sealed for the one place they may go to. A field that is a reference is sealed like a value: whoever
can only write to the database can neither point it elsewhere nor move it to another host."""

from collections.abc import Mapping

from app.domain.credentials.credential import Reference
from app.domain.credentials.secret_rules import hint_of
from app.domain.secret import Binding, SealedField, Secret
from app.vault import envelope, ring

TABLE = "credential_secret"


def seal(owner_id: str, destination: str, secrets: Mapping[str, Secret], references: Mapping[str, Reference]) -> dict[str, SealedField]:
    """Field → sealed value, for the credential of this id and this destination. For services only."""
    keys = ring.current()

    def sealed(field: str, secret: Secret, hint: str) -> SealedField:
        return SealedField(envelope.seal(keys, secret, Binding(TABLE, owner_id, field, destination)), hint, keys.fingerprint(secret))

    typed = {field: sealed(field, secret, hint_of(secret)) for field, secret in secrets.items()}
    return typed | {field: sealed(field, reference.marked(), "") for field, reference in references.items()}
