"""Where master keys come from: the environment, a file named in it, or `<data>/keys/master.key`, which we can create.

A master key is a Fernet key: 32 bytes as 44 characters of base64url. Several are separated by commas or white space;
the first is the one a fresh database registers.
"""

import base64
import binascii
import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from app.domain.errors import KeyFileUnsafe, KeyMismatch, KeyMissing
from app.settings import Settings
from app.vault import sealed_format

VARIABLES = ("PATCHBAY_MASTER_KEYS", "PATCHBAY_MASTER_KEY")
# Keys that can be read in our repository protect nothing: those of tests and of documentation, by id.
PUBLISHED = frozenset({"e2cd501263", "fcb248a469"})


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """Master keys by id and the words for where they are. `first` is what an empty database registers.

    `file` is None for the environment; `is_ours` says that it is the file of the data folder, which we write.
    """

    keys: dict[str, bytes]
    first: str
    source: str
    file: Path | None = None
    is_ours: bool = False


def default_path(settings: Settings) -> Path:
    """The key file of the embedded default."""
    return settings.data_dir.absolute() / "keys" / "master.key"


def find(settings: Settings) -> Found | None:
    """The first source that has keys, None when there is none.

    Raises `KeyMismatch` when a later source holds a key the first does not know, `KeyMissing` when a file that was named
    is not there, `KeyFileUnsafe` when a key is unusable or the key file is readable for others.
    """
    found = list(_sources(settings))
    if not found:
        return None
    first = found[0]
    for other in found[1:]:
        if strangers := sorted(other.keys.keys() - first.keys.keys()):
            raise KeyMismatch(
                f"Two key sources disagree: {first.source} has {', '.join(sorted(first.keys))}, {other.source} has "
                f"{', '.join(strangers)}. Remove one, or put both keys into the first.",
                details={"found": sorted(first.keys), "strangers": strangers},
            )
    return first


def create(path: Path) -> Found:
    """Generate a key and make it durable before anything is sealed with it. A key that is there already wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(path):
        if not path.exists():  # of two processes that start at once one creates the key and both use it
            _replace(path, [os.urandom(sealed_format.KEY_BYTES)])
    return _from_own_file(path)  # read back: what is used is what is on the disk


def close_folder(settings: Settings) -> None:
    """Close the folder of our key file when it was restored wider than it was. The file itself must have been closed: then nobody
    can have read the key. One that was open stays as it is, and whoever reads it refuses."""
    file = default_path(settings)
    try:
        folder, key = file.parent.stat(), file.stat()
    except FileNotFoundError:
        return
    if folder.st_uid == os.geteuid() and folder.st_mode & 0o077 and not key.st_mode & 0o077:
        file.parent.chmod(0o700)


def make() -> str:
    """A new master key as it is written down: 44 characters."""
    return base64.urlsafe_b64encode(os.urandom(sealed_format.KEY_BYTES)).decode()


def read_key(word: str, source: str) -> tuple[str, bytes]:
    """(id, key) of one written key. Raises `KeyFileUnsafe` when it is unusable; the message never repeats it."""
    key = _key(word.strip(), source)
    return sealed_format.kid_of(key), key


def written(found: Found, kid: str) -> str:
    """A key as it is written down, for a recovery kit."""
    return base64.urlsafe_b64encode(found.keys[kid]).decode()


def append(path: Path, key: bytes) -> Found:
    """Add a key behind those of our own file, durable before anything is sealed with it. One that is there already stays."""
    with _rewriting(path) as found:
        if sealed_format.kid_of(key) not in found.keys:
            _replace(path, [*found.keys.values(), key])
    return _from_own_file(path)


def remove(path: Path, kid: str) -> Found:
    """Take a key out of our own file. Raises `KeyFileUnsafe` rather than leaving a file without any."""
    with _rewriting(path) as found:
        left = [key for name, key in found.keys.items() if name != kid]
        if not left:
            raise KeyFileUnsafe(f"{path} holds no other key. Nothing was removed.")
        if len(left) < len(found.keys):
            _replace(path, left)
    return _from_own_file(path)


def stamp(settings: Settings) -> tuple[object, ...]:
    """What differs when a key file was written anew. The environment of a process never changes."""
    found: list[object] = []
    for path in (_named(settings), default_path(settings)):
        with contextlib.suppress(OSError):
            state = path.stat() if path else None
            found.append((str(path), state.st_ino, state.st_mtime_ns, state.st_size) if state else None)
    return tuple(found)


def forget_environment() -> None:
    """Take the keys out of this process's environment, so that no child inherits them."""
    for name in VARIABLES:
        os.environ.pop(name, None)


