"""Where master keys come from: the environment, a file named in it, or `<data>/keys/master.key`, which we can create.

A master key is a Fernet key: 32 bytes as 44 characters of base64url. Several are separated by commas or white space;
the first is the one a fresh database registers.
"""

import base64
import binascii
import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import KeyFileUnsafe, KeyMismatch, KeyMissing
from app.settings import Settings
from app.vault import s1

VARIABLES = ("PATCHBAY_MASTER_KEYS", "PATCHBAY_MASTER_KEY")
# Keys that can be read in our repository protect nothing: those of tests and of documentation, by id.
PUBLISHED = frozenset({"e2cd501263", "fcb248a469"})


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """Master keys by id and the words for where they are. `first` is what an empty database registers."""

    keys: dict[str, bytes]
    first: str
    source: str


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
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(s1.KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # link() refuses to replace: of two processes that start at once one creates the key and both use it.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    _sync_folder(path.parent)
    return _from_own_file(path)  # read back: what is used is what is on the disk


def forget_environment() -> None:
    """Take the keys out of this process's environment, so that no child inherits them."""
    for name in VARIABLES:
        os.environ.pop(name, None)


def environment_of_strangers() -> dict[str, str]:
    """This process's environment for a child that is not Patchbay (a build, a browser): without keys and passwords."""
    return {name: value for name, value in os.environ.items() if name not in (*VARIABLES, "PATCHBAY_DATABASE_URL")}


def _sources(settings: Settings) -> Iterator[Found]:
    texts = [text.get_secret_value() for text in (settings.master_keys, settings.master_key) if text is not None]
    if texts:
        yield _keys(",".join(texts), "the environment")
    named = settings.master_key_file
    if named is None and (folder := os.environ.get("CREDENTIALS_DIRECTORY")):  # systemd's LoadCredential=, not a setting of ours
        named = path if (path := Path(folder) / "master_key").exists() else None
    own = default_path(settings)
    if named is not None and named.absolute() != own:
        try:
            yield _keys(named.read_text("ascii", "replace"), str(named))
        except OSError as error:
            raise KeyMissing(f"The master key file {named} cannot be read: {error.strerror}.") from error
    if own.exists():
        yield _from_own_file(own)


def _from_own_file(path: Path) -> Found:
    """Read the key file of the data folder; refuse it when somebody else could have read it."""
    for place, widest in ((path.parent, 0o700), (path, 0o600)):
        state = place.stat()
        if state.st_uid != os.geteuid():
            raise KeyFileUnsafe(f"{place} belongs to another user. Run: chown {os.geteuid()} {place}")
        if state.st_mode & 0o777 & ~widest:
            raise KeyFileUnsafe(f"{place} can be read by others. Run: chmod {widest:o} {place}")
    try:
        return _keys(path.read_text("ascii", "replace"), str(path))
    except OSError as error:
        raise KeyFileUnsafe(f"{path} cannot be read: {error.strerror}. Run: chmod 600 {path}") from error


def _keys(text: str, source: str) -> Found:
    keys = [_key(word, source) for word in text.replace(",", " ").split()]
    if not keys:
        raise KeyFileUnsafe(f"There is no key in {source}. Restore it from your backup.")
    return Found({s1.kid_of(key): key for key in keys}, s1.kid_of(keys[0]), source)


def _key(word: str, source: str) -> bytes:
    try:
        key = base64.b64decode(word.encode(), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != s1.KEY_BYTES:
        raise KeyFileUnsafe(f"A key in {source} is not a master key: it must be 44 characters of base64url (32 bytes).")
    if len(set(key)) == 1 or s1.kid_of(key) in PUBLISHED:
        raise KeyFileUnsafe(f"A key in {source} is an example that everybody knows. Use a random one.")
    return key


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
