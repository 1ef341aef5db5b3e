"""What a driver's error means: one of ours, with a sentence that says what to do. Statements and values stay out of it."""

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.domain.errors import DiskFull, StorageDamaged, StorageError, StorageReadOnly, StorageUnavailable

_FULL = "The disk of the database is full. Nothing was changed. Free up space; Patchbay then continues automatically."
_READ_ONLY = "The database cannot be written. Nothing was changed. Give the user that runs Patchbay write access to it and its folder."
_DAMAGED = "The database is damaged. Stop Patchbay and restore it from a backup."
_DISK = "The disk of the database reports an error. Nothing was changed. Check the disk, its quota and its free space."
_LOCKED = "Another program keeps the database locked. Nothing was changed. Close that program, or try again in a moment."
_AWAY = "The database does not respond or cannot be written. Nothing was changed; try again."
# What SQLite calls it, the beginning of its name → what it is.
_SQLITE: tuple[tuple[str, type[StorageError], str], ...] = (
    ("SQLITE_FULL", DiskFull, _FULL),
    ("SQLITE_READONLY", StorageReadOnly, _READ_ONLY),
    ("SQLITE_PERM", StorageReadOnly, _READ_ONLY),
    ("SQLITE_CANTOPEN", StorageReadOnly, _READ_ONLY),
    ("SQLITE_IOERR", StorageReadOnly, _DISK),
    ("SQLITE_CORRUPT", StorageDamaged, _DAMAGED),
    ("SQLITE_NOTADB", StorageDamaged, _DAMAGED),
    ("SQLITE_BUSY", StorageUnavailable, _LOCKED),
    ("SQLITE_LOCKED", StorageUnavailable, _LOCKED),
)
# SQLSTATE → what it is.
_POSTGRES: dict[str, tuple[type[StorageError], str]] = {
    "53100": (DiskFull, _FULL),
    "25006": (
        StorageReadOnly,
        "The database is read-only, as a standby is. Nothing was changed. Point PATCHBAY_DATABASE_URL to the primary.",
    ),
    "XX001": (StorageDamaged, _DAMAGED),
    "XX002": (StorageDamaged, _DAMAGED),
}


def of(error: DBAPIError | PoolTimeout) -> StorageError:
    """The error to raise instead of this one."""
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error):
        name = getattr(original, "sqlite_errorname", "")  # an error that the driver makes itself has none
        for beginning, kind, sentence in _SQLITE:
            if name.startswith(beginning):
                return kind(sentence)
    kind, sentence = _POSTGRES.get(getattr(original, "sqlstate", None) or "", (StorageUnavailable, _AWAY))
    return kind(sentence)
