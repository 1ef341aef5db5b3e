"""Two servers on one PostgreSQL: what is changed at one is true at the other, and both outlive a database that is away."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import openai
import pytest

from tests.fixtures.postgres import PASSWORD, Cluster
from tests.fixtures.running import ROOT, Patchbay, fakellm, free_port, until

HELLO = [{"role": "user", "content": "hello"}]
PLANTED = ("planted/secret", "planted%2Fsecret", "zx9w")
PERSON = {"name": "Ada", "email": "ada@example.org", "password": "correct horse battery staple"}


@pytest.fixture(scope="module")
def two(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Patchbay, Patchbay]]:
    """Started in the same moment on an empty database, each with a data folder of its own and the same master key."""
    cluster.server.run("CREATE DATABASE patchbay")
    around = {
        "PATCHBAY_DATABASE_URL": cluster.server.url("patchbay", tcp=True).replace("postgresql:", "postgres:"),
        "PATCHBAY_MASTER_KEY": "wN5j0n8mN8X1a0kQ7d2Vb3cZ4e6f8g9h1i2j3k4l5m4=",
    }
    both = [Patchbay(tmp_path_factory.mktemp(name) / "data", free_port(), environment=around) for name in ("first", "second")]
    for each in both:
        each.data.mkdir(mode=0o700)
        each.start(wait=False)
    for each in both:
        until("ready", lambda each=each: httpx.get(f"{each.url}/health/ready").status_code == 200, 90)
    yield both[0], both[1]
    for each in both:
        each.stop()


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fakellm(tmp_path_factory.mktemp("fakellm")) as url:
        yield url


@pytest.fixture(scope="module")
def rest(two: tuple[Patchbay, Patchbay]) -> Iterator[httpx.Client]:
    """The first console, as its first admin's script."""
    first, _ = two
    token = first.run("setup-link").stdout.strip().split("#")[1]  # of two that were printed in one moment the later one is good
    done = httpx.post(f"{first.url}/auth/setup", data={"token": token, **PERSON}, headers={"origin": first.url})
    assert (done.status_code, done.cookies.get("__Host-pb") is not None) == (303, True), done.headers
    with first.rest() as client:
        yield client


@pytest.fixture(scope="module")
def ask(two: tuple[Patchbay, Patchbay], rest: httpx.Client) -> Iterator[Callable[[str], str]]:
    """An application that calls the second server; answers with the text or the error's code."""
    key = rest.post("/client-keys", json={"name": "app", "scope": "gateway"}).json()["key"]
    with openai.OpenAI(base_url=f"{two[1].url}/v1", api_key=key, max_retries=0) as sdk:

        def asking(model: str) -> str:
            try:
                return sdk.chat.completions.create(model=model, messages=HELLO).choices[0].message.content or ""  # type: ignore[call-overload]
            except openai.APIStatusError as error:
                return str(error.code)

        yield asking


def test_a_provider_added_at_one_console_answers_at_the_gateway_of_the_other(
    rest: httpx.Client, ask: Callable[[str], str], upstream: str
) -> None:
    assert rest.post("/providers", json={"name": "shared", "base_url": upstream, "auth_type": "none"}).status_code == 201

    until("it answers", lambda: ask("shared/m") == "Hi there, this is fakellm.", 3)


