"""The translator's life: started on demand, holding nothing of ours, started again when it dies, gone when we are."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from app import settings
from app.domain.errors import TranslatorDown
from app.domain.providers.provider import ProviderType
from app.upstream import translator
from app.upstream.wire import litellm
from tests.fixtures import make, translated, vendors
from tests.fixtures.translated import PLANTED
from tests.fixtures.upstream import Upstream

pytestmark = pytest.mark.usefixtures("vault", "outgoing", "data_dir")

PARENT = """
import asyncio, sys
from app.upstream import translator
async def main():
    await translator.shared.ready()
    print(translator.shared.status()["pid"], flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
async def keeper(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[translator.Translator]:
    """One of this test, closed in the end."""
    made = translator.Translator()
    monkeypatch.setattr(translator, "shared", made)
    yield made
    await made.close()


@pytest.fixture
def chat(upstream: Upstream) -> Callable[[], Awaitable[bytes]]:
    """Ask a provider that speaks Anthropic's protocol."""
    upstream.on("/v1/messages", vendors.say(ProviderType.ANTHROPIC))
    endpoint = translated.endpoint(ProviderType.ANTHROPIC, upstream.origin)

    async def asking() -> bytes:
        async with litellm.send(endpoint, endpoint.keys[0], translated.ask()) as got:
            return await got.read()

    return asking


async def until(holds: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


def sockets(folder: Path) -> list[Path]:
    return list(folder.glob("*.sock"))


def shown(pid: int) -> bytes:
    """What others on the machine can read of a process."""
    return b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("environ", "cmdline"))


def is_alive(pid: int) -> bool:
    stat_file = Path(f"/proc/{pid}/stat")
    return stat_file.exists() and stat_file.read_text().rsplit(")", 1)[1].split()[0] != "Z"


async def test_it_starts_with_the_first_call_holds_nothing_of_ours_and_ends_with_us(
    keeper: translator.Translator, chat: Callable[[], Awaitable[bytes]], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**PLANTED, "HTTPS_PROXY": "http://planted-proxy:1", "HOME": "/planted-home"}.items():
        monkeypatch.setenv(name, value)
    assert keeper.status()["state"] == "off"

    await asyncio.gather(chat(), chat())

    pid = int(str(keeper.status()["pid"]))
    os.kill(pid, signal.SIGTERM)  # sent to whole groups; it ends with us and not before
    os.kill(pid, signal.SIGINT)
    await chat()
    assert keeper.status()["pid"] == pid
    (socket,) = sockets(data_dir)
    seen = shown(pid)
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert b"planted" not in seen and make.SECRET.encode() not in seen and b"PATCHBAY" not in seen
    await keeper.close()
    assert (is_alive(pid), socket.exists(), keeper.status()["state"]) == (False, False, "off")


async def test_a_data_folder_too_deep_for_a_socket_gets_a_folder_of_its_own(
    keeper: translator.Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir(mode=0o700)
    monkeypatch.setenv("PATCHBAY_DATA_DIR", str(deep))
    settings.current.cache_clear()

    await keeper.ready()

    assert keeper._child is not None
    folder = Path(keeper._child.greeting.socket).parent
    assert folder != deep and stat.S_IMODE(folder.stat().st_mode) == 0o700
    await keeper.close()
    assert not folder.exists()


async def test_killed_it_is_there_again_for_the_next_call(keeper: translator.Translator, chat: Callable[[], Awaitable[bytes]]) -> None:
    await chat()
    first = int(str(keeper.status()["pid"]))

    os.kill(first, signal.SIGKILL)
    answered = await chat()

    assert b"Hello there" in answered
    assert keeper.status()["pid"] != first


async def test_it_ends_when_its_parent_is_killed(data_dir: Path) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, cwd=translator.HOME, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert is_alive(pid)

    parent.kill()
    await parent.wait()

    await until(lambda: not is_alive(pid))
    await until(lambda: not sockets(data_dir))


@pytest.mark.parametrize(
    ("script", "kind"),
    [("echo missing", "missing"), ("exit 1", "broken"), ("echo strange", "broken"), ("sleep 5", "slow")],
)
async def test_one_that_cannot_start_says_what_to_do(
    keeper: translator.Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, kind: str
) -> None:
    stand_in(tmp_path, monkeypatch, script)
    monkeypatch.setattr(translator, "START_SECONDS", 0.3)

    with pytest.raises(TranslatorDown) as raised:
        await keeper.ready()

    assert raised.value.details["kind"] == kind
    assert keeper.status()["state"] == "down"
    assert keeper.status()["problem"] == raised.value.message


async def test_one_that_cannot_start_is_not_tried_with_every_call(
    keeper: translator.Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = tmp_path / "starts"
    stand_in(tmp_path, monkeypatch, f"echo x >> {starts}; echo missing")

    for _ in range(10):
        with pytest.raises(TranslatorDown, match="litellm"):
            await keeper.ready()

    assert starts.read_text().count("x") == 2


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Have this started in place of Python."""
    fake = folder / "python"
    fake.write_text(f"#!/bin/sh\nread greeting\n{script}\n")
    fake.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(fake))
