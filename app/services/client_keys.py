"""Keys for applications: issued once, stored as a hash, revoked at once."""

import difflib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from app import registry
from app.domain.actor import Actor, ActorType, Role, Scope
from app.domain.audit import Action
from app.domain.errors import InvalidDraft, Reason, Revoked, UnknownClientKey
from app.domain.people import client_key
from app.domain.people.people import LONGEST_NAME, ClientKey, ClientKeyPatch, IssuedClientKey
from app.domain.record import MOST_PER_MINUTE
from app.registry import selector
from app.services.kernel import lookup
from app.storage import aliases, client_keys, macs
from app.storage.client_keys import Grant, Granted
from app.storage.database import engine
from app.storage.database.engine import AsyncSession
from app.storage.tables import ClientKeyRow, now
from app.storage.work import Work, work

_LATEST = datetime(9999, 1, 1, tzinfo=UTC)  # later ones leave the calendar when a zone is subtracted
_LISTS = frozenset({"models", "providers"})
_LIMITING = _LISTS | {"requests_per_minute", "expires_at"}  # fields that say what a key may do
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
    fields = {"name": " ".join(name.split()), "requests_per_minute": requests_per_minute, "expires_at": expires_at}
    lists = {"models": _list(models), "providers": _list(providers)}
    _check(fields | lists)
    key, public_id = client_key.mint()
    async with work(actor) as doing:
        row = ClientKeyRow(
            public_id=public_id, digest=client_key.digest_of(key), scope=scope, created_by=actor.name[:80],
            owner_user_id=await _owner(doing.session, actor), all_models=models is None, all_providers=providers is None, **fields,
        )  # fmt: skip
        doing.session.add(row)
        await doing.session.flush()  # the key comes before what it is granted
        for field, names in lists.items():
            await _grant(doing, row, field, names, known=())
        issued = await client_keys.shown(doing.session, row)
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


async def update(actor: Actor, key_id: str, patch: ClientKeyPatch, *, version: int | None = None) -> ClientKey:
    """Change what the patch sets; the key itself stays. In effect here at once. Raises `UnknownClientKey`, `InvalidDraft` as `issue`
    does, `Stale`, `Revoked` for a key that was revoked."""
    actor.must_admin()
    async with work(actor) as doing:
        row = await _to_change(doing.session, key_id, version)
        if row.revoked_at is not None:
            raise Revoked("This app key was revoked, which cannot be undone. Create a new one.")
        known = await client_keys.granted_to(doing.session, row.id)
        before = await client_keys.shown(doing.session, row)
        changed = {
            field: value for field in patch.model_fields_set - {"version"} if (value := _given(patch, field)) != getattr(before, field)
        }
        _check(changed)
        if changed:
            doing.change(row)
            for field, value in changed.items():
                if field in _LISTS:
                    await _grant(doing, row, field, value, known=known)
                else:
                    setattr(row, field, value)
            await doing.session.flush()
            after = await client_keys.shown(doing.session, row)
            was, now_ = (key.model_dump(mode="json", include=set(changed)) for key in (before, after))
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


async def revoke(actor: Actor, key_id: str, *, version: int | None = None) -> ClientKey:
    """The key stops working at once and for ever. Revoking twice changes nothing. Raises `UnknownClientKey`, `Stale`."""
    actor.must_admin()
    async with work(actor) as doing:
        row = await _to_change(doing.session, key_id, version)
        if row.revoked_at is None:
            row.revoked_at = now()
            doing.change(row)
            doing.record(Action.CLIENT_KEY_REVOKE, target=_target(row))
            doing.touch()
        return await client_keys.shown(doing.session, row)


