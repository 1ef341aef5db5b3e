"""What strangers may send over a websocket, and that nothing of them stays."""

import asyncio
import contextlib
import json
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from app.logs import rules
from app.ui.session import frames, sockets
from app.ui.session.frames import Frames
from tests.fixtures.regex_steps import words
from tests.fixtures.running import Patchbay
from tests.launch.conftest import STATE, server, sign_in, tab
from tests.launch.test_strangers import HYDRATE, SESSION

__all__ = ["server"]
ROOT = Path(__file__).parents[2]
EXCEPTION = f"{STATE}reflex___state____frontend_event_exception_state.handle_frontend_exception"
TOO_LARGE, NOT_OURS = 1009, 1008


def test_memory_is_back_when_three_hundred_strangers_have_left() -> None:
    command = [sys.executable, "-m", "tests.fixtures.tabs_in_process", "300", str(frames.STRANGERS_BYTES - 100)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    assert run.returncode == 0, run.stderr[-2_000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["held_states"] == 300
    assert found["held"] > 10_000_000
    assert found["kept_states"] == 0
    assert found["kept"] < found["held"] / 10


@dataclass
class Raw:
    """A websocket that sends whatever it is told to. `answer` is what came back to its introduction."""

    socket: aiohttp.ClientWebSocketResponse
    answer: str = ""

    async def closes_with(self, *frames: str | bytes) -> int | None:
        """The code with which the server closes after these frames; None when it goes on answering."""
        for frame in frames:
            await (self.socket.send_str(frame) if isinstance(frame, str) else self.socket.send_bytes(frame))
        await self.socket.send_str(event("ping"))
        async with asyncio.timeout(20):
            async for message in self.socket:
                if "pong" in str(message.data):
                    return None
        return self.socket.close_code


@asynccontextmanager
async def raw(server: Patchbay, *, query: str = "", cookie: str = "") -> AsyncIterator[Raw]:
    """A websocket that has introduced itself."""
    headers = {"origin": server.url} | ({"cookie": f"__Host-pb={cookie}"} if cookie else {})
    address = f"{server.url}/_event/?EIO=4&transport=websocket&{query or f'token={uuid.uuid4()}'}"
    async with aiohttp.ClientSession() as http, http.ws_connect(address, headers=headers) as socket:
        opened = Raw(socket)
        await socket.send_str("40/_event,")
        async with asyncio.timeout(20):
            async for message in socket:
                if message.data[:1] != "0":
                    opened.answer = message.data
                    break
        yield opened


def event(name: str, *data: object) -> str:
    return "42/_event," + json.dumps([name, *data], ensure_ascii=False)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(event("event", {"name": "x" * 15_000}), None, id="a large event"),
        pytest.param(event("event", {"name": "x" * 17_000}), TOO_LARGE, id="a larger one"),
        pytest.param(event("event", {"name": "é" * 9_000}), TOO_LARGE, id="counted in bytes"),
        pytest.param(b"x", NOT_OURS, id="bytes"),
        pytest.param('4510000000-/_event,["event",{"_placeholder":true,"num":0}]', NOT_OURS, id="an event that waits for attachments"),
        pytest.param('461-/_event,1["x"]', NOT_OURS, id="an answer that waits for attachments"),
        pytest.param("43/_event,1[]", NOT_OURS, id="an answer to nothing"),
        pytest.param("2probe", NOT_OURS, id="another transport"),
        pytest.param("", NOT_OURS, id="nothing"),
        pytest.param("42/_event,[", NOT_OURS, id="what cannot be read"),
        pytest.param("42/_event," + "[" * 15_000, NOT_OURS, id="what is nested without end"),
        pytest.param("42/_event," + "9" * 15_000, NOT_OURS, id="a number without end"),
        pytest.param("40/_event,", NOT_OURS, id="a second introduction"),
        pytest.param("42/_event,{}", NOT_OURS, id="an event without a name"),
        pytest.param("42/_event,[]", NOT_OURS, id="an empty event"),
    ],
)
async def test_a_stranger_may_send_so_much_of_the_protocol_and_nothing_else(server: Patchbay, sent: str | bytes, code: int | None) -> None:
    before = len(server.printed())

    async with raw(server) as socket:
        assert await socket.closes_with(sent) == code

    assert "Traceback" not in server.printed()[before:]
    assert len(server.printed()) - before < 500


async def test_who_is_signed_in_may_send_what_is_long(server: Patchbay) -> None:
    async with raw(server, cookie=sign_in(server, "ada@example.org")) as socket:
        assert await socket.closes_with(event("event", {"name": "x" * 500_000})) is None


@pytest.mark.parametrize("token", ["", "x" * 65, "a%0Ab12345", "a-b-c-d-e&x=" + "y" * 300], ids=["none", "long", "odd", "long query"])
async def test_a_socket_without_a_proper_token_is_not_let_in(server: Patchbay, token: str) -> None:
    with contextlib.suppress(aiohttp.WSServerHandshakeError):
        async with raw(server, query=f"token={token}") as socket:
            assert not socket.answer.startswith("40")


