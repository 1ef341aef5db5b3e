"""What a process holds while it runs: database, vault, outgoing session, registry, and what runs in the background."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from app import registry, settings
from app.domain.providers.provider import Wire
from app.domain.snapshot import Snapshot
from app.services import health, heartbeats, key_recovery, key_use, keyring, providers, rotation, usage
from app.storage.database import engine
from app.upstream import egress, session, translator
from app.upstream.access_tokens import tokens
from app.upstream.credential_cache import clear as forget_keys


@asynccontextmanager
async def runtime(kind: str = "serve", *, serving: bool = True, allow_partial: bool | None = None) -> AsyncIterator[None]:
    """Open, in order: database, vault, outgoing session, registry, and what runs in the background; close in reverse. The schema is
    up to date. The translator starts when somebody has a provider for it.

    `kind`: "serve" is the one console, "gateway" one of many workers. `serving=False` is for commands and checks: nothing runs in the
    background, and keys in the environment stay there for the process that serves.
    Raises what the boot matrix refuses with (`VaultError`), `StorageError`.
    """
    current = settings.current()
    partial = current.allow_partial if allow_partial is None else allow_partial
    async with AsyncExitStack() as opened:
        engine.open(current.url)
        opened.push_async_callback(engine.close)
        await keyring.open_ring(allow_partial=partial, keep_environment=not serving, may_adopt=not serving)
        _protect(current)
        session.open()
        opened.push_async_callback(session.close)
        opened.callback(forget_keys)
        opened.push_async_callback(tokens.shared.close)
        opened.push_async_callback(translator.shared.close)
        await registry.shared.start(watch=serving)
        opened.push_async_callback(registry.shared.stop)
        if serving:
            await _begin(opened, kind)
        yield


async def _begin(opened: AsyncExitStack, kind: str) -> None:
    """What runs in the background. Every process that takes traffic tells the database what it learned; one does the chores."""
    beat = heartbeats.Heartbeat(kind, lambda: registry.shared.snapshot.revision, keyring.follow)
    await beat.start()
    opened.push_async_callback(beat.stop)
    opened.callback(registry.shared.subscribe(lambda _: beat.news()))
    # In all: what traffic learned of client keys and of providers' keys. A trial of a refused key is claimed, so one process makes it.
    chores = [rotation.retirement(), providers.purging()] if kind == "serve" else []
    for service in (key_use.Recorder(), usage.Recorder(), health.Recorder(), key_recovery.KeyRecovery(), *chores):
        service.start()
        opened.push_async_callback(service.stop)
    opened.callback(registry.shared.subscribe(_warm))
    _warm(registry.shared.snapshot)


def _warm(snapshot: Snapshot) -> None:
    """Have the translator running before the first call that needs it."""
    if any(endpoint.enabled and endpoint.wire is Wire.LITELLM for endpoint in snapshot.endpoints.values()):
        translator.shared.wake()


def _protect(current: settings.Settings) -> None:
    """No provider is ever ourselves, another process of ours or our database."""
    egress.allow_local(current.egress_local != "off")
    egress.protect(current.host, current.port)
    for host, port in (*current.own_places, *engine.places(current.url)):
        egress.protect(host, port)
