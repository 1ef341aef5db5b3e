"""What lies between the walk's parts: an event loop in a thread, with the providers of the walk and the lines that can be cut."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, Self, TypeVar

from tests.fixtures.upstream import REFUSE, Heard, Line, Upstream, usual

T = TypeVar("T")
SLOW_SECONDS = 1.2


class Loop:
    """An event loop in a thread of its own: a browser that is driven synchronously holds the main one."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Do it there, and wait for it."""
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(30)

    def close(self) -> None:
        """End what still runs there."""

        async def end() -> None:
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Wire:
    """A line from one browser to the server, which can be cut and put back. Bytes pass as they are."""

    def __init__(self, loop: Loop, port: int) -> None:
        self.loop, self.target, self.port = loop, port, 0
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = loop.run(self._start())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> Self:
        """Drop every connection and take no other."""
        self._is_cut = True

        async def drop() -> None:
            for writer in list(self._open):
                writer.transport.abort()

        self.loop.run(drop())
        return self

    def mend(self) -> Self:
        """Let connections through again."""
        self._is_cut = False
        return self

    def close(self) -> None:
        """Take no connection any more."""
        self.cut()
        self.loop.run(self._end())

    async def _end(self) -> None:
        self._server.close()

    async def _start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            if self._is_cut:
                writer.transport.abort()
                return
            theirs, to_them = await asyncio.open_connection("127.0.0.1", self.target)
            self._open.add(to_them)
            await asyncio.gather(self._carry(reader, to_them), self._carry(theirs, writer))
            self._open.discard(to_them)
        self._open.discard(writer)
        writer.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        finally:
            sink.close()


async def _slowly(line: Line, heard: Heard) -> None:
    await asyncio.sleep(SLOW_SECONDS)
    await usual(line, heard)


@contextlib.contextmanager
def upstreams(loop: Loop) -> Iterator[dict[str, Upstream]]:
    """Three providers: one that answers, one that refuses every key, one that takes its time."""
    made = {name: Upstream() for name in ("good", "refusing", "slow")}
    for path in ("/models", "/chat/completions"):
        made["refusing"].on(path, REFUSE)
        made["slow"].on(path, _slowly)
    for server in made.values():
        loop.run(server.start())
    try:
        yield made
    finally:
        for server in made.values():
            loop.run(server.stop())
