"""Starting, refusing to start, serving and ending, as an operator sees it."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from app import serve, settings
from app.ui import i18n
from app.ui.build import bundle
from tests.fixtures import commands
from tests.fixtures.running import ROOT, Patchbay, free_port, until


def second(data: Path, port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """Another start, which is expected to end by itself."""
    command = [sys.executable, "-m", "app.cli", "serve", "--no-browser", "--port", str(port), "--data-dir", str(data)]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PATCHBAY_", "REFLEX_"))}
    return subprocess.run(command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=60, check=False)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a start that was refused."""
    assert done.returncode == 78, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().count("\n") == 0
    return done.stderr


def test_the_doctor_finds_the_port_that_is_served(server: Patchbay) -> None:
    """Its own settings name another one: the default."""
    found = {f["what"]: f for f in json.loads(server.run("doctor", "--json").stdout)["items"]}

    assert found["Port"]["state"] == "ok"
    assert f"at 127.0.0.1:{server.port} (process " in found["Port"]["sentence"]


def test_a_command_works_on_a_running_server(server: Patchbay, tmp_path: Path) -> None:
    key = tmp_path / "ops.key"
    key.write_text(server.run("client-key", "create", "ops", "--scope", "admin").stdout)

    def ask(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        there = ("--url", server.url, "--key-file", str(key))
        return commands.run(*words, *there, stdin=stdin, environment={"PATCHBAY_DATA_DIR": str(tmp_path / "none")})

    made = ask("provider", "create", "far", "--base-url", "http://127.0.0.1:9/v1", "--secret-stdin", stdin="sk-far-0123456789abcdef")
    listed = ask("provider", "list", "--json")
    tested = ask("provider", "test", "far")
    missing = ask("provider", "get", "nobody", "--json")
    gone = [ask("provider", "delete", "far", *more) for more in (("--dry-run",), ())]

    assert made.returncode == 0, made.stderr
    assert "far" in [provider["name"] for provider in json.loads(listed.stdout)["items"]]
    assert tested.returncode == 5, tested.stdout + tested.stderr
    assert (missing.returncode, json.loads(missing.stdout)["error"]["code"]) == (3, "provider_not_found")
    assert [done.returncode for done in gone] == [0, 0], gone
    assert ask("provider", "get", "far").returncode == 3
    assert ask("master-key", "list").returncode == 2
    assert not (tmp_path / "none").exists()


def test_a_second_start_on_the_same_data_folder_is_refused(server: Patchbay) -> None:
    assert "already running on the data folder" in refusal(second(server.data, free_port()))


def test_a_second_start_on_the_same_port_is_refused(server: Patchbay, tmp_path: Path) -> None:
    assert f"Port {server.port}" in refusal(second(tmp_path / "data", server.port))


def test_a_port_somebody_else_listens_on_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "--port" in refusal(second(tmp_path / "data", taken.getsockname()[1]))


def test_an_address_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    done = second(tmp_path / "data", free_port(), PATCHBAY_HOST="203.0.113.9")

    assert "203.0.113.9" in refusal(done)


def test_a_data_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    assert "--data-dir" in refusal(second(tmp_path / "file" / "data", free_port()))


def test_a_lost_master_key_is_refused(server: Patchbay, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    with (
        contextlib.closing(sqlite3.connect(server.data / "patchbay.db")) as database,
        contextlib.closing(sqlite3.connect(tmp_path / "data/patchbay.db")) as copy,
    ):
        database.backup(copy)

    assert "master key" in refusal(second(tmp_path / "data", free_port()))


def test_missing_pages_without_node_are_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundle, "state", lambda: "missing")
    monkeypatch.setattr(bundle, "node", lambda: None)

    with pytest.raises(SystemExit) as ended:
        serve.ensure_bundle()

    assert ended.value.code == 78
    assert "patchbay build" in capsys.readouterr().err


def test_pages_of_another_version_are_built_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[bool] = []
    monkeypatch.setattr(bundle, "state", lambda: "stale")
    monkeypatch.setattr(bundle, "build", lambda say: built.append(True))

    serve.ensure_bundle()

    assert built


@pytest.mark.parametrize(
    ("host", "public", "typed"),
    [
        pytest.param("127.0.0.1", "", "http://127.0.0.1:8700", id="this machine"),
        pytest.param("0.0.0.0", "", "http://127.0.0.1:8700", id="everywhere"),
        pytest.param("::1", "", "http://[::1]:8700", id="v6"),
        pytest.param("127.0.0.1", "https://llm.example.com/", "https://llm.example.com", id="behind a proxy"),
    ],
)
def test_the_address_that_is_printed_can_be_typed(host: str, public: str, typed: str) -> None:
    assert serve.address(settings.Settings(host=host, public_url=public)) == typed


def test_the_first_start_prints_the_link_a_later_one_does_not(server: Patchbay) -> None:
    assert f"{server.url}/setup#" in server.printed()
    assert server.printed().count("/setup#") == 1
    assert (server.data / "keys/master.key").stat().st_mode & 0o077 == 0
    assert server.data.stat().st_mode & 0o077 == 0


def test_the_master_key_and_the_link_are_in_no_file_of_the_log(server: Patchbay) -> None:
    httpx.get(f"{server.url}/login?email=planted-9f8e7d@example.org")

    assert "planted-9f8e7d" not in server.printed()
    assert (server.data / "keys/master.key").read_text().strip() not in server.printed()


def test_the_worker_serves_without_node_and_without_reflex_s_working_folders(server: Patchbay) -> None:
    assert server.process is not None
    tree = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode() for pid in tree]

    assert commands
    assert not any("node" in command or "npm" in command for command in commands)
    assert not (ROOT / ".states").exists()


