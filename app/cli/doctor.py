"""`patchbay doctor`: everything that can stand in the way, looked at without changing anything."""

import asyncio
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from app import logs, settings
from app.claim import local_address, port_problem, serving, unusable
from app.cli import reaching, telling
from app.domain.actor import Actor, ActorType, Role
from app.domain.errors import PatchbayError
from app.domain.keyring import KeyringStatus, MasterKeyState, Worker

State = Literal["ok", "warn", "fail"]
SAFE_SQLITE = (3, 51, 3)
ROOM_BYTES = 200 * 2**20
FULL_BYTES = 2**20
BUILT = datetime(2026, 1, 1, tzinfo=UTC)  # a clock before this is wrong
_AUDIT_ADVICE = (
    "This was done by a person or program with write access to the database: change its password, and compare with your newest backup."
)
_DOCTOR = Actor(ActorType.CLI, "cli:doctor", "doctor", Role.VIEWER)


@dataclass(frozen=True)
class Found:
    """One thing that was looked at."""

    what: str
    state: State
    sentence: str


def examine() -> list[Found]:
    """Look at everything. Creates no folder, key or database."""
    looks: list[tuple[str, Callable[[], Iterable[Found]]]] = [
        ("Versions", _versions),
        ("Settings", _settings),
        ("Data folder", _folder),
        ("Port", _port),
        ("Public address", _public),
        ("Presets", _presets),
        ("Pages", _pages),
        ("Translator", lambda: [asyncio.run(_translator())]),
        ("Database", lambda: asyncio.run(_data())),
    ]
    return [found for what, look in looks for found in _seen(what, look)]


def _seen(what: str, look: Callable[[], Iterable[Found]]) -> Iterator[Found]:
    """What one look finds. One that cannot look says so: the others are needed all the more."""
    try:
        yield from look()
    except OSError as error:
        yield Found(what, "fail", unusable(settings.current().data_dir, error))
    except PatchbayError as error:
        yield Found(what, "fail", error.message)
    except Exception as error:  # noqa: BLE001 - told by its kind; the text of an unforeseen error could hold anything
        yield Found(what, "fail", f"It could not be looked at ({logs.kind(error)}); please report it.")


def _settings() -> Iterator[Found]:
    for sentence in settings.unread():
        yield Found("Settings", "warn", sentence)


def _versions() -> Iterator[Found]:
    python = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Found("Python", "ok" if fits else "warn", f"{python}." if fits else f"{python}; tested with 3.11 to 3.13.")
    if not settings.current().database_url:
        older = "" if sqlite3.sqlite_version_info >= SAFE_SQLITE else "; older than 3.51.3, so the rollback journal is used instead of WAL"
        yield Found("SQLite", "ok", f"{sqlite3.sqlite_version}{older}.")
    now = datetime.now(UTC)
    yield Found(
        "Clock", "ok" if now > BUILT else "fail", f"{now:%Y-%m-%d %H:%M} UTC." if now > BUILT else "The clock is years behind. Set it."
    )


def _folder() -> Iterator[Found]:
    folder = settings.current().data_dir
    if not folder.is_dir():
        yield Found("Data folder", "warn", f"{folder} does not exist yet; the first start creates it.")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        yield Found("Data folder", "fail", f"{folder} cannot be written by this user. Give it to the user that runs Patchbay (chown).")
    elif mode & 0o077:
        yield Found("Data folder", "warn", f"Other users of this machine can read it. Run: chmod 700 {folder}")
    else:
        yield Found("Data folder", "ok", f"{folder.absolute()}.")
    yield _disk(shutil.disk_usage(folder).free)
    database = folder / "patchbay.db"
    if database.exists() and stat.S_IMODE(database.stat().st_mode) & 0o077:
        yield Found("Database file", "warn", f"Other users of this machine can read it. Run: chmod 600 {database}")
    keys = folder / "keys" / "master.key"
    if keys.exists():
        yield _key_file(keys)


def _disk(free: int) -> Found:
    if free < FULL_BYTES:
        return Found("Disk", "fail", f"It is full: {free // 2**10} KiB are free. Make room on it; nothing can be saved until then.")
    return Found("Disk", "ok" if free > ROOM_BYTES else "warn", f"{free // 2**20} MiB free.")


def _key_file(file: Path) -> Found:
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        return Found("Key file", "fail", f"Other users of this machine can read it. Run: chmod 600 {file}")
    return Found("Key file", "ok", f"{file.absolute()}. Keep a copy apart from the database; each is useless without the other.")


def _forwarded(worker: Worker) -> Found:
    """A proxy that we were not told of makes one address of all visitors, and wrong passwords are counted for each address."""
    known = settings.current().trusted_proxies
    return Found(
        "Proxy",
        "warn",
        f"X-Forwarded-For arrived from {worker.forwarded_by} at {worker.forwarded_at:%Y-%m-%d %H:%M} UTC and was ignored, because "
        f"PATCHBAY_TRUSTED_PROXIES is {known}. If that is your reverse proxy, set PATCHBAY_TRUSTED_PROXIES to the number of proxies and "
        "restart: until then all visitors count as one address. If it is not, a visitor sent the header; nothing needs to change.",
    )


