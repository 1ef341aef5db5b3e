"""Requests that are running: what stops them when their caller leaves, and when the process ends."""

import asyncio
from collections.abc import Callable
from typing import Self

from app.asgi_types import Message, Receive

# How long cut requests have to send their last event.
_LAST_WORDS_SECONDS = 1.5
_LOOK_SECONDS = 0.01
# A body may pause this long, and take this long in all.
PAUSE_SECONDS = 20.0
BODY_SECONDS = 600.0
# Who hangs up is noticed this much later; a request that is over by then is not watched, which spares a tenth of its cost.
_WATCHED_AFTER_SECONDS = 0.05
_LOOK_AT_BODY_SECONDS = 0.25
# Who takes nothing of an answer is looked at this often, and has left when nothing moved between two looks.
_LOOK_AT_CALLER_SECONDS = 30.0


class Running:
    """The request of the current task, inside `with`. Cancels it when the caller hangs up (`has_left`), so that the provider's
    connection closes as well, when the caller falls silent in the middle of the body (`has_stalled`), or when this process ends
    and cannot wait for it any longer (`is_cut`). `is_whole` = its body has been read, says whoever reads it. Who takes nothing of
    the answer has left, too: `handed` is counted up before and after each piece, by whoever hands it over.

    One timer does all of it, because most requests are over before it fires: only what lasts is watched.
    """

    __slots__ = (
        "_began", "_handle", "_heard", "_loop", "_receive", "_seen", "_watcher",
        "handed", "has_left", "has_stalled", "is_cut", "is_whole", "task",
    )  # fmt: skip

    def __init__(self, receive: Receive) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request runs in a task")
        self.task, self._receive, self._loop = task, receive, asyncio.get_running_loop()
        self.has_left = self.has_stalled = self.is_cut = self.is_whole = False
        self._watcher: asyncio.Task[None] | None = None
        self.handed, self._seen = 0, 0

    def __enter__(self) -> Self:
        self._began = self._heard = self._loop.time()
        self._handle = self._loop.call_later(_WATCHED_AFTER_SECONDS, self._look)
        _running.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        _running.discard(self)
        self._handle.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None  # a cancelled task keeps its frame, and that keeps us: nothing but the collector would free the three

    async def receive(self) -> Message:
        """The next message of the body."""
        message = await self._receive()
        self._heard = self._loop.time()
        return message

    def _look(self) -> None:
        if self.is_whole:
            self._watcher = self._loop.create_task(self._watch())
            self._handle = self._loop.call_later(_LOOK_AT_CALLER_SECONDS, self._look_at_caller)
            return
        end = min(self._heard + PAUSE_SECONDS, self._began + BODY_SECONDS)
        if self._loop.time() < end:
            # Soon at first, since a body is rarely late; then when it is due.
            self._handle = self._loop.call_later(min(max(self._loop.time() - self._began, 0.01), _LOOK_AT_BODY_SECONDS), self._look)
            return
        self.has_stalled = True
        self.task.cancel()

    def _look_at_caller(self) -> None:
        if self.handed % 2 and self.handed == self._seen:
            self.has_left = True
            self.task.cancel()
            return
        self._seen = self.handed
        self._handle = self._loop.call_later(_LOOK_AT_CALLER_SECONDS, self._look_at_caller)

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
