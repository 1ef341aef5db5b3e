"""Reading much in one step: a thread and a connection of their own, so that the loop is left once and not for each statement.

A statement through an `AsyncSession` waits for its turn on the loop several times. On a busy loop that is most of what a
change needs to become effective, so the registry reads this way.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine

from app.storage.database.shielded_session import finish_despite_cancel

T = TypeVar("T")


class Reader:
    """One thread with one connection of this engine, which is closed with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database reader")

    async def read(self, find: Callable[[Connection], T]) -> T:
        """What `find` gives, called in the thread, inside one transaction that changes nothing. A caller who is cancelled
        leaves once it has ended. Raises the driver's errors."""
        return await finish_despite_cancel(asyncio.get_running_loop().run_in_executor(self._thread, self._inside, find))

    async def close(self) -> None:
        """Give the connection back, after what is being read."""
        await finish_despite_cancel(asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose))
        self._thread.shutdown(wait=False)

    def _inside(self, find: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return find(connection)