def test_a_switch_at_one_console_is_felt_at_the_other_at_once(rest: httpx.Client, ask: Callable[[str], str]) -> None:
    waits = []
    for verb, expected in [("disable", "provider_unavailable"), ("enable", "Hi there, this is fakellm.")] * 4:
        assert rest.post(f"/providers/shared/{verb}").status_code == 200
        started = time.perf_counter()
        until(verb, lambda expected=expected: ask("shared/m") == expected, 3)
        waits.append(time.perf_counter() - started)

    # Told, not found by looking once a second: that would be half a second in the middle.
    assert sorted(waits)[len(waits) // 2] < 0.4, waits


def test_signed_in_at_one_is_signed_in_at_the_other(two: tuple[Patchbay, Patchbay], rest: httpx.Client) -> None:
    first, second = two
    form = {"email": PERSON["email"], "password": PERSON["password"]}
    cookie = httpx.post(f"{first.url}/auth/login", data=form, headers={"origin": first.url}).headers["set-cookie"].split(";")[0]

    seen = httpx.get(f"{second.url}/api/v1/session", headers={"cookie": cookie})

    assert (seen.status_code, seen.json()["user"]["email"]) == (200, PERSON["email"])


def test_both_outlive_a_database_that_is_away(
    cluster: Cluster, two: tuple[Patchbay, Patchbay], rest: httpx.Client, ask: Callable[[str], str]
) -> None:
    cluster.stop()
    try:
        until("not ready", lambda: all(httpx.get(f"{each.url}/health/ready").status_code == 503 for each in two), 15)
        refused = rest.patch("/providers/shared", json={"label": "Lost"})
        alive = [httpx.get(f"{each.url}/health/live").status_code for each in two]
        answered = ask("shared/m")
    finally:
        cluster.start()

    assert refused.status_code == 503
    assert "database does not respond" in refused.json()["error"]["message"]
    assert (alive, answered) == ([200, 200], "Hi there, this is fakellm.")
    until("ready again", lambda: all(httpx.get(f"{each.url}/health/ready").status_code == 200 for each in two), 15)
    assert rest.patch("/providers/shared", json={"label": "Found"}).status_code == 200
    assert rest.post("/providers/shared/disable").status_code == 200
    until("told again", lambda: ask("shared/m") == "provider_unavailable", 5)
    assert rest.post("/providers/shared/enable").status_code == 200


def test_no_provider_may_point_at_the_database(cluster: Cluster, rest: httpx.Client) -> None:
    address = f"http://127.0.0.1:{cluster.server.port}/v1"

    refused = rest.post("/providers", json={"name": "loop", "base_url": address, "auth_type": "none"})

    assert refused.status_code in (403, 422), refused.text
    assert "never called" in refused.text


def test_the_audit_of_both_is_one_whole_chain(two: tuple[Patchbay, Patchbay], rest: httpx.Client) -> None:
    assert rest.get("/audit/verify").json()["ok"]
    assert two[1].run("audit", "verify").returncode == 0


def test_the_password_is_shown_nowhere(two: tuple[Patchbay, Patchbay], rest: httpx.Client, tmp_path: Path) -> None:
    said = [each.printed() for each in two]
    said.append(two[0].run("doctor", "--json").stdout)
    said.append(rest.get("/audit").text)
    titles = [Path(f"/proc/{each.process.pid}/cmdline").read_text() for each in two if each.process]

    assert "PostgreSQL" in said[2]
    for planted in (PASSWORD, *PLANTED):
        assert not [text for text in (*said, *titles) if planted in text], planted


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        pytest.param("postgresql://postgres:planted-zx9w@127.0.0.1:{port}/patchbay", "does not accept this password", id="wrong password"),
        pytest.param("postgresql://postgres:{password}@127.0.0.1:{port}/gone", "There is no database gone", id="no such database"),
        pytest.param("postgresql://postgres:planted-zx9w@127.0.0.1:1/x", "No database responds at 127.0.0.1:1", id="nobody answers"),
        pytest.param("postgresql://postgres:planted-zx9w@[::1/x", "is not valid", id="not a URL"),
        pytest.param("mysql://root:planted-zx9w@127.0.0.1/x", "PATCHBAY_DATABASE_URL", id="another database"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_a_start_without_its_database_ends_with_one_sentence(
    cluster: Cluster, tmp_path: Path, command: str, url: str, sentence: str
) -> None:
    whole = cluster.server.url("patchbay", tcp=True)
    url = url.format(port=cluster.server.port, password=whole.split(":")[2].split("@")[0])
    around = {k: v for k, v in os.environ.items() if not k.startswith("PATCHBAY_")} | {"PATCHBAY_DATABASE_URL": url}
    words = [command, "--data-dir", str(tmp_path / "data")] + (["--no-browser", "--port", str(free_port())] if command == "serve" else [])
    done = subprocess.run([sys.executable, "-m", "app.cli", *words], cwd=ROOT, env=around, capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr

    assert sentence in told
    assert done.returncode == (78 if command == "serve" or sentence == "PATCHBAY_DATABASE_URL" else 5)
    assert "Traceback" not in told
    assert not [planted for planted in (PASSWORD, *PLANTED) if planted in told]
    if command == "serve":
        assert done.stderr.strip().count("\n") == 0
