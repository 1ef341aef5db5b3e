"""Finding local servers: what is there is found and named, nothing else is, and nobody is sent a key."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from app import presets, settings, web
from app.domain.actor import SYSTEM, Actor, ActorType, Role
from app.domain.errors import EgressRefused, Forbidden, TooManyAttempts
from app.domain.ids import uuid7
from app.domain.providers.discovery import FoundServer
from app.domain.providers.preset import Preset
from app.domain.providers.provider import ProviderDraft
from app.services import discovery, providers
from app.storage import approvals
from app.storage.audit_tables import AuditRow
from app.storage.database import engine
from app.storage.tables import EgressApproval
from app.storage.work import work
from app.upstream import egress, unauthenticated_get
from tests.fixtures import bridge
from tests.fixtures.upstream import MODELS, Heard, Line, Script, Upstream, answer

Start = Callable[[], Awaitable[Upstream]]
OLLAMA = {"version": "0.12.3"}
PROPS = {"default_generation_settings": {"n_ctx": 4096}, "total_slots": 1}


@pytest.fixture
def me() -> Actor:
    """An admin who has not searched yet."""
    return Actor(ActorType.USER, uuid7(), "Ada", Role.ADMIN)


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts servers that nobody approved."""
    async with AsyncExitStack() as running:

        async def starting() -> Upstream:
            server = Upstream()
            await server.start()
            running.push_async_callback(server.stop)
            return server

        yield starting


def known(**at: int) -> list[Preset]:
    """The shipped presets of these ids (`_` for `-`), listening at these ports."""
    found = [(presets.get(name.replace("_", "-")), port) for name, port in at.items()]
    return [p.model_copy(update={"base_url": f"http://localhost:{port}/v1"}) for p, port in found]


async def approve(origin: str) -> None:
    async with work(SYSTEM, audited=False) as doing:
        await approvals.add(doing.session, origin, by="Ada")


async def rows(table: Any) -> list[Any]:
    async with engine.session() as session:
        return list((await session.exec(select(table))).all())


pytestmark = pytest.mark.usefixtures("db", "outgoing")


async def test_a_server_is_found_with_its_name_and_its_models(me: Actor, start: Start) -> None:
    server = await start()
    server.on("/api/version", answer(body=OLLAMA))

    found = await discovery.find(me, known=known(ollama=server.port))

    base_url = f"http://localhost:{server.port}/v1"
    assert found.servers == (FoundServer("ollama", "Ollama", base_url, tuple(MODELS), None),)
    assert found.hosts[0] == "localhost"


@pytest.mark.parametrize(
    ("path", "body", "preset"),
    [
        pytest.param("/api/version", OLLAMA, "ollama", id="Ollama"),
        pytest.param("/api/v0/models", {"object": "list", "data": []}, "lm-studio", id="LM Studio"),
        pytest.param("/props", PROPS, "llama-cpp", id="llama.cpp"),
        pytest.param("/version", {"version": "0.11.0"}, "vllm", id="vLLM"),
        pytest.param("/system", {"backends": ["llama-cpp"], "loaded_models": []}, "localai", id="LocalAI"),
        pytest.param("/health/liveliness", b'"I\'m alive!"', "litellm", id="LiteLLM"),
    ],
)
async def test_servers_on_the_same_port_are_told_apart(me: Actor, start: Start, path: str, body: Any, preset: str) -> None:
    server = await start()
    if path != "/api/version":
        server.on("/api/version", answer(404))
    server.on(path, answer(body=body))
    everybody = {p.id.replace("-", "_"): server.port for p in presets.all_() if p.local}

    found = await discovery.find(me, known=known(**everybody))

    assert [s.preset for s in found.servers] == [preset]


async def test_where_two_fit_the_one_that_usually_listens_there_is_meant(me: Actor, start: Start) -> None:
    server = await start()
    server.on("/api/version", answer(body=OLLAMA))  # LocalAI and others imitate it
    server.on("/system", answer(body={"loaded_models": []}))

    found = await discovery.find(me, known=known(ollama=1, localai=server.port))

    assert [s.preset for s in found.servers] == ["localai"]


async def test_a_server_nobody_knows_is_shown_when_it_answers_like_openai(me: Actor, start: Start) -> None:
    server = await start()

    [found] = (await discovery.find(me, known=known(vllm=server.port))).servers

    assert (found.preset, found.label, found.models) == (None, "", tuple(MODELS))