def _recovery_kit(status: KeyringStatus) -> Found:
    """Whether somebody said that the key is kept, and whether one broken disk takes key and database together."""
    kept = any(key.state is MasterKeyState.ACTIVE and key.kit_acknowledged_at for key in status.keys)
    if not kept:
        return Found(
            "Recovery kit", "warn", "The recovery kit is not confirmed as stored safely. In the console, open Encryption and save it."
        )
    current = settings.current()
    key, database = current.data_dir / "keys" / "master.key", current.data_dir / "patchbay.db"
    if key.exists() and database.exists() and key.stat().st_dev == database.stat().st_dev:
        return Found(
            "Recovery kit",
            "warn",
            "Stored safely. Key and database are on one volume: anyone who copies it has both. See docs/master-key.md",
        )
    return Found("Recovery kit", "ok", "Stored safely, as an admin confirmed.")


def _port() -> Iterator[Found]:
    """The port of the console that is running, whatever it was given; where none is, the one that the next start would take."""
    current = settings.current()
    if (running := serving(current.data_dir)) is None:
        problem = port_problem(current.host, current.port)
        yield Found("Port", "warn", problem) if problem else Found("Port", "ok", f"{current.host}:{current.port} is free.")
    elif not running.port:
        yield Found("Port", "ok", "Patchbay is running on this data folder.")
    else:
        at = f"{running.host}:{running.port}"
        local = local_address(running.host, running.port)
        if reaching.is_ready(local):
            yield Found("Port", "ok", f"Patchbay is running on this data folder, at {at} (process {running.pid}).")
        else:
            yield Found(
                "Port", "fail", f"Patchbay is running at {at} (process {running.pid}), but it is not ready. Look at {local}/health/ready"
            )


def _public() -> Iterator[Found]:
    """Whether a page of the public address gets its websocket. Only where a console runs that could answer."""
    current = settings.current()
    if current.public_url and serving(current.data_dir) is not None:
        yield Found("Public address", *reaching.look(current.public_url.rstrip("/")))


def _presets() -> Iterator[Found]:
    from app import presets

    try:
        known = len(presets.all_())
    except presets.BadPreset as error:
        yield Found("Presets", "fail", f"A preset cannot be used. {error}")
    else:
        yield Found("Presets", "ok", f"{known} known providers.")


def _pages() -> Iterator[Found]:
    from app.ui.build import bundle

    sentences: dict[str, tuple[State, str]] = {
        "ready": ("ok", "Built for this version."),
        "missing": ("warn", "Not built yet. Run: patchbay build"),
        "stale": ("warn", "Built from another version. Run: patchbay build"),
    }
    yield Found("Pages", *sentences[bundle.state()])


async def _translator() -> Found:
    """Start one of our own, and end it."""
    from app.upstream import translator

    keeper = translator.Translator()
    try:
        await keeper.ready()
    except PatchbayError as error:
        return Found("Translator", "warn", f"{error.message} OpenAI-compatible providers work without it.")
    else:
        seconds = float(str(keeper.status()["start_ms"])) / 1000
        return Found("Translator", "ok", f"It starts, in {seconds:.1f} s. Anthropic, Bedrock (Converse) and Azure deployments need it.")
    finally:
        await keeper.close()


async def _data() -> list[Found]:
    current = settings.current()
    if not current.database_url and not (current.data_dir / "patchbay.db").is_file():
        return [Found("Database", "warn", "It does not exist yet; the first start creates it.")]
    from app.storage.database import engine

    try:
        server = await asyncio.to_thread(engine.describe, current.url)
        engine.open(current.url)
        try:
            known = [Found("Database server", "ok", server)] if server else []
            return known + [found async for found in _database()]
        finally:
            await engine.close()
    except PatchbayError as error:
        return [Found("Database", "fail", error.message)]


async def _database() -> AsyncIterator[Found]:
    from app.services import audit, damage, heartbeats, keyring
    from app.storage.database import inspection, migration

    await inspection.check_schema()
    stands, newest = await inspection.schema_version(), migration.newest()
    if stands != newest:
        yield Found("Database", "warn", f"The schema is {stands or 'empty'}, this version needs {newest}; the next start updates it.")
        return
    yield Found("Database", "ok", f"Schema {stands}, as this version needs it.")
    if orphans := await inspection.orphans():
        yield Found("Database rows", "fail", f"{orphans} The next start refuses them. Restore a backup.")
    try:
        await keyring.open_ring(keep_environment=True)
    except PatchbayError as error:
        yield Found("Master key", "fail", error.message)
        return
    status = await keyring.status(_DOCTOR)
    yield Found("Master key", "ok", f"Loaded from {status.source}; it opens this database.")
    yield _recovery_kit(status)
    damaged = await damage.find(_DOCTOR)
    for found in damaged:
        yield Found("Stored secrets", "fail", found.sentence)
    if not damaged:
        yield Found("Stored secrets", "ok", "Every one of them opens.")
    for worker in await heartbeats.alive(_DOCTOR):
        if worker.forwarded_at is not None:
            yield _forwarded(worker)
    verdict = await audit.verify(_DOCTOR)
    if verdict.first_bad is None:
        yield Found("Audit log", "ok", f"{verdict.checked} entries, whole and unchanged; its triggers are in place.")
    else:
        yield Found("Audit log", "fail", f"Entry {verdict.first_bad} is not valid: {verdict.reason}. {_AUDIT_ADVICE}")
    for row in verdict.refused:
        yield Found("Accounts and keys", "fail", telling.refusal(row.model_dump()))
    page = await audit.page(_DOCTOR, limit=1)
    if page.items and page.items[0].at > datetime.now(UTC) + timedelta(minutes=5):
        yield Found("Clock", "fail", "The newest audit entry is in the future: the clock was set back.")
