"""Sessions that are never let go in the middle of a step.

A page that is left, a caller who hangs up: both cancel what is being read for them. A statement that is cancelled half way stays
open in SQLite, holds its lock, and from then on nobody writes. So each step runs to its end first; then the caller is cancelled.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

P = ParamSpec("P")
T = TypeVar("T")

_STEPS = ("exec", "execute", "get", "merge", "delete", "flush", "refresh", "commit", "rollback", "connection")


async def finish_despite_cancel(step: Awaitable[T]) -> T:
    """Await even when the caller is cancelled meanwhile; the cancellation is raised once the step has ended."""
    task = asyncio.ensure_future(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error from None
        raise


class ShieldedSession(AsyncSession):
    """An `AsyncSession` of which every step is taken to its end."""


def _steady(step: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    @wraps(step)
    async def steadily(*arguments: P.args, **named: P.kwargs) -> T:
        return await finish_despite_cancel(step(*arguments, **named))

    return steadily


for _name in _STEPS:
    setattr(ShieldedSession, _name, _steady(getattr(AsyncSession, _name)))
