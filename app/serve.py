"""The launcher: claim port and folder, bring the database up to date, check keys and pages, then let granian serve.

Everything that can be wrong is found here, before anything listens, and said in one sentence; the exit code is then 78.
"""

import asyncio
import fcntl
import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import NoReturn
from urllib.parse import urlsplit

from app import logs
from app.settings import Settings, current
from app.ui import bundle
from app.vault import keyfile

EXIT_CONFIGURATION = 78
_KILL_SECONDS = 30
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
    try:
        with claimed(settings):
            ensure_bundle()
            link = prepare(settings, allow_partial=allow_partial)
            _announce(settings, link, open_browser=open_browser)
            _serve(settings)
    except bundle.BuildFailed as error:
        refuse(error.message)


def refuse(sentence: str) -> NoReturn:
    """Say why not, and end."""
    print(sentence, file=sys.stderr, flush=True)
    raise SystemExit(EXIT_CONFIGURATION)


def address(settings: Settings) -> str:
    """What people type, without a slash at the end."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    return f"http://{host}:{settings.port}"


def share(settings: Settings, *, allow_partial: bool) -> None:
    """Give the settings of this call to the worker, which reads its environment."""
    os.environ |= {
        "PATCHBAY_DATA_DIR": str(settings.data_dir.absolute()),
        "PATCHBAY_HOST": settings.host,
        "PATCHBAY_PORT": str(settings.port),
        "PATCHBAY_ALLOW_PARTIAL": str(allow_partial).lower(),
    }
    current.cache_clear()


@contextmanager
def claimed(settings: Settings) -> Iterator[None]:
    """Hold data folder and port against a second start. granian itself would share the port and take half of the requests."""
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        refuse(f"The data folder {folder} cannot be used: {error.strerror}. Choose another with --data-dir.")
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            refuse(f"Patchbay is already running on the data folder {folder}. Stop that one, or choose another folder with --data-dir.")
        if problem := port_problem(settings.host, settings.port):
            refuse(problem)
        yield
    finally:
        os.close(lock)


def port_problem(host: str, port: int) -> str:
    """Why this address cannot be listened on, as a sentence; "" when it can."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError:
        return f"{host} is not an address of this machine. Choose one with --host, for example 127.0.0.1."
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # not REUSEPORT: that would let two share it
        try:
            probe.bind(where)
        except OSError as error:
            return f"Port {port} on {host} cannot be used: {error.strerror}. Stop what is there, or choose another with --port."
    return ""


def ensure_bundle() -> None:
    """The built pages fit the code, or are built now; without Node, a sentence."""
    if (state := bundle.state()) == "ready":
        return
    if bundle.node() is None:
        what = "have not been built yet" if state == "missing" else "belong to another version"
        refuse(f"The pages {what}. Run: patchbay build (it needs Node, which comes with: pip install -r requirements-build.lock)")
    bundle.build(lambda line: print(line, flush=True))


def prepare(settings: Settings, *, allow_partial: bool) -> str | None:
    """Database up to date, keys checked; the one-time link's token while nobody has set Patchbay up. Exits 78 with the reason.

    Done by a child, because it takes 30 MB of modules that this process would carry along for as long as it serves.
    """
    answer, said = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=_prepare, args=(said, settings.url), kwargs={"allow_partial": allow_partial})
    child.start()
    said.close()
    try:
        refusal, token = answer.recv()
    except EOFError:
        refuse("The database could not be prepared. What happened stands above.")
    finally:
        child.join()
    if refusal:
        refuse(refusal)
    return token


def _prepare(said: Connection, url: str, *, allow_partial: bool) -> None:
    from app.domain.errors import PatchbayError
    from app.services import keyring, setup
    from app.storage import engine

    async def look() -> str | None:
        engine.open(url)
        try:
            await keyring.open_ring(allow_partial=allow_partial, keep_environment=True)
            return await setup.issue_link() if await setup.is_open() else None
        finally:
            await engine.close()

    try:
        engine.migrate(url)
        said.send(("", asyncio.run(look())))
    except PatchbayError as error:
        said.send((error.message, None))


def _announce(settings: Settings, token: str | None, *, open_browser: bool) -> None:
    where = address(settings)
    print(f"Patchbay: {where}", flush=True)
    if token:
        where = f"{where}/setup#{token}"
        print(f"Set it up with this link (works once, for one hour): {where}", flush=True)
        if settings.database_url and (key := keyfile.default_path(settings)).exists():
            print(
                f"The master key of this database is {key}. Nobody can read it without: keep a copy, "
                "and give the same file to every other server (PATCHBAY_MASTER_KEY_FILE).",
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


def _serve(settings: Settings) -> None:
    os.chdir(bundle.ROOT)  # Reflex looks for rxconfig.py where it stands, and silently makes one up when there is none
    os.environ |= reflex_environment()
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.log import LogLevels

    Granian(
        "app.asgi:make",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=1,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=True,
        workers_kill_timeout=_KILL_SECONDS,
        log_level=LogLevels.warning,
        log_dictconfig=logs.GRANIAN,
        log_access=settings.log_level == "DEBUG",  # the link of the first start must not scroll away
        log_access_format=logs.ACCESS,
    ).serve()


def reflex_environment() -> dict[str, str]:
    """What makes Reflex serve the built pages and nothing else. The double underscores are Reflex's own names."""
    return {
        "REFLEX_ENV_MODE": "prod",
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "REFLEX_WEB_WORKDIR": str(bundle.HOME),
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
    }


if __name__ == "__main__":
    run(current())
