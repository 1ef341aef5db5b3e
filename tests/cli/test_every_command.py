"""Every command there is × ok, wrong usage, unknown id, a reader who left, a server that is away: exit codes and JSON, made from the tree
of commands itself. A command without a row here fails the first test."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from app.cli import commands, verbs
from app.cli.exits import Exit
from tests.cli.test_commands import PASSWORD, ROOT, SECRET, done, patchbay
from tests.fixtures.commands import LOADED
from tests.fixtures.running import free_port

HERE = {"serve", "gateway", "build"}  # they last, or need Node
WITHOUT_DATA = {"openapi", "completion", "version", "doctor", "preset check"}
ON_THE_FOLDER = {"setup-link", "audit remove-refused", "user reset"}


def tree(command: click.Command = commands.app, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from tree(below, (*path, name))
    else:
        yield " ".join(path), command


COMMANDS = dict(tree())
# Command → its words. {…} is filled in from the data folder that the test makes.
OK: dict[str, str] = {
    "provider list": "", "provider get": "mine", "provider create": "made --base-url https://93.184.216.34/v1",
    "provider update": "mine --label Mine", "provider delete": "gone", "provider enable": "mine", "provider disable": "mine",
    "provider default": "mine", "provider test": "nobody --depth auth", "provider duplicate": "mine --name twin",
    "provider discover": "nobody", "provider restore": "{trashed}", "credential list": "--provider mine",
    "credential create": "--provider mine --secret-file {secret}", "credential update": "{credential} --label First",
    "credential delete": "{stray} --yes", "credential test": "{stray} --depth auth",
    "credential get": "{credential}", "credential rotate": "{credential} --secret-file {secret}", "credential promote": "{rotating}",
    "credential rollback": "{rotating}", "credential cancel": "{rotating} --yes", "model list": "--provider mine",
    "model create": "--provider mine m2", "model delete": "--provider mine m2", "alias list": "", "alias get": "fast",
    "alias create": "slow --targets {target}", "alias update": "fast --description quick", "alias delete": "fast --yes", "preset list": "",
    "preset get": "groq", "preset check": "{preset}", "client-key list": "", "client-key get": "app", "client-key create": "another",
    "client-key update": "app --rpm 5", "client-key delete": "app --yes", "client-key revoke": "app --yes", "user list": "",
    "user get": "eve@example.com",
    "user create": "bo@example.com --password-file {password}", "user enable": "ada@example.com",
    "user disable": "eve@example.com", "user reset": "ada@example.com --password-file {password}", "usage list": "", "audit list": "",
    "audit verify": "", "audit export": "", "audit remove-refused": "", "trash list": "", "trash restore": "{trashed}",
    "trash delete": "{trashed} --yes", "master-key list": "", "master-key create": "", "master-key activate": "",
    "master-key rewrap": "", "master-key retire": "", "master-key exposed": "", "setup-link": "", "doctor": "", "openapi": "",
    "completion": "bash", "version": "",
}  # fmt: skip
# What is not 0 on this folder, and why.
NOT_WELL = {
    "provider test": Exit.UNWELL, "credential test": Exit.UNWELL,  # nothing listens there
    "credential rollback": Exit.CONFLICT,  # it was never promoted
    "master-key activate": Exit.CONFLICT, "master-key retire": Exit.CONFLICT,  # there is one key
    "setup-link": Exit.CONFLICT,  # there is an admin
}  # fmt: skip
TARGET = '{"provider":"mine","model":"m1"}'
TEXT = {"audit export", "completion"}  # what they print is another format


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one of everything."""
    top = tmp_path_factory.mktemp("every")
    at = ("--data-dir", str(top / "data"))
    (top / "secret").write_text("sk-planted-77c1d0ae52fb4419")
    (top / "password").write_text(PASSWORD)
    (top / "vendor.toml").write_text((ROOT / "presets" / "groq.toml").read_text())
    for email, role in (("ada@example.com", "admin"), ("eve@example.com", "viewer")):
        done("user", "create", email, "--role", role, "--password-file", str(top / "password"), *at)
    for name in ("mine", "gone", "trashed"):
        done("provider", "create", name, "--base-url", "https://93.184.216.34/v1", "--model", "m1", "--secret-stdin", *at, stdin=SECRET)
    done("provider", "create", "nobody", "--base-url", "http://127.0.0.1:9", "--secret-stdin", *at, stdin=SECRET)
    done("provider", "delete", "trashed", *at)
    done("alias", "create", "fast", "--targets", '{"provider": "mine", "model": "m1"}', *at)
    done("client-key", "create", "app", *at)
    (old,) = json.loads(done("credential", "list", "--provider", "gone", "--json", *at))["items"]
    done("credential", "rotate", old["id"], "--secret-file", str(top / "secret"), *at)
    return top


