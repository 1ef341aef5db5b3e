"""What the registry reads: everything a request may need, or only what changed since a revision.

Columns that hold JSON come out as they are stored: one that cannot be read spoils its own row, not the query.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Mapped
from sqlmodel import col

from app.domain.secret import Sealed
from app.storage import macs
from app.storage.credentials import StoredKey
from app.storage.database.columns import MacRow, bytewise
from app.storage.tables import (
    AliasRow,
    AliasTarget,
    ClientKeyGrant,
    ClientKeyRow,
    CredentialRow,
    CredentialSecret,
    EgressApproval,
    Instance,
    ModelRow,
    ProviderRow,
)

Ts = TypeVarTuple("Ts")

# More bound values than this in one statement, and everything is read instead.
_MOST_IDS = 500


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A credential as it lies in the database. `fields`: name → sealed value."""

    id: str
    label: str
    state: str
    weight: int
    priority: int
    origin: str
    fields: dict[str, Sealed]
    is_broken: bool
    reference: str | None
    state_reason: str
    expires_at: datetime | None
    next_retry_at: datetime | None
    state_since: datetime | None
    fingerprints: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class StoredProvider:
    """A provider as it lies in the database; the `object`s are JSON text or what the driver made of it."""

    id: str
    name: str
    label: str
    type: str
    preset: str | None
    base_url: str
    auth_type: str
    auth: object
    network: object
    limits: object
    capabilities: object
    default_model: str | None
    only_listed: bool
    enabled: bool
    is_deleted: bool
    keys: list[StoredSecret] = field(default_factory=list)
    models: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StoredClientKey:
    """A client key that is as we wrote it."""

    id: str
    public_id: str
    name: str
    digest: bytes
    scope: str
    all_models: bool
    all_providers: bool
    expires_at: datetime | None
    requests_per_minute: int


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A grant that is as we wrote it: of a provider, of a model (there or anywhere), or of an alias."""

    client_key_id: str
    provider_id: str | None
    alias_id: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class StoredAlias:
    """An alias as it lies in the database. A target: provider id, model, priority, weight."""

    id: str
    version: int
    name: str
    enabled: bool
    targets: list[tuple[str, str, int, int]] = field(default_factory=list)


def of_key(key: StoredKey) -> StoredSecret:
    """A credential that was read with its fields, or is about to be written, as the registry reads it."""
    row = key.row
    is_broken = any(secret.broken_at is not None for secret in key.secrets.values())
    return StoredSecret(
        row.id, row.label, row.state, row.weight, row.priority, row.origin, {f: s.value for f, s in key.secrets.items()}, is_broken,
        row.reference, row.state_reason, row.expires_at, row.next_retry_at, row.state_since, key.fingerprints,
    )  # fmt: skip


def head(connection: Connection) -> tuple[int, str | None]:
    """(revision, id of the default provider)."""
    rows = _rows(connection, _head())
    return rows[0][0], rows[0][1]


def providers(connection: Connection, *, since: int = -1) -> list[StoredProvider]:
    """Providers whose revision is newer, deleted ones included so that they can be dropped. -1 = all that live."""
    rows = _rows(connection, _newer(), since=since) if since >= 0 else _rows(connection, _living())
    found = {r[0]: StoredProvider(*r[:14], is_deleted=bool(r[14])) for r in rows}
    if found:
        _add_keys(connection, found)
        _add_models(connection, found)
    return list(found.values())


def client_key_macs(connection: Connection) -> dict[str, bytes | None]:
    """Id → MAC of every client key that was not revoked; whether one has expired is asked at each use."""
    return {r[0]: r[1] for r in _rows(connection, _macs(ClientKeyRow).where(col(ClientKeyRow.revoked_at).is_(None)))}


def grant_macs(connection: Connection) -> dict[str, bytes | None]:
    """Id → MAC of every grant."""
    return {r[0]: r[1] for r in _rows(connection, _macs(ClientKeyGrant))}


def client_keys(connection: Connection, ids: Collection[str]) -> list[StoredClientKey]:
    """Those of the client keys that are as we wrote them."""
    wanted = [f.name for f in fields(StoredClientKey)]
    return [StoredClientKey(**{name: row[name] for name in wanted}) for row in _genuine(connection, ClientKeyRow, ids)]


def grants(connection: Connection, ids: Collection[str]) -> dict[str, StoredGrant]:
    """Id → grant, of those that are as we wrote them."""
    wanted = [f.name for f in fields(StoredGrant)]
    return {row["id"]: StoredGrant(**{name: row[name] for name in wanted}) for row in _genuine(connection, ClientKeyGrant, ids)}


def alias_mark(connection: Connection) -> tuple[int, int | None, datetime | None]:
    """Another one whenever an alias was made, changed or deleted."""
    count, versions, changed = _rows(connection, _alias_mark())[0]
    return count, versions, changed


def alias_versions(connection: Connection) -> dict[str, int]:
    """Alias id → version."""
    return {r[0]: r[1] for r in _rows(connection, sa.select(col(AliasRow.id), col(AliasRow.version)))}


def aliases(connection: Connection, ids: Collection[str]) -> list[StoredAlias]:
    """These aliases with their targets, switched off or not."""
    row, target = AliasRow, AliasTarget
    wanted = sa.true() if len(ids) > _MOST_IDS else col(row.id).in_(ids)
    heads = sa.select(col(row.id), col(row.version), col(row.name), col(row.enabled)).where(wanted)
    found = {r[0]: StoredAlias(*r) for r in _rows(connection, heads) if r[0] in ids}
    parts = sa.select(col(target.alias_id), col(target.provider_id), col(target.model), col(target.priority), col(target.weight))
    parts = parts.join(row, col(row.id) == col(target.alias_id)).where(wanted).order_by(col(target.priority), col(target.id))
    for alias_id, provider_id, model, priority, weight in _rows(connection, parts):
        if alias_id in found:
            found[alias_id].targets.append((provider_id, model, priority, weight))
    return list(found.values())


def approved_origins(connection: Connection) -> frozenset[str]:
    """Local origins that an admin approved."""
    return frozenset(row["origin"] for row in _genuine(connection, EgressApproval))


def _add_keys(connection: Connection, found: dict[str, StoredProvider]) -> None:
    row, secret = CredentialRow, CredentialSecret
    query = (
        sa.select(
            col(row.provider_id), col(row.id), col(row.label), col(row.state), col(row.weight), col(row.priority), col(row.origin),
            col(row.reference), col(row.state_reason), col(row.expires_at), col(row.next_retry_at),
            col(row.state_since),
            col(secret.field), col(secret.value), col(secret.fingerprint), col(secret.broken_at).is_not(None),
        )
        .join(secret, col(secret.credential_id) == col(row.id), isouter=True)
        .order_by(col(row.id))
    )  # fmt: skip
    for (
        provider_id, key_id, label, state, weight, priority, origin,
        reference, reason, expires_at, next_retry_at,
        state_since,
        name, value, fingerprint, broken,
    ) in _of(connection, query, col(row.provider_id), found):  # fmt: skip
        provider = found[provider_id]
        if not provider.keys or provider.keys[-1].id != key_id:
            key = StoredSecret(
                key_id, label, state, weight, priority, origin, {}, bool(broken),
                reference, reason, expires_at, next_retry_at, state_since,
            )  # fmt: skip
            provider.keys.append(key)
        if name is not None:
            provider.keys[-1].fields[name] = value
            provider.keys[-1].fingerprints[name] = fingerprint


def _add_models(connection: Connection, found: dict[str, StoredProvider]) -> None:
    query = sa.select(col(ModelRow.provider_id), col(ModelRow.identifier)).where(col(ModelRow.status) != "inactive")
    for provider_id, identifier in _of(connection, query.order_by(bytewise(ModelRow.identifier)), col(ModelRow.provider_id), found):
        found[provider_id].models.append(identifier)


def _of(connection: Connection, query: sa.Select[*Ts], column: Mapped[str], found: dict[str, StoredProvider]) -> Sequence[sa.Row[*Ts]]:
    """Rows of these providers; of many providers it is cheaper to read all and keep the wanted."""
    if len(found) <= _MOST_IDS:
        return _rows(connection, query.where(column.in_(list(found))))
    return [r for r in _rows(connection, query) if r[0] in found]


def _genuine(connection: Connection, kind: type[MacRow], ids: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Rows of a table with MACs that are as we wrote them, columns by name; these ones or all."""
    table: sa.Table = kind.__table__  # type: ignore[attr-defined] # SQLModel puts it there
    query = sa.select(*macs.plainly(table))
    if ids is not None and len(ids) <= _MOST_IDS:
        query = query.where(table.c.id.in_(list(ids)))
    rows = (macs.read(table, row) for row in connection.execute(query).mappings() if ids is None or row["id"] in ids)
    return [row for row in rows if macs.fits(table, row, row["mac"])]


