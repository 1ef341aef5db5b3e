"""Client keys: rows found by their public id, what they were granted, records without the hash."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, String, bindparam, delete, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.actor import Scope
from app.domain.people.people import ClientKey, LastCall
from app.storage import macs
from app.storage.database.columns import UtcTime
from app.storage.tables import AliasRow, ClientKeyGrant, ClientKeyRow, ClientKeyUse, ProviderRow

# Where there is no such key any more, there is nothing to write.
_USED = text(
    "INSERT INTO client_key_use (client_key_id, at, model, status, ms)"
    " SELECT id, :at, :model, :status, :ms FROM client_key WHERE id = :key_id"
    " ON CONFLICT (client_key_id) DO UPDATE SET at = excluded.at, model = excluded.model, status = excluded.status, ms = excluded.ms"
    " WHERE client_key_use.at < excluded.at"
).bindparams(
    bindparam("at", type_=UtcTime()),
    bindparam("model", type_=String()),
    bindparam("status", type_=Integer()),
    bindparam("ms", type_=Integer()),
    bindparam("key_id", type_=String()),
)


class Grant(NamedTuple):
    """One thing that a key may use: a provider, a model there, a model of whichever provider, or an alias."""

    provider_id: str | None = None
    alias_id: str | None = None
    model: str | None = None

    @property
    def is_provider(self) -> bool:
        """Whether it is an entry of the list of providers; all others are of the list of models."""
        return self.provider_id is not None and self.model is None


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant that was given. `name` as it is written; None while its provider is in the trash."""

    row: ClientKeyGrant
    name: str | None

    @property
    def grant(self) -> Grant:
        return Grant(self.row.provider_id, self.row.alias_id, self.row.model)


def record(row: ClientKeyRow, granted: Sequence[Granted], use: ClientKeyUse | None = None) -> ClientKey:
    """What may be shown: the public id, never the hash."""
    is_refused = not macs.holds(row)
    return ClientKey(
        id=row.id, name=row.name, scope=Scope.GATEWAY if is_refused else Scope(row.scope), hint=f"pb-{row.public_id}",
        models=None if row.all_models else _names(granted, of_providers=False),
        providers=None if row.all_providers else _names(granted, of_providers=True),
        requests_per_minute=row.requests_per_minute, expires_at=row.expires_at, created_at=row.created_at,
        created_by=row.created_by, revoked_at=row.revoked_at,
        version=row.version or 1, updated_at=row.updated_at or row.created_at,
        last_call=LastCall(at=use.at, model=use.model, status=use.status, ms=use.ms) if use else None,
        is_refused=is_refused,
    )  # fmt: skip


async def by_public_id(session: AsyncSession, public_id: str) -> ClientKeyRow | None:
    """The key, as it stands: look at its MAC before you believe it."""
    return (await session.exec(select(ClientKeyRow).where(ClientKeyRow.public_id == public_id))).first()


async def by_id(session: AsyncSession, key_id: str) -> ClientKeyRow | None:
    """The same by its id."""
    return await session.get(ClientKeyRow, key_id)


async def all_keys(session: AsyncSession) -> list[ClientKey]:
    """The newest first, revoked ones included: who looks for a leak wants to see them."""
    query = select(ClientKeyRow, ClientKeyUse).join(ClientKeyUse, col(ClientKeyUse.client_key_id) == col(ClientKeyRow.id), isouter=True)
    query = query.order_by(col(ClientKeyRow.created_at).desc(), col(ClientKeyRow.id).desc())
    granted = await _granted(session)
    return [record(row, granted.get(row.id, ()), use) for row, use in (await session.exec(query)).all()]


async def shown(session: AsyncSession, row: ClientKeyRow) -> ClientKey:
    """The record of one row, with its last use."""
    return record(row, await granted_to(session, row.id), await session.get(ClientKeyUse, row.id))


async def granted_to(session: AsyncSession, key_id: str) -> list[Granted]:
    """What one key was granted."""
    return (await _granted(session, key_id)).get(key_id, [])


async def grant(session: AsyncSession, key_id: str, wanted: Collection[Grant], *, of_providers: bool) -> None:
    """Have exactly these as the list of providers, or of models. Those that stay are the same rows as before."""
    known = {given.grant: given.row for given in await granted_to(session, key_id) if given.grant.is_provider is of_providers}
    gone = [row.id for grant, row in known.items() if grant not in wanted]
    await session.exec(delete(ClientKeyGrant).where(col(ClientKeyGrant.id).in_(gone)))
    session.add_all([ClientKeyGrant(client_key_id=key_id, **new._asdict()) for new in wanted if new not in known])
    await session.flush()


async def live_of(session: AsyncSession, user_id: str) -> list[ClientKeyRow]:
    """Keys that end with a person: those they made, or that were made with one of these, as far as they still work."""
    query = select(ClientKeyRow).where(ClientKeyRow.owner_user_id == user_id, col(ClientKeyRow.revoked_at).is_(None))
    return [row for row in (await session.exec(query)).all() if macs.holds(row)]


async def used(session: AsyncSession, key_id: str, *, at: datetime, model: str, status: int, ms: int) -> None:
    """Write the last use of a key, unless another process wrote a later one."""
    await session.exec(_USED.bindparams(key_id=key_id, at=at, model=model[:260], status=status, ms=ms))  # type: ignore[call-overload] # sqlmodel types no text


async def _granted(session: AsyncSession, key_id: str | None = None) -> dict[str, list[Granted]]:
    """Key id → what it was granted, of one key or of all. A grant that was added or changed outside Patchbay is none."""
    row = ClientKeyGrant
    query = (
        select(row, ProviderRow.name, ProviderRow.deleted_at, AliasRow.name)
        .join(ProviderRow, col(ProviderRow.id) == col(row.provider_id), isouter=True)
        .join(AliasRow, col(AliasRow.id) == col(row.alias_id), isouter=True)
    )
    if key_id is not None:
        query = query.where(row.client_key_id == key_id)
    found: dict[str, list[Granted]] = {}
    for grant_, provider, deleted_at, alias in (await session.exec(query)).all():
        if not macs.holds(grant_):
            continue
        name = "/".join(part for part in (provider, alias, grant_.model) if part is not None)
        found.setdefault(grant_.client_key_id, []).append(Granted(grant_, name if deleted_at is None else None))
    return found


def _names(granted: Sequence[Granted], *, of_providers: bool) -> list[str]:
    return sorted({given.name for given in granted if given.grant.is_provider is of_providers and given.name is not None})
