"""What a caller names, found or refused in one sentence."""

import difflib

from app.domain.credentials.auth_field import AuthTypeInfo
from app.domain.errors import InvalidDraft, Stale, UnknownCredential, UnknownProvider
from app.storage import credentials, providers
from app.storage.credentials import StoredKey
from app.storage.database import engine
from app.storage.tables import AliasRow, ProviderRow
from app.upstream import auth


async def provider(session: engine.AsyncSession, name: str, *, suggests: bool = True) -> ProviderRow:
    """The live row of this name. Raises `UnknownProvider`, with the nearest names unless told not to suggest any: what lies below a
    provider answers without."""
    if row := await providers.get(session, name):
        return row
    near = difflib.get_close_matches(name, await providers.names(session), n=3) if suggests else ()
    raise UnknownProvider(UnknownProvider.GONE, suggestions=near)


async def key(session: engine.AsyncSession, credential_id: str) -> tuple[ProviderRow, StoredKey]:
    """A key and the provider it belongs to. Raises `UnknownCredential`."""
    if (found := await credentials.find(session, credential_id)) is None:
        raise UnknownCredential("There is no such key. It may have been removed; reload the list.")
    return found


async def expect_version(session: engine.AsyncSession, row: ProviderRow | AliasRow, version: int | None) -> None:
    """Raise `Stale`, naming what changed since, when the caller saw another version. None: it does not mind."""
    if version is None or version == row.version:
        return
    changed, who = await providers.changed_since(session, row.id, version)
    noun = "provider" if isinstance(row, ProviderRow) else "alias"
    raise Stale(
        f"Another user saved this {noun} in the meantime. Review the changes, then save again.",
        details={"changed": changed, "version": row.version, "changed_by": who},
    )


def auth_types() -> dict[str, AuthTypeInfo]:
    """What each auth type asks for."""
    return {name: kind.info for name, kind in auth.types().items()}


def auth_type(row: ProviderRow) -> AuthTypeInfo:
    """What the auth type of a provider asks for. Raises `InvalidDraft` for one whose file is gone."""
    if (kind := auth.types().get(row.auth_type)) is None:
        raise InvalidDraft({"auth_type": "Patchbay does not support this provider's authentication. Choose another one and save."})
    return kind.info
