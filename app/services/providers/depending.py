"""What depends on a provider: looked at before it is switched off or deleted."""

from app.domain.actor import Actor
from app.domain.record import Record
from app.services.providers.reading import known
from app.storage import aliases, client_keys, engine
from app.storage import providers as rows


class AliasUse(Record):
    """An alias with a target at the provider. `has_others`: it leads to another provider as well."""

    name: str
    has_others: bool


class Dependants(Record):
    """`client_keys` are the names of those that may use this provider and were given no other."""

    is_default: bool
    aliases: list[AliasUse]
    client_keys: list[str]


async def dependants(actor: Actor, name: str) -> Dependants:
    """Who would notice if this provider were gone. Raises `UnknownProvider`."""
    actor.must_view()
    async with engine.session() as session:
        row = await known(session, name)
        found = await aliases.leading_to(session, row.id)
        issued = await client_keys.all_keys(session)
        return Dependants(
            is_default=await rows.default_id(session) == row.id,
            aliases=[AliasUse(name=alias, has_others=not is_only) for alias, is_only in found],
            client_keys=[key.name for key in issued if key.revoked_at is None and key.providers == [row.name]],
        )