async def test_so_many_strangers_of_one_address_get_in_and_the_next_one_is_told_why_not(server: Patchbay) -> None:
    async with contextlib.AsyncExitStack() as opened:
        for _ in range(sockets.MOST_OF_ONE_ADDRESS):
            assert (await opened.enter_async_context(raw(server))).answer.startswith("40")
        async with raw(server) as one_more:
            assert one_more.answer == '44/_event,{"message":"' + sockets.CROWDED + '"}'
        async with raw(server, cookie=sign_in(server, "ada@example.org")) as ada:
            assert ada.answer.startswith("40")

    async with raw(server) as later:
        assert later.answer.startswith("40")


WORDS = sorted({word for pattern, _ in rules.RULES for word in words(pattern) if len(word) > 2})


async def test_words_of_the_log_s_rules_hold_nobody_up_and_are_not_written(server: Patchbay) -> None:
    before = len(server.printed())
    async with tab(server.url) as stranger, tab(server.url, cookie=sign_in(server, "vera@example.org")) as viewer:
        for word in WORDS:
            name = word * (15_000 // len(word))
            await stranger.fire(name)
            await stranger.fire(EXCEPTION, {"info": name, "component_stack": name})
            await stranger.client.emit("client_error", {"message": name}, namespace="/_event")
            await viewer.fire(word * (500_000 // len(word)))
            await viewer.fire(EXCEPTION, {"info": word * (500_000 // len(word)), "component_stack": ""})
        await viewer.fire(HYDRATE)
        await viewer.wait(lambda: SESSION in viewer.changed(), 60)
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"{server.url}/health/live")).status_code == 200

    written = server.printed()[before:]
    assert len(written) < 5_000 * len(WORDS)
    assert not [word for word in WORDS if word * (5_000 // len(word)) in written]
    strangers = [line for line in written.splitlines() if " INFO " in line]
    assert 0 < len(strangers) <= 60


async def test_the_wrong_value_of_a_var_is_not_written(server: Patchbay) -> None:
    before = len(server.printed())
    planted = "planted-0b7e55d1"
    async with tab(server.url, cookie=sign_in(server, "vera@example.org")) as viewer:
        await viewer.fire(HYDRATE)
        await viewer.fire(f"{STATE}set_is_hydrated", {"value": planted})
        await viewer.wait(lambda: "Expected field 'State.is_hydrated'" in server.printed()[before:])
    async with tab(server.url) as stranger:
        await stranger.fire(f"{STATE}set_is_hydrated", {"value": planted})
        await stranger.fire(f"{STATE}hydrate_and_load", {"vars": {f"{STATE}app___ui___i18n____language.code": [planted]}})
        await stranger.wait(lambda: SESSION in stranger.changed())

    assert planted not in server.printed()


class Played:
    """A granian, an application and a clock, for one websocket."""

    def __init__(self, *texts: str, token: str = "") -> None:
        self.now, self.slept = 0.0, 0.0
        self.passed: list[str] = []
        self.closed: dict[str, Any] = {}
        self._texts = [{"type": "websocket.receive", "text": text} for text in texts]
        self._messages = iter([{"type": "websocket.connect"}, *self._texts, {"type": "websocket.disconnect"}])
        self._cookie = [(b"cookie", f"pb={token}".encode())] if token else []

    async def run(self) -> "Played":
        scope = {"type": "websocket", "path": "/_event/", "query_string": b"token=x", "headers": self._cookie, "state": {}}
        await Frames(self.application, lambda: self.now, self.sleep)(scope, self.receive, self.send)
        return self

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            self.passed += [message["text"]] if "text" in message else []

    async def receive(self) -> dict[str, Any]:
        return next(self._messages, {"type": "websocket.disconnect"})

    async def send(self, message: Any) -> None:
        self.closed = message

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.now += seconds


async def test_a_stranger_who_sends_too_fast_is_read_more_slowly() -> None:
    few = await Played(*["3"] * frames.BURST).run()
    many = await Played(*["3"] * (frames.BURST + 500)).run()

    assert few.slept == 0
    assert len(many.passed) == frames.BURST + 500
    assert many.slept == pytest.approx(500 / frames.PER_SECOND)


async def test_a_session_that_ended_is_a_stranger_s(db: object) -> None:
    played = await Played("4" + "2" * frames.STRANGERS_BYTES, token="x" * 43).run()

    assert (played.passed, played.closed["code"]) == ([], TOO_LARGE)


async def test_a_socket_that_never_introduces_itself_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "FIRST_SECONDS", 0.0)
    played = Played()
    never = asyncio.Event()
    connected = iter([{"type": "websocket.connect"}])

    async def receive() -> Any:
        return next(connected, None) or await never.wait()

    monkeypatch.setattr(played, "receive", receive)

    assert (await played.run()).closed["reason"] == "silent"
