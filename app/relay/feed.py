"""What happened, kept in memory for those who read it later: the path of a request never writes to the database."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

# Enough for what happens between two looks of a reader; under more load than that the oldest are forgotten first.
MOST = 20_000


class Reader(Generic[T]):
    """Hears of everything from its making to `close()`. Several readers do not take anything from one another."""

    __slots__ = ("_all", "_waiting")

    def __init__(self, every: "list[deque[T]]") -> None:
        self._all, self._waiting = every, deque[T](maxlen=MOST)
        every.append(self._waiting)

    def drain(self) -> list[T]:
        """What was published since the last time, the oldest first; nothing is kept."""
        drained = list(self._waiting)
        self._waiting.clear()
        return drained

    def close(self) -> None:
        """Hear of nothing more; what waits can still be drained. Closing twice is allowed."""
        # By identity: two queues that hold the same, for example nothing, are equal.
        self._all[:] = [waiting for waiting in self._all if waiting is not self._waiting]


class Feed(Generic[T]):
    """One kind of news, and who reads it."""

    __slots__ = ("_readers",)

    def __init__(self) -> None:
        self._readers: list[deque[T]] = []

    def publish(self, news: T) -> None:
        """Tell every reader. Returns at once."""
        for waiting in self._readers:
            waiting.append(news)

    def reader(self) -> Reader[T]:
        """A new reader, from now on; whoever made it closes it."""
        return Reader(self._readers)
