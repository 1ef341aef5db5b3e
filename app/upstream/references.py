"""Values that live outside: environment variables and mounted files that the operator allowed, read at use and kept for a moment.

Never another variable of this process, never a file outside the allowed folders, never the identity of the container, a master key
or the password of our own database, wherever they lie.
"""

import base64
import binascii
import os
import re
import stat
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app import settings
from app.domain.credentials import secret_rules
from app.domain.credentials.credential import Reference
from app.domain.error_kind import ErrorKind
from app.domain.errors import InvalidDraft, NoCredential, Reason
from app.domain.secret import Secret
from app.settings import Settings
from app.vault import ring, sealed_format

VARIABLE_PREFIX = "PATCHBAY_SECRET_"
LARGEST = 16_384  # bytes of a file
KEPT_SECONDS = 2.0
_NEVER_BELOW = tuple(map(Path, ("/proc", "/sys", "/dev")))
# What a cluster mounts beside the secrets by itself: whoever has it acts in our name there.
_IDENTITY = re.compile(r"/(kubernetes\.io|eks\.amazonaws\.com|azure/tokens|tokens/gcp-ksa)/")
_MOST_KEPT = 1_000

_kept: dict[tuple[str, bool], tuple[float, Secret]] = {}


def refused(reference: Reference) -> Reason | None:
    """Why no credential may point there, None when it may. Says nothing about whether there is a value."""
    if reference.env is not None:
        if _is_allowed_variable(reference.env):
            return None
        return Reason("place_variable", "Use a variable that starts with {prefix} or that the operator allowed.",
                      prefix=VARIABLE_PREFIX)  # fmt: skip
    if any(Path(reference.file or "").is_relative_to(folder) for folder in _folders()) and ".." not in Path(reference.file or "").parts:
        return None
    return Reason("place_folder", "Use a file in one of these folders: {folders}.", folders=", ".join(map(str, _folders())))


def resolve(reference: Reference, *, keep_scheme: bool = False) -> Secret:
    """The value, cleaned as if it had been typed. Raises `NoCredential` (kind reference) when there is none that can be used."""
    at, asked = time.monotonic(), (reference.text, keep_scheme)
    since, held = _kept.get(asked, (0.0, None))
    if held is not None and at - since < KEPT_SECONDS:
        return held
    try:
        if refused(reference):
            raise ValueError("this place is not allowed")
        text = os.environ.get(reference.env, "") if reference.env is not None else _read(Path(reference.file or ""))
        if _holds_master_key(text) or _opens_database(text):
            raise ValueError("what opens our own store is nobody's credential")
        is_document = text.lstrip().startswith("{")  # a service account's file; where a line is wanted it is refused on its way out
        secret = secret_rules.clean(Secret(text), field="reference", keep_scheme=keep_scheme, blanks=True, multiline=is_document)
        if not secret:
            raise ValueError("there is nothing")
    except (OSError, ValueError, InvalidDraft) as error:
        _kept.pop(asked, None)
        raise unusable(reference) from error
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[asked] = at, secret
    return secret


def unusable(reference: Reference) -> NoCredential:
    """The error for a place without a value that could be sent."""
    sentence = "The source of this provider's key has no usable value. Set it there, or enter the key."
    return NoCredential(sentence, details={"kind": ErrorKind.REFERENCE, "place": reference.text})


def forget() -> None:
    """Read every place anew at its next use."""
    _kept.clear()


def _is_allowed_variable(name: str) -> bool:
    """Our own settings are nobody's credential, even when somebody lists them."""
    listed = {word.strip() for word in settings.current().reference_variables.split(",")}
    return (name.startswith(VARIABLE_PREFIX) or name in listed) and name not in {f"PATCHBAY_{f.upper()}" for f in Settings.model_fields}


def _folders() -> list[Path]:
    """Where files may lie, as the operator wrote them."""
    current = settings.current()
    listed = [Path(word.strip()) for word in current.reference_folders.split(",") if word.strip()]
    return [folder for folder in listed if folder.is_absolute()] or [Path("/run/secrets"), current.data_dir.absolute() / "secrets"]


def _read(path: Path) -> str:
    """A regular file that lies in an allowed folder once every link is followed. Blocks for a small file on a local disk."""
    real = path.resolve(strict=True)
    if not any(real.is_relative_to(folder.resolve()) for folder in _folders()) or any(real.is_relative_to(place) for place in _NEVER_BELOW):
        raise ValueError("it leads out of the folders")
    if _IDENTITY.search(str(real)):
        raise ValueError("an identity of this container")
    handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not hold the loop
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or state.st_size > LARGEST:
            raise ValueError("not a small file")
        return os.read(handle, LARGEST).decode()
    finally:
        os.close(handle)


def _holds_master_key(text: str) -> bool:
    """Recognised by what it is, not by where it lies: a container mounts the master key right beside the others."""
    for word in text.replace(",", " ").split():
        try:
            key = base64.b64decode(word.encode(), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            continue
        if len(key) == sealed_format.KEY_BYTES and sealed_format.kid_of(key) in ring.current().kids:
            return True
    return False


def _opens_database(text: str) -> bool:
    """The address of our own database or its password, which containers mount in the same folder."""
    url = settings.current().database_url
    password = unquote(urlsplit(url).password or "")
    return (bool(url) and url in text) or (bool(password) and password == text.strip())
