"""The launcher: claim port and folder, bring the database up to date, check keys and pages, then let granian serve.

Everything that can be wrong is found here, before anything listens, and said in one sentence; the exit code is then 78.
"""

import asyncio
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from app import logs
from app.claim import claimed, local_address, port_problem, refuse, unusable
from app.settings import Settings, current, unread
from app.ui.build import bundle
from app.vault import keyfile

_CLOSING_SECONDS = 5  # what a worker may take, after its requests have ended, to write what it learned and close
# Waits for the server in a process of its own, so that nothing runs in a thread while granian forks. The address comes on
# stdin: an argument could be read by anybody on this machine, and it may hold the set-up token.
_BROWSER = """
import socket, sys, time, webbrowser
host, port, address = sys.stdin.read().split()
for _ in range(200):
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        time.sleep(0.1)
    else:
        webbrowser.open(address)
        break
"""


def run(settings: Settings, *, allow_partial: bool = False, open_browser: bool = False) -> None:
    """Serve until a signal ends it. Exits 78 with a sentence on stderr when something stands in the way.

    `allow_partial` starts although some credentials cannot be read; they are shown as unreadable.
    """
    share(settings, allow_partial=allow_partial)
    logs.configure(settings.log_level)
    warn_of_unread()
    try:
        with claimed(settings):
            ensure_bundle()
            link = prepare(settings, allow_partial=allow_partial)
            _announce(settings, link, open_browser=open_browser)
            os.chdir(bundle.ROOT)  # Reflex looks for rxconfig.py where it stands, and silently makes one up when there is none
            os.environ |= reflex_environment(settings)
            _serve(settings, "app.asgi:make")
    except bundle.BuildFailed as error:
        refuse(error.message)


def run_gateway(settings: Settings, *, allow_partial: bool = False) -> None:
    """Serve `/v1` alone, by as many processes as `settings.workers` says, until a signal ends it. Any number of gateways may stand
    beside one console, on the same database: what a gateway claims is its port. It never changes the schema and never makes a key.
    """
    share(settings, allow_partial=allow_partial)
    logs.configure(settings.log_level)
    warn_of_unread()
    if problem := port_problem(settings.host, settings.port):
        refuse(problem)
    _aside(_examine, settings, allow_partial=allow_partial)
    print(f"Patchbay gateway: {address(settings)}/v1", flush=True)
    _serve(settings, "app.asgi:make_gateway", workers=settings.workers)


def warn_of_unread() -> None:
    """Name variables that look like settings and are none: whoever misspelled one believes that it holds."""
    for sentence in unread():
        print(f"Warning: {sentence}", file=sys.stderr, flush=True)


def address(settings: Settings) -> str:
    """What people type, without a slash at the end."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    return local_address(settings.host, settings.port)


def share(settings: Settings, *, allow_partial: bool) -> None:
    """Give the settings of this call to the worker, which reads its environment."""
    os.environ |= {
        "PATCHBAY_DATA_DIR": str(settings.data_dir.absolute()),
        "PATCHBAY_HOST": settings.host,
        "PATCHBAY_PORT": str(settings.port),
        "PATCHBAY_WORKERS": str(settings.workers),
        "PATCHBAY_ALLOW_PARTIAL": str(allow_partial).lower(),
    }
    current.cache_clear()


def ensure_bundle() -> None:
    """The built pages fit the code, or are built now; without Node, a sentence."""
    if (state := bundle.state()) == "ready":
        return
    if bundle.node() is None:
        what = "have not been built yet" if state == "missing" else "belong to another version"
        refuse(f"The pages {what}. Run: patchbay build (it needs Node, which comes with: pip install -r requirements-build.lock)")
    bundle.build(lambda line: print(line, flush=True))


def prepare(settings: Settings, *, allow_partial: bool) -> str | None:
    """Database up to date, keys checked; the one-time link's token while nobody has set Patchbay up. Exits 78 with the reason."""
    return _aside(_prepare, settings, allow_partial=allow_partial)


