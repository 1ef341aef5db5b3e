"""A key in the query, a signature over the body, a header with the time in it: each is one file, and holds for tests and traffic."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import pytest
from sqlmodel import select
from yarl import URL

from app import registry
from app.domain.actor import Actor
from app.domain.errors import NoCredential
from app.domain.probes.probe import ProbeResult
from app.domain.providers.provider import ProviderDraft, ProviderType, Wire
from app.domain.secret import Secret
from app.relay import keys
from app.services import probes
from app.storage.audit_tables import AuditRow
from app.storage.database import engine
from app.storage.tables import ProbeRow
from app.translator import guard
from app.translator.passage import Passage
from app.translator.passage import current as passage
from app.upstream import auth, connector, credential, credential_cache, signing
from app.upstream.outgoing import Outgoing
from app.upstream.wire import openai
from app.upstream.wire.call import Ask
from tests.fixtures import held, make, oauth
from tests.fixtures.databases import only_sqlite
from tests.fixtures.planted_auth import ACCOUNT, FILES, Checking, key_in
from tests.fixtures.upstream import MODELS, Heard, Line, Upstream, answer, completion
from tests.gateway.conftest import Gateway

SECOND = "sk-second/51b0+a7c2 d9e8"
WAYS = [way for way in FILES if way != "planted_rogue"]
SIGNED_EACH = [way for way in WAYS if way != "planted_query_key"]
ASK = {"model": "acme/alpha", "messages": [{"role": "user", "content": "Hi"}]}
Add = Callable[..., Awaitable[Any]]

pytestmark = pytest.mark.usefixtures("planted")


def sealed(way: str, upstream: Upstream, *, account: str = ACCOUNT, **changes: Any) -> Any:
    """An endpoint with one key of this type."""
    return oauth.endpoint(way, upstream.base_url, {"account": account}, {"api_key": make.SECRET}, **changes)


@pytest.fixture
def acme(add: Add, upstream: Upstream) -> Callable[[str], Awaitable[Any]]:
    """Save a provider that signs in in this way."""

    async def adding(way: str) -> Any:
        keys.forget()
        credential_cache.clear()
        return await add("acme", upstream.base_url, auth_type=way, auth={"account": ACCOUNT})

    return adding


async def result_of(steps: Any) -> ProbeResult:
    found = [step async for step in steps][-1]
    assert isinstance(found, ProbeResult)
    return found


@only_sqlite
@pytest.mark.parametrize("way", WAYS)
async def test_every_call_of_an_application_is_signed(acme: Any, upstream: Upstream, gateway: Gateway, way: str) -> None:
    await acme(way)
    checking = Checking(way, make.SECRET)
    upstream.on("", checking)

    answers = [await gateway.http.post("/v1/chat/completions", json={**ASK, "seed": number}) for number in range(3)]
    async with gateway.http.stream("POST", "/v1/chat/completions", json={**ASK, "stream": True}) as streamed:
        assert b"[DONE]" in await streamed.aread()

    assert [found.status_code for found in answers] == [200] * 3
    assert checking.seen == [make.SECRET] * 4
    assert len(set(checking.stamps)) == (4 if way in SIGNED_EACH else 1)


@only_sqlite
@pytest.mark.parametrize("way", WAYS)
async def test_a_test_is_signed_saved_or_not(acme: Any, actor: Actor, upstream: Upstream, way: str) -> None:
    await acme(way)
    checking = Checking(way, make.SECRET)
    upstream.on("", checking)
    fields = {"name": "acme", "base_url": upstream.base_url, "auth_type": way, "auth": {"account": ACCOUNT}}
    draft = ProviderDraft.model_validate({**fields, "credential": {"secret": {"api_key": make.SECRET}}})

    saved = await result_of(probes.run_saved(actor, "acme", model=MODELS[0], depth="stream"))
    drafted = await result_of(probes.run_draft(actor, draft, model=MODELS[0], depth="stream"))

    for result in (saved, drafted):
        assert (result.ok, [step.ok for step in result.steps]) == (True, [True] * 9), result
    assert set(checking.seen) == {make.SECRET, ""}  # whether the list is public is asked without the key
    stamps = [stamp for stamp in checking.stamps if stamp]
    assert len(set(stamps)) == len(stamps)


@only_sqlite
@pytest.mark.parametrize("way", WAYS)
async def test_another_key_signs_anew(acme: Any, upstream: Upstream, gateway: Gateway, way: str) -> None:
    await held.add(await acme(way), SECOND, priority=2)
    await registry.shared.rebuild()
    checking = Checking(way, SECOND, make.SECRET)
    upstream.on("", checking)

    found = await gateway.http.post("/v1/chat/completions", json=ASK)

    assert (found.status_code, checking.seen) == (200, [make.SECRET, SECOND])


@pytest.mark.usefixtures("vault", "outgoing")
@pytest.mark.parametrize("way", SIGNED_EACH)
async def test_a_request_that_is_sent_once_more_has_a_new_signature(upstream: Upstream, way: str) -> None:
    known, checking = sealed(way, upstream), Checking(way, make.SECRET)

    async def dies_on_reuse(line: Line, heard: Heard) -> None:
        if len(upstream.heard) == 2:
            checking.stamps.append(heard.headers["x-time"])
            line.cut()
        else:
            await checking(line, heard)

    upstream.on("", dies_on_reuse)

    for _ in range(2):
        async with openai.send(known, known.keys[0], Ask("/chat/completions", json.dumps({"model": "m"}).encode())) as reply:
            await reply.read()

    assert checking.seen == [make.SECRET] * 2
    assert (len(checking.stamps), len(set(checking.stamps))) == (3, 3)


@pytest.mark.usefixtures("vault", "outgoing")
async def test_a_reusable_type_is_applied_once_a_minute_and_another_at_every_call(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: list[str] = []
    sign = signing.sign
    monkeypatch.setattr(signing, "sign", lambda way, *given: applied.append(way) or sign(way, *given))

    for way in WAYS:
        upstream.on("", Checking(way, make.SECRET))
        known = sealed(way, upstream)
        for _ in range(3):
            async with openai.send(known, known.keys[0], Ask("/models")) as reply:
                await reply.read()

    assert {way: applied.count(way) for way in WAYS} == {way: 3 if way in SIGNED_EACH else 1 for way in WAYS}


@pytest.mark.usefixtures("vault", "outgoing")
@pytest.mark.parametrize("way", WAYS)
async def test_a_key_entered_for_another_address_signs_nothing(upstream: Upstream, way: str) -> None:
    other = make.endpoint(
        upstream.base_url.replace("127.0.0.1", "localhost"), auth_type=way, auth={"account": ACCOUNT}, keys=sealed(way, upstream).keys
    )

    with pytest.raises(NoCredential):
        async with openai.send(other, other.keys[0], Ask("/models")):
            pass

    assert upstream.heard == []


@pytest.mark.usefixtures("vault", "outgoing")
@pytest.mark.parametrize("what", ["host", "path", "query", "body", "method", "header", "host_header", "line_break"])
async def test_a_type_that_changes_what_is_not_its_own_sends_nothing(upstream: Upstream, what: str) -> None:
    known = sealed("planted_rogue", upstream, account=what)

    with pytest.raises(NoCredential) as refused:
        async with openai.send(known, known.keys[0], Ask("/models?limit=5")):
            pass

    assert make.SECRET not in str(vars(refused.value))
    assert upstream.heard == []


@pytest.mark.usefixtures("vault", "outgoing")
async def test_a_key_in_the_query_does_not_follow_a_redirect(upstream: Upstream) -> None:
    trap = Upstream()
    await trap.start()
    known = sealed("planted_query_key", upstream)

    async def sends_on(line: Line, heard: Heard) -> None:
        await answer(302, {}, {"location": f"{trap.origin}{heard.path}"})(line, heard)

    upstream.on("", sends_on)

    with pytest.raises(Exception, match="redirect") as refused:
        async with openai.send(known, known.keys[0], Ask("/models")):
            pass
    await trap.stop()

    assert trap.connections == 0
    assert key_in("planted_query_key", upstream.heard[0], make.SECRET)
    for spelt in (make.SECRET, quote(make.SECRET, safe="")):
        assert spelt not in str(vars(refused.value))


@only_sqlite
async def test_a_key_in_the_query_is_in_no_answer_no_log_no_result_and_no_audit(
    acme: Any, actor: Actor, upstream: Upstream, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    await acme("planted_query_key")

    async def echoes(line: Line, heard: Heard) -> None:
        said = f"Bad request: {upstream.origin}{heard.path} with {make.SECRET}"
        if b"fine" in heard.body:
            await answer(200, completion("alpha", said), {"x-request-id": heard.path})(line, heard)
        else:
            await answer(400, {"error": {"message": said}})(line, heard)

    upstream.on("", echoes)
    caplog.set_level("INFO")

    failed = await gateway.http.post("/v1/chat/completions", json=ASK)
    fine = await gateway.http.post("/v1/chat/completions", json={**ASK, "user": "fine"})
    result = await result_of(probes.run_saved(actor, "acme", model="alpha"))

    async with engine.session() as session:
        kept = [*(await session.exec(select(AuditRow))).all(), *(await session.exec(select(ProbeRow))).all()]
    assert (failed.status_code, fine.status_code, result.ok) == (400, 200, False)
    shown = [failed.text, fine.text, str(fine.headers), result.model_dump_json(), caplog.text, *(str(row.model_dump()) for row in kept)]
    assert "Bad request" in failed.text and "Bad request" in fine.text and "Bad request" in caplog.text and kept
    for spelt in (make.SECRET, quote(make.SECRET, safe=""), quote(make.SECRET)):
        assert [text for text in shown if spelt in text] == []


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize(
    ("way", "wanted"),
    [
        ("planted_query_key", "'https://api.example.com/v1/models?limit=5'\"&account=acme-7&key=$API_KEY\""),
        ("planted_body_mac", "curl 'https://api.example.com/v1/models?limit=5'"),
        ("planted_stamped_key", '-H "x-time: $(date +%s)" -H "x-stamped-key: $API_KEY"'),
    ],
)
def test_the_request_to_copy_has_a_placeholder(way: str, wanted: str) -> None:
    base = "https://api.example.com/v1"
    known = oauth.endpoint(way, base, {"account": ACCOUNT}, {"api_key": make.SECRET})

    text = openai.repeatable(known, Ask("/models?limit=5"))

    assert wanted in text
    assert make.SECRET not in text


@pytest.mark.usefixtures("vault", "outgoing")
@pytest.mark.parametrize("way", WAYS)
async def test_a_request_of_the_translator_is_signed_where_it_is_made(upstream: Upstream, way: str) -> None:
    import httpx

    checking = Checking(way, make.SECRET)
    upstream.on("", checking)
    known = sealed(way, upstream, type=ProviderType.ANTHROPIC, wire=Wire.LITELLM)
    lent = credential_cache.open_(known, {"api_key": Secret(make.SECRET)})
    by = credential.task(known, lent.secrets) if lent.is_signed_each else None
    context = connector.CallContext(known.origin, has_secret=True)
    before = passage.set(Passage(known.type, context, 5, lent.headers, lent.query, by))
    try:
        url = f"{upstream.origin}/v1/chat/completions"
        sent = httpx.Request("POST", url, json={"model": "m"}, headers={"authorization": "Bearer stray", "x-stray": "y"})
        response = await guard.Transport().handle_async_request(sent)
        await response.aread()
    finally:
        passage.reset(before)

    assert (response.status_code, checking.seen) == (200, [make.SECRET])
    assert not {"authorization", "x-stray"} & upstream.heard[0].headers.keys()


def test_a_query_is_put_behind_what_is_there_and_nothing_is_written_anew() -> None:
    request = Outgoing("GET", URL("https://api.example.com/a%2Fb/v1?x=%2B+%20", encoded=True), {})

    signed = request.with_query("k&y", "a+b/c d&e=ü")

    assert str(signed.url) == "https://api.example.com/a%2Fb/v1?x=%2B+%20&k%26y=a%2Bb%2Fc%20d%26e%3D%C3%BC"
    assert repr(signed) == "Outgoing(GET …)"


def test_the_planted_types_are_found_as_those_of_the_product_are() -> None:
    assert set(FILES) < set(auth.types())
    assert {way for way in WAYS if auth.types()[way].reusable} == {"planted_query_key"}