def _macs(kind: type[MacRow]) -> sa.Select[str, bytes | None]:
    return sa.select(col(kind.id), col(kind.mac))  # type: ignore[attr-defined] # every one has an id


def _rows(connection: Connection, query: sa.Select[*Ts], **values: int) -> Sequence[sa.Row[*Ts]]:
    """Columns, not objects: a start reads a hundred thousand rows."""
    return connection.execute(query, values).all()


# What every change asks, made once: writing a statement costs as much as running it.


@cache
def _head() -> sa.Select[int, str | None]:
    return sa.select(col(Instance.revision), col(Instance.default_provider_id))


@cache
def _newer() -> sa.Select[*tuple[Any, ...]]:
    return _providers().where(col(ProviderRow.revision) > sa.bindparam("since", type_=sa.BigInteger))


@cache
def _living() -> sa.Select[*tuple[Any, ...]]:
    return _providers().where(col(ProviderRow.deleted_at).is_(None))


def _providers() -> sa.Select[*tuple[Any, ...]]:
    row = ProviderRow
    return sa.select(
        col(row.id), col(row.name), col(row.label), col(row.type), col(row.preset), col(row.base_url), col(row.auth_type),
        sa.type_coerce(col(row.auth), sa.Text), sa.type_coerce(col(row.network), sa.Text),
        sa.type_coerce(col(row.limits), sa.Text), sa.type_coerce(col(row.capabilities), sa.Text), col(row.default_model),
        col(row.only_listed_models), col(row.enabled), col(row.deleted_at).is_not(None),
    )  # fmt: skip


@cache
def _alias_mark() -> sa.Select[int, int, datetime]:
    versions, changed = col(AliasRow.version), col(AliasRow.updated_at)
    return sa.select(sa.func.count(), sa.func.sum(versions), sa.func.max(changed)).select_from(AliasRow)
