"""Everything that can stand in the way of a start: each is one sentence that says what to do, exit code 78 and no traceback; and the
doctor comes to its end and names it."""

import json
import logging
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app import claim, serve
from app.cli import doctor
from app.ui.build import bundle
from tests.cli.test_commands import SECRET, done, patchbay
from tests.fixtures.rights import ordinary
from tests.fixtures.running import free_port

ORPHAN = "INSERT INTO credential_secret (credential_id, field, value, hint, fingerprint, updated_at) VALUES ('no', 'a', '', '', '', 0)"


@dataclass(frozen=True)
class Fault:
    """`plant` breaks a sound data folder. `words` stand in the refusal; `found` in what the doctor finds, where the doctor can know."""

    plant: Callable[[Path], object] = lambda data: None
    words: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


def sql(statement: str) -> Callable[[Path], object]:
    def run(data: Path) -> None:
        with closing(sqlite3.connect(data / "patchbay.db", isolation_level=None)) as connection:
            connection.execute(statement)

    return run


def write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda data: (data / name).write_bytes(content)


def as_file(data: Path) -> None:
    shutil.rmtree(data)
    data.write_text("a file where a folder belongs")


def as_folder(data: Path) -> None:
    (data / "patchbay.db").unlink()
    (data / "patchbay.db").mkdir()


def mode(name: str, bits: int) -> Callable[[Path], object]:
    return lambda data: (data / name).chmod(bits)


