"""Keys for applications: issued once, stored as a hash, revoked at once."""

import difflib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from app import registry
from app.domain import client_key
from app.domain.actor import Actor, ActorType, Role, Scope
from app.domain.audit import Action
from app.domain.errors import Conflict, InvalidDraft, Reason, UnknownClientKey
from app.domain.people import LONGEST_NAME, ClientKey, ClientKeyPatch, IssuedClientKey
from app.domain.record import MOST_PER_MINUTE
from app.registry import selector
from app.storage import aliases, client_keys, engine
from app.storage import providers as stored_providers
from app.storage.engine import AsyncSession
from app.storage.tables import ClientKeyRow, now
from app.storage.work import work

_LATEST = datetime(9999, 1, 1, tzinfo=UTC)  # later ones leave the calendar when a zone is subtracted
_LIMITING = frozenset({"models", "providers", "requests_per_minute", "expires_at"})  # fields that say what a key may do
# A gateway key has no role under /api/v1: it is known there and allowed nothing.
_ROLES = {Scope.GATEWAY: None, Scope.READ: Role.VIEWER, Scope.ADMIN: Role.ADMIN}


async def issue(
    actor: Actor,
    name: str,
    scope: Scope,
    *,
    models: Sequence[str] | None = None,
    providers: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    requests_per_minute: int = 0,
) -> IssuedClientKey:
    """A new key; the answer is the only place where it can ever be read. None for `models` or `providers` = all, 0 requests = no limit.

    An entry of `models` is bare ("gpt-4o", of whichever provider), `provider/model` or an alias. Raises `InvalidDraft` for an empty name,
    a restriction that allows nothing, or a time that is over.
    """
    actor.must_admin()
    wanted = {
        "name": " ".join(name.split()), "models": _list(models), "providers": _list(providers),
        "requests_per_minute": requests_per_minute, "expires_at": expires_at,
    }  # fmt: skip
    _check(wanted)
    async with engine.session() as session:
        await _must_exist(session, wanted["models"], wanted["providers"])
    key, public_id = client_key.mint()
    row = ClientKeyRow(public_id=public_id, digest=client_key.digest_of(key), scope=scope, created_by=actor.name[:80], **wanted)
    issued = client_keys.record(row)
    async with work(actor) as doing:
        doing.session.add(row)
        told = issued.model_dump(mode="json", include={"scope", *_LIMITING})
        doing.record(Action.CLIENT_KEY_ISSUE, target=_target(row), changes={k: {"before": None, "after": v} for k, v in told.items()})
        doing.touch()
    return IssuedClientKey(key=key, client_key=issued)


async def nameable(actor: Actor, most: int = 500) -> tuple[dict[str, str], list[str]]:
    """What a key can be restricted to: provider → label, and the first selectors of models, aliases before the others."""
    actor.must_view()
    snapshot = registry.shared.snapshot
    labels = {name: snapshot.endpoints[name].label for name in sorted(snapshot.endpoints)}
    return labels, [name for name, _ in islice(selector.selectors(snapshot), most)]


async def update(actor: Actor, key_id: str, patch: ClientKeyPatch) -> ClientKey:
    """Change what the patch sets; the key itself stays. In effect here at once. Raises `UnknownClientKey`, `InvalidDraft` as `issue`
    does, `Conflict` for a key that was revoked."""
    actor.must_admin()
    async with work(actor) as doing:
        row = await _known(doing.session, key_id)
        if row.revoked_at is not None:
            raise Conflict("This key was revoked, and that is for ever. Issue a new one.")
        before = client_keys.record(row)
        changed = {field: value for field in patch.model_fields_set if (value := _given(patch, field)) != getattr(row, field)}
        _check(changed)
        known = {"models": before.models or [], "providers": before.providers or []}
        fresh = [[entry for entry in changed.get(field) or [] if entry not in known[field]] for field in known]
        await _must_exist(doing.session, *fresh)
        if changed:
            for field, value in changed.items():
                setattr(row, field, value)
            doing.session.add(row)
            was, now_ = (known.model_dump(mode="json", include=set(changed)) for known in (before, client_keys.record(row)))
            doing.record(Action.CLIENT_KEY_UPDATE, target=_target(row), changes={f: {"before": was[f], "after": now_[f]} for f in was})
            doing.touch()
        return await client_keys.shown(doing.session, row)


