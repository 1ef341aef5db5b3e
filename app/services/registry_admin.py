"""Looking at the shared registry, and having it read everything again."""

from typing import Any

from app import registry
from app.domain.actor import Actor
from app.domain.audit import Action
from app.storage.work import work


def status(actor: Actor) -> dict[str, Any]:
    """What the registry of this process holds: revision, age, numbers of things, problems."""
    actor.must_view()
    return registry.shared.status()


async def refresh(actor: Actor) -> dict[str, Any]:
    """Raise the revision, so that every worker reads the configuration again, and return the new status."""
    actor.must_admin()
    async with work(actor) as doing:
        doing.record(Action.REGISTRY_REFRESH, target=("registry", "registry", "registry"))
        doing.touch()
    await registry.shared.rebuild()
    return registry.shared.status()
