"""A call through the gateway is found in the sums, with the tokens its provider reported."""

from datetime import UTC, datetime, timedelta

from app.domain.actor import Actor
from app.domain.usage import By
from app.relay import outcomes
from app.services import usage
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import Heard, Line, Upstream
from tests.gateway.conftest import Gateway


@only_sqlite
async def test_calls_are_found_in_the_sums(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    recorder = usage.Recorder()
    call = {"model": "acme/alpha", "messages": [{"role": "user", "content": "hello"}]}
    answered = (await gateway.http.post("/v1/chat/completions", json=call)).json()
    await gateway.http.post("/v1/chat/completions", json={**call, "stream": True})
    await gateway.http.post("/v1/chat/completions", json={**call, "model": "nobody/none"})
    await gateway.http.get("/v1/models")
    await recorder.stop()

    at = datetime.now(UTC)
    report = await usage.report(actor, By.CREDENTIAL, since=at - timedelta(hours=2), until=at + timedelta(hours=1))
    used, refused = report.items
    assert (used.name, used.provider, used.requests, used.errors) == ("Key 1", "acme", 2, 0)
    assert used.tokens_in == answered["usage"]["prompt_tokens"] * used.reported
    assert (refused.name, refused.provider, refused.requests, refused.errors) == ("", "", 1, 1)
    (app,) = (await usage.report(actor, By.CLIENT_KEY, since=at - timedelta(hours=2), until=at + timedelta(hours=1))).items
    assert (app.name, app.requests) == ("app", 3)


@only_sqlite
async def test_a_stream_that_breaks_off_is_counted_as_far_as_it_reported(acme: Upstream, gateway: Gateway) -> None:
    async def torn(line: Line, _: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(b'data: {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}\n\n')
        line.cut()

    acme.on("/chat/completions", torn)
    reader = outcomes.reader()
    call = {"model": "acme/alpha", "messages": [{"role": "user", "content": "hello"}], "stream": True}
    await gateway.http.post("/v1/chat/completions", json=call)
    (ended,) = reader.drain()
    reader.close()

    assert (ended.status, ended.error, ended.tokens_in, ended.tokens_out) == (200, "upstream_bad_response", 7, 3)
