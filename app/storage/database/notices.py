"""PostgreSQL tells every process of a commit: NOTIFY inside the transaction, LISTEN on a connection of its own.

A notification is a hint and nothing depends on it: who misses one sees the revision within a second.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

CHANNEL = "patchbay_revision"
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 15.0

_log = logging.getLogger(__name__)


async def announce(session: AsyncSession, revision: int) -> None:
    """Tell the others when this transaction commits; nobody hears of one that is rolled back."""
    connection = await session.connection()
    await connection.exec_driver_sql("SELECT pg_notify(%s, %s)", (CHANNEL, str(revision)))


class Listener:
    """Hears what others commit, and comes back by itself when the connection is lost."""

    def __init__(self, keywords: Mapping[str, Any]) -> None:  # Any: psycopg's own options
        self._keywords = keywords
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def wait(self, seconds: float) -> None:
        """Until there is news, or this long."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen(), name="database listener")
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _listen(self) -> None:
        import psycopg  # SQLite does without

        wait, said = _FIRST_WAIT, False
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**self._keywords, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._news.set()  # whatever happened while nobody listened
                    wait, said = _FIRST_WAIT, False
                    async for _ in connection.notifies():
                        self._news.set()
            except (psycopg.Error, OSError) as error:
                if not said:
                    _log.warning("the database's notifications are away (%s); changes are looked for every second", type(error).__name__)
                said = True
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
