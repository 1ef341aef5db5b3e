"""The translator's keeper: starts the child on demand, speaks to its socket, starts it again when it dies, ends it with us."""

import asyncio
import contextlib
import logging
import os
import secrets
import shutil
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from app import settings
from app.domain.error_kind import ErrorKind, member
from app.domain.errors import TranslatorDown
from app.domain.translation import CALL_PATH, Greeting

START_SECONDS = 60.0
LONGEST_PAUSE = 30.0
_LONGEST_SOCKET = 107  # bytes; the kernel's limit less the final zero
_SHORT_LIFE = 10.0
_TRIES = 3
_END_SECONDS = 3.0
HOME = Path(__file__).parents[2]
# Of our environment, what a Python needs to start and to trust the issuers that we trust. No key, password or proxy of anybody.
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_OWN = {
    "HOME": "/nonexistent",
    "PYTHONPATH": str(HOME),
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_MODE": "PRODUCTION",  # otherwise it reads .env files
    "LITELLM_LOG": "ERROR",
    "HF_HUB_OFFLINE": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
_SENTENCES = {
    ErrorKind.MISSING: "This provider needs litellm, which is not installed. Install what requirements.lock lists, then restart.",
    ErrorKind.BROKEN: "The part of Patchbay that handles this provider's own protocol could not be started."
    " Run patchbay doctor on the server.",
    ErrorKind.SLOW: "The part of Patchbay that handles this provider's own protocol did not start in time."
    " Run patchbay doctor on the server.",
    ErrorKind.DIED: "The part of Patchbay for this provider's own protocol has stopped. It restarts automatically; send the request again.",
}

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Child:
    process: Process
    http: aiohttp.ClientSession
    greeting: Greeting
    folder: Path | None  # a temporary one, made for the socket
    born: float = field(default_factory=time.monotonic)


class _Letter:
    """A task, and whether its child asked for it: one that was dying when it was called never did."""

    def __init__(self, task: bytes) -> None:
        self._task = task
        self.is_sent = False

    async def text(self) -> AsyncIterator[bytes]:
        self.is_sent = True
        yield self._task


class Translator:
    """`post()` sends one task. One child per process; concurrent first calls wait for the same start."""

    def __init__(self) -> None:
        self._child: _Child | None = None
        self._starting: asyncio.Task[_Child] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._waking: asyncio.Task[None] | None = None
        self._deaths = 0  # early ones in a row
        self._not_before = 0.0
        self._problem = ""
        self._start_ms = 0.0

    async def ready(self) -> None:
        """Have it running. Raises `TranslatorDown`."""
        await self._running()

    async def post(self, task: bytes) -> aiohttp.ClientResponse:
        """Its answer to one task, once it has begun. Raises `TranslatorDown`."""
        for _ in range(_TRIES):
            child = await self._running()
            letter = _Letter(task)
            headers = {"authorization": child.greeting.token, "content-type": "application/json"}
            try:
                return await child.http.post(
                    f"http://translator{CALL_PATH}", data=letter.text(), headers=headers, expect100=True, allow_redirects=False
                )
            except (aiohttp.ClientError, OSError) as error:
                if letter.is_sent:  # the provider may have it by now: it is not asked twice
                    raise _down(ErrorKind.DIED) from error
                if await _has_ended(child.process):
                    self._forget(child)
        raise _down(ErrorKind.DIED)

    def wake(self) -> None:
        """Begin to start it, if it does not run: somebody will want it."""
        if self._child is None and self._starting is None and self._waking is None:
            self._waking = asyncio.create_task(self._wake(), name="translator waking")

    def status(self) -> dict[str, object]:
        """What it is doing, ready for JSON: state off, starting, running or down; `problem` is a sentence, or ""."""
        state = "running" if self._child else "starting" if self._starting else "down" if self._problem else "off"
        pid = self._child.process.pid if self._child else None
        return {"state": state, "problem": self._problem, "pid": pid, "start_ms": self._start_ms}

    async def close(self) -> None:
        """End it. Closing twice is allowed; it starts again for whoever calls."""
        for task in (self._waking, self._starting, self._watching):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        self._waking = self._starting = self._watching = None
        child, self._child = self._child, None
        if child is not None:
            await _end(child)
        self._deaths, self._not_before, self._problem = 0, 0.0, ""

    async def _running(self) -> _Child:
        if self._child is not None:
            return self._child
        if self._starting is None:
            if time.monotonic() < self._not_before:
                raise TranslatorDown(self._problem or _SENTENCES[ErrorKind.DIED], details={"kind": ErrorKind.DIED})
            self._starting = asyncio.create_task(self._start(), name="translator start")
        # Shared: a caller who leaves must not end the start that others wait for.
        return await asyncio.shield(self._starting)

    async def _start(self) -> _Child:
        started = time.monotonic()
        try:
            child = await _born()
        except TranslatorDown as error:
            self._problem = error.message
            self._pause()
            _log.error("translator: %s", error.message)
            raise
        finally:
            self._starting = None
        self._child, self._problem = child, ""
        self._start_ms = round((time.monotonic() - started) * 1000, 1)
        self._watching = asyncio.create_task(self._watch(child), name="translator watch")
        _log.info("translator: started in %.1f s (process %d)", self._start_ms / 1000, child.process.pid)
        return child

    async def _watch(self, child: _Child) -> None:
        code = await child.process.wait()
        _log.warning("translator: process %d ended (%s); it starts again", child.process.pid, code)
        self._forget(child)
        await _end(child)
        if time.monotonic() - child.born < _SHORT_LIFE:
            self._pause()
        else:
            self._deaths = 0
        self.wake()

    def _forget(self, child: _Child) -> None:
        if self._child is child:
            self._child = None

    def _pause(self) -> None:
        """The first early death costs no pause, then half a second, doubled each time."""
        self._deaths += 1
        if self._deaths > 1:
            self._not_before = time.monotonic() + min(LONGEST_PAUSE, 0.5 * 2 ** (self._deaths - 2))

    async def _wake(self) -> None:
        try:
            await asyncio.sleep(max(0.0, self._not_before - time.monotonic()))
            with contextlib.suppress(TranslatorDown):  # said and kept; the next call tries again
                await self._running()
        finally:
            self._waking = None


async def _born() -> _Child:
    """Start a child and wait until it listens. Raises `TranslatorDown`."""
    path, folder = _place()
    greeting = Greeting(str(path), secrets.token_urlsafe(32))
    process: Process | None = None
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.translator",
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=environment(),
            cwd=HOME,
            start_new_session=True,
        )
        word = await asyncio.wait_for(_greet(process, greeting), START_SECONDS)
        if word != "ready":
            kind = member(ErrorKind, word)
            raise _down(kind if kind is not None and kind in _SENTENCES else ErrorKind.BROKEN)
    except BaseException as error:
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        _tidy(greeting, folder)
        if isinstance(error, OSError | TimeoutError):
            raise _down(ErrorKind.SLOW if isinstance(error, TimeoutError) else ErrorKind.BROKEN) from error
        raise
    return _Child(process, client(greeting), greeting, folder)