async def list_(actor: Actor) -> list[ClientKey]:
    """All keys, the newest first, revoked ones included."""
    actor.must_view()
    async with engine.session() as session:
        return await client_keys.all_keys(session)


async def get(actor: Actor, key_id: str) -> ClientKey:
    """One key. Raises `UnknownClientKey`."""
    actor.must_view()
    async with engine.session() as session:
        return await client_keys.shown(session, await _known(session, key_id))


async def revoke(actor: Actor, key_id: str) -> ClientKey:
    """The key stops working at once and for ever. Revoking twice changes nothing. Raises `UnknownClientKey`."""
    actor.must_admin()
    async with work(actor) as doing:
        row = await _known(doing.session, key_id)
        if row.revoked_at is None:
            row.revoked_at = now()
            doing.session.add(row)
            doing.record(Action.CLIENT_KEY_REVOKE, target=_target(row))
            doing.touch()
        return await client_keys.shown(doing.session, row)


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


async def _known(session: AsyncSession, key_id: str) -> ClientKeyRow:
    row = await client_keys.by_id(session, key_id)
    if row is None:
        raise UnknownClientKey("There is no such client key. Reload the list.")
    return row


def _given(patch: ClientKeyPatch, field: str) -> Any:
    """What a patch says about a field, as it is stored. Raises `InvalidDraft` for a field that cannot be emptied."""
    value = getattr(patch, field)
    if value is None and field in ("name", "requests_per_minute"):
        raise InvalidDraft({field: "This cannot be empty. Leave it out to keep it as it is."})
    match value:
        case str():
            return " ".join(value.split())
        case list():
            return _list(value)
        case _:
            return value


def _list(names: Sequence[str] | None) -> list[str] | None:
    return sorted(set(names)) if names is not None else None


def _check(fields: Mapping[str, Any]) -> None:
    """Raise `InvalidDraft` for those of the fields that are given and allow nothing."""
    reasons: dict[str, str] = {}
    name, expires_at = fields.get("name", "-"), fields.get("expires_at")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        reasons["name"] = Reason("name_length", "Enter a name of 1 to {most} characters.", most=LONGEST_NAME)
    for field in ("models", "providers"):
        if fields.get(field) == []:
            reasons[field] = Reason("choose_one", "Choose at least one, or allow all.")
    if not 0 <= fields.get("requests_per_minute", 0) <= MOST_PER_MINUTE:
        reasons["requests_per_minute"] = Reason("number_between", "Enter a whole number between 0 and {most}.", most=MOST_PER_MINUTE)
    if expires_at is not None and (expires_at.tzinfo is None or not now() < expires_at < _LATEST):
        reasons["expires_at"] = Reason("time_past", "Choose a time in the future, with its time zone.")
    if reasons:
        raise InvalidDraft(reasons)


async def _must_exist(session: AsyncSession, models: Sequence[str] | None, providers: Sequence[str] | None) -> None:
    """Providers that are named exist. Models whose name has a slash of its own are written behind their provider; otherwise the key
    would reach nothing."""
    if not models and not providers:
        return
    known = set(await stored_providers.names(session))
    if unknown := sorted(set(providers or ()) - known):
        said = Reason("no_such_provider", "There is no provider “{name}” here.", name=unknown[0][:50])
        raise InvalidDraft({"providers": said}, suggestions=difflib.get_close_matches(unknown[0][:50], known, n=3))
    strange = sorted({model for model in models or () if "/" in model and model.partition("/")[0] not in known})
    if strange := [model for model in strange if await aliases.by_name(session, model) is None]:
        name = strange[0].partition("/")[0][:50]
        said = Reason("model_without_provider", "Write provider/model: there is no provider “{name}” here.", name=name)
        raise InvalidDraft({"models": said}, suggestions=[f"{name}/{strange[0][:200]}" for name in sorted(known)[:3]])


def _target(row: ClientKeyRow) -> tuple[str, str, str]:
    return "client_key", row.id, row.name
