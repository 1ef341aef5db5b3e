"""The row of the installation, and the heartbeats of the processes that serve it."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.keyring import Worker
from app.storage.tables import Instance, WorkerHeartbeat


async def read(session: AsyncSession) -> Instance:
    """The singleton; a migrated database always has it."""
    return (await session.exec(select(Instance))).one()


async def lock(session: AsyncSession) -> Instance:
    """The singleton, held until the commit: who decides something once decides it under this lock."""
    return (await session.exec(select(Instance).with_for_update())).one()


async def beat(session: AsyncSession, worker: Worker) -> None:
    """Write the heartbeat of a process, whether it is its first or not."""
    await session.merge(WorkerHeartbeat(**worker.model_dump()))


async def stop(session: AsyncSession, worker_id: str) -> None:
    """A process that ends orderly says so."""
    await session.exec(delete(WorkerHeartbeat).where(col(WorkerHeartbeat.worker_id) == worker_id))


async def workers(session: AsyncSession, *, since: datetime) -> list[Worker]:
    """Processes that were seen since then, the longest running first."""
    query = select(WorkerHeartbeat).where(col(WorkerHeartbeat.seen_at) >= since).order_by(col(WorkerHeartbeat.started_at))
    rows: Sequence[WorkerHeartbeat] = (await session.exec(query)).all()
    return [Worker(**row.model_dump()) for row in rows]


async def forget_workers(session: AsyncSession, *, before: datetime) -> None:
    """Processes that were killed never say goodbye: their rows go after a while."""
    await session.exec(delete(WorkerHeartbeat).where(col(WorkerHeartbeat.seen_at) < before))
