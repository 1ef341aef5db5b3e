"""Requests that are running: what stops them when their caller leaves, and when the process ends."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Self

# How long cut requests have to send their last event.
_LAST_WORDS_SECONDS = 2.0
_LOOK_SECONDS = 0.01


Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]  # ASGI's


class Running:
    """The request of the current task, inside `with`. Cancels it when the caller hangs up, so that the provider's connection
    closes as well. `has_left` = its caller hung up; `is_cut` = this process ends and cannot wait for it any longer."""

    __slots__ = ("_receive", "_watcher", "has_left", "is_cut", "task")

    def __init__(self, receive: Receive) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request runs in a task")
        self.task, self.has_left, self.is_cut = task, False, False
        self._receive = receive

    def __enter__(self) -> Self:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())
        _running.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        _running.discard(self)
        self._watcher.cancel()
        del self._watcher  # a cancelled task keeps its frame, and that keeps us: nothing but the collector would free the three

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.has_left = True
        self.task.cancel()


_running: set[Running] = set()
_draining = False
_hurried = False


def is_draining() -> bool:
    """Whether new work is refused because this process ends."""
    return _draining


async def drain(deadline: float) -> int:
    """Refuse new work, wait up to `deadline` seconds for what runs, then end it with a final error event.

    Returns how many had to be cut. For the SIGTERM handler of a worker; call it once.
    """
    global _draining
    _draining = True
    await _until_done(deadline, lambda: _hurried)
    cut = tuple(_running)
    for request in cut:
        request.is_cut = True
        request.task.cancel()
    await _until_done(_LAST_WORDS_SECONDS)
    return len(cut)


def hurry() -> None:
    """Whoever waits has no more time: a `drain` that runs ends what is left now."""
    global _hurried
    _hurried = True


def reopen() -> None:
    """Take new work again: a process that serves anew (tests) starts here."""
    global _draining, _hurried
    _draining = _hurried = False


async def _until_done(seconds: float, is_over: Callable[[], bool] = lambda: False) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while _running and loop.time() < end and not is_over():  # noqa: ASYNC110 - a deadline, not an event
        await asyncio.sleep(_LOOK_SECONDS)
