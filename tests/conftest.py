"""Fixtures that every room may use. A test's database is a copy of a migrated file: `work()` really commits."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app import settings
from app.domain.actor import Actor, ActorType, Role
from app.domain.secret import Secret
from app.storage import engine
from app.vault import envelope, ring, s1

pytest_plugins = ["tests.fixtures.upstream", "tests.fixtures.translated"]


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
    made = ring.Ring("00000000-0000-7000-8000-000000000001", {s1.kid_of(key): key}, active=s1.kid_of(key))
    own = {name: Secret(bytes([index + 1] * 32).hex()) for index, name in enumerate(ring.SYSTEM_KEYS)}
    made.unlock({name: envelope.seal(made, secret, ring.system_binding(name)) for name, secret in own.items()})
    ring.install(made)
    yield made
    ring.install(None)


@pytest.fixture
async def db(data_dir: Path, migrated: Path, vault: ring.Ring) -> AsyncIterator[Path]:
    """An open, migrated, empty database of this test, with a vault so that changes can be audited."""
    path = data_dir / "patchbay.db"
    shutil.copy(migrated, path)
    engine.open(settings.current().url)
    yield path
    await engine.close()


@pytest.fixture
def actor() -> Actor:
    """An admin at a keyboard."""
    return Actor(ActorType.USER, "01900000-0000-7000-8000-00000000000a", "Ada", Role.ADMIN, ip="127.0.0.1", request_id="req-test")
