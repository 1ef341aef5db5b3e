"""Deleted providers: kept for a while, restored or removed for good, by a person or when their time is over."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from app.domain.actor import SYSTEM, Actor
from app.domain.audit import Action
from app.domain.errors import UnknownProvider
from app.domain.providers.provider import Provider
from app.domain.record import Record
from app.services.kernel.periodic import Periodic
from app.services.providers.lifecycle import bring_back
from app.storage import aliases, credentials, models
from app.storage import providers as rows
from app.storage.database import engine
from app.storage.database.columns import now
from app.storage.tables import ProviderRow
from app.storage.work import Work, work

KEPT = timedelta(days=30)
LOOK_SECONDS = 3_600.0


class Trashed(Record):
    """A deleted provider. It is removed for good at `purge_at`, with its keys and models, and the targets of `aliases` that lead there."""

    id: str  #: ID of the provider.
    name: str  #: ID that apps used (`name`).
    label: str  #: Name that people see.
    base_url: str  #: Address of its interface.
    deleted_at: datetime  #: When it was deleted.
    purge_at: datetime  #: When it is deleted permanently.
    keys: int  #: How many keys go with it.
    models: int  #: How many models go with it.
    aliases: list[str]  #: Names of aliases with a target there.


async def in_trash(actor: Actor) -> list[Trashed]:
    """What was deleted, the newest first."""
    actor.must_view()
    async with engine.session() as session:
        found = await rows.in_trash(session)
        ids = [row.id for row in found]
        keys, counted = await credentials.of_providers(session, ids), await models.counts(session, ids)
        leading = {row.id: [name for name, _ in await aliases.leading_to(session, row.id)] for row in found}
    return [
        Trashed(
            id=row.id, name=row.name, label=row.label, base_url=row.base_url, deleted_at=deleted_at, purge_at=deleted_at + KEPT,
            keys=len(keys[row.id]), models=counted.get(row.id, 0), aliases=leading[row.id],
        )
        for row in found
        if (deleted_at := row.deleted_at) is not None
    ]  # fmt: skip


async def restore_from_trash(actor: Actor, provider_id: str) -> Provider:
    """Take a provider out of the trash, as it was. Raises `UnknownProvider`, `NameTaken`, `InvalidDraft`."""
    actor.must_admin()
    async with work(actor) as doing:
        return await bring_back(doing, await _trashed(doing, provider_id))


async def purge(actor: Actor, provider_id: str) -> None:
    """Remove a deleted provider for good, now. Raises `UnknownProvider` for one that is not in the trash."""
    actor.must_admin()
    async with work(actor) as doing:
        await _remove(doing, await _trashed(doing, provider_id))


async def purge_due(at: datetime) -> list[str]:
    """Remove those whose time is over at `at`; ids of those that this call removed. Of several processes one does it."""
    async with engine.session() as session:
        due = [row.id for row in await rows.in_trash(session) if _is_due(row, at)]
    gone = []
    for provider_id in due:
        async with work(SYSTEM) as doing:  # holds the right to write: it may have been restored since
            row = await rows.of_id(doing.session, provider_id)
            if row is None or not _is_due(row, at):
                continue
            await _remove(doing, row)
            gone.append(provider_id)
    return gone


def purging(clock: Callable[[], datetime] = now, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> Periodic:
    """Removes what is due, until it is stopped; one a serving process. `clock` and `pause` are the world's."""
    return Periodic(
        lambda: purge_due(clock()),
        every=LOOK_SECONDS,
        name="purge of the trash",
        trouble="The trash is not emptied",
        at_once=True,
        pause=pause,
    )


def _is_due(row: ProviderRow, at: datetime) -> bool:
    return row.deleted_at is not None and row.deleted_at + KEPT <= at


async def _trashed(doing: Work, provider_id: str) -> ProviderRow:
    row = await rows.of_id(doing.session, provider_id)
    if row is None or row.deleted_at is None:
        raise UnknownProvider("There is no such provider in the trash. It may have been restored or deleted for good.")
    return row


async def _remove(doing: Work, row: ProviderRow) -> None:
    """Everything that belongs to it: sealed values, keys, models, tests, health, grants of app keys and targets of aliases. What was used
    and what the audit says stays."""
    session = doing.session
    keys = await credentials.of_provider(session, row.id)
    leading = [name for name, _ in await aliases.leading_to(session, row.id)]
    listed = await models.of_provider(session, row.id)
    changes: dict[str, object] = {
        "keys": {"before": [key.row.label for key in keys], "after": None},
        "models": {"added": [], "removed": [model.identifier for model in listed]},
        "aliases": {"before": leading, "after": None},
        "fingerprints": {"before": [secret.fingerprint for key in keys for secret in key.secrets.values()], "after": None},
    }
    doing.record(Action.PROVIDER_PURGE, target=("provider", row.id, row.name), changes=changes)
    await aliases.forget_provider(session, row.id)
    await rows.purge(session, row.id)
    doing.touch()