async def check(key_text: str) -> Actor | None:
    """Whose key this is under `/api/v1`, None when it is nobody's. A gateway key comes back without a role."""
    public_id = client_key.public_id_of(key_text)
    if not public_id:
        return None
    async with engine.session() as session:
        row = macs.genuine(await client_keys.by_public_id(session, public_id))
    if row is None or not hmac.compare_digest(row.digest, client_key.digest_of(key_text)):
        return None
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now()):
        return None
    return Actor(ActorType.CLIENT_KEY, row.id, row.name, _ROLES[Scope(row.scope)])


async def _known(session: AsyncSession, key_id: str) -> ClientKeyRow:
    row = await client_keys.by_id(session, key_id)
    if row is None:
        raise UnknownClientKey("There is no such app key. Reload the list.")
    return row


async def _to_change(session: AsyncSession, key_id: str, version: int | None) -> ClientKeyRow:
    row = await _known(session, key_id)
    macs.must_hold(row, "This key")
    await lookup.expect_version(session, row, version)
    return row


def _given(patch: ClientKeyPatch, field: str) -> Any:
    """What a patch says about a field, as it is stored. Raises `InvalidDraft` for a field that cannot be emptied."""
    value = getattr(patch, field)
    if value is None and field in ("name", "requests_per_minute"):
        raise InvalidDraft({field: "This cannot be empty. Omit it to keep the current value."})
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


async def _grant(doing: Work, row: ClientKeyRow, field: str, names: Sequence[str] | None, *, known: Sequence[Granted]) -> None:
    """Have the list `field` of a key be these names, None = all. A name that the key has already goes on meaning what it meant when it
    was granted."""
    setattr(row, f"all_{field}", names is None)
    of_providers = field == "providers"
    held: dict[str | None, list[Grant]] = {}
    for given in known:
        if given.grant.is_provider is of_providers:
            held.setdefault(given.name, []).append(given.grant)
    fresh = [name for name in names or () if name not in held]
    found = await (_providers(doing.session, fresh) if of_providers else _models(doing.session, fresh))
    kept = [grant for name in names or () for grant in held.get(name, ())]
    await client_keys.grant(doing.session, row.id, [*kept, *found], of_providers=of_providers)


async def _providers(session: AsyncSession, names: Sequence[str]) -> list[Grant]:
    """Raises `InvalidDraft` for a provider that does not exist."""
    known = await aliases.provider_ids(session) if names else {}
    if unknown := sorted(set(names) - known.keys()):
        said = Reason("no_such_provider", "There is no provider “{name}”.", name=unknown[0][:50])
        raise InvalidDraft({"providers": said}, suggestions=difflib.get_close_matches(unknown[0][:50], known, n=3))
    return [Grant(provider_id=known[name]) for name in names]


async def _models(session: AsyncSession, names: Sequence[str]) -> list[Grant]:
    """What names of models mean now, in the order in which a selector is read: an alias, a model of a provider, a model of whichever
    provider. Raises `InvalidDraft` for a name with a slash that is neither of the first two: such a key would reach nothing."""
    known, found = await aliases.provider_ids(session) if names else {}, []
    for name in names:
        head, slash, rest = name.partition("/")
        if (alias := await aliases.by_name(session, name)) is not None:
            found.append(Grant(alias_id=alias.id))
        elif slash and head in known and rest:
            found.append(Grant(provider_id=known[head], model=rest))
        elif slash:
            said = Reason("model_without_provider", "Enter provider/model. There is no provider “{name}”.", name=head[:50])
            raise InvalidDraft({"models": said}, suggestions=[f"{each}/{name[:200]}" for each in sorted(known)[:3]])
        else:
            found.append(Grant(model=name))
    return found


async def _owner(session: AsyncSession, actor: Actor) -> str | None:
    """The person with whom a new key ends: who makes it, or whose key makes it."""
    if actor.type is ActorType.CLIENT_KEY:
        made_with = macs.genuine(await client_keys.by_id(session, actor.id))
        return made_with.owner_user_id if made_with else None
    return actor.id if actor.type is ActorType.USER else None


def _target(row: ClientKeyRow) -> tuple[str, str, str]:
    return "client_key", row.id, row.name