FAULTS = {
    "a folder that cannot be written": Fault(mode(".", 0o500), ("cannot be used by this user", "chown"), ("cannot be written",)),
    "a file where the folder belongs": Fault(as_file, ("is a file", "--data-dir")),
    "a folder where the database belongs": Fault(as_folder, ("patchbay.db is a folder", "Move it away")),
    "a database that cannot be written": Fault(mode("patchbay.db", 0o400), ("patchbay.db cannot be used by this user", "chown")),
    "a key that cannot be read": Fault(mode("keys", 0o000), ("keys",)),
    "a damaged database": Fault(write("patchbay.db", b"no database" * 900), ("damaged", "backup"), ("damaged",)),
    "a database that was cut": Fault(
        lambda data: (data / "patchbay.db").write_bytes((data / "patchbay.db").read_bytes()[:9_000]), ("damaged", "backup"), ("damaged",)
    ),
    "a row that refers to nothing": Fault(sql(ORPHAN), ("credential_secret row", "credential_id", "backup"), ("credential_secret row",)),
    "a newer schema": Fault(sql("UPDATE alembic_version SET version_num = '9999'"), ("newer version", "Install"), ("newer version",)),
    "a table of another program": Fault(
        sql("DROP TABLE alembic_version"), ("tables that are not", "PATCHBAY_DATABASE_URL"), ("tables that are not",)
    ),
    "a number that is none": Fault(words=("PATCHBAY_PORT", "integer", ".env.example"), environment={"PATCHBAY_PORT": "87oo"}),
    "a number out of range": Fault(words=("PATCHBAY_PORT", "65535"), environment={"PATCHBAY_PORT": "70000"}),
    "a port of a cluster": Fault(words=("PATCHBAY_PORT", "enableServiceLinks"), environment={"PATCHBAY_PORT": "tcp://10.0.0.1:8700"}),
    "an address without a scheme": Fault(words=("PATCHBAY_PUBLIC_URL", "https://"), environment={"PATCHBAY_PUBLIC_URL": "llm.example.com"}),
    "a path of our own": Fault(words=("PATCHBAY_PUBLIC_URL", "/api"), environment={"PATCHBAY_PUBLIC_URL": "https://x.example/api"}),
    "a database address that is none": Fault(words=("PATCHBAY_DATABASE_URL",), environment={"PATCHBAY_DATABASE_URL": "mysql://x/y"}),
    "a host of another machine": Fault(words=("192.0.2.1", "--host"), environment={"PATCHBAY_HOST": "192.0.2.1"}),
    "a name that is no host": Fault(words=("nowhere.invalid", "--host"), environment={"PATCHBAY_HOST": "nowhere.invalid"}),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a provider."""
    folder = tmp_path_factory.mktemp("sound") / "data"
    done("provider", "add", "mine", "--preset", "groq", "--secret-stdin", "--data-dir", str(folder), stdin=f"{SECRET}\n")
    return folder


@pytest.fixture
def data(sound: Path, tmp_path: Path) -> Iterator[Path]:
    copied = tmp_path / "data"
    shutil.copytree(sound, copied)
    copied.chmod(0o700)
    yield copied
    for place in (copied, copied / "keys"):
        if place.is_dir():
            place.chmod(0o700)


@contextmanager
def never_served(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def serving(*_: object, **__: object) -> None:
        raise AssertionError("it was served")

    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    handlers, level = root.handlers[:], root.level
    with monkeypatch.context() as patch, ordinary():
        patch.setattr(serve, "_serve", serving)
        patch.setattr(bundle, "state", lambda: "ready")
        yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.setLogRecordFactory(factory)


@pytest.mark.parametrize("name", FAULTS)
def test_the_start_is_refused_in_one_sentence(
    data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    fault = FAULTS[name]
    fault.plant(data)

    with never_served(monkeypatch):
        run = patchbay("serve", "--no-browser", "--data-dir", str(data), **({"PATCHBAY_PORT": str(free_port())} | fault.environment))

    said = run.stderr + capfd.readouterr().err
    assert run.returncode == 78, run.stdout + said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1, said
    assert [word for word in fault.words if word not in said] == [], said


async def nothing() -> doctor.Found:
    return doctor.Found("Translator", "ok", "")


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.environment])
def test_the_doctor_comes_to_its_end_whatever_is_broken(data: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    fault = FAULTS[name]
    fault.plant(data)

    with never_served(monkeypatch):
        if name != "a folder that cannot be written":  # the translator has its socket there, and takes seconds to start
            monkeypatch.setattr(doctor, "_translator", nothing)
        run = patchbay("doctor", "--json", "--data-dir", str(data))

    assert "Traceback" not in run.stdout + run.stderr
    found = json.loads(run.stdout)["items"]
    told = " ".join(each["sentence"] for each in found if each["state"] != "ok")
    assert "could not be looked at" not in told
    assert [word for word in fault.found if word not in told] == [], told
    assert {"Python", "Clock", "Pages", "Presets"} <= {each["what"] for each in found}


def test_a_sound_folder_is_refused_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with never_served(monkeypatch), pytest.raises(AssertionError, match="it was served"):
        patchbay("serve", "--no-browser", "--data-dir", str(data), PATCHBAY_PORT=str(free_port()))


def test_a_misspelled_setting_is_named_with_the_one_that_was_meant(data: Path) -> None:
    around = {
        "PATCHBAY_PUBLIC_ULR": "https://x.example",
        "PATCHBAY_WHATEVER_THIS": "1",
        "PATCHBAY_SECRET_GROQ": "x",
        "PATCHBAY_SERVICE_HOST": "10.0.0.1",
        "PATCHBAY_PORT_8700_TCP": "tcp://10.0.0.1:8700",
    }

    told = [
        f["sentence"]
        for f in json.loads(patchbay("doctor", "--json", "--data-dir", str(data), **around).stdout)["items"]
        if f["what"] == "Settings"
    ]

    assert told == [
        "PATCHBAY_PUBLIC_ULR is no setting of Patchbay and is not read. Did you mean PATCHBAY_PUBLIC_URL?",
        "PATCHBAY_WHATEVER_THIS is no setting of Patchbay and is not read. .env.example lists all of them.",
    ]


def test_the_doctor_looks_at_the_port_that_is_served_whatever_the_settings_say(data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        lock = (data / "serve.lock").open("w")
        claim.fcntl.flock(lock, claim.fcntl.LOCK_EX)
        lock.write(json.dumps({"pid": 4711, "host": "127.0.0.1", "port": port}))
        lock.flush()

        found = {f["what"]: f for f in json.loads(patchbay("doctor", "--json", "--data-dir", str(data)).stdout)["items"]}
        lock.close()

    assert found["Port"]["state"] == "fail"  # what listens there is not a Patchbay that is ready
    assert f"127.0.0.1:{port} (process 4711)" in found["Port"]["sentence"]
