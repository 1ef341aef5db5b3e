"""On and off, the default, the trash."""

from enum import Enum

from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.errors import ProviderDisabled, UnknownProvider
from app.domain.providers.provider import Provider
from app.services.kernel import lookup
from app.services.providers.reading import name_is_free
from app.storage import provider_records
from app.storage import providers as rows
from app.storage.database.columns import now
from app.storage.tables import ProviderRow
from app.storage.work import Work, work


class Default(Enum):
    """KEEP: a default provider stays the default while it is off; requests without a model are refused until it is on again."""

    KEEP = 1


async def enable(actor: Actor, name: str, *, version: int | None = None) -> Provider:
    """Let new requests through again. Raises `UnknownProvider`, `Stale`."""
    return await _switch(actor, name, enabled=True, version=version)


async def disable(actor: Actor, name: str, *, next_default: str | Default | None = Default.KEEP, version: int | None = None) -> Provider:
    """Refuse new requests at once; running ones finish. Where it is the default, `next_default` names the one that takes its place, None =
    none does. Raises `UnknownProvider`, `Stale`, `ProviderDisabled` for a next one that is off."""
    return await _switch(actor, name, enabled=False, next_default=next_default, version=version)


async def set_default(actor: Actor, name: str, *, version: int | None = None) -> Provider:
    """Answer requests that name no provider with this one. Raises `UnknownProvider`, `Stale`, `ProviderDisabled`."""
    actor.must_admin()
    async with work(actor) as doing:
        row = await lookup.provider(doing.session, name, version=version)
        if not row.enabled:
            raise ProviderDisabled(f"{row.label} is off. Turn it on before making it the default.")
        before = await rows.default_id(doing.session)
        if before != row.id:
            await _make_default(doing, row, before)
        return await provider_records.one(doing.session, row)


async def clear_default(actor: Actor, name: str | None = None, *, version: int | None = None) -> None:
    """Have no default provider; requests must then name one. With `name` only where that one is it. Raises `UnknownProvider`, `Stale`."""
    actor.must_admin()
    async with work(actor) as doing:
        row = None if name is None else await lookup.provider(doing.session, name, version=version)
        if (before := await rows.default_id(doing.session)) and (row is None or row.id == before):
            await rows.set_default(doing.session, None)
            doing.record(Action.PROVIDER_DEFAULT, target=("provider", before, ""), changes={"default": {"before": before, "after": None}})
            doing.touch()


async def delete(actor: Actor, name: str, *, version: int | None = None, next_default: str | None = None) -> None:
    """Move a provider to the trash. Where it is the default, `next_default` names the one that takes its place, None = none does.

    Raises `UnknownProvider`, `Stale`, `ProviderDisabled` for a next one that is off.
    """
    actor.must_admin()
    async with work(actor) as doing:
        row = await lookup.provider(doing.session, name, version=version)
        await _hand_over(doing, row, next_default)
        row.deleted_at = now()
        await _save(doing, row, Action.PROVIDER_DELETE, {"deleted": {"before": False, "after": True}})


async def restore(actor: Actor, name: str) -> Provider:
    """Take the provider of this name that was deleted last out of the trash, as it was.

    Raises `NameTaken`, `InvalidDraft` when an alias begins with its name, `UnknownProvider`.
    """
    actor.must_admin()
    async with work(actor) as doing:
        row = await rows.trashed(doing.session, name)
        if row is None:
            raise UnknownProvider("There is no provider with this ID in the trash.")
        return await bring_back(doing, row)


async def bring_back(doing: Work, row: ProviderRow) -> Provider:
    """Take this row out of the trash. Raises `NameTaken`, `InvalidDraft` when an alias begins with its name."""
    await name_is_free(doing.session, row.name)
    row.deleted_at = None
    await _save(doing, row, Action.PROVIDER_RESTORE, {"deleted": {"before": True, "after": False}})
    await doing.session.flush()
    return await provider_records.one(doing.session, row)


async def _switch(
    actor: Actor, name: str, *, enabled: bool, next_default: str | Default | None = Default.KEEP, version: int | None
) -> Provider:
    actor.must_admin()
    async with work(actor) as doing:
        row = await lookup.provider(doing.session, name, version=version)
        if row.enabled != enabled:
            await _hand_over(doing, row, next_default)
            row.enabled = enabled
            action = Action.PROVIDER_ENABLE if enabled else Action.PROVIDER_DISABLE
            await _save(doing, row, action, {"enabled": {"before": not enabled, "after": enabled}})
        return await provider_records.one(doing.session, row)


async def _save(doing: Work, row: ProviderRow, action: Action, changes: dict[str, dict[str, object]]) -> None:
    """One more version."""
    doing.change(row)
    doing.record(action, target=("provider", row.id, row.name), changes=changes)
    doing.touch(row.id)


async def _hand_over(doing: Work, row: ProviderRow, to: str | Default | None) -> None:
    """Who is the default instead of this one, if it is the default; an entry of its own says so."""
    if to is Default.KEEP or await rows.default_id(doing.session) != row.id:
        return
    if to is None:
        await rows.set_default(doing.session, None)
        doing.record(Action.PROVIDER_DEFAULT, target=("provider", row.id, row.name), changes={"default": {"before": row.id, "after": None}})
        return
    following = await lookup.provider(doing.session, to)
    if not following.enabled or following.id == row.id:
        raise ProviderDisabled(f"{following.label} cannot take over as the default: it is off, or about to be. Choose another one.")
    await _make_default(doing, following, row.id)


async def _make_default(doing: Work, row: ProviderRow, before: str | None) -> None:
    await rows.set_default(doing.session, row.id)
    doing.record(Action.PROVIDER_DEFAULT, target=("provider", row.id, row.name), changes={"default": {"before": before, "after": row.id}})
    doing.touch(row.id)
