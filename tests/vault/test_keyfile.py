"""Keys come from one place, are made durable before use and are refused when others could read them."""

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.domain.errors import KeyFileUnsafe, KeyMismatch, KeyMissing
from app.settings import Settings
from app.vault import keyfile, sealed_format


def key(number: int) -> str:
    return base64.urlsafe_b64encode(bytes([number, *range(31)])).decode()


def kid(number: int) -> str:
    return sealed_format.kid_of(bytes([number, *range(31)]))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "master.key"


def options(tmp_path: Path, **values: object) -> Settings:
    return Settings(data_dir=tmp_path, **values)  # type: ignore[arg-type] # pydantic converts


def test_nothing_anywhere_is_no_key(tmp_path: Path) -> None:
    assert keyfile.find(options(tmp_path)) is None


def test_a_created_key_is_private_durable_and_read_back(tmp_path: Path, own: Path) -> None:
    made = keyfile.create(own)
    found = keyfile.find(options(tmp_path))

    assert found is not None
    assert (found.keys, found.first, found.source) == (made.keys, made.first, str(own))
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert stat.S_IMODE(own.parent.stat().st_mode) == 0o700
    assert [path.name for path in own.parent.iterdir()] == ["master.key"]


def test_creating_at_once_creates_one_key(own: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keyfile.create(own), range(16)))

    assert len({found.first for found in made}) == 1


def test_creating_never_replaces_a_key(own: Path) -> None:
    before = keyfile.create(own)

    assert keyfile.create(own).keys == before.keys


@pytest.mark.parametrize(
    ("place", "mode", "command"), [("file", 0o640, "chmod 600"), ("file", 0o604, "chmod 600"), ("folder", 0o750, "chmod 700")]
)
def test_a_key_others_can_read_is_refused_with_the_command_that_helps(
    tmp_path: Path, own: Path, place: str, mode: int, command: str
) -> None:
    keyfile.create(own)
    (own if place == "file" else own.parent).chmod(mode)

    with pytest.raises(KeyFileUnsafe, match=command):
        keyfile.find(options(tmp_path))


def test_a_key_of_another_user_is_refused(tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyfile.create(own)
    monkeypatch.setattr(os, "geteuid", lambda: 4_242)

    with pytest.raises(KeyFileUnsafe, match="chown 4242"):
        keyfile.find(options(tmp_path))


def test_the_environment_wins_over_files_and_its_first_key_is_the_active_one(tmp_path: Path, own: Path) -> None:
    own.parent.mkdir(mode=0o700)
    own.touch(0o600)
    own.write_text(key(2))
    found = keyfile.find(options(tmp_path, master_keys=f"{key(1)},{key(2)}"))

    assert found is not None
    assert (found.first, sorted(found.keys), found.source) == (kid(1), sorted([kid(1), kid(2)]), "the environment")


def test_two_sources_with_different_keys_are_refused(tmp_path: Path, own: Path) -> None:
    keyfile.create(own)
    with pytest.raises(KeyMismatch, match="Two key sources disagree"):
        keyfile.find(options(tmp_path, master_key=key(1)))


def test_a_named_file_may_be_readable_as_secrets_of_containers_are(tmp_path: Path) -> None:
    named = tmp_path / "docker-secret"
    named.write_text(f"{key(1)}\n")
    named.chmod(0o444)
    found = keyfile.find(options(tmp_path, master_key_file=named))

    assert found is not None
    assert found.first == kid(1)


def test_a_credential_of_systemd_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "master_key").write_text(key(1))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    found = keyfile.find(options(tmp_path))

    assert found is not None
    assert found.first == kid(1)


def test_a_named_file_that_is_not_there_is_missing_not_ignored(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="gone"):
        keyfile.find(options(tmp_path, master_key_file=tmp_path / "gone"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("hunter2-canary", id="a password"),
        pytest.param(key(1)[:-2], id="cut"),
        pytest.param(base64.urlsafe_b64encode(bytes(32)).decode(), id="all zero"),
        pytest.param(base64.urlsafe_b64encode(bytes(range(32))).decode(), id="the key of the test vectors"),
        pytest.param(base64.urlsafe_b64encode(bytes(range(1, 33))).decode(), id="the key of the fixtures"),
        pytest.param("schlüssel" * 5, id="not ascii"),
    ],
)
def test_a_key_that_is_none_is_refused_without_being_shown(tmp_path: Path, own: Path, text: str) -> None:
    own.parent.mkdir(mode=0o700)
    own.touch(0o600)
    own.write_text(text)

    with pytest.raises(KeyFileUnsafe) as raised:
        keyfile.find(options(tmp_path))

    assert not text or text not in f"{raised.value!r} {raised.value.details}"


def test_keys_leave_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_MASTER_KEY", key(1))
    monkeypatch.setenv("PATCHBAY_MASTER_KEYS", key(2))
    keyfile.forget_environment()

    assert key(1) not in os.environ.values()
    assert key(2) not in os.environ.values()


def test_what_was_found_does_not_show_keys(tmp_path: Path) -> None:
    found = keyfile.find(options(tmp_path, master_key=key(1)))

    assert key(1) not in repr(found)
    assert repr(bytes([1, *range(31)])) not in repr(found)


def test_a_child_that_is_not_ours_inherits_no_key_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATCHBAY_MASTER_KEY", "PATCHBAY_MASTER_KEYS", "PATCHBAY_DATABASE_URL"):
        monkeypatch.setenv(name, "planted")

    assert "planted" not in keyfile.environment_of_strangers().values()