def _aside(look: Callable[..., Coroutine[None, None, str | None]], settings: Settings, *, allow_partial: bool) -> str | None:
    """What `look` answers. A child asks it, because it takes 30 MB of modules that this process would carry along for as long as it
    serves. Exits 78 with the sentence of the error that it raises."""
    answer, said = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=_asked, args=(said, look, settings.url), kwargs={"allow_partial": allow_partial})
    child.start()
    said.close()
    try:
        refusal, found = answer.recv()
    except EOFError:
        refuse("The database could not be prepared. The reason is above.")
    finally:
        child.join()
    if refusal:
        refuse(refusal)
    return found


def _asked(said: Connection, look: Callable[..., Coroutine[None, None, str | None]], url: str, *, allow_partial: bool) -> None:
    from app.domain.errors import PatchbayError
    from app.presets import BadPreset

    try:
        said.send(("", asyncio.run(look(url, allow_partial=allow_partial))))
    except PatchbayError as error:
        said.send((error.message, None))
    except BadPreset as error:
        said.send((f"A preset cannot be used. {error}", None))
    except OSError as error:
        said.send((unusable(current().data_dir, error), None))


async def _prepare(url: str, *, allow_partial: bool) -> str | None:
    from app.services import keyring, setup
    from app.storage.database import engine

    keyfile.close_folder(current())
    await asyncio.to_thread(engine.migrate, url)
    engine.open(url)
    try:
        await keyring.open_ring(allow_partial=allow_partial, keep_environment=True, may_adopt=True)
        return await setup.issue_link() if await setup.is_open() else None
    finally:
        await engine.close()


async def _examine(url: str, *, allow_partial: bool) -> None:
    from app.services import keyring
    from app.storage.database import engine

    keyfile.close_folder(current())
    await asyncio.to_thread(engine.require_schema, url)
    engine.open(url)
    try:
        await keyring.open_ring(allow_partial=allow_partial, keep_environment=True)
    finally:
        await engine.close()


def _announce(settings: Settings, token: str | None, *, open_browser: bool) -> None:
    where = address(settings)
    print(f"Patchbay: {where}", flush=True)
    if token:
        where = f"{where}/setup#{token}"
        print(f"Set it up with this link (works once, for one hour): {where}", flush=True)
        if settings.database_url and (key := keyfile.default_path(settings)).exists():
            print(
                f"The master key of this database is in {key}. The database cannot be read without it: keep a copy, "
                "and use the same file on every other server (PATCHBAY_MASTER_KEY_FILE).",
                flush=True,
            )
    has_screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if open_browser and has_screen and sys.stdout.isatty():
        host = urlsplit(address(settings)).hostname or settings.host
        around = keyfile.environment_of_strangers()
        opener = subprocess.Popen([sys.executable, "-c", _BROWSER], stdin=subprocess.PIPE, text=True, env=around)  # noqa: S603 - our own words
        if opener.stdin:
            opener.stdin.write(f"{host} {settings.port} {where}")
            opener.stdin.close()


def _serve(settings: Settings, target: str, *, workers: int = 1) -> None:
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    from app.server import HEAD_SECONDS, Server, connections

    Server(
        target,
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=workers,
        respawn_failed_workers=workers > 1,  # a single one ends with the launcher, which tells by its exit code
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1_000),
        websockets=True,
        backpressure=connections(),
        workers_kill_timeout=settings.drain_seconds + _CLOSING_SECONDS,
        log_level=LogLevels.warning,
        log_dictconfig=logs.GRANIAN,
        log_access=settings.log_level == "DEBUG",  # the link of the first start must not scroll away
        log_access_format=logs.ACCESS,
    ).serve()


def reflex_environment(settings: Settings) -> dict[str, str]:
    """What makes Reflex serve the built pages and nothing else. The double underscores are Reflex's own names."""
    pages = bundle.place(settings.base_path, settings.data_dir.absolute() / "pages") if settings.base_path else bundle.HOME
    return {
        "REFLEX_ENV_MODE": "prod",
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "REFLEX_WEB_WORKDIR": str(pages),
        "REFLEX_SOCKET_TIMEOUT": "30s",  # for the answer to a ping: what is half sent is held in memory as long
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
    }


if __name__ == "__main__":
    run(current())
