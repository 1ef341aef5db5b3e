"""Looking at the registries of all workers, and having them read everything again."""

from app import registry
from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.keyring import ALIVE, Worker
from app.storage import instance
from app.storage.database import engine
from app.storage.tables import now
from app.storage.work import work


async def status(actor: Actor) -> dict[str, object]:
    """What the registry of this process holds (revision, age, numbers of things, problems) and, as `workers`, which revision each
    serving process answers by and how many seconds ago it said so."""
    actor.must_view()
    async with engine.session() as session:
        alive = await instance.workers(session, since=now() - ALIVE)
    held, newest = registry.shared.status(), registry.shared.snapshot.revision
    return {**held, "workers": [_standing(worker, newest) for worker in alive]}


async def refresh(actor: Actor) -> dict[str, object]:
    """Raise the revision, so that every worker reads the configuration again, and return the new status."""
    actor.must_admin()
    async with work(actor) as doing:
        doing.record(Action.REGISTRY_REFRESH, target=("registry", "registry", "registry"))
        doing.touch()
    await registry.shared.rebuild()
    return await status(actor)


def _standing(worker: Worker, newest: int) -> dict[str, object]:
    age = round(max(0.0, (now() - worker.seen_at).total_seconds()), 1)
    shown = worker.model_dump(include={"worker_id", "kind", "host", "pid", "revision", "started_at"})
    return {**shown, "age_seconds": age, "is_current": worker.revision >= newest}
