"""Origins on the reader's own network that an admin approved by testing or saving them."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.storage import macs
from app.storage.tables import EgressApproval


async def origins(session: AsyncSession) -> frozenset[str]:
    """Every approved origin."""
    return frozenset(row.origin for row in (await session.exec(select(EgressApproval))).all() if macs.holds(row))


async def add(session: AsyncSession, origin: str, *, by: str) -> bool:
    """Approve an origin. False when it was approved before."""
    if (known := await session.get(EgressApproval, origin)) is not None:
        if macs.holds(known):
            return False
        await session.delete(known)  # somebody else's: it approved nothing
        await session.flush()
    session.add(EgressApproval(origin=origin, approved_by=by))
    return True
