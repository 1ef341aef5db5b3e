"""What a process does again and again in the background."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from app.domain.errors import PatchbayError

_log = logging.getLogger(__name__)


class Periodic:
    """Looks, pauses and looks again, from `start()` to `stop()`.

    A look that raises a `PatchbayError` is tried again after the pause. The first of a row is logged, "`trouble` at the moment: …",
    unless `trouble` is "". `pause` waits `every` seconds, or less; with `at_once` the first look comes before it.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[object]],
        *,
        every: float,
        name: str,
        trouble: str = "",
        at_once: bool = False,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._look, self._every, self._pause = look, every, pause
        self._name, self._trouble, self._at_once = name, trouble, at_once
        self._task: asyncio.Task[None] | None = None

    @property
    def has_started(self) -> bool:
        """Whether `start()` was called."""
        return self._task is not None

    def start(self) -> None:
        """Go on in the background from now on."""
        self._task = asyncio.create_task(self.run(), name=self._name)

    async def stop(self) -> None:
        """End. A transaction that runs is finished or rolled back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def run(self) -> None:
        """Go on until cancelled."""
        is_failing = False
        if not self._at_once:
            await self._pause(self._every)
        while True:
            try:
                await self._look()
                is_failing = False
            except PatchbayError as error:
                if self._trouble and not is_failing:
                    _log.warning("%s at the moment: %s", self._trouble, error.message)
                is_failing = True
            await self._pause(self._every)


async def heard(news: asyncio.Event, seconds: float) -> bool:
    """Wait for news, no longer than this; whether there was some. The event is clear afterwards."""
    try:
        async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may swallow the end that `stop` asks for
            await news.wait()
    except TimeoutError:
        return False
    finally:
        news.clear()
    return True