async def test_a_known_server_that_wants_a_key_is_shown_without_models(me: Actor, start: Start) -> None:
    server = await start()
    server.on("/v1/models", answer(401, {"error": "Unauthorized"}))
    server.on("/version", answer(body={"version": "0.11.0"}))

    [found] = (await discovery.find(me, known=known(vllm=server.port))).servers

    assert (found.preset, found.models) == ("vllm", ())


async def test_a_server_that_is_set_up_already_is_named(me: Actor, start: Start) -> None:
    server = await start()
    draft = ProviderDraft(name="my-ollama", base_url=f"http://127.0.0.1:{server.port}/v1", auth_type="none")
    await providers.create(me, draft)

    found = await discovery.find(me, known=known(ollama=server.port))

    assert [s.provider for s in found.servers] == ["my-ollama"]  # once, under whichever spelling of this machine


def told(data: bytes) -> Script:
    async def script(line: Line, _: Any) -> None:
        await line.raw(data)
        line.cut()

    return script


async def silent(line: Line, _: Any) -> None:
    await line.gone.wait()


async def endless(line: Line, _: Any) -> None:
    await line.head(200, {"content-type": "application/json", "transfer-encoding": "chunked"})
    await line.chunk(b'{"data": [{"id": "a"}], "rest": "')
    while True:
        await line.chunk(b"x" * 65_536)


def redirect(to: str) -> Script:
    return answer(302, b"", {"location": to})


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(told(b"SSH-2.0-OpenSSH_9.6\r\n"), id="not HTTP"),
        pytest.param(answer(body=b"<html>Hello</html>"), id="a web page"),
        pytest.param(answer(body=b"{not json"), id="broken JSON"),
        pytest.param(answer(body=b"[" * 100_000), id="JSON that goes deep"),
        pytest.param(answer(body={"data": {"id": "a"}}), id="no list"),
        pytest.param(answer(body=b"\x1f\x8b\x08", headers={"content-encoding": "gzip"}), id="compressed"),
        pytest.param(endless, id="endless"),
        pytest.param(silent, id="silent"),
        pytest.param(told(b""), id="closed"),
        pytest.param(answer(500, {"error": "no"}), id="broken"),
    ],
)
async def test_what_does_not_answer_like_a_model_server_is_left_out_in_time(me: Actor, start: Start, script: Script) -> None:
    server, good = await start(), await start()
    server.on("", script)
    started = time.monotonic()

    found = await discovery.find(me, known=known(vllm=server.port, ollama=good.port))

    assert [s.base_url for s in found.servers] == [f"http://localhost:{good.port}/v1"]
    assert time.monotonic() - started < discovery.SECONDS + 0.5
    assert await server.all_gone(within=2)


async def test_a_dead_port_is_no_server(me: Actor, start: Start) -> None:
    server = await start()
    port = server.port
    await server.stop()

    assert (await discovery.find(me, known=known(ollama=port))).servers == ()


async def test_many_silent_ports_do_not_make_it_longer(me: Actor, start: Start) -> None:
    servers = [await start() for _ in range(40)]
    for server in servers:
        server.on("", silent)
    [preset] = known(ollama=servers[0].port)
    started = time.monotonic()

    found = await discovery.find(me, known=[preset.model_copy(update={"ports": [s.port for s in servers]})])

    assert found.servers == ()
    assert time.monotonic() - started < discovery.SECONDS + 0.5
    assert sum(s.connections for s in servers) <= discovery.AT_ONCE * 3 + discovery.AT_ONCE


async def test_a_redirect_is_not_followed(me: Actor, start: Start) -> None:
    server, target = await start(), await start()
    server.on("", redirect(f"http://127.0.0.1:{target.port}/v1/models"))

    found = await discovery.find(me, known=known(ollama=server.port))

    assert (found.servers, target.connections) == ((), 0)


async def test_no_key_no_cookie_and_no_body_is_sent(me: Actor, start: Start) -> None:
    server = await start()
    draft = {"name": "x1", "base_url": f"http://127.0.0.1:{server.port}/v1", "credential": {"secret": {"api_key": "sk-planted-88d1f0"}}}
    await providers.create(me, ProviderDraft.model_validate(draft))

    await discovery.find(me, known=known(ollama=server.port, vllm=server.port))

    assert {heard.method for heard in server.heard} == {"GET"}
    assert {name for heard in server.heard for name in heard.headers} <= {"host", "accept", "accept-encoding", "user-agent"}
    assert not any(b"planted" in heard.raw_head or heard.body for heard in server.heard)


