"""How providers do, read: all of them at a glance, and one with its newest calls."""

from collections.abc import Collection
from datetime import UTC, datetime

from app.domain.actor import Actor
from app.domain.providers.health import KEPT, Health, Standing
from app.domain.providers.provider import Provider, ProviderQuery, Status
from app.domain.record import Record
from app.relay.overlay import laid_over
from app.services.kernel import lookup
from app.storage import credentials, health, provider_records
from app.storage import providers as rows
from app.storage.database import engine


class ProviderHealth(Standing):
    """How one provider does. `status` is what its card says; it also speaks of a test that is older than a day."""

    name: str  #: ID of the provider (its `name`).
    label: str  #: Name that people see.
    status: Status  #: What the console shows of it, in one word.


class Called(Record):
    """One attempt at a provider. `error` is a code, "" = answered; `ms` until it began to answer or failed."""

    at: datetime  #: When it was made.
    error: str  #: Code of what it failed of, "" = it was answered.
    ms: int  #: Milliseconds until it was answered or failed.


class HealthInFull(ProviderHealth):
    """With the newest calls, the oldest first, whether or not they still count."""

    recent: list[Called]  #: Newest calls, the oldest first.


class HealthList(Record):
    """`counts`: health → how many."""

    items: list[ProviderHealth]  #: Every provider.
    counts: dict[Health, int]  #: Health → number of providers.

    @classmethod
    def of(cls, items: list[ProviderHealth]) -> "HealthList":
        """Counted."""
        return cls(items=items, counts={health: sum(item.health is health for item in items) for health in Health})

    def only(self, names: Collection[str]) -> "HealthList":
        """Those of these names."""
        return self.of([item for item in self.items if item.name in names])


async def health_of_all(actor: Actor) -> HealthList:
    """Every provider that was not deleted, by its label. A fixed number of queries, however many there are."""
    actor.must_view()
    async with engine.session() as session:
        found = await provider_records.load(session, await rows.matching(session, ProviderQuery(), limit=None))
    return HealthList.of([_of(laid_over(provider)) for provider in found])


async def health_of(actor: Actor, name: str) -> HealthInFull:
    """One provider. Raises `UnknownProvider` with the nearest names."""
    actor.must_view()
    async with engine.session() as session:
        row = await lookup.provider(session, name)
        provider = laid_over(await provider_records.one(session, row))
        place, keys = provider_records.configured_as(row), await credentials.of_provider(session, row.id)
        stored = (await health.of_providers(session, [row.id])).get(row.id)
    recent = [
        Called(at=datetime.fromtimestamp(attempt.at, UTC), error=attempt.code, ms=attempt.ms)
        for attempt in health.attempts_of(stored, place, provider_records.in_place(keys))[-KEPT:]
    ]
    return HealthInFull(**_of(provider).model_dump(), recent=recent)


def _of(provider: Provider) -> ProviderHealth:
    return ProviderHealth(**provider.health.model_dump(), name=provider.name, label=provider.label, status=provider.status)
