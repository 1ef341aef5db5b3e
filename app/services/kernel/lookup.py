"""What a caller names, found or refused in one sentence."""

import difflib

from app.domain.credentials.auth_field import AuthTypeInfo
from app.domain.errors import InvalidDraft, Stale, UnknownCredential, UnknownProvider
from app.storage import credentials, providers, revisions
from app.storage.credentials import StoredKey
from app.storage.database import engine
from app.storage.tables import AliasRow, ClientKeyRow, CredentialRow, ProviderRow, UserRow
from app.upstream import auth

Changeable = ProviderRow | AliasRow | CredentialRow | ClientKeyRow | UserRow
_NOUNS: dict[type[Changeable], str] = {
    ProviderRow: "provider",
    AliasRow: "alias",
    CredentialRow: "key",
    ClientKeyRow: "app key",
    UserRow: "account",
}


async def provider(session: engine.AsyncSession, name: str, *, suggests: bool = True, version: int | None = None) -> ProviderRow:
    """The live row of this name. Raises `UnknownProvider`, with the nearest names unless told not to suggest any: what lies below a
    provider answers without; `Stale` where `version` is given and another one is present."""
    if row := await providers.get(session, name):
        await expect_version(session, row, version)
        return row
    near = difflib.get_close_matches(name, await providers.names(session), n=3) if suggests else ()
    raise UnknownProvider(UnknownProvider.GONE, suggestions=near)


async def key(session: engine.AsyncSession, credential_id: str, *, version: int | None = None) -> tuple[ProviderRow, StoredKey]:
    """A key and the provider it belongs to. Raises `UnknownCredential`, `Stale` where `version` is given and another one is present."""
    if (found := await credentials.find(session, credential_id)) is None:
        raise UnknownCredential("There is no such key. It may have been removed; reload the list.")
    await expect_version(session, found[1].row, version)
    return found


async def expect_version(session: engine.AsyncSession, row: Changeable, version: int | None) -> None:
    """Raise `Stale`, naming what changed since, when the caller saw another version. None: it does not mind."""
    present = row.version or 1
    if version is None or version == present:
        return
    changed, who = await revisions.since(session, row.id, version)
    raise Stale(
        f"Another user saved this {_NOUNS[type(row)]} in the meantime. Review the changes, then save again.",
        details={"changed": changed, "version": present, "changed_by": who},
    )


def auth_types() -> dict[str, AuthTypeInfo]:
    """What each auth type asks for."""
    return {name: kind.info for name, kind in auth.types().items()}


def auth_type(row: ProviderRow) -> AuthTypeInfo:
    """What the auth type of a provider asks for. Raises `InvalidDraft` for one whose file is gone."""
    if (kind := auth.types().get(row.auth_type)) is None:
        raise InvalidDraft({"auth_type": "Patchbay does not support this provider's authentication. Choose another one and save."})
    return kind.info
