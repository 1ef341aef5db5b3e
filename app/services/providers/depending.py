"""What depends on a provider: looked at before it is switched off or deleted."""

from datetime import UTC, datetime, timedelta

from app.domain.actor import Actor
from app.domain.record import Record
from app.services.kernel import lookup
from app.storage import aliases, client_keys, usage
from app.storage import providers as rows
from app.storage.database import engine

_HOUR = 3_600


class AliasUse(Record):
    """An alias with a target at the provider. `has_others`: it leads to another provider as well."""

    name: str  #: Name of the alias.
    has_others: bool  #: Whether it leads to another provider too.


class Dependants(Record):
    """`client_keys` are the names of those that may use this provider and were given no other. `requests_last_day` went to it in the
    last 24 hours, widened to whole ones; tests are not counted."""

    is_default: bool  #: Whether requests that name no provider go here.
    aliases: list[AliasUse]  #: Aliases with a target here.
    client_keys: list[str]  #: Names of app keys that may use no other provider.
    requests_last_day: int  #: Requests of the last 24 hours; tests are not counted.

    @property
    def would_break(self) -> bool:
        """Whether something that works today would stop."""
        alone = any(not alias.has_others for alias in self.aliases)
        return self.is_default or alone or bool(self.client_keys) or self.requests_last_day > 0


async def dependants(actor: Actor, name: str) -> Dependants:
    """Who would notice if this provider were gone. Raises `UnknownProvider`."""
    actor.must_view()
    async with engine.session() as session:
        row = await lookup.provider(session, name)
        found = await aliases.leading_to(session, row.id)
        issued = await client_keys.all_keys(session)
        used = await usage.by(session, _last_day(row.id))
        return Dependants(
            is_default=await rows.default_id(session) == row.id,
            aliases=[AliasUse(name=alias, has_others=not is_only) for alias, is_only in found],
            client_keys=[key.name for key in issued if key.revoked_at is None and key.providers == [row.name]],
            requests_last_day=sum(sums["requests"] for _, sums in used),
        )


def _last_day(provider_id: str) -> usage.Within:
    until = datetime.now(UTC)
    begin = int((until - timedelta(days=1)).timestamp()) // _HOUR * _HOUR
    return usage.Within(begin, int(until.timestamp()) + 1, provider_id)
