"""An alias over two providers, as an application sees it: the next target before the first byte, and never a second delivery (G8, R10)."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor, Scope
from app.domain.errors import Unreachable
from app.domain.providers.alias import AliasDraft
from app.domain.providers.provider import Network, ProviderPatch
from app.relay import circuit, keys, limits, outcomes
from app.services import aliases, client_keys, providers
from tests.fixtures.certificates import Authority
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import DONE, REFUSE, Heard, Line, Script, Upstream, answer, completion, delta, events
from tests.gateway.conftest import Gateway

ASK = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}
CHAT = "/v1/chat/completions"
Add = Callable[..., Awaitable[Any]]

pytestmark = only_sqlite


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    for module in (circuit, keys, limits):
        module.forget()


@pytest.fixture
async def second() -> AsyncIterator[Upstream]:
    """The provider behind the second target."""
    server = Upstream()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def fast(upstream: Upstream, second: Upstream, add: Add, actor: Actor) -> None:
    """An alias `fast`: `one/alpha`, and where that fails `two/beta`."""
    await add("one", upstream.base_url)
    await add("two", second.base_url)
    await name(actor, "one/alpha 1", "two/beta 2")


async def name(actor: Actor, *targets: str, alias: str = "fast") -> None:
    """Save an alias. Targets as `provider/model priority weight`."""
    parts = []
    for target in targets:
        where, priority, *weight = target.split()
        provider, model = where.split("/")
        parts.append({"provider": provider, "model": model, "priority": int(priority), "weight": int(weight[0]) if weight else 1})
    await aliases.create(actor, AliasDraft.model_validate({"name": alias, "targets": parts}))


def models(server: Upstream) -> list[str]:
    """The models that arrived, in order."""
    return [heard.json["model"] for heard in server.heard]


async def reset(line: Line, _: Heard) -> None:
    line.cut()


async def silent(line: Line, _: Heard) -> None:
    await asyncio.Event().wait()


async def torso(line: Line, _: Heard) -> None:
    await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
    await line.chunk(delta("Hel"))
    line.cut()


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(answer(500, {}), id="500"),
        pytest.param(answer(503, {}), id="503"),
        pytest.param(answer(529, {}), id="529"),
        pytest.param(answer(429, {}, {"retry-after": "9"}), id="429"),
        pytest.param(answer(402, {}), id="no credit"),
        pytest.param(REFUSE, id="401"),
        pytest.param(answer(404, {"error": {"message": "no such model"}}), id="404"),
        pytest.param(answer(302, {}, {"location": "https://example.com"}), id="redirect"),
        pytest.param(answer(200, b"<html>", {"content-type": "text/html"}), id="a web page"),
    ],
)
async def test_the_second_target_answers_where_the_first_does_not(
    fast: None, upstream: Upstream, second: Upstream, gateway: Gateway, failure: Script
) -> None:
    upstream.on("/chat/completions", failure)

    plain = await gateway.http.post(CHAT, json=ASK)

    assert (plain.status_code, plain.json()) == (200, completion("beta"))
    assert (models(upstream), models(second)) == (["alpha"], ["beta"])
    assert upstream.heard[0].json["messages"] == second.heard[0].json["messages"] == ASK["messages"]


async def test_a_stream_comes_from_the_second_target_byte_for_byte(
    fast: None, upstream: Upstream, second: Upstream, gateway: Gateway
) -> None:
    upstream.on("/chat/completions", answer(500, {}))
    parts = (delta("Hel"), delta("lo"), delta("", "stop"), DONE)
    second.on("/chat/completions", events(*parts))

    reply = await gateway.http.post(CHAT, json={**ASK, "stream": True})

    assert (reply.status_code, reply.content) == (200, b"".join(parts))
    assert (models(upstream), models(second)) == (["alpha"], ["beta"])


async def test_where_nobody_listens_the_next_target_answers(fast: None, upstream: Upstream, second: Upstream, gateway: Gateway) -> None:
    await upstream.stop()

    assert (await gateway.http.post(CHAT, json=ASK)).status_code == 200

    assert (upstream.heard, models(second)) == ([], ["beta"])


async def test_behind_a_bad_certificate_the_next_target_answers(
    upstream: Upstream, second: Upstream, add: Add, actor: Actor, gateway: Gateway, tmp_path: Path
) -> None:
    secure = Upstream()
    await secure.start(Authority(tmp_path).server(self_signed=True))
    await add("one", secure.base_url)
    await add("two", second.base_url)
    await name(actor, "one/alpha 1", "two/beta 2")

    reply = await gateway.http.post(CHAT, json=ASK)
    await secure.stop()

    assert (reply.status_code, secure.heard, models(second)) == (200, [], ["beta"])


@pytest.mark.parametrize(
    ("script", "status"),
    [
        pytest.param(reset, 502, id="the connection is lost after the request"),
        pytest.param(silent, 504, id="nothing comes back in time"),
    ],
)
async def test_nothing_is_sent_again_where_nobody_knows_whether_it_was_taken(
    fast: None, upstream: Upstream, second: Upstream, gateway: Gateway, actor: Actor, script: Script, status: int
) -> None:
    await providers.update(actor, "one", ProviderPatch(network=Network(first_byte_seconds=1)))
    upstream.on("/chat/completions", script)

    reply = await gateway.http.post(CHAT, json=ASK)

    assert reply.status_code == status
    assert (models(upstream), models(second)) == (["alpha"], [])


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, {"error": {"message": "no"}}), (422, {"error": {"message": "no"}}), (413, {"error": {"message": "too much"}})],
)
async def test_what_is_wrong_with_the_request_is_said_at_once(
    fast: None, upstream: Upstream, second: Upstream, gateway: Gateway, status: int, body: Any
) -> None:
    upstream.on("/chat/completions", answer(status, body))

    reply = await gateway.http.post(CHAT, json=ASK)

    assert 400 <= reply.status_code < 500
    assert (models(upstream), models(second)) == (["alpha"], [])


async def test_nothing_is_sent_again_after_the_first_byte(fast: None, upstream: Upstream, second: Upstream, gateway: Gateway) -> None:
    upstream.on("/chat/completions", torso)

    reply = await gateway.http.post(CHAT, json={**ASK, "stream": True})

    assert reply.status_code == 200
    assert reply.content.startswith(delta("Hel"))
    assert b'"error"' in reply.content
    assert b"[DONE]" not in reply.content
    assert (models(upstream), models(second)) == (["alpha"], [])


async def test_when_all_fail_the_last_error_is_the_callers(fast: None, upstream: Upstream, second: Upstream, gateway: Gateway) -> None:
    upstream.on("/chat/completions", answer(500, {"error": {"message": "first secret"}}))
    second.on("/chat/completions", answer(429, {"error": {"message": "slow"}}, {"retry-after": "17"}))

    reply = await gateway.http.post(CHAT, json=ASK)

    assert (reply.status_code, reply.headers["retry-after"], reply.json()["error"]["code"]) == (429, "17", "rate_limit_exceeded")
    assert "first secret" not in reply.text
    assert (models(upstream), models(second)) == (["alpha"], ["beta"])


async def test_a_lower_priority_comes_first_whatever_the_weights(
    upstream: Upstream, second: Upstream, add: Add, actor: Actor, gateway: Gateway
) -> None:
    await add("one", upstream.base_url)
    await add("two", second.base_url)
    await name(actor, "one/alpha 2 100", "two/beta 1 1")

    for _ in range(5):
        assert (await gateway.http.post(CHAT, json=ASK)).status_code == 200

    assert (models(upstream), models(second)) == ([], ["beta"] * 5)


async def test_equal_targets_share_by_weight(
    upstream: Upstream, second: Upstream, add: Add, actor: Actor, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "random", random.Random(11).random)  # noqa: S311 - dice
    await add("one", upstream.base_url)
    await add("two", second.base_url)
    await name(actor, "one/alpha 1 3", "two/beta 1 1")

    for _ in range(120):
        assert (await gateway.http.post(CHAT, json=ASK)).status_code == 200

    assert len(upstream.heard) + len(second.heard) == 120
    assert 75 <= len(upstream.heard) <= 105


async def test_a_provider_that_keeps_failing_is_left_alone(fast: None, upstream: Upstream, second: Upstream, gateway: Gateway) -> None:
    upstream.on("/chat/completions", answer(500, {}))

    for _ in range(circuit.FAILURES + 4):
        assert (await gateway.http.post(CHAT, json=ASK)).status_code == 200
    alone = await gateway.http.post(CHAT, json={**ASK, "model": "one/alpha"})

    assert (len(upstream.heard), len(second.heard)) == (circuit.FAILURES, circuit.FAILURES + 4)
    assert (alone.status_code, alone.json()["error"]["code"]) == (503, "provider_unavailable")
    assert 1 <= int(alone.headers["retry-after"]) <= 6


async def test_requests_that_break_a_provider_take_it_from_their_own_key_alone(
    fast: None, upstream: Upstream, gateway: Gateway, actor: Actor
) -> None:
    key = (await client_keys.issue(actor, "clumsy", Scope.GATEWAY)).key
    clumsy = {"authorization": f"Bearer {key}"}

    async def touchy(line: Line, heard: Heard) -> None:
        await answer(500 if "crash" in heard.json else 200, completion("alpha"))(line, heard)

    upstream.on("/chat/completions", touchy)
    told = [await gateway.http.post(CHAT, json={**ASK, "model": "one/alpha", "crash": 1}, headers=clumsy) for _ in range(12)]

    assert [reply.json()["error"]["code"] for reply in told[-2:]] == ["provider_unavailable"] * 2
    assert len(upstream.heard) == circuit.FAILURES
    assert (await gateway.http.post(CHAT, json={**ASK, "model": "one/alpha"})).status_code == 200


async def test_a_target_that_was_not_asked_is_charged_with_no_key(fast: None, upstream: Upstream, gateway: Gateway) -> None:
    for _ in range(circuit.FAILURES):
        circuit.failed(registry.shared.endpoint("two"), Unreachable("away"))
    upstream.on("/chat/completions", answer(500, {}))
    heard = outcomes.reader()

    assert (await gateway.http.post(CHAT, json=ASK)).status_code == 503
    [outcome] = heard.drain()
    heard.close()

    assert (outcome.error, outcome.credential_id) == ("circuit_open", "")


async def test_a_provider_that_asks_for_a_pause_is_not_asked_again(
    fast: None, upstream: Upstream, second: Upstream, gateway: Gateway
) -> None:
    upstream.on("/chat/completions", answer(503, {}, {"retry-after": "120"}))

    replies = [await gateway.http.post(CHAT, json={**ASK, "model": "one/alpha"}) for _ in range(3)]

    assert len(upstream.heard) == 1
    assert [reply.status_code for reply in replies] == [503, 503, 503]
    assert all(115 <= int(reply.headers["retry-after"]) <= 132 for reply in replies)


async def test_one_request_tries_a_provider_that_was_left_alone(fast: None, upstream: Upstream, second: Upstream, gateway: Gateway) -> None:
    upstream.on("/chat/completions", answer(500, {}))
    for _ in range(circuit.FAILURES):
        await gateway.http.post(CHAT, json=ASK)
    going = asyncio.Event()

    async def waiting(line: Line, heard: Heard) -> None:
        await going.wait()
        await answer(body=completion("alpha"))(line, heard)

    upstream.on("/chat/completions", waiting)
    circuit._records[registry.shared.endpoint("one").id].until = 1.0  # its break is over
    asked = [asyncio.create_task(gateway.http.post(CHAT, json=ASK)) for _ in range(8)]
    done, _ = await asyncio.wait(asked, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 7:
        more, _ = await asyncio.wait([task for task in asked if task not in done], timeout=5, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    assert len(upstream.heard) == circuit.FAILURES + 1
    going.set()

    assert {(await task).status_code for task in asked} == {200}
    assert (await gateway.http.post(CHAT, json=ASK)).json() == completion("alpha")
    assert circuit.opened(registry.shared.endpoint("one").id) is None


async def test_a_caller_who_leaves_makes_room_for_the_next_trial(fast: None, upstream: Upstream, gateway: Gateway) -> None:
    upstream.on("/chat/completions", answer(500, {}))
    for _ in range(circuit.FAILURES):
        await gateway.http.post(CHAT, json=ASK)
    upstream.on("/chat/completions", silent)
    circuit._records[registry.shared.endpoint("one").id].until = 1.0
    leaving = asyncio.create_task(gateway.http.post(CHAT, json=ASK))
    async with asyncio.timeout(5):
        while len(upstream.heard) == circuit.FAILURES:  # noqa: ASYNC110 - a counter of another task
            await asyncio.sleep(0.01)
    leaving.cancel()
    assert await upstream.all_gone(within=2)

    upstream.on("/chat/completions", answer(body=completion("alpha")))

    assert (await gateway.http.post(CHAT, json=ASK)).json() == completion("alpha")


async def test_a_provider_that_is_switched_off_is_passed_over(
    fast: None, upstream: Upstream, second: Upstream, gateway: Gateway, actor: Actor
) -> None:
    await providers.disable(actor, "one")
    assert (await gateway.http.post(CHAT, json=ASK)).status_code == 200
    await providers.delete(actor, "two")

    off = await gateway.http.post(CHAT, json=ASK)

    assert (off.status_code, off.json()["error"]["code"]) == (503, "provider_unavailable")
    assert (upstream.heard, models(second)) == ([], ["beta"])


async def test_aliases_are_models_for_the_sdk(fast: None, gateway: Gateway, upstream: Upstream) -> None:
    listed = [(model.id, model.owned_by) for model in (await gateway.sdk.models.list()).data]
    one = await gateway.sdk.models.retrieve("fast")
    reply = await gateway.sdk.chat.completions.create(model="fast", messages=[{"role": "user", "content": "Hi"}])

    assert listed == [("fast", "patchbay"), ("one/alpha", "one"), ("two/alpha", "two")]
    assert (one.id, one.owned_by, reply.choices[0].message.content) == ("fast", "patchbay", "OK")


async def test_a_key_for_one_provider_never_reaches_the_other_target(
    fast: None, upstream: Upstream, second: Upstream, gateway: Gateway, actor: Actor
) -> None:
    key = (await client_keys.issue(actor, "narrow", Scope.GATEWAY, providers=["one"])).key
    upstream.on("/chat/completions", answer(500, {}))

    reply = await gateway.http.post(CHAT, json=ASK, headers={"authorization": f"Bearer {key}"})

    assert (reply.status_code, models(upstream), second.heard) == (502, ["alpha"], [])