async def test_finding_approves_nothing_and_keeps_no_connection(me: Actor, start: Start) -> None:
    server = await start()

    assert (await discovery.find(me, known=known(ollama=server.port))).servers

    assert await rows(EgressApproval) == []
    assert not egress.is_approved(f"http://localhost:{server.port}")
    assert await server.all_gone(within=2)


async def test_the_host_of_an_approved_origin_is_looked_at_too(me: Actor, start: Start) -> None:
    server = await start()
    await approve(f"http://127.0.0.2:{server.port + 1}")
    other = Upstream(host="127.0.0.2")
    await other.start(address="127.0.0.2")

    found = await discovery.find(me, known=known(ollama=other.port))
    await other.stop()

    assert "127.0.0.2" in found.hosts
    assert [s.base_url for s in found.servers] == [f"http://127.0.0.2:{other.port}/v1"]


async def test_an_approved_origin_is_asked_at_its_own_port(me: Actor, start: Start) -> None:
    server = await start()
    await approve(server.origin)

    found = await discovery.find(me, known=[])

    assert [s.base_url for s in found.servers] == [f"http://localhost:{server.port}/v1"]


@pytest.mark.parametrize("origin", ["http://169.254.169.254:80", "http://93.184.216.34:80", "http://[fe80::1]:80", "http://0.0.0.0:80"])
async def test_metadata_and_public_addresses_are_not_asked(origin: str) -> None:
    context = unauthenticated_get.LocalOnlyPolicy(origin)

    assert context.judge(origin.removeprefix("http://").removesuffix(":80").strip("[]"), 80) is not None
    assert await unauthenticated_get.get(origin, "/v1/models") is None


async def test_our_own_port_is_never_connected(me: Actor, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await start()
    monkeypatch.setattr(egress, "_policy", replace(egress._policy, protected={server.port: {"127.0.0.1"}}))

    found = await discovery.find(me, known=known(ollama=server.port))

    assert (found.servers, server.connections) == ((), 0)


async def test_another_patchbay_is_no_model_server(me: Actor) -> None:
    async with bridge.serve(web.make_web()) as url:
        found = await discovery.find(
            me, known=known(**{p.id.replace("-", "_"): int(url.rsplit(":")[-1]) for p in presets.all_() if p.local})
        )

    assert found.servers == ()


async def test_only_an_admin_searches(start: Start) -> None:
    server = await start()
    viewer = Actor(ActorType.USER, uuid7(), "Vera", Role.VIEWER)

    with pytest.raises(Forbidden):
        await discovery.find(viewer, known=known(ollama=server.port))

    assert server.connections == 0


async def test_where_local_addresses_are_switched_off_nothing_is_searched(me: Actor, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await start()
    monkeypatch.setenv("PATCHBAY_EGRESS_LOCAL", "off")
    settings.current.cache_clear()

    with pytest.raises(EgressRefused, match="PATCHBAY_EGRESS_LOCAL"):
        await discovery.find(me, known=known(ollama=server.port))

    assert server.connections == 0


async def test_a_person_searches_a_few_times_a_minute(me: Actor) -> None:
    for _ in range(discovery.SEARCHES_PER_MINUTE):
        await discovery.find(me, known=[])

    with pytest.raises(TooManyAttempts):
        await discovery.find(me, known=[])
    await discovery.find(replace(me, id=uuid7()), known=[])  # somebody else may


async def test_a_search_is_in_the_audit_with_where_and_how_many(me: Actor, start: Start) -> None:
    server = await start()

    await discovery.find(me, known=known(ollama=server.port))

    [entry] = await rows(AuditRow)
    assert (entry.action, entry.actor_name) == ("discovery:local:search", "Ada")
    assert (entry.changes["hosts"][0], entry.changes["count"]) == ("localhost", 1)


async def test_a_search_that_is_given_up_leaves_nothing_behind(me: Actor, start: Start) -> None:
    server, asked = await start(), asyncio.Event()

    async def hold(line: Line, heard: Heard) -> None:
        asked.set()
        await silent(line, heard)

    server.on("", hold)
    search = asyncio.ensure_future(discovery.find(me, known=known(ollama=server.port)))
    async with asyncio.timeout(5):
        await asked.wait()

    search.cancel()
    await asyncio.gather(search, return_exceptions=True)

    assert await server.all_gone(within=2)
