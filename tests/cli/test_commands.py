"""The command line, as a person or a script uses it, against a data folder."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app import settings
from app.cli import commands
from app.vault import ring

ROOT = Path(__file__).parents[2]
PASSWORD = "a long walk by the lake 47"
SECRET = "sk-planted-c03f9a7be2d14586"


@dataclass
class Run:
    returncode: int
    stdout: str
    stderr: str


def patchbay(*arguments: str, stdin: str = "", **environment: str) -> Run:
    """A command in this process, which is ten times as fast; `process` below proves that it is the same in one of its own."""
    before = dict(os.environ)
    settings.current.cache_clear()
    try:
        found = CliRunner().invoke(commands.app, list(arguments), input=stdin, env=environment)
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        return Run(found.exit_code, found.stdout, found.stderr)
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.current.cache_clear()
        ring.install(None)


def process(*arguments: str, stdin: str = "", **environment: str) -> Run:
    """A command as a person runs it."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PATCHBAY_")}
    found = subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments], cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=60,
        env={**clean, **environment}, check=False,
    )  # fmt: skip
    return Run(found.returncode, found.stdout, found.stderr)


def done(*arguments: str, stdin: str = "", **environment: str) -> str:
    run = patchbay(*arguments, stdin=stdin, **environment)
    assert run.returncode == 0, run.stderr
    return run.stdout


