"""What a serving process holds against a second one: its data folder and its port. Where it serves is written there, for `doctor`."""

import errno
import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from app.settings import Settings

EXIT_CONFIGURATION = 78
_LOCK = "serve.lock"
_STRANGE = "{host} is not an address of this machine. Choose one with --host, for example 127.0.0.1."


@dataclass(frozen=True)
class Serving:
    """A console that is running on a data folder. `port` is 0 where it did not say."""

    host: str
    port: int
    pid: int


def refuse(sentence: str) -> NoReturn:
    """Say why not, and end."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
    raise SystemExit(EXIT_CONFIGURATION)


@contextmanager
def claimed(settings: Settings) -> Iterator[None]:
    """Hold data folder and port against a second start. granian itself would share the port and take half of the requests."""
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        refuse(unusable(folder, error))
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            refuse(f"Patchbay is already running on the data folder {folder}. Stop that one, or choose another folder with --data-dir.")
        if problem := port_problem(settings.host, settings.port):
            refuse(problem)
        _say_where(lock, settings)
        yield
    finally:
        os.close(lock)


def _say_where(lock: int, settings: Settings) -> None:
    """Write into the lock where this process serves, for `doctor`."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps({"pid": os.getpid(), "host": settings.host, "port": settings.port}).encode(), 0)


def unusable(folder: Path, error: OSError) -> str:
    """Why the data folder, or what is in it, cannot be worked with, and what to do."""
    where = error.filename or folder
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"The disk of the data folder {folder} is full. Make room on it, and start again."
        case errno.EROFS:
            return f"The data folder {folder} lies on a disk that is mounted read-only. Choose another with --data-dir."
        case errno.ENOTDIR | errno.EEXIST:
            return f"{where} is a file, and Patchbay needs a folder there. Choose another with --data-dir."
        case errno.EISDIR:
            return f"{where} is a folder, and Patchbay needs a file there. Move it away, or choose another data folder with --data-dir."
        case errno.EACCES | errno.EPERM:
            other = "Give it to the user that runs Patchbay (chown), or choose another folder with --data-dir."
            return f"{where} cannot be used by this user: {error.strerror}. {other}"
        case _:
            return f"The data folder {folder} cannot be used: {error.strerror}. Choose another with --data-dir."


def port_problem(host: str, port: int) -> str:
    """Why this address cannot be listened on, as a sentence; "" when it can."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError:
        return _STRANGE.format(host=host)
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # not REUSEPORT: that would let two share it
        try:
            probe.bind(where)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                return _STRANGE.format(host=host)
            if error.errno in (errno.EACCES, errno.EPERM):
                return f"Port {port} on {host} needs rights that this user does not have. Choose one above 1023 with --port."
            return f"Port {port} on {host} cannot be used: {error.strerror}. Stop what is there, or choose another with --port."
    return ""


def local_address(host: str, port: int) -> str:
    """Where this machine itself reaches what listens there."""
    near = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{near}:{port}"


def serving(folder: Path) -> Serving | None:
    """Who serves this data folder, None when nobody does. Needs no right to write. Raises `OSError` when the folder cannot be read."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        # A shared lock, so that two who look do not see each other.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(os.pread(lock, 1_000, 0))
    finally:
        os.close(lock)
    return None


def _read(text: bytes) -> Serving:
    try:
        said = json.loads(text)
        return Serving(str(said["host"]), int(said["port"]), int(said["pid"]))
    except (ValueError, KeyError, TypeError):
        return Serving("", 0, 0)
