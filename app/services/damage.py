"""Sealed values that cannot be opened where they stand: a flipped bit, a row that was moved, a master key that is not there."""

import asyncio
from collections.abc import Iterable

from app.domain.actor import Actor
from app.domain.keyring import DamagedSecret
from app.storage import sealed_values
from app.storage.database import engine
from app.storage.sealed_values import Placed
from app.vault import ring

_KEY = "Enter this key again on the page of its provider, or remove it."
_IN_TRASH = "Its provider is in the trash and works without it. Restore the provider and enter the key again when it is needed."
_OURS = "Copy this row of the table system_secret, and nothing else, from a backup of this database."
_CHECK = "Copy this row of the table crypto_key, and nothing else, from a backup of this database."
_LACKING = "Add the master key {kid} to the key source and restart; where it is lost, enter the key of the provider again."


async def find(actor: Actor) -> list[DamagedSecret]:
    """Open every value, show none. In a thread: ten thousand of them take a second or two."""
    actor.must_view()
    async with engine.session() as session:
        placed = await sealed_values.all_placed(session)
    return await asyncio.to_thread(_damaged, placed)


def _damaged(placed: Iterable[Placed]) -> list[DamagedSecret]:
    held, found = ring.current(), []
    for each in placed:
        if each.binding.table == "crypto_key" and each.binding.row_id not in held.kids:
            continue  # the check value of a key that was retired, or that another process holds
        if kind := held.examine(each.value, each.binding):
            found.append(_record(each, kind, is_lacking=each.value.kid in held.lacking))
    return found


def _record(each: Placed, kind: str, *, is_lacking: bool) -> DamagedSecret:
    place, field = each.binding.table, each.binding.field
    named = {"system_secret": each.binding.row_id, "crypto_key": each.binding.row_id}.get(place, field)
    if is_lacking:
        advice = _LACKING.format(kid=each.value.kid)
    else:
        advice = {"system_secret": _OURS, "crypto_key": _CHECK}.get(place, _IN_TRASH if each.is_deleted else _KEY)
    return DamagedSecret(place=place, name=named, provider=each.provider, credential=each.credential, kind=kind, advice=advice)
