"""The registry of this process: built beside, swapped in one assignment, never older than a second."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from app.domain.credentials.credential import KeyState
from app.domain.errors import PatchbayError, UnknownProvider
from app.domain.snapshot import AliasEntry, ClientKeyEntry, Endpoint, Route, Snapshot
from app.registry import build, selector
from app.registry.aliases import Aliases
from app.registry.client_keys import ClientKeys
from app.registry.endpoint import endpoint_from_row
from app.storage import snapshot as stored
from app.storage import work
from app.storage.database import engine
from app.upstream import egress, translator

REVISION_POLL_SECONDS = 1.0
GLANCES_PER_SECOND = 10
# Building many endpoints opens many secrets: off the loop.
_BUILT_ON_THE_LOOP = 20
_NAMED = 20  # keys that cannot be opened, in the log of one reading

T = TypeVar("T")

_log = logging.getLogger(__name__)
_EMPTY = Snapshot(revision=-1, built_at=0.0)


class _News(NamedTuple):
    """What one moment of the database has that a snapshot does not."""

    revision: int
    default_id: str
    is_whole: bool
    rows: list[stored.StoredProvider]
    client_keys: Mapping[str, ClientKeyEntry]
    approved: frozenset[str]
    aliases: Mapping[str, AliasEntry]


class Registry:
    """`snapshot` is the whole truth of a moment; a request takes it once and finishes on it."""

    def __init__(self) -> None:
        self.snapshot = _EMPTY
        self._names: dict[str, str] = {}  # provider id → name in the snapshot
        self._by_model: dict[str, tuple[str, ...]] = {}
        self._aliases, self._client_keys = Aliases(), ClientKeys()
        self._lock = asyncio.Lock()
        self._watcher: asyncio.Task[None] | None = None
        self._subscribers: list[Callable[[Snapshot], None]] = []
        self._hinted: list[Callable[[Snapshot], None]] = []
        self._glanced = 0.0
        self._build_ms = 0.0
        self._error = ""
        self._unreadable: tuple[Snapshot, list[tuple[str, str]]] | None = None

    async def start(self, *, watch: bool = True) -> None:
        """Build the first snapshot, hear of commits of this process, and with `watch` of those of others.

        Raises `StorageError` when the configuration cannot be read at all; bad rows do not count.
        """
        await self.rebuild()
        if self._committed not in work.on_commit:
            work.on_commit.append(self._committed)
        if watch and self._watcher is None:
            self._watcher = asyncio.create_task(self._watch(), name="registry watcher")

    async def stop(self) -> None:
        """Stop watching and forget the snapshot. Stopping twice is allowed."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            await asyncio.wait([watcher])
        if self._committed in work.on_commit:
            work.on_commit.remove(self._committed)
        self.snapshot, self._names, self._by_model, self._lock = _EMPTY, {}, {}, asyncio.Lock()
        self._aliases, self._client_keys = Aliases(), ClientKeys()
        egress.approve(frozenset())

    async def refresh(self, min_revision: int = 0) -> None:
        """Read what changed. Returns at once when the snapshot is already of `min_revision` or newer."""
        if min_revision and self.snapshot.revision >= min_revision:
            return
        async with self._lock:
            if min_revision and self.snapshot.revision >= min_revision:
                return
            await self._read(since=self.snapshot.revision)

    async def rebuild(self) -> None:
        """Read everything again, changed or not."""
        async with self._lock:
            await self._read(since=-1)

    async def glance(self) -> None:
        """Look whether there is something newer, at most ten times a second: somebody showed a key we do not know."""
        now = time.monotonic()
        if now - self._glanced >= 1 / GLANCES_PER_SECOND:
            self._glanced = now
            await self.refresh()

    def resolve(self, text: str, snapshot: Snapshot | None = None, *, allowed: ClientKeyEntry | None = None) -> Route:
        """What a selector means. Raises `UnknownModel` with suggestions, `ProviderDisabled`."""
        return selector.resolve(text, snapshot or self.snapshot, allowed)

    def resolve_at(self, name: str, model: str, *, allowed: ClientKeyEntry | None = None) -> Route:
        """A model of one provider, by its own identifier. Raises `UnknownProvider`, `UnknownModel`, `ProviderDisabled`."""
        return selector.at(name, model, self.snapshot, allowed)

    def provider(self, name: str, *, allowed: ClientKeyEntry | None = None) -> Endpoint:
        """A provider that a client key may call. Raises `UnknownProvider`, `ProviderDisabled`."""
        return selector.provider(name, self.snapshot, allowed)

    def endpoint(self, name: str) -> Endpoint:
        """A provider as calls see it right now, switched off or not. Raises `UnknownProvider`."""
        if (endpoint := self.snapshot.endpoints.get(name)) is None:
            raise UnknownProvider(UnknownProvider.GONE)
        return endpoint

    def subscribe(self, callback: Callable[[Snapshot], None], *, hints: bool = False) -> Callable[[], None]:
        """Call back after each swap, on the loop, with the new snapshot; with `hints` after each `hint()` too. Returns what ends it."""
        lists = [self._subscribers, self._hinted] if hints else [self._subscribers]
        for callbacks in lists:
            callbacks.append(callback)

        def unsubscribe() -> None:
            for callbacks in lists:
                if callback in callbacks:
                    callbacks.remove(callback)

        return unsubscribe

    def hint(self) -> None:
        """Something that pages show has changed, though nothing that is stored did."""
        self._tell(self._hinted)

    def unreadable(self) -> list[tuple[str, str]]:
        """(provider, key) of the keys that cannot be opened here, each by its name. Found once a snapshot."""
        held = self.snapshot
        if self._unreadable is None or self._unreadable[0] is not held:
            every = ((endpoint.name, key) for endpoint in held.endpoints.values() for key in endpoint.keys)
            self._unreadable = (held, [(name, key.label) for name, key in every if key.state is KeyState.UNREADABLE])
        return self._unreadable[1]

    def status(self) -> dict[str, object]:
        """What this process holds, ready for JSON. `error` is the reason why it may be behind, or ""."""
        held = self.snapshot
        return {
            "revision": held.revision,
            "built_at": datetime.fromtimestamp(held.built_at, UTC).isoformat(),
            "build_ms": self._build_ms,
            "is_watching": self._watcher is not None and not self._watcher.done(),
            "providers": len(held.endpoints),
            "enabled": sum(e.enabled for e in held.endpoints.values()),
            "models": sum(len(e.models) for e in held.endpoints.values()),
            "client_keys": len(held.client_keys),
            "aliases": len(held.aliases),
            "problems": {e.name: e.problem for e in held.endpoints.values() if e.problem},
            "unreadable_keys": [{"provider": provider, "key": key} for provider, key in self.unreadable()],
            "error": self._error,
            "translator": translator.shared.status(),
        }

    async def _committed(self, revision: int) -> None:
        await self.refresh(revision)

    async def _read(self, since: int) -> None:
        """Under the lock: read, build beside, swap."""
        started = time.perf_counter()
        news = await engine.read(partial(self._news, since=since))
        if news is None:
            return
        before = frozenset(self.unreadable())
        built = await self._replaced(news.rows, is_whole=news.is_whole)
        # Approvals first: a snapshot whose local providers cannot be called yet must not be seen.
        egress.approve(news.approved)
        self.snapshot = Snapshot(
            revision=news.revision,
            built_at=time.time(),
            endpoints=MappingProxyType(built),
            by_model=MappingProxyType(self._by_model),
            client_keys=news.client_keys,
            default=self._names.get(news.default_id),
            approved_origins=news.approved,
            aliases=news.aliases,
            names=MappingProxyType(self._names),
        )
        self._build_ms = round((time.perf_counter() - started) * 1000, 2)
        self._error = ""
        self._tell_unreadable(before)
        self._tell(self._subscribers)

    def _news(self, connection: engine.Connection, since: int) -> _News | None:
        """In the reader's thread, where nothing but the memory of aliases and client keys is changed. None = nothing is newer."""
        revision, default_id = stored.head(connection)
        if revision == self.snapshot.revision and since >= 0:
            return None
        if revision < self.snapshot.revision:
            since = -1  # a backup was restored underneath us
        return _News(
            revision,
            default_id or "",
            since < 0,
            stored.providers(connection, since=since),
            self._client_keys.read(connection, is_whole=since < 0),
            stored.approved_origins(connection),
            self._aliases.read(connection, is_whole=since < 0),
        )

    async def _replaced(self, rows: list[stored.StoredProvider], *, is_whole: bool) -> dict[str, Endpoint]:
        """Name → endpoint after these rows; endpoints that did not change are the same objects as before."""
        held = self.snapshot.endpoints
        live = [row for row in rows if not row.is_deleted]
        built = await _aside(len(live), lambda: [endpoint_from_row(row) for row in live])
        gone = set(self._names) if is_whole else {row.id for row in rows} & self._names.keys()
        old = [] if is_whole else [held[self._names[i]] for i in gone]
        before = {} if is_whole else self._by_model
        self._by_model = await _aside(len(built), lambda: build.listing(before, old, built))
        kept = {i: name for i, name in self._names.items() if i not in gone}
        self._names = kept | {endpoint.id: endpoint.name for endpoint in built}
        return {name: held[name] for name in kept.values()} | {endpoint.name: endpoint for endpoint in built}

    def _tell_unreadable(self, before: frozenset[tuple[str, str]]) -> None:
        """Name the keys that cannot be opened, at the start and when there is a new one."""
        fresh = [each for each in self.unreadable() if each not in before]
        for provider, key in fresh[:_NAMED]:
            _log.warning("The key %r of the provider %r cannot be opened. Enter it again; patchbay doctor says more.", key, provider)
        if len(fresh) > _NAMED:
            _log.warning("%d more keys cannot be opened; patchbay doctor names them.", len(fresh) - _NAMED)

    def _tell(self, callbacks: list[Callable[[Snapshot], None]]) -> None:
        for callback in tuple(callbacks):
            try:
                callback(self.snapshot)
            # Whoever listens is not part of the swap: its failure must not keep the others from hearing.
            except Exception:  # noqa: BLE001
                _log.exception("a listener of the registry failed")

    async def _watch(self) -> None:
        """Notice what other processes commit: on SQLite by its change counter, on PostgreSQL by its
        notifications, anywhere by the revision once a second."""
        seen, asked = -1, time.monotonic()
        while True:
            try:
                await engine.wait_for_news()
                version = await engine.data_version()
                if version != seen or time.monotonic() - asked >= REVISION_POLL_SECONDS:
                    asked = time.monotonic()
                    await self.refresh()
                    seen = version
            except PatchbayError as error:
                self._note(error.message)
                await asyncio.sleep(REVISION_POLL_SECONDS)
            # A watcher that dies leaves a process that serves an old configuration for ever.
            except Exception as error:  # noqa: BLE001
                self._note(type(error).__name__)
                await asyncio.sleep(REVISION_POLL_SECONDS)

    def _note(self, reason: str) -> None:
        """Once per reason: a database that is away is asked every second."""
        if reason != self._error:
            _log.warning("the configuration cannot be read, serving revision %d: %s", self.snapshot.revision, reason)
        self._error = reason


async def _aside(size: int, make: Callable[[], T]) -> T:
    """Little on the loop, much in a thread: the gateway goes on meanwhile."""
    return make() if size <= _BUILT_ON_THE_LOOP else await asyncio.to_thread(make)


shared = Registry()
