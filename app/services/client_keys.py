"""Keys for applications: issued once, stored as a hash, revoked at once."""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime

from app.domain import client_key
from app.domain.actor import Actor, ActorType, Role, Scope
from app.domain.audit import Action
from app.domain.errors import InvalidDraft, Reason, UnknownClientKey
from app.domain.people import LONGEST_NAME, ClientKey, IssuedClientKey
from app.storage import client_keys, engine
from app.storage import providers as stored_providers
from app.storage.tables import ClientKeyRow, now
from app.storage.work import work

# A gateway key has no role under /api/v1: it is known there and allowed nothing.
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)  # later ones leave the calendar when a zone is subtracted
_ROLES = {Scope.GATEWAY: None, Scope.READ: Role.VIEWER, Scope.ADMIN: Role.ADMIN}


async def issue(
    actor: Actor,
    name: str,
    scope: Scope,
    *,
    models: Sequence[str] | None = None,
    providers: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> IssuedClientKey:
    """A new key; the answer is the only place where it can ever be read. None for `models` or `providers` = all.

    An entry of `models` is bare ("gpt-4o", of whichever provider) or `provider/model`. Raises `InvalidDraft` for an empty name,
    a restriction that allows nothing, or a time that is over.
    """
    actor.must_admin()
    name = _checked(name, models, providers, expires_at)
    await _must_name_providers(models or ())
    key, public_id = client_key.mint()
    row = ClientKeyRow(
        public_id=public_id, name=name, digest=client_key.digest_of(key), scope=scope, expires_at=expires_at, created_by=actor.name[:80],
        models=sorted(set(models)) if models is not None else None, providers=sorted(set(providers)) if providers is not None else None,
    )  # fmt: skip
    issued = client_keys.record(row)
    async with work(actor) as doing:
        doing.session.add(row)
        limits = issued.model_dump(mode="json", include={"scope", "models", "providers", "expires_at"})
        doing.record(Action.CLIENT_KEY_ISSUE, target=_target(row), changes={k: {"before": None, "after": v} for k, v in limits.items()})
        doing.touch()
    return IssuedClientKey(key=key, client_key=issued)


async def list_(actor: Actor) -> list[ClientKey]:
    """All keys, the newest first, revoked ones included."""
    actor.must_view()
    async with engine.session() as session:
        return await client_keys.all_keys(session)


async def get(actor: Actor, key_id: str) -> ClientKey:
    """One key. Raises `UnknownClientKey`."""
    actor.must_view()
    async with engine.session() as session:
        row = await client_keys.by_id(session, key_id)
    if row is None:
        raise UnknownClientKey("There is no such client key. Reload the list.")
    return client_keys.record(row)


async def revoke(actor: Actor, key_id: str) -> ClientKey:
    """The key stops working at once and for ever. Revoking twice changes nothing. Raises `UnknownClientKey`."""
    actor.must_admin()
    async with work(actor) as doing:
        row = await client_keys.by_id(doing.session, key_id)
        if row is None:
            raise UnknownClientKey("There is no such client key. Reload the list.")
        if row.revoked_at is None:
            row.revoked_at = now()
            doing.session.add(row)
            doing.record(Action.CLIENT_KEY_REVOKE, target=_target(row))
            doing.touch()
    return client_keys.record(row)


async def check(key_text: str) -> Actor | None:
    """Whose key this is under `/api/v1`, None when it is nobody's. A gateway key comes back without a role."""
    public_id = client_key.public_id_of(key_text)
    if not public_id:
        return None
    async with engine.session() as session:
        row = await client_keys.by_public_id(session, public_id)
    if row is None or not hmac.compare_digest(row.digest, client_key.digest_of(key_text)):
        return None
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now()):
        return None
    return Actor(ActorType.CLIENT_KEY, row.id, row.name, _ROLES[Scope(row.scope)])


def _checked(name: str, models: Sequence[str] | None, providers: Sequence[str] | None, expires_at: datetime | None) -> str:
    name = " ".join(name.split())
    reasons = {}
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        reasons["name"] = Reason("name_length", "Enter a name of 1 to {most} characters.", most=LONGEST_NAME)
    for field, allowed in (("models", models), ("providers", providers)):
        if allowed is not None and not allowed:
            reasons[field] = f"An empty list allows nothing. Leave {field} out to allow all."
    if expires_at is not None and (expires_at.tzinfo is None or not now() < expires_at < _LATEST):
        reasons["expires_at"] = Reason("time_past", "Choose a time in the future, with its time zone.")
    if reasons:
        raise InvalidDraft(reasons)
    return name


async def _must_name_providers(models: Sequence[str]) -> None:
    """Models whose name has a slash of its own are written behind their provider; otherwise the key would reach nothing."""
    async with engine.session() as session:
        known = set(await stored_providers.names(session))
    if strange := sorted({model for model in models if "/" in model and model.partition("/")[0] not in known}):
        said = f"Write provider/model: there is no provider {strange[0].partition('/')[0][:50]!r} here."
        raise InvalidDraft({"models": said}, suggestions=[f"{name}/{strange[0][:200]}" for name in sorted(known)[:3]])


def _target(row: ClientKeyRow) -> tuple[str, str, str]:
    return "client_key", row.id, row.name