@pytest.mark.parametrize("path", ["/login", "/setup", "/", "/client-keys"])
def test_a_page_is_answered_where_it_is_asked_for(server: Patchbay, path: str) -> None:
    answer = httpx.get(server.url + path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Content-Security-Policy" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-cache"


def test_a_page_asked_for_again_keeps_its_policy(server: Patchbay) -> None:
    first = httpx.get(f"{server.url}/login")
    again = httpx.get(f"{server.url}/login", headers={"if-none-match": first.headers["etag"]})

    assert again.status_code == 304
    assert "content-security-policy" not in again.headers


@pytest.mark.parametrize("path", ["/_upload", "/_upload/x", "/ping", "/_health", "/auth-codespace", "/_all_routes"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_reflex_s_own_addresses_are_closed(server: Patchbay, path: str, method: str) -> None:
    answer = httpx.request(method, server.url + path, headers={"origin": server.url})

    assert answer.status_code == 404


def test_an_unknown_page_is_not_found(server: Patchbay) -> None:
    assert httpx.get(f"{server.url}/nowhere").status_code == 404


def test_an_unknown_path_below_api_and_v1_is_answered_in_json(server: Patchbay) -> None:
    assert httpx.get(f"{server.url}/api/nothing").json()["error"]["code"] == "not_found"
    assert "error" in httpx.get(f"{server.url}/v1/nothing").json()


def test_no_origin_is_ever_allowed_to_read_our_answers(server: Patchbay) -> None:
    for path in ("/login", "/api/v1/session", "/v1/models", "/health/live", "/assets/none.js"):
        headers = httpx.get(server.url + path, headers={"origin": "https://evil.example"}).headers
        assert not [name for name in headers if name.startswith("access-control-")], path


@pytest.mark.parametrize("language", i18n.languages())
@pytest.mark.parametrize("path", ["/auth/login", "/auth/logout", "/auth/setup", "/auth/recovery-kit", "/api/v1/providers", "/login"])
def test_a_form_of_another_site_is_refused_in_the_reader_s_language(server: Patchbay, path: str, language: str) -> None:
    headers = {"origin": "https://evil.example", "accept": "text/html,*/*;q=0.8", "accept-language": f"{language},en;q=0.5"}

    answer = httpx.post(server.url + path, headers=headers, data={"email": "ada@example.org", "password": "x"})

    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert i18n.say(language, "refused.foreign") in answer.text


def test_assets_may_be_kept_for_ever(server: Patchbay) -> None:
    page = httpx.get(f"{server.url}/login").text
    asset = page.split('href="/assets/', 1)[1].split('"', 1)[0]

    assert "immutable" in httpx.get(f"{server.url}/assets/{asset}").headers["cache-control"]


def test_what_the_bundle_expects_is_what_the_server_offers() -> None:
    import reflex as rx

    from app import main

    assert main.app is not None
    assert bundle.schema() == rx.State._to_frontend_schema()
    assert json.loads((bundle.HOME / bundle.SEAL).read_text())["sources"] == bundle.sources()


@pytest.fixture
def ending(tmp_path: Path) -> Patchbay:
    """A server of this test alone."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return Patchbay(folder, free_port()).start()


def test_sigterm_ends_everything_within_seconds_and_leaves_nothing(ending: Patchbay) -> None:
    began = time.monotonic()

    assert ending.stop() == 0

    assert time.monotonic() - began < 8
    assert "Traceback" not in ending.printed()
    with socket.create_server(("127.0.0.1", ending.port)):
        pass
    assert ending.start().stop() == 0  # the folder is free again, and the second start works on it


def test_control_c_ends_everything(ending: Patchbay) -> None:
    assert ending.process is not None
    os.killpg(ending.process.pid, signal.SIGINT)

    assert ending.process.wait(10) == 0
    assert "Traceback" not in ending.printed()


def test_a_worker_that_dies_ends_the_server_with_an_error(ending: Patchbay) -> None:
    assert ending.process is not None
    children = Path(f"/proc/{ending.process.pid}/task/{ending.process.pid}/children").read_text().split()
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGKILL)

    until("the launcher ended", lambda: ending.process is not None and ending.process.poll() is not None, 15)

    assert ending.process.returncode == 1
