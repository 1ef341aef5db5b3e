"""Where a key may be read from, and what is never read, whatever an admin writes down."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from app import settings
from app.domain.credentials.credential import Reference
from app.domain.errors import NoCredential
from app.upstream import credential, references
from app.vault import ring

KEY = "sk-planted-elsewhere-90b0c4e2a95d8f36"

pytestmark = pytest.mark.usefixtures("vault", "data_dir")


@pytest.fixture(autouse=True)
def folder(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default folder of mounted files; nothing is remembered from the test before."""
    monkeypatch.setattr(references, "_kept", {})
    made = data_dir / "secrets"
    made.mkdir()
    return made


def env(name: str) -> Reference:
    return Reference(env=name)


def file(path: Path) -> Reference:
    return Reference(file=str(path))


def resolves(place: Reference) -> bool:
    """Whether a call would find a key there."""
    return credential.has_values("api_key", {"api_key": place})


def allow(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"PATCHBAY_{name.upper()}", value)
    settings.current.cache_clear()


def test_a_variable_is_read_and_cleaned_like_something_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_SECRET_ACME", f'  "Bearer {KEY}"\n')

    assert references.resolve(env("PATCHBAY_SECRET_ACME")).reveal() == KEY
    assert references.resolve(env("PATCHBAY_SECRET_ACME"), keep_scheme=True).reveal() == f"Bearer {KEY}"


def test_a_mounted_file_is_read_through_links_that_stay_inside(folder: Path) -> None:
    (folder / "..data").mkdir()
    (folder / "..data" / "acme").write_text(f"{KEY}\n")
    (folder / "acme").symlink_to(folder / "..data" / "acme")  # as Kubernetes mounts secrets

    assert references.resolve(file(folder / "acme")).reveal() == KEY


def test_a_changed_value_is_used_after_a_moment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "acme").write_text(KEY)
    assert references.resolve(file(folder / "acme")).reveal() == KEY
    (folder / "acme").write_text("sk-another-one")
    kept = references.resolve(file(folder / "acme")).reveal()

    monkeypatch.setattr(references, "KEPT_SECONDS", 0.0)

    assert (kept, references.resolve(file(folder / "acme")).reveal()) == (KEY, "sk-another-one")


def test_other_variables_and_folders_are_the_operators_to_allow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "vault"
    elsewhere.mkdir()
    (elsewhere / "acme").write_text(KEY)
    monkeypatch.setenv("ACME_KEY", KEY)
    for place in (env("ACME_KEY"), file(elsewhere / "acme")):
        assert references.refused(place) is not None
        assert not resolves(place)

    allow(monkeypatch, reference_variables="OTHER, ACME_KEY", reference_folders=f"/nowhere,{elsewhere}")

    for place in (env("ACME_KEY"), file(elsewhere / "acme")):
        assert references.refused(place) is None
        assert references.resolve(place).reveal() == KEY


@pytest.mark.parametrize("name", ["HOME", "PATH", "PATCHBAY_DATABASE_URL", "PATCHBAY_MASTER_KEY", "PATCHBAY_MASTER_KEYS", "SECRET"])
def test_no_other_variable_of_the_process_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "sqlite:///x" if name == "PATCHBAY_DATABASE_URL" else "A" * 44)
    if name.startswith("PATCHBAY_"):
        allow(monkeypatch, reference_variables=name)  # not even when somebody lists it

    assert references.refused(env(name)) is not None
    with pytest.raises(NoCredential):
        references.resolve(env(name))


def outside(folder: Path) -> Path:
    target = folder.parent / "outside"
    target.write_text(KEY)
    return target


def through_a_link(folder: Path) -> Path:
    (folder / "link").symlink_to(outside(folder))
    return folder / "link"


def through_a_linked_folder(folder: Path) -> Path:
    outside(folder)
    (folder / "up").symlink_to(folder.parent, target_is_directory=True)
    return folder / "up" / "outside"


def to_the_process(folder: Path) -> Path:
    (folder / "environ").symlink_to("/proc/self/environ")
    return folder / "environ"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def large(folder: Path) -> Path:
    (folder / "large").write_text("a" * (references.LARGEST + 1))
    return folder / "large"


def written(text: str | bytes) -> Any:
    def write(folder: Path) -> Path:
        (folder / "file").write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder / "file"

    return write


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(outside, id="outside"),
        pytest.param(lambda folder: outside(folder) and folder / ".." / "outside", id="dots"),
        pytest.param(through_a_link, id="link"),
        pytest.param(through_a_linked_folder, id="linked folder"),
        pytest.param(to_the_process, id="environment as a file"),
        pytest.param(pipe, id="pipe"),
        pytest.param(large, id="too large"),
        pytest.param(lambda folder: folder, id="folder"),
        pytest.param(lambda folder: folder / "nothing", id="nothing"),
        pytest.param(written(" \n"), id="empty"),
        pytest.param(written(b"\xff\xfe"), id="no text"),
        pytest.param(written("sk-\u200bplanted"), id="invisible sign"),
        pytest.param(written("sk-••••3f2a"), id="mask"),
    ],
)
def test_what_is_no_small_file_with_a_key_in_an_allowed_folder_is_not_read(folder: Path, place: Any) -> None:
    with pytest.raises(NoCredential) as refused:
        references.resolve(file(place(folder)))

    assert refused.value.details["kind"] == "reference"
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("dress", ["{}", "{}\n", "old,{}", "# master\n{}"])
def test_a_master_key_is_never_sent_wherever_it_lies(folder: Path, dress: str, monkeypatch: pytest.MonkeyPatch) -> None:
    master = base64.urlsafe_b64encode(bytes(range(1, 33))).decode()
    assert ring.current().kids  # the ring of these tests holds exactly this key
    (folder / "patchbay_master_key").write_text(dress.format(master))
    monkeypatch.setenv("PATCHBAY_SECRET_OOPS", dress.format(master))

    assert not resolves(file(folder / "patchbay_master_key"))
    assert not resolves(env("PATCHBAY_SECRET_OOPS"))


def test_a_value_that_is_gone_is_not_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "acme").write_text(KEY)
    assert resolves(file(folder / "acme"))
    (folder / "acme").unlink()

    monkeypatch.setattr(references, "KEPT_SECONDS", 0.0)

    assert not resolves(file(folder / "acme"))
    assert references._kept == {}


@pytest.mark.parametrize(
    "place",
    ["kubernetes.io/serviceaccount/token", "eks.amazonaws.com/serviceaccount/token", "azure/tokens/azure-identity-token"],
)
def test_the_identity_of_the_container_is_never_sent(folder: Path, place: str) -> None:
    token = folder / place
    token.parent.mkdir(parents=True)
    token.write_text(KEY)
    (folder / "acme").symlink_to(token)

    assert not resolves(file(token))
    assert not resolves(file(folder / "acme"))


@pytest.mark.parametrize("text", ["p@ss/word-planted", "postgresql://app:p%40ss%2Fword-planted@db:5432/patchbay"])
def test_what_opens_our_own_database_is_never_sent(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "database").write_text(f"{text}\n")
    assert resolves(file(folder / "database"))

    monkeypatch.setattr(references, "_kept", {})
    allow(monkeypatch, database_url="postgresql://app:p%40ss%2Fword-planted@db:5432/patchbay")

    assert not resolves(file(folder / "database"))
