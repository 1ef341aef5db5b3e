"""Origins on the reader's own network that an admin approved by testing or saving them."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.storage.tables import EgressApproval


async def origins(session: AsyncSession) -> frozenset[str]:
    """Every approved origin."""
    return frozenset((await session.exec(select(EgressApproval.origin))).all())


async def add(session: AsyncSession, origin: str, *, by: str) -> bool:
    """Approve an origin. False when it was approved before."""
    if await session.get(EgressApproval, origin):
        return False
    session.add(EgressApproval(origin=origin, approved_by=by))
    return True
