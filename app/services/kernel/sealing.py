"""A key of a provider on its way into the database: checked, sealed, and told to the audit."""

from collections.abc import Iterable, Mapping, Sequence

from app.domain.audit import Action
from app.domain.credentials.credential import MOST_KEYS, CredentialDraft, CredentialPatch, Reference, must_be_ahead
from app.domain.errors import InvalidDraft, Reason
from app.domain.providers.drafts import FILL_IN, Settled, key_fields
from app.domain.secret import SealedField
from app.services.kernel import lookup
from app.storage import credentials
from app.storage.credentials import StoredKey
from app.storage.database.columns import now
from app.storage.tables import CredentialRow, ProviderRow
from app.storage.work import Work
from app.upstream import references
from app.vault import fields


def check(places: Mapping[str, Reference], *, at: str = "") -> None:
    """Raise `InvalidDraft` for a reference to a place that keys are not read from; `at` goes before the name of its field."""
    for field, reference in places.items():
        if why := references.refused(reference):
            raise InvalidDraft({f"{at}reference.{field}": why})


def seal(owner: CredentialRow, settled: Settled) -> dict[str, SealedField]:
    """Write to `owner` what a draft of a provider says of its key, and seal what was typed, bound to what it was typed for.

    Raises `InvalidDraft` for a reference to a place that keys are not read from, and for an end that is over.
    """
    check(settled.references, at="credential.")
    given, at = settled.credential or CredentialDraft(), now()
    must_be_ahead(given.expires_at, at, field="credential.expires_at")
    credentials.apply(owner, given, at=at)
    return fields.seal(owner.id, settled.destination, settled.secrets, settled.references)


def hints(keys: Iterable[StoredKey]) -> dict[str, str]:
    """The hint of each field that is stored: a form that sends one back unchanged has typed nothing."""
    return {field: secret.hint for key in keys for field, secret in key.secrets.items()}


def must_fit(keys: Sequence[StoredKey], draft: CredentialDraft) -> None:
    """Raise `InvalidDraft` where a draft cannot be one more of these keys of a provider."""
    if len(keys) >= MOST_KEYS:
        raise InvalidDraft({"secret": Reason("keys_full", "A provider has at most {most} keys. Remove one first.", most=MOST_KEYS)})
    must_be_ahead(draft.expires_at, now())
    credentials.must_be_named_apart(keys, draft.label or "")


async def fill(
    doing: Work,
    row: ProviderRow,
    key: StoredKey,
    keys: Sequence[StoredKey],
    given: CredentialDraft | CredentialPatch,
    *,
    names_field: bool = True,
) -> dict[str, dict[str, object]]:
    """Seal what was given into `key`; what the audit says of it. Raises `InvalidDraft`, `DuplicateKey` where another of `keys` is the same.
    `names_field`: when nothing was given, the first field that is required is named, else the secret as a whole."""
    info = lookup.auth_type(row)
    secrets, places = key_fields(given, info, hints(keys), at="")
    if not secrets and not places:
        required = [f for f in info.secret_fields if f in info.required_fields]
        raise InvalidDraft({f"secret.{required[0]}" if required and names_field else "secret": FILL_IN})
    check(places)
    destination = info.destination(row.origin, row.auth)
    doing.change(key.row)
    sealed = fields.seal(key.row.id, destination, secrets, places)
    credentials.must_be_new((other for other in keys if other.row.id != key.row.id), sealed)
    return await credentials.put(doing.session, key, sealed, places, destination=destination)


def record(doing: Work, row: ProviderRow, action: Action, owner: CredentialRow, changes: Mapping[str, object]) -> None:
    """Filed under the provider, so that its history tells the whole story."""
    doing.record(action, target=("provider", row.id, row.name), changes={"credential_id": owner.id, "key": owner.label, **changes})