def environment_of_strangers() -> dict[str, str]:
    """This process's environment for a child that is not Patchbay (a build, a browser): without keys and passwords."""
    ours = (*VARIABLES, "PATCHBAY_DATABASE_URL")
    return {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("PATCHBAY_SECRET_")}


def _sources(settings: Settings) -> Iterator[Found]:
    texts = [text.get_secret_value() for text in (settings.master_keys, settings.master_key) if text is not None]
    if texts:
        yield _keys(",".join(texts), "the environment")
    named, own = _named(settings), default_path(settings)
    if named is not None and named.absolute() != own:
        try:
            yield replace(_keys(named.read_text("ascii", "replace"), str(named)), file=named)
        except OSError as error:
            raise KeyMissing(f"The master key file {named} cannot be read: {error.strerror}.") from error
    if own.exists():
        yield _from_own_file(own)


def _named(settings: Settings) -> Path | None:
    """The file that somebody else keeps, if there is one."""
    if settings.master_key_file is not None:
        return settings.master_key_file
    folder = os.environ.get("CREDENTIALS_DIRECTORY")  # systemd's LoadCredential=, not a setting of ours
    return path if folder and (path := Path(folder) / "master_key").exists() else None


@contextlib.contextmanager
def _rewriting(path: Path) -> Iterator[Found]:
    """What our own file holds, while nobody else of us writes it."""
    with _alone(path):
        yield _from_own_file(path)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """No other process of ours writes this file meanwhile. Drafts of one that was killed hold keys: they go."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        for draft in path.parent.glob(f".{path.name}.*"):
            draft.unlink(missing_ok=True)
        yield
    finally:
        os.close(folder)


def _replace(path: Path, keys: list[bytes]) -> None:
    """Write beside, make durable, swap: whoever reads sees the old keys or the new ones, and so does a power cut."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(b"".join(base64.urlsafe_b64encode(key) + b"\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _from_own_file(path: Path) -> Found:
    """Read the key file of the data folder; refuse it when somebody else could have read it."""
    for place, widest in ((path.parent, 0o700), (path, 0o600)):
        state = place.stat()
        if state.st_uid != os.geteuid():
            raise KeyFileUnsafe(f"{place} belongs to another user. Run: chown {os.geteuid()} {place}")
        if state.st_mode & 0o777 & ~widest:
            raise KeyFileUnsafe(f"{place} can be read by other users. Run: chmod {widest:o} {place}")
    try:
        return replace(_keys(path.read_text("ascii", "replace"), str(path)), file=path, is_ours=True)
    except OSError as error:
        raise KeyFileUnsafe(f"{path} cannot be read: {error.strerror}. Run: chmod 600 {path}") from error


def _keys(text: str, source: str) -> Found:
    keys = [_key(word, source) for word in text.replace(",", " ").split()]
    if not keys:
        raise KeyFileUnsafe(f"There is no key in {source}. Restore it from your backup.")
    return Found({sealed_format.kid_of(key): key for key in keys}, sealed_format.kid_of(keys[0]), source)


def _key(word: str, source: str) -> bytes:
    try:
        key = base64.b64decode(word.encode(), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != sealed_format.KEY_BYTES:
        raise KeyFileUnsafe(f"A key in {source} is not a master key: it must be 44 characters of base64url (32 bytes).")
    if len(set(key)) == 1 or sealed_format.kid_of(key) in PUBLISHED:
        raise KeyFileUnsafe(f"A key in {source} is a published example. Use a random one.")
    return key


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
