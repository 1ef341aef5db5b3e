"""Every finding and every verdict, each made by a real server on 127.0.0.1 that misbehaves in its way, through the real ladder.

A new finding is a new row here, or `test_every_finding_and_every_verdict_is_made_by_a_row` fails.
"""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import settings
from app.domain.credentials.credential import Reference
from app.domain.probes.probe import Finding, ProbeResult, Verdict
from app.domain.providers.capabilities import Capabilities, Support
from app.domain.providers.provider import ProviderType, Wire
from app.domain.snapshot import Endpoint, Timeouts
from app.probe import messages as english
from app.probe import runner
from app.ui import i18n
from app.upstream import connector, container, egress, session, translator
from tests.fixtures import make, oauth
from tests.fixtures.certificates import Authority
from tests.fixtures.upstream import DONE, REFUSE, Heard, Line, Script, Upstream, answer, completion, delta, events

pytestmark = pytest.mark.usefixtures("vault")

F, V = Finding, Verdict
LIST, CHAT = "/models", "/chat/completions"
NO_MODEL = {"error": {"message": "The model `ghost` does not exist or you do not have access to it.", "code": "model_not_found"}}


class World:
    """Servers of one row, closed behind it."""

    def __init__(self, folder: Path, stack: AsyncExitStack, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.stack, self.patch = folder, stack, patch
        self.approved: set[str] = set()

    def approve(self, origin: str) -> None:
        self.approved.add(origin)
        egress.approve(frozenset(self.approved))

    async def server(self, scripts: dict[str, Script], **tls: Any) -> Upstream:
        server = Upstream(scripts=dict(scripts))
        await server.start(**tls)
        self.stack.push_async_callback(server.stop)
        self.approve(server.origin)
        return server

    async def raw(self, talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> int:
        listening = await asyncio.start_server(talk, "127.0.0.1", 0)
        self.stack.callback(listening.close)
        return listening.sockets[0].getsockname()[1]


Make = Callable[[World], Awaitable[Endpoint]]


@dataclass(frozen=True)
class Row:
    """`findings`: what the ladder must say, the last one as the reason when the verdict is not good."""

    findings: tuple[Finding, ...]
    verdict: Verdict
    make: Make
    climb: dict[str, Any] = field(default_factory=lambda: {"depth": "stream"})

    @property
    def name(self) -> str:
        return self.findings[-1].value


def served(scripts: dict[str, Script] | None = None, path: str = "/v1", secret: str | None = make.SECRET, **changes: Any) -> Make:
    """A provider that answers as usual but for these paths."""

    async def made(world: World) -> Endpoint:
        server = await world.server(scripts or {})
        return make.endpoint(server.origin + path, secret=secret, **changes)

    return made


def at(base_url: str, **changes: Any) -> Make:
    async def made(world: World) -> Endpoint:
        return make.endpoint(base_url, **{"secret": make.SECRET, **changes})

    return made


def secured(options: dict[str, Any] | None, *, trusted: bool = True) -> Make:
    """A provider behind TLS; None = a plain port that is asked for TLS."""

    async def made(world: World) -> Endpoint:
        authority = Authority(world.folder)
        server = await world.server({}, **({"tls": authority.server(**options)} if options is not None else {}))
        await session.close()
        session.open(ca_file=authority.ca_file if trusted else None)
        origin = f"https://127.0.0.1:{server.port}"
        world.approve(origin)
        return make.endpoint(f"{origin}/v1", secret=make.SECRET)

    return made


async def no_handshake(world: World) -> Endpoint:
    """TLS is spoken, and refused."""

    async def alert(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x15\x03\x01\x00\x02\x02\x28")  # alert, fatal, handshake_failure
        writer.close()

    origin = f"https://127.0.0.1:{await world.raw(alert)}"
    world.approve(origin)
    return make.endpoint(f"{origin}/v1", secret=make.SECRET)


async def closed_port(world: World) -> Endpoint:
    server = await world.server({})
    await server.stop()
    return make.endpoint(server.base_url, secret=make.SECRET)


async def in_a_container(world: World) -> Endpoint:
    """Nothing listens, and localhost is not what people mean by it."""
    world.patch.setattr(container, "current", lambda: container.Container.KUBERNETES)
    return await closed_port(world)


async def no_internet(world: World) -> Endpoint:
    """A vendor's own address, and nobody who could be asked for it."""

    async def nothing(*_: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    world.patch.setattr(connector, "resolve", nothing)
    return make.endpoint("https://api.openai.com/v1", secret=make.SECRET)


async def by_name(world: World) -> Endpoint:
    server = await world.server({})
    world.approve(f"http://localhost:{server.port}")
    return make.endpoint(f"http://localhost:{server.port}/v1", secret=make.SECRET)


async def no_way(world: World) -> Endpoint:
    """The loopback net's broadcast address: the system itself says that nobody can be connected to there."""
    world.approve("http://127.255.255.255:9")
    return make.endpoint("http://127.255.255.255:9/v1", secret=make.SECRET)


async def deaf_port(world: World) -> Endpoint:
    """A port whose queue is full: a connection is neither accepted nor refused."""
    deaf = world.stack.enter_context(socket.socket())
    deaf.bind(("127.0.0.1", 0))
    deaf.listen(0)
    for _ in range(3):
        filler = world.stack.enter_context(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(deaf.getsockname())
    origin = f"http://127.0.0.1:{deaf.getsockname()[1]}"
    world.approve(origin)
    return make.endpoint(f"{origin}/v1", secret=make.SECRET, timeouts=Timeouts(connect=0.2))


async def no_translator(world: World) -> Endpoint:
    """A vendor's own protocol, and a process that should speak it but ends at once."""
    world.patch.setattr(sys, "executable", shutil.which("false"))
    world.patch.setattr(translator, "shared", translator.Translator())
    world.stack.push_async_callback(translator.shared.close)
    server = await world.server({"?limit=1000": answer(body={"data": [{"id": "m"}]})})
    changes = {"type": ProviderType.ANTHROPIC, "wire": Wire.LITELLM}
    return make.endpoint(server.origin, secret=make.SECRET, **changes)


async def sealed_elsewhere(world: World) -> Endpoint:
    """The key was sealed under another id: nothing here opens it."""
    server = await world.server({})
    endpoint = make.endpoint(server.base_url, secret=make.SECRET)
    return replace(endpoint, keys=(replace(endpoint.keys[0], id="00000000-0000-7000-8000-00000000dead"),))


async def read_from_nowhere(world: World) -> Endpoint:
    """The key is a reference to a variable that is not there."""
    server = await world.server({})
    place = Reference(env="PATCHBAY_SECRET_NOWHERE")
    key = make.key(server.base_url, place.marked().reveal(), references={"api_key": place.text})
    return make.endpoint(server.base_url, auth_type="api_key", keys=(key,))


async def expired(world: World) -> Endpoint:
    """The key would be taken, but its day here is over."""
    server = await world.server({})
    key = replace(make.key(server.base_url, make.SECRET), expires_at=datetime.now(UTC) - timedelta(days=1))
    return make.endpoint(server.base_url, auth_type="api_key", keys=(key,))


def keyless(script: Script, *, otherwise: Script) -> Script:
    """What is answered without a key, and with one."""

    async def told(line: Line, heard: Heard) -> None:
        await (otherwise if "authorization" in heard.headers else script)(line, heard)

    return told


def by_token(script: Script) -> Make:
    """A provider that wants a token, and a token server that answers like this."""

    async def made(world: World) -> Endpoint:
        server, tokens = await world.server({}), await world.server({"/token": script})
        fields = {"token_url": f"{tokens.origin}/token", "client_id": "mine"}
        return oauth.endpoint("oauth", server.base_url, fields, {"client_secret": make.SECRET})

    return made


async def hangs_up(line: Line, _: Heard) -> None:
    line.cut()


async def silent(line: Line, _: Heard) -> None:
    await line.gone.wait()


async def stops(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "application/json", "content-length": "100"})
    await line.raw(b'{"data"')
    await line.gone.wait()


async def drips(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "application/json", "content-length": "1000"})
    while not line.gone.is_set():
        await line.raw(b" ")
        await asyncio.sleep(0.05)


async def breaks(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "application/json", "content-length": "100"})
    await line.raw(b'{"data"')
    line.cut()


async def banner(line: Line, _: Heard) -> None:
    await line.raw(b"SSH-2.0-OpenSSH_9.2\r\n")


async def endless(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "application/json", "content-length": str(10**9)})
    while not line.gone.is_set():
        await line.raw(b" " * 2**20)


def streams(script: Script) -> dict[str, Script]:
    """Chats as usual; streams as told."""

    async def chat(line: Line, heard: Heard) -> None:
        await (script if heard.json.get("stream") else answer(body=completion(heard.json["model"])))(line, heard)

    return {CHAT: chat}


LISTED = answer(body={"data": [{"id": "alpha-small"}]})
NOTHING = answer(404, {"detail": "Not Found"})
NOWHERE = {LIST: NOTHING, CHAT: NOTHING}
GHOST = {"model": "ghost"}
QUICK = {"timeouts": Timeouts(first_byte=0.2, idle=0.2, total=5)}
COMPRESSED = answer(200, b"\x1f\x8b\x08", {"content-encoding": "gzip"})
PLAIN_HTTP = answer(400, b"The plain HTTP request was sent to HTTPS port")
GOOD = (
    F.ADDRESS_OK, F.LOOK_UP_NOT_NEEDED, F.PORT_OPEN, F.NOT_ENCRYPTED, F.ANSWERS, F.KEY_ACCEPTED, F.MODELS_LISTED, F.CHAT_ANSWERED,
    F.STREAM_ANSWERED,
)  # fmt: skip

ROWS = [
    Row(GOOD, V.OK, served()),
    Row((F.ADDRESS_FOUND,), V.OK, by_name),
    Row((F.SECURE,), V.OK, secured({})),
    Row((F.KEY_NOT_NEEDED,), V.OK, served(secret=None)),
    Row((F.CHAT_EMPTY,), V.OK, served({CHAT: answer(body=completion("m", text=""))}), {}),
    Row((F.KEY_LIMITED, F.RATE_LIMITED), V.LIMITED, served({LIST: keyless(REFUSE, otherwise=answer(429, {}))})),
    Row((F.LIMITED_UNPROVEN,), V.LIMITED, served({LIST: answer(429, {})})),
    Row((F.LIST_IS_PUBLIC,), V.KEY_NOT_PROVEN, served({LIST: LISTED}), {"depth": "auth"}),
    Row((F.KEY_NOT_PROVEN,), V.KEY_NOT_PROVEN, served({LIST: keyless(answer(500, {}), otherwise=LISTED)}), {"depth": "models"}),
    Row((F.DEFAULT_NOT_LISTED,), V.DEFAULT_NOT_LISTED, served(default_model="ghost"), {"depth": "models"}),
    Row((F.STREAM_NOT_OFFERED,), V.OK, served(capabilities=Capabilities(streaming=Support.NO))),
    Row((F.KEY_NOT_TRIED, F.NO_MODEL_LIST), V.NO_MODEL_LIST, served({LIST: NOTHING}), {"depth": "models"}),
    Row((F.NO_MODELS,), V.NO_MODEL_LIST, served({LIST: answer(body={"data": []})})),
    Row((F.NO_MODEL_KNOWN,), V.NO_MODEL_LIST, served({LIST: answer(body={"data": [{"id": "text-embed-1"}]})})),
    Row((F.ADDRESS_INVALID,), V.NOT_FOUND, at("https:///v1", origin="https://x.example")),
    Row((F.REFUSED_BY_POLICY,), V.REFUSED_BY_POLICY, at("http://169.254.169.254/v1")),
    Row((F.LOCAL_NOT_APPROVED,), V.REFUSED_BY_POLICY, at("http://127.0.0.1:1/v1")),
    Row((F.KEY_IN_CLEAR,), V.REFUSED_BY_POLICY, at("http://8.8.8.8/v1")),
    Row((F.HOST_NOT_FOUND,), V.UNREACHABLE, at("https://nowhere.invalid/v1")),
    Row((F.NO_LOOK_UP,), V.UNREACHABLE, no_internet),
    Row((F.CONNECTION_REFUSED,), V.UNREACHABLE, closed_port),
    Row((F.LOCALHOST_OF_CONTAINER,), V.UNREACHABLE, in_a_container),
    Row((F.CONNECTION_LOST,), V.UNREACHABLE, served({LIST: hangs_up})),
    Row((F.UNREACHABLE,), V.UNREACHABLE, no_way),
    Row((F.TRANSLATOR_DOWN,), V.UNREACHABLE, no_translator),
    Row((F.CONNECT_TIMEOUT,), V.TIMEOUT, deaf_port),
    Row((F.FIRST_BYTE_TIMEOUT,), V.TIMEOUT, served({LIST: silent}, **QUICK)),
    Row((F.IDLE_TIMEOUT,), V.TIMEOUT, served({LIST: stops}, **QUICK)),
    Row((F.TOTAL_TIMEOUT,), V.TIMEOUT, served({LIST: drips}, timeouts=Timeouts(total=0.3))),
    Row((F.TLS_SELF_SIGNED,), V.TLS_FAILED, secured({"self_signed": True})),
    Row((F.TLS_EXPIRED,), V.TLS_FAILED, secured({"expired": True})),
    Row((F.TLS_WRONG_NAME,), V.TLS_FAILED, secured({"name": "other.example"})),
    Row((F.TLS_UNKNOWN_ISSUER,), V.TLS_FAILED, secured({}, trusted=False)),
    Row((F.TLS_NOT_SPOKEN,), V.TLS_FAILED, secured(None)),
    Row((F.TLS_FAILED,), V.TLS_FAILED, no_handshake),
    Row((F.TLS_EXPECTED,), V.BAD_RESPONSE, served({LIST: PLAIN_HTTP})),
    Row((F.NOT_HTTP,), V.BAD_RESPONSE, served({LIST: banner})),
    Row((F.REDIRECTED,), V.BAD_RESPONSE, served({LIST: answer(302, {}, {"location": "https://x.example/a?b"})})),
    Row((F.HTML,), V.BAD_RESPONSE, served({LIST: answer(200, b"<html>hi", {"content-type": "text/html"})})),
    Row((F.NOT_JSON,), V.BAD_RESPONSE, served({LIST: answer(200, b"hello", {"content-type": "text/plain"})})),
    Row((F.ENCODED,), V.BAD_RESPONSE, served({LIST: COMPRESSED})),
    Row((F.TOO_LARGE,), V.BAD_RESPONSE, served({LIST: endless})),
    Row((F.CUT_OFF,), V.BAD_RESPONSE, served({LIST: breaks})),
    Row((F.NOT_FOUND,), V.NOT_FOUND, served(NOWHERE), GHOST),
    Row((F.VERSION_DOUBLED,), V.NOT_FOUND, served(NOWHERE, path="/v1/v1")),
    Row((F.VERSION_MISSING,), V.NOT_FOUND, served(NOWHERE, path="/api")),
    Row((F.PROVIDER_ERROR,), V.BAD_RESPONSE, served({LIST: answer(500, {"error": "boom"})})),
    Row((F.NO_CREDENTIAL,), V.NO_CREDENTIAL, served(secret=None, auth_type="api_key")),
    Row((F.KEY_UNREADABLE,), V.NO_CREDENTIAL, sealed_elsewhere),
    Row((F.KEY_PLACE_EMPTY,), V.NO_CREDENTIAL, read_from_nowhere),
    Row((F.UNKNOWN_AUTH_TYPE,), V.NO_CREDENTIAL, served(auth_type="telepathy")),
    Row((F.KEY_EXPIRED,), V.NO_CREDENTIAL, expired),
    Row((F.KEY_REQUIRED,), V.NO_CREDENTIAL, served({LIST: answer(401, {"error": "no"})}, secret=None)),
    Row((F.KEY_REFUSED,), V.AUTH_FAILED, served({LIST: answer(401, {"error": "no"})})),
    Row((F.KEY_REFUSED,), V.AUTH_FAILED, served({CHAT: answer(403, {"error": "no"})})),
    Row((F.TOKEN_REFUSED,), V.AUTH_FAILED, by_token(answer(401, {"error": "invalid_client"}))),
    Row((F.TOKEN_UNREACHABLE,), V.UNREACHABLE, by_token(hangs_up)),
    Row((F.TOKEN_BAD_RESPONSE,), V.BAD_RESPONSE, by_token(answer(body={"hello": 1}))),
    Row((F.RATE_LIMITED,), V.LIMITED, served({CHAT: answer(429, {})})),
    Row((F.NO_CREDIT,), V.LIMITED, served({CHAT: answer(402, {})})),
    Row((F.MODEL_NOT_FOUND,), V.MODEL_NOT_FOUND, served({CHAT: answer(404, NO_MODEL)}), GHOST),
    Row((F.CHAT_REJECTED,), V.BAD_RESPONSE, served({CHAT: answer(400, {"error": "temperature"})})),
    Row((F.NOT_CHAT,), V.BAD_RESPONSE, served({CHAT: answer(body={"hello": 1})})),
    Row((F.STREAM_CUT,), V.BAD_RESPONSE, served(streams(events(delta("Hel"))))),
    Row((F.NOT_STREAMED,), V.BAD_RESPONSE, served(streams(answer(body=completion("m"))))),
    Row((F.STREAM_ANSWERED,), V.OK, served(streams(events(delta("OK", "stop"), DONE)))),
]  # fmt: skip


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv("PATCHBAY_DATA_DIR", str(tmp_path))
    settings.current.cache_clear()
    monkeypatch.setattr(container, "current", lambda: None)
    async with AsyncExitStack() as stack:
        session.open()
        yield World(tmp_path, stack, monkeypatch)
        egress.approve(frozenset())
        await session.close()
    settings.current.cache_clear()


def unfilled(result: ProbeResult, language: str) -> set[str]:
    """Findings of a result whose sentence in a language is missing or lacks a value."""
    told = [(step.message, step.values) for step in result.steps] + ([(result.error.code, result.error.values)] if result.error else [])
    texts = i18n.catalogues()[language]
    lacking = {code for code, values in told for hole in i18n.holes(texts[f"probe.{code}"]) if values.get(hole) in (None, "")}
    return {code.value for code in lacking}


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{n}-{row.name}") for n, row in enumerate(ROWS)])
async def test_a_fault_is_told_by_its_finding_and_its_verdict_in_every_language(world: World, row: Row) -> None:
    found = [item async for item in runner.run(await row.make(world), **row.climb)]

    result = found[-1]
    assert isinstance(result, ProbeResult)
    said = {step.message for step in result.steps} | ({result.error.code} if result.error else set())
    assert (set(row.findings) <= said, result.verdict) == (True, row.verdict), (said, result.error)
    assert result.ok is (row.verdict in (V.OK, V.LIMITED, V.NO_MODEL_LIST, V.KEY_NOT_PROVEN, V.DEFAULT_NOT_LISTED))
    assert {language: unfilled(result, language) for language in i18n.languages()} == {language: set() for language in i18n.languages()}
    assert result.error is None or "…" not in result.error.message
    assert make.SECRET not in result.model_dump_json()


def test_every_finding_and_every_verdict_is_made_by_a_row() -> None:
    assert {finding for row in ROWS for finding in row.findings} == set(Finding)
    assert {row.verdict for row in ROWS} == set(Verdict)


def test_every_finding_has_a_sentence_in_every_language() -> None:
    for language, texts in i18n.catalogues().items():
        assert {code for code in Finding if f"probe.{code}" not in texts} == set(), language
    assert set(english.SENTENCES) == set(Finding)
