"""Fixtures that every room may use. A test's database is real and migrated, SQLite and PostgreSQL: `work()` really commits."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app import settings
from app.domain.actor import Actor, ActorType, Role
from app.domain.secret import Secret
from app.relay import rate_limit
from app.storage.database import engine
from app.vault import envelope, passwords, ring, sealed_format
from tests.fixtures import compiled, databases, hashing, postgres
from tests.fixtures.databases import Database, Postgres, Sqlite

pytest_plugins = ["tests.fixtures.upstream", "tests.fixtures.translated", "tests.fixtures.planted_auth"]


# Files that take longest; begun last, they would keep one worker busy after the others have ended.
LONGEST = (
    "browser/test_every_page",
    "browser/test_every_dialog",
    "canaries/test_sweep",
    "browser/test_insides",
    "browser/",
    "journeys/",
    "gateway/test_native",
    "launch/",
    "upstream/auth/",
    "storage/test_engine",
)


# Rooms above the one that has the SQL; what differs between databases is met below them. On PostgreSQL they run in `make soak`.
EDGES = ("tests/ui/", "tests/api/", "tests/gateway/")


def pytest_sessionstart() -> None:
    compiled.share()
    hashing.cheapen()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first; everything else stays in its order. Edges meet the second database in `make soak`."""
    for item in items:
        kinds = {mark.args[1][0] for mark in item.iter_markers("parametrize") if mark.args[0] == "kind"}
        is_second = getattr(item, "callspec", None) is not None and item.callspec.params.get("kind") == "postgres"  # type: ignore[attr-defined]
        if is_second and not kinds and item.nodeid.startswith(EDGES):
            item.add_marker(pytest.mark.soak)

    def rank(item: pytest.Item) -> int:
        return next((number for number, part in enumerate(LONGEST) if part in item.nodeid), len(LONGEST))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database nobody writes to."""
    path = tmp_path_factory.mktemp("migrated") / "patchbay.db"
    engine.migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of this test; the settings of the process point to it."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("PATCHBAY_DATA_DIR", str(folder))
    settings.current.cache_clear()
    yield folder
    settings.current.cache_clear()


@pytest.fixture
def vault() -> Iterator[ring.Ring]:
    """A ring with a throw-away master key and throw-away keys of our own, installed for this test."""
    key = bytes(range(1, 33))
    made = ring.Ring("00000000-0000-7000-8000-000000000001", {sealed_format.kid_of(key): key}, active=sealed_format.kid_of(key))
    own = {name: Secret(bytes([index + 1] * 32).hex()) for index, name in enumerate(ring.SYSTEM_KEYS)}
    made.unlock({name: envelope.seal(made, secret, ring.system_binding(name)) for name, secret in own.items()})
    ring.install(made)
    yield made
    ring.install(None)


@pytest.fixture(params=databases.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Every test with a database runs on both, unless `only_sqlite` or `only_postgres` says otherwise; edges meet the second in
    `make soak` alone."""
    return request.param


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """The PostgreSQL of this run, shared by its workers."""
    running, held = postgres.shared(os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid())))
    yield running
    os.close(held)


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    """A running PostgreSQL of this module alone, which may be stopped and started."""
    made = postgres.Cluster()
    made.start()
    yield made
    made.remove()


@pytest.fixture(scope="session")
def emptied(postgresql: postgres.Server) -> Iterator[Postgres]:
    """The PostgreSQL database of this worker."""
    yield from databases.kept(postgresql, os.environ.get("PYTEST_XDIST_WORKER", "test"))


@pytest.fixture
def blank(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of this test without anything in it."""
    if kind == "sqlite":
        yield Sqlite(tmp_path / "blank" / "patchbay.db")
    else:
        yield from databases.blank(request.getfixturevalue("postgresql"), tmp_path.name)


@pytest.fixture
def stored(kind: str, data_dir: Path, migrated: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A migrated, empty database of this test that nobody opened yet; the settings point to it."""
    if kind == "sqlite":
        return databases.sqlite_copy(migrated, data_dir)
    database: Postgres = request.getfixturevalue("emptied")
    database.reset()
    monkeypatch.setenv("PATCHBAY_DATABASE_URL", database.url)
    settings.current.cache_clear()
    return database


@pytest.fixture
async def db(stored: Database, vault: ring.Ring) -> AsyncIterator[Database]:
    """The same, open, with a vault so that changes can be audited."""
    engine.open(settings.current().url)
    yield stored
    await engine.close()


@pytest.fixture
def dear_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as the product does it."""
    for name, dear in hashing.DEAR.items():
        monkeypatch.setattr(passwords, name, dear)


@pytest.fixture
def actor() -> Actor:
    """An admin at a keyboard, who has tested nothing in the last minute."""
    rate_limit._recent.clear()
    return Actor(ActorType.USER, "01900000-0000-7000-8000-00000000000a", "Ada", Role.ADMIN, ip="127.0.0.1", request_id="req-test")