def client(greeting: Greeting) -> aiohttp.ClientSession:
    """A client of this socket. A connection of its own for each call: a kept one might belong to a child that is gone."""
    return aiohttp.ClientSession(
        connector=aiohttp.UnixConnector(path=greeting.socket, limit=0, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
    )


def environment() -> dict[str, str]:
    """What the child sees of our environment, and what keeps LiteLLM quiet and at home."""
    return {name: value for name in _KEPT if (value := os.environ.get(name))} | _OWN


async def _greet(process: Process, greeting: Greeting) -> str:
    if process.stdin is None or process.stdout is None:
        raise _down(ErrorKind.BROKEN)
    process.stdin.write(msgspec.json.encode(asdict(greeting)) + b"\n")
    await process.stdin.drain()
    return (await process.stdout.readline()).decode(errors="replace").strip()


async def _has_ended(process: Process) -> bool:
    """Whether it is dead, or dying this very moment."""
    try:
        await asyncio.wait_for(process.wait(), 1.0)
    except TimeoutError:
        return False
    return True


async def _end(child: _Child) -> None:
    """Close its stdin, which ends it; kill it when that takes too long."""
    await child.http.close()
    if child.process.stdin is not None:
        child.process.stdin.close()
    try:
        await asyncio.wait_for(child.process.wait(), _END_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.process.kill()
        await child.process.wait()
    _tidy(child.greeting, child.folder)


def _place() -> tuple[Path, Path | None]:
    """Where the socket goes: the data folder, or a folder of its own where that path is too long for a socket."""
    path = settings.current().data_dir.absolute() / f"translator-{os.getpid()}.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET and path.parent.is_dir():
        path.unlink(missing_ok=True)
        return path, None
    folder = Path(tempfile.mkdtemp(prefix="patchbay-"))
    return folder / "translator.sock", folder


def _tidy(greeting: Greeting, folder: Path | None) -> None:
    with contextlib.suppress(OSError):
        Path(greeting.socket).unlink(missing_ok=True)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _down(kind: ErrorKind) -> TranslatorDown:
    return TranslatorDown(_SENTENCES[kind], details={"kind": kind})


shared = Translator()