@pytest.fixture
def filled(home: Path, tmp_path: Path) -> dict[str, str]:
    """What stands in the holes of a command, and a copy of the folder that it may change."""
    import shutil

    shutil.copytree(home / "data", tmp_path / "data")
    at = ("--data-dir", str(tmp_path / "data"))

    def keys(provider: str) -> list[dict[str, Any]]:
        return json.loads(done("credential", "list", "--provider", provider, "--json", *at))["items"]

    return {
        **_files(home), "data": str(tmp_path / "data"), "trashed": "trashed", "credential": keys("mine")[0]["id"],
        "stray": keys("nobody")[0]["id"],
        "rotating": next(key["id"] for key in keys("gone") if key["replaces"]),
    }  # fmt: skip


def test_every_command_has_a_row_here() -> None:
    assert set(OK) | HERE == set(COMMANDS)


@pytest.mark.parametrize("name", OK)
def test_a_command_does_its_work_and_speaks_json(filled: dict[str, str], name: str) -> None:
    words = OK[name].format(**filled).split()
    if name == "provider restore":
        words = ["trashed"]

    run = patchbay(*name.split(), *words, "--json", "--data-dir", filled["data"])

    assert run.returncode == NOT_WELL.get(name, Exit.DONE), run.stdout + run.stderr
    assert len(run.stderr.strip().splitlines()) == (name in NOT_WELL), run.stderr
    if name not in TEXT and run.stdout:
        found = json.loads(run.stdout)
        if name.split()[-1] == "list" and name != "usage list":
            assert found["next_cursor"] is None or isinstance(found["next_cursor"], str | int)
            assert isinstance(found["items"], list)
            assert "total" in found
    assert "Traceback" not in run.stdout + run.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_wrong_usage_is_exit_2_with_one_sentence_and_json(name: str) -> None:
    run = patchbay(*name.split(), "--no-such-option", "--json")

    assert run.returncode == Exit.USAGE
    assert len(run.stderr.strip().splitlines()) == 1
    assert "--no-such-option" in run.stderr
    assert json.loads(run.stdout)["error"]["code"] == "usage"


ADDRESSED = [
    name
    for name, command in COMMANDS.items()
    if isinstance(command, verbs.Request)
    and any("{" in OK[name] or word for word in OK[name].split())
    and command.verb.name not in ("create", "list")
    and command.verb.removes != "-"
]


@pytest.mark.parametrize("name", ADDRESSED)
def test_an_unknown_id_is_exit_3_with_the_body_of_rest(home: Path, name: str) -> None:
    command = COMMANDS[name]
    assert isinstance(command, verbs.Request)
    words = ["--provider", "nothing-here"] if command.verb.parent else ["nothing-here"]
    words += ["--secret-file", str(home / "secret")] if name == "credential rotate" else []
    words += ["--yes"] if command.verb.asks else []

    run = patchbay(*name.split(), *words, "--json", "--data-dir", str(home / "data"))

    assert run.returncode == Exit.NOT_FOUND, run.stdout + run.stderr
    assert json.loads(run.stdout)["error"].keys() >= {"code", "message", "details", "field"}
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("name", [name for name in OK if name not in WITHOUT_DATA])
def test_a_server_that_is_away_is_exit_6(home: Path, name: str) -> None:
    (home / "key").write_text("pb-none-none")
    words = OK[name].format_map(dict.fromkeys(("trashed", "credential", "stray", "rotating"), "x") | _files(home)).split()
    address = f"http://127.0.0.1:{free_port()}"

    run = patchbay(*name.split(), *words, "--json", "--url", address, "--key-file", str(home / "key"))

    is_local = name in ON_THE_FOLDER or name.startswith("master-key ")
    assert run.returncode == (Exit.USAGE if is_local else Exit.UNREACHABLE), run.stdout + run.stderr
    assert json.loads(run.stdout)["error"]["code"] == ("usage" if is_local else "unreachable")
    assert len(run.stderr.strip().splitlines()) == 1


def _files(home: Path) -> dict[str, str]:
    return {
        "secret": str(home / "secret"), "password": str(home / "password"), "preset": str(home / "vendor.toml"), "target": TARGET,
    }  # fmt: skip


@pytest.mark.parametrize("name", OK)
def test_a_reader_who_left_is_exit_141_and_silence(filled: dict[str, str], tmp_path: Path, name: str) -> None:
    words = ["trashed"] if name == "provider restore" else OK[name].format(**filled).split()
    file = tmp_path / "stderr"
    child = LOADED.Process(target=_unheard, args=([*name.split(), *words, "--json", "--data-dir", filled["data"]], file))
    child.start()
    child.join(60)

    assert (child.exitcode, file.read_text()) == (Exit.PIPE, "")


def test_a_process_of_its_own_says_nothing_either(home: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    words = ["audit", "export", "--data-dir", str(home / "data")]
    command = [sys.executable, "-m", "app.cli", *words]
    run = subprocess.run(command, cwd=ROOT, stdout=writes, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    os.close(writes)

    assert (run.returncode, run.stderr) == (Exit.PIPE, "")


def _unheard(words: list[str], file: Path) -> None:
    """The command with a pipe as stdout that nobody reads."""
    reads, writes = os.pipe()
    os.close(reads)
    os.dup2(writes, 1)
    os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.argv = ["patchbay", *words]
    commands.main()