def refused(*arguments: str, code: int = 1, **given: str) -> str:
    """The one sentence on stderr."""
    run = patchbay(*arguments, **given)
    assert run.returncode == code, run.stdout + run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert "Traceback" not in run.stderr
    return run.stderr.strip()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an admin and a provider, made by the command line."""
    folder = tmp_path_factory.mktemp("home") / "data"
    done("user", "add", "ada@example.com", "--role", "admin", "--password-stdin", "--data-dir", str(folder), stdin=f"{PASSWORD}\n")
    arguments = ("--base-url", "https://93.184.216.34/v1", "--model", "m1", "--secret-stdin", "--data-dir", str(folder))
    done("provider", "add", "mine", *arguments, stdin=f"{SECRET}\n")
    return folder


def listed(home: Path, noun: str) -> list[dict[str, Any]]:
    return json.loads(done(noun, "list", "--json", "--data-dir", str(home)))["items"]


def test_a_process_of_its_own_reads_stdin_and_ends_with_the_code(tmp_path: Path) -> None:
    folder = str(tmp_path / "data")

    added = process("provider", "add", "mine", "--preset", "groq", "--secret-stdin", "--json", "--data-dir", folder, stdin=f"{SECRET}\n")
    wrong = process("provider", "list", "--data-dir", folder, PATCHBAY_MASTER_KEY="MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    again = process("provider", "add", "mine", "--preset", "groq", "--data-dir", folder)

    assert (added.returncode, json.loads(added.stdout)["name"], added.stderr) == (0, "mine", "")
    assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (78, "", 1)
    assert (again.returncode, again.stdout, len(again.stderr.splitlines())) == (4, "", 1)
    assert SECRET not in added.stdout + wrong.stderr + again.stderr


def test_a_fresh_folder_is_for_its_owner_alone(home: Path) -> None:
    modes = {name: stat.S_IMODE((home / name).stat().st_mode) for name in (".", "patchbay.db", "keys", "keys/master.key")}

    assert modes == {".": 0o700, "patchbay.db": 0o600, "keys": 0o700, "keys/master.key": 0o600}


def test_a_provider_is_listed_without_its_key(home: Path) -> None:
    text = done("provider", "list", "--json", "--data-dir", str(home))

    assert json.loads(text)["items"][0]["credentials"][0]["hint"] == SECRET[-4:]
    assert SECRET not in text
    assert "mine" in done("provider", "list", "--data-dir", str(home))


def test_the_data_folder_may_come_from_the_environment(home: Path) -> None:
    assert "ada@example.com" in done("user", "list", PATCHBAY_DATA_DIR=str(home))


def test_a_provider_is_added_from_a_preset_with_a_key_from_a_file_and_removed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")

    done("provider", "add", "quick", "--preset", "groq", "--secret-file", str(tmp_path / "key"), "--data-dir", str(home))
    done("provider", "disable", "quick", "--data-dir", str(home))
    assert [p["status"] for p in listed(home, "provider") if p["name"] == "quick"] == ["off"]
    done("provider", "enable", "quick", "--data-dir", str(home))
    done("provider", "remove", "quick", "--data-dir", str(home))

    assert [p["name"] for p in listed(home, "provider")] == ["mine"]


def test_a_client_key_is_printed_alone_and_revoked_by_its_name(home: Path) -> None:
    key = done("client-key", "add", "notebook", "--data-dir", str(home))
    assert key.strip().startswith("pb-")
    assert len(key.split()) == 1

    done("client-key", "revoke", "notebook", "--yes", "--data-dir", str(home))

    assert [k["revoked_at"] is not None for k in listed(home, "client-key")] == [True]


def test_people_are_reset_and_disabled(home: Path) -> None:
    done("user", "add", "bo@example.com", "--password-stdin", "--data-dir", str(home), stdin=PASSWORD)
    done("user", "reset", "bo@example.com", "--password-stdin", "--data-dir", str(home), stdin=f"{PASSWORD} again")
    done("user", "disable", "bo@example.com", "--data-dir", str(home))

    assert {u["email"]: u["is_active"] for u in listed(home, "user")} == {"ada@example.com": True, "bo@example.com": False}


def test_the_set_up_link_is_for_a_fresh_folder_only(home: Path, tmp_path: Path) -> None:
    assert "/setup#" in done("setup-link", "--data-dir", str(tmp_path / "new"))
    assert "already set up" in refused("setup-link", "--data-dir", str(home), code=4)


def test_a_test_that_fails_exits_5_with_its_reason(home: Path) -> None:
    done("provider", "add", "nobody", "--base-url", "http://127.0.0.1:9", "--data-dir", str(home))

    run = patchbay("provider", "test", "nobody", "--data-dir", str(home))

    assert run.returncode == 5
    assert "fail  port" in run.stdout
    assert "Nothing responds" in run.stderr


def test_the_audit_is_verified_and_exported(home: Path, tmp_path: Path) -> None:
    assert "whole and unchanged" in done("audit", "verify", "--data-dir", str(home))
    lines = done("audit", "export", "--data-dir", str(home)).splitlines()
    done("audit", "export", "--format", "csv", "--output", str(tmp_path / "audit.csv"), "--data-dir", str(home))

    assert json.loads(lines[0])["seq"] == 1
    assert SECRET not in "".join(lines)
    assert (tmp_path / "audit.csv").read_text().count("\n") > len(lines)


def test_the_keys_are_shown_by_their_id(home: Path) -> None:
    status = json.loads(done("master-key", "list", "--json", "--data-dir", str(home)))

    assert [(key["state"], key["is_loaded"]) for key in status["items"]] == [("active", True)]
    assert (home / "keys/master.key").read_text().strip() not in json.dumps(status)


def test_the_doctor_finds_a_sound_house_and_changes_nothing(home: Path, tmp_path: Path) -> None:
    before = {f: f.stat().st_mtime_ns for f in home.rglob("*")}

    found = {f["what"]: f["state"] for f in json.loads(done("doctor", "--json", "--data-dir", str(home)))["items"]}

    assert {found[what] for what in ("Python", "SQLite", "Clock", "Data folder", "Database", "Master key", "Audit log")} == {"ok"}
    assert {f: f.stat().st_mtime_ns for f in home.rglob("*")} == before
    assert "does not exist yet" in done("doctor", "--data-dir", str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_the_doctor_says_what_is_wrong(home: Path, tmp_path: Path) -> None:
    key = home / "keys/master.key"
    moved = key.rename(tmp_path / "master.key")

    run = patchbay("doctor", "--data-dir", str(home))
    moved.rename(key)

    assert run.returncode == 5
    assert "fail  Master key" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(("provider", "add", "mine", "--base-url", "https://93.184.216.34"), 4, "mine-2", id="a taken name"),
        pytest.param(("provider", "add", "x1"), 1, "address", id="no address"),
        pytest.param(("provider", "add", "test", "--preset", "groq"), 1, "reserved", id="a reserved name"),
        pytest.param(("provider", "add", "x2", "--preset", "nobody"), 3, "groq", id="an unknown preset"),
        pytest.param(("provider", "add", "x3", "--base-url", "http://169.254.169.254/v1"), 1, "never called", id="a metadata address"),
        pytest.param(("provider", "enable", "mines"), 3, "mine", id="an unknown provider"),
        pytest.param(("provider", "test", "mine", "--depth", "bottom"), 2, "--depth", id="an unknown depth"),
        pytest.param(("user", "add", "eve@example.com"), 2, "--password-stdin", id="no password"),
        pytest.param(("user", "disable", "eve@example.com"), 3, "no user", id="an unknown person"),
        pytest.param(("user", "disable", "ada@example.com"), 4, "last admin", id="the last admin"),
        pytest.param(("client-key", "revoke", "none", "--yes"), 3, "no app key none", id="an unknown client key"),
    ],
)
def test_a_refusal_is_one_sentence(home: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    assert words in refused(*arguments, "--data-dir", str(home), code=code)


def test_wrong_usage_exits_2() -> None:
    assert patchbay("provider", "add").returncode == 2
    assert patchbay("fly").returncode == 2


def test_a_folder_without_an_installation_is_not_made_one_by_looking(tmp_path: Path) -> None:
    assert "There is no Patchbay" in refused("provider", "list", "--data-dir", str(tmp_path / "typo"), code=78)
    assert not (tmp_path / "typo").exists()


def test_a_wrong_setting_exits_78(home: Path) -> None:
    assert "PATCHBAY_PORT" in refused("provider", "list", "--data-dir", str(home), code=78, PATCHBAY_PORT="many")


def test_a_wrong_master_key_exits_78(home: Path) -> None:
    wrong = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

    sentence = refused("provider", "list", "--data-dir", str(home), code=78, PATCHBAY_MASTER_KEY=wrong)

    assert wrong not in sentence


def test_a_mask_is_no_key(home: Path) -> None:
    arguments = ("--base-url", "https://93.184.216.34", "--secret-stdin", "--data-dir", str(home))

    assert "masked" in refused("provider", "add", "masked", *arguments, stdin="••••4f2a")


def test_a_preset_file_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "vendor.toml"
    file.write_text('label = "X"\ntype = "openai"\nbase_url = "https://api.example.com/v1"\nauth_type = "api_key"\n')
    told = done("preset", "check", str(file))
    assert "X, https://api.example.com/v1" in told
    assert "Described in English to people who read Tiếng Việt, 简体中文" in told

    file.write_text(file.read_text() + "colour = 1\n")
    assert "vendor.toml:5: colour" in refused("preset", "check", str(file), code=5)


def test_the_document_is_printed() -> None:
    assert json.loads(done("openapi"))["openapi"].startswith("3.1")


def test_a_row_that_was_changed_outside_is_named_and_removed(tmp_path: Path) -> None:
    home = tmp_path / "data"
    at = ("--data-dir", str(home))
    done("user", "add", "eve@example.com", "--password-stdin", *at, stdin=PASSWORD)
    with sqlite3.connect(home / "patchbay.db") as database:
        database.execute("UPDATE user_account SET role = 'admin' WHERE email = 'eve@example.com'")

    verified, examined = patchbay("audit", "verify", *at), patchbay("doctor", *at)

    assert (verified.returncode, examined.returncode) == (5, 5)
    for said in (verified.stdout, examined.stdout):
        assert "eve@example.com" in said
        assert "patchbay audit remove-refused" in said
    assert "eve@example.com" in done("audit", "remove-refused", *at)
    assert "eve@example.com" not in done("user", "list", *at)
    assert "whole and unchanged" in done("audit", "verify", *at)
    assert done("audit", "remove-refused", *at) == "There are none.\n"


def test_a_flipped_bit_is_told_beside_the_master_keys(tmp_path: Path) -> None:
    home = tmp_path / "data"
    at = ("--data-dir", str(home))
    done("provider", "add", "mine", "--base-url", "https://93.184.216.34/v1", "--secret-stdin", *at, stdin=SECRET)
    assert "cannot be opened" not in done("master-key", "list", *at)
    with sqlite3.connect(home / "patchbay.db") as database:
        database.execute("UPDATE credential_secret SET value = substr(value, 1, length(value) - 9) || 'AAAAAAAAA'")

    said = done("master-key", "list", *at)

    assert "of the provider mine cannot be opened. Enter this key again" in said
