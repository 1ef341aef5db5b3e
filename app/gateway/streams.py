"""Requests that are running: what stops them when their caller leaves, and when the process ends."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

# How long cut requests have to send their last event.
_LAST_WORDS_SECONDS = 5.0
_LOOK_SECONDS = 0.01


Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]  # ASGI's


class Running:
    """One request. `has_left` = its caller hung up; `is_cut` = this process ends and cannot wait for it any longer."""

    __slots__ = ("has_left", "is_cut", "task")

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task, self.has_left, self.is_cut = task, False, False


_running: set[Running] = set()
_draining = False


def is_draining() -> bool:
    """Whether new work is refused because this process ends."""
    return _draining


@contextmanager
def running(receive: Receive) -> Iterator[Running]:
    """Register the current task; cancel it when the caller hangs up, so that the provider's connection closes as well."""
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a request runs in a task")
    request = Running(task)
    watcher = asyncio.ensure_future(_watch(receive, request))
    _running.add(request)
    try:
        yield request
    finally:
        _running.discard(request)
        watcher.cancel()


async def drain(deadline: float) -> int:
    """Refuse new work, wait up to `deadline` seconds for what runs, then end it with a final error event.

    Returns how many had to be cut. For the SIGTERM handler of a worker; call it once.
    """
    global _draining
    _draining = True
    await _until_done(deadline)
    cut = tuple(_running)
    for request in cut:
        request.is_cut = True
        request.task.cancel()
    await _until_done(_LAST_WORDS_SECONDS)
    return len(cut)


def reopen() -> None:
    """Take new work again: a process that serves anew (tests) starts here."""
    global _draining
    _draining = False


async def _until_done(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while _running and loop.time() < end:  # noqa: ASYNC110 - a deadline, not an event
        await asyncio.sleep(_LOOK_SECONDS)


async def _watch(receive: Receive, request: Running) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    request.has_left = True
    request.task.cancel()
