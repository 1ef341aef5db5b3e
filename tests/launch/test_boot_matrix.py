"""What the launcher does with each meeting of keys and database: it serves, or it ends with 78 and the sentence that helps."""

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app import serve, settings
from tests.cli.test_commands import SECRET, done

OLD, NEW, OTHER = (base64.urlsafe_b64encode(bytes([number, *range(31)])).decode() for number in (1, 2, 3))
Change = Callable[[Path, pytest.MonkeyPatch], object]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in the middle of a rotation: NEW is active, a provider's key is still under OLD."""
    folder = tmp_path_factory.mktemp("origin") / "data"
    file = folder / "keys" / "master.key"
    file.parent.mkdir(mode=0o700, parents=True)
    file.touch(0o600)
    file.write_text(OLD)
    arguments = ("--data-dir", str(folder))
    done("provider", "add", "mine", "--preset", "groq", "--secret-stdin", *arguments, stdin=f"{SECRET}\n")
    done("master-key", "create", "--master-key-stdin", *arguments, stdin=NEW)
    done("master-key", "activate", *arguments)
    return folder


@pytest.fixture
def data(origin: Path, data_dir: Path) -> Path:
    for file in ("patchbay.db", "keys/master.key"):
        (data_dir / "keys").mkdir(mode=0o700, exist_ok=True)
        (data_dir / file).write_bytes((origin / file).read_bytes())
        (data_dir / file).chmod(0o600)
    return data_dir


def write(*keys: str) -> Change:
    return lambda data, _: (data / "keys" / "master.key").write_text("\n".join(keys))


def sql(statement: str) -> Change:
    import sqlite3
    from contextlib import closing

    def run(data: Path, _: pytest.MonkeyPatch) -> None:
        with closing(sqlite3.connect(data / "patchbay.db", isolation_level=None)) as connection:
            connection.execute(statement)

    return run


def another_user(_: Path, patch: pytest.MonkeyPatch) -> None:
    mine = os.geteuid()
    patch.setattr(os, "geteuid", lambda: mine + 1)


def another_source(_: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("PATCHBAY_MASTER_KEY", NEW)


def open_both(data: Path, _: pytest.MonkeyPatch) -> None:
    (data / "keys").chmod(0o755)
    (data / "keys" / "master.key").chmod(0o644)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            lambda data, _: (data / "keys" / "master.key").unlink(), "is missing, and this database is encrypted with it", id="no key"
        ),
        pytest.param(write(OTHER), "This database expects the master key", id="other keys only"),
        pytest.param(write(OLD), "This database expects the master key", id="the key of before"),
        pytest.param(write(NEW), "which is not loaded. Add it to", id="an older key is missing"),
        pytest.param(sql("UPDATE crypto_key SET canary = substr(canary, 1, 200)"), "does not open this database", id="a damaged canary"),
        pytest.param(sql("UPDATE instance SET instance_id = 'x'"), "does not open this database", id="another installation"),
        pytest.param(lambda data, _: (data / "keys" / "master.key").chmod(0o640), "chmod 600", id="readable for a group"),
        pytest.param(open_both, "chmod 700", id="a folder and a file that others read"),
        pytest.param(another_user, "chown", id="a foreign owner"),
        pytest.param(another_source, "Two key sources disagree", id="two sources"),
        pytest.param(write("A" * 43 + "="), "is a published example", id="a key of zeros"),
        pytest.param(write("nonsense"), "is not a master key", id="no key at all"),
    ],
)
def test_the_start_is_refused_with_78_and_what_helps(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], change: Change, words: str
) -> None:
    change(data, monkeypatch)
    settings.current.cache_clear()

    with pytest.raises(SystemExit) as ended:
        serve.prepare(settings.current(), allow_partial=False)

    said = capsys.readouterr().err
    assert ended.value.code == 78
    assert words in said
    assert len(said.strip().splitlines()) == 1
    assert not any(key in said for key in (OLD, NEW, OTHER))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data, _: None, id="all keys"),
        pytest.param(write(NEW, OLD), id="in another order"),
        pytest.param(lambda data, _: (data / "patchbay.db").unlink(), id="an empty database and keys"),
        pytest.param(lambda data, _: (data / "keys").chmod(0o755), id="a folder restored with another mode"),
    ],
)
def test_the_start_goes_on(data: Path, monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    change(data, monkeypatch)
    settings.current.cache_clear()

    serve.prepare(settings.current(), allow_partial=False)

    assert (data / "keys").stat().st_mode & 0o077 == 0
