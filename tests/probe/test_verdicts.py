"""Every finding and every verdict, each made by a real server on 127.0.0.1 that misbehaves in its way, through the real ladder.

A new finding in one of our files is a new row here, or `test_every_finding_and_every_verdict_is_made_by_a_row` fails.
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

from app import folder, settings
from app.domain.credentials.credential import Reference
from app.domain.probes.probe import ProbeResult, Verdict
from app.domain.providers.capabilities import Capabilities, Support
from app.domain.providers.provider import ProviderType, Wire
from app.domain.snapshot import Endpoint, Timeouts
from app.probe import diagnoses, runner
from app.probe.finding import Finding
from app.ui import i18n
from app.upstream import connector, container, egress, session, translator
from tests.fixtures import make, oauth
from tests.fixtures.certificates import Authority
from tests.fixtures.upstream import DONE, REFUSE, Heard, Line, Script, Upstream, answer, completion, delta, events

pytestmark = pytest.mark.usefixtures("vault")

V = Verdict
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

    findings: tuple[str, ...]
    verdict: Verdict
    make: Make
    climb: dict[str, Any] = field(default_factory=lambda: {"depth": "stream"})

    @property
    def name(self) -> str:
        return self.findings[-1]


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
    "address_ok", "look_up_not_needed", "port_open", "not_encrypted", "answers", "key_accepted", "models_listed", "chat_answered",
    "stream_answered",
)  # fmt: skip

ROWS = [
    Row(GOOD, V.OK, served()),
    Row(("address_found",), V.OK, by_name),
    Row(("secure",), V.OK, secured({})),
    Row(("key_not_needed",), V.OK, served(secret=None)),
    Row(("chat_empty",), V.OK, served({CHAT: answer(body=completion("m", text=""))}), {}),
    Row(("key_limited", "rate_limited"), V.LIMITED, served({LIST: keyless(REFUSE, otherwise=answer(429, {}))})),
    Row(("limited_unproven",), V.LIMITED, served({LIST: answer(429, {})})),
    Row(("list_is_public",), V.KEY_NOT_PROVEN, served({LIST: LISTED}), {"depth": "auth"}),
    Row(("key_not_proven",), V.KEY_NOT_PROVEN, served({LIST: keyless(answer(500, {}), otherwise=LISTED)}), {"depth": "models"}),
    Row(("default_not_listed",), V.DEFAULT_NOT_LISTED, served(default_model="ghost"), {"depth": "models"}),
    Row(("stream_not_offered",), V.OK, served(capabilities=Capabilities(streaming=Support.NO))),
    Row(("key_not_tried", "no_model_list"), V.NO_MODEL_LIST, served({LIST: NOTHING}), {"depth": "models"}),
    Row(("no_models",), V.NO_MODEL_LIST, served({LIST: answer(body={"data": []})})),
    Row(("no_model_known",), V.NO_MODEL_LIST, served({LIST: answer(body={"data": [{"id": "text-embed-1"}]})})),
    Row(("address_invalid",), V.NOT_FOUND, at("https:///v1", origin="https://x.example")),
    Row(("refused_by_policy",), V.REFUSED_BY_POLICY, at("http://169.254.169.254/v1")),
    Row(("local_not_approved",), V.REFUSED_BY_POLICY, at("http://127.0.0.1:1/v1")),
    Row(("key_in_clear",), V.REFUSED_BY_POLICY, at("http://8.8.8.8/v1")),
    Row(("host_not_found",), V.UNREACHABLE, at("https://nowhere.invalid/v1")),
    Row(("no_look_up",), V.UNREACHABLE, no_internet),
    Row(("connection_refused",), V.UNREACHABLE, closed_port),
    Row(("localhost_of_container",), V.UNREACHABLE, in_a_container),
    Row(("connection_lost",), V.UNREACHABLE, served({LIST: hangs_up})),
    Row(("unreachable",), V.UNREACHABLE, no_way),
    Row(("translator_down",), V.UNREACHABLE, no_translator),
    Row(("connect_timeout",), V.TIMEOUT, deaf_port),
    Row(("first_byte_timeout",), V.TIMEOUT, served({LIST: silent}, **QUICK)),
    Row(("idle_timeout",), V.TIMEOUT, served({LIST: stops}, **QUICK)),
    Row(("total_timeout",), V.TIMEOUT, served({LIST: drips}, timeouts=Timeouts(total=0.3))),
    Row(("tls_self_signed",), V.TLS_FAILED, secured({"self_signed": True})),
    Row(("tls_expired",), V.TLS_FAILED, secured({"expired": True})),
    Row(("tls_wrong_name",), V.TLS_FAILED, secured({"name": "other.example"})),
    Row(("tls_unknown_issuer",), V.TLS_FAILED, secured({}, trusted=False)),
    Row(("tls_not_spoken",), V.TLS_FAILED, secured(None)),
    Row(("tls_failed",), V.TLS_FAILED, no_handshake),
    Row(("tls_expected",), V.BAD_RESPONSE, served({LIST: PLAIN_HTTP})),
    Row(("not_http",), V.BAD_RESPONSE, served({LIST: banner})),
    Row(("redirected",), V.BAD_RESPONSE, served({LIST: answer(302, {}, {"location": "https://x.example/a?b"})})),
    Row(("html",), V.BAD_RESPONSE, served({LIST: answer(200, b"<html>hi", {"content-type": "text/html"})})),
    Row(("not_json",), V.BAD_RESPONSE, served({LIST: answer(200, b"hello", {"content-type": "text/plain"})})),
    Row(("encoded",), V.BAD_RESPONSE, served({LIST: COMPRESSED})),
    Row(("too_large",), V.BAD_RESPONSE, served({LIST: endless})),
    Row(("cut_off",), V.BAD_RESPONSE, served({LIST: breaks})),
    Row(("not_found",), V.NOT_FOUND, served(NOWHERE), GHOST),
    Row(("version_doubled",), V.NOT_FOUND, served(NOWHERE, path="/v1/v1")),
    Row(("version_missing",), V.NOT_FOUND, served(NOWHERE, path="/api")),
    Row(("provider_error",), V.BAD_RESPONSE, served({LIST: answer(500, {"error": "boom"})})),
    Row(("no_credential",), V.NO_CREDENTIAL, served(secret=None, auth_type="api_key")),
    Row(("key_unreadable",), V.NO_CREDENTIAL, sealed_elsewhere),
    Row(("key_place_empty",), V.NO_CREDENTIAL, read_from_nowhere),
    Row(("unknown_auth_type",), V.NO_CREDENTIAL, served(auth_type="telepathy")),
    Row(("key_expired",), V.NO_CREDENTIAL, expired),
    Row(("key_required",), V.NO_CREDENTIAL, served({LIST: answer(401, {"error": "no"})}, secret=None)),
    Row(("key_refused",), V.AUTH_FAILED, served({LIST: answer(401, {"error": "no"})})),
    Row(("key_refused",), V.AUTH_FAILED, served({CHAT: answer(403, {"error": "no"})})),
    Row(("token_refused",), V.AUTH_FAILED, by_token(answer(401, {"error": "invalid_client"}))),
    Row(("token_unreachable",), V.UNREACHABLE, by_token(hangs_up)),
    Row(("token_bad_response",), V.BAD_RESPONSE, by_token(answer(body={"hello": 1}))),
    Row(("rate_limited",), V.LIMITED, served({CHAT: answer(429, {})})),
    Row(("no_credit",), V.LIMITED, served({CHAT: answer(402, {})})),
    Row(("model_not_found",), V.MODEL_NOT_FOUND, served({CHAT: answer(404, NO_MODEL)}), GHOST),
    Row(("chat_rejected",), V.BAD_RESPONSE, served({CHAT: answer(400, {"error": "temperature"})})),
    Row(("not_chat",), V.BAD_RESPONSE, served({CHAT: answer(body={"hello": 1})})),
    Row(("stream_cut",), V.BAD_RESPONSE, served(streams(events(delta("Hel"))))),
    Row(("not_streamed",), V.BAD_RESPONSE, served(streams(answer(body=completion("m"))))),
    Row(("stream_answered",), V.OK, served(streams(events(delta("OK", "stop"), DONE)))),
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
    return {code for code, values in told for hole in i18n.holes(texts[f"probe.{code}"]) if values.get(hole) in (None, "")}


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
    """A file none of whose findings has a row brings tests of its own."""
    made = {finding for row in ROWS for finding in row.findings}
    declared = [
        {value.code for value in vars(module).values() if isinstance(value, Finding)} for module in folder.load(diagnoses.__name__).values()
    ]

    assert made - set(diagnoses.all_()) == set()
    assert set().union(*(codes - made for codes in declared if codes & made)) == set()
    assert {row.verdict for row in ROWS} == set(Verdict)
