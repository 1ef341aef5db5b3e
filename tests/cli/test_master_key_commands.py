"""`patchbay master-key …` as an operator types it: a whole rotation, what is printed, what is refused."""

import base64
import json
from pathlib import Path

import pytest

from tests.cli.test_commands import SECRET, done, refused

NEW = base64.urlsafe_b64encode(bytes([9, *range(31)])).decode()


@pytest.fixture
def home(tmp_path: Path) -> str:
    """A data folder with one provider."""
    folder = str(tmp_path / "data")
    done("provider", "add", "mine", "--preset", "groq", "--secret-stdin", "--data-dir", folder, stdin=f"{SECRET}\n")
    return folder


def master_key(home: str, *words: str, stdin: str = "") -> str:
    return done("master-key", *words, "--data-dir", home, stdin=stdin)


def test_a_rotation_is_four_commands_each_of_which_names_the_next(home: str) -> None:
    file = Path(home, "keys", "master.key")
    old = file.read_text().strip()

    said = [master_key(home, step) for step in ("create", "activate", "rewrap", "retire")]

    for sentence, following in zip(said, ("master-key activate", "master-key rewrap", "master-key retire", "Keep a copy"), strict=True):
        assert following in sentence
    assert "4 secrets re-encrypted" in said[2]
    assert "does not undo" in said[2]
    assert "master-key exposed" in said[2]
    status = json.loads(master_key(home, "list", "--json"))
    assert [(k["state"], k["values"]) for k in status["items"]] == [("retired", 0), ("active", 4)]
    assert len(file.read_text().split()) == 1
    assert old not in file.read_text()
    assert "whole and unchanged" in done("audit", "verify", "--data-dir", home)
    assert not any(key in "".join(said) for key in (old, file.read_text().strip()))


def test_every_step_speaks_json(home: str) -> None:
    added = json.loads(master_key(home, "create", "--master-key-stdin", "--json", stdin=f"{NEW}\n"))
    assert added["is_staged"]
    assert NEW not in json.dumps(added)
    assert json.loads(master_key(home, "activate", added["kid"], "--json")) == {"kid": added["kid"]}
    assert json.loads(master_key(home, "rewrap", "--json")) == {"kid": added["kid"], "rewrapped": 4, "broken": 0, "left": 0}
    assert json.loads(master_key(home, "exposed", "--json"))["items"][0] | {"fingerprint": ""} == {
        "provider": "mine", "credential": "Key 1", "field": "api_key", "hint": SECRET[-4:], "fingerprint": "", "is_deleted": False,
    }  # fmt: skip
    assert json.loads(master_key(home, "retire", "--json"))["kid"] != added["kid"]


def test_a_key_from_a_file_that_is_no_key_is_refused_in_one_sentence(home: str, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("correct horse battery")

    sentence = refused("master-key", "create", "--master-key-file", str(tmp_path / "new"), "--data-dir", home)

    assert "44 characters" in sentence
    assert "horse" not in sentence


def test_what_is_out_of_order_is_refused_with_what_comes_first(home: str) -> None:
    assert "patchbay master-key create" in refused("master-key", "activate", "--data-dir", home, code=4)
    assert "no master key to retire" in refused("master-key", "retire", "--data-dir", home, code=4)
    master_key(home, "create")
    master_key(home, "activate")
    assert "patchbay master-key rewrap" in refused("master-key", "retire", "--data-dir", home, code=4)


def test_what_a_known_key_exposes_is_listed_without_the_secrets(home: str) -> None:
    listed = master_key(home, "exposed")

    assert "mine" in listed
    assert f"…{SECRET[-4:]}" in listed
    assert SECRET not in listed
