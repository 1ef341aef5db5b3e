"""One answer for a script, through the path that traffic takes."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.api import chat
from app.domain.actor import SYSTEM, Scope
from app.relay import outcomes, provider_outcomes
from app.services import client_keys, usage
from tests.fixtures.databases import only_sqlite
from tests.fixtures.rest import SECRET, Clients, body
from tests.fixtures.upstream import Heard, Line, Upstream, answer, completion

pytestmark = only_sqlite  # nothing here asks the database in words of its own
PATH = "/api/v1/chat"
HELLO = [{"role": "user", "content": "hello"}]


@pytest.fixture
async def acme(admin: httpx.AsyncClient, upstream: Upstream) -> Upstream:
    """A provider `acme` whose default model is `alpha`."""
    fields = {"base_url": upstream.base_url, "models": ["alpha", "beta/large"], "default_model": "alpha"}
    response = await admin.post("/api/v1/providers", json=body("acme", **fields))
    assert response.status_code == 201, response.text
    return upstream


@pytest.mark.parametrize(
    ("named", "model"),
    [
        pytest.param({"provider": "acme", "model": "beta/large"}, "beta/large", id="both"),
        pytest.param({"provider": "acme"}, "alpha", id="the provider's default"),
        pytest.param({"provider": "acme", "model": "unlisted"}, "unlisted", id="not in the list"),
        pytest.param({"model": "acme/beta/large"}, "beta/large", id="a selector"),
        pytest.param({"model": "alpha"}, "alpha", id="a bare name"),
        pytest.param({}, "alpha", id="neither"),
    ],
)
async def test_a_question_is_answered(admin: httpx.AsyncClient, acme: Upstream, named: dict[str, str], model: str) -> None:
    await admin.post("/api/v1/providers/acme/default")

    response = await admin.post(PATH, json={"messages": HELLO, **named})

    assert response.status_code == 200, response.text
    said = response.json()
    assert said.pop("latency_ms") > 0
    usage = {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}
    assert said == {"content": "OK", "model": model, "provider": "acme", "usage": usage}
    assert acme.heard[-1].json == {"model": model, "messages": HELLO}
    assert acme.heard[-1].headers["authorization"] == f"Bearer {SECRET}"


async def test_what_was_not_reported_is_null(admin: httpx.AsyncClient, acme: Upstream) -> None:
    acme.on("/chat/completions", answer(body={"choices": [{"message": {"content": None}}]}))

    said = (await admin.post(PATH, json={"messages": HELLO, "provider": "acme"})).json()

    assert (said["usage"], said["content"]) == (None, "")


@pytest.mark.parametrize(
    ("named", "status", "code"),
    [
        pytest.param({"provider": "nobody", "model": "acme/alpha"}, 404, "provider_not_found", id="no such provider"),
        pytest.param({"model": "alpa"}, 404, "model_not_found", id="no such model"),
        pytest.param({}, 404, "model_not_found", id="no default"),
        pytest.param({"provider": "acme", "api_base": "http://127.0.0.1:9"}, 422, "invalid", id="an unknown field"),
        pytest.param({"provider": "acme", "messages": []}, 422, "invalid", id="nothing asked"),
        pytest.param({"provider": "acme", "messages": [{"role": "tool", "content": "x"}]}, 422, "invalid", id="another role"),
    ],
)
async def test_what_cannot_be_asked_is_refused_and_nothing_is_sent(
    admin: httpx.AsyncClient, acme: Upstream, named: dict[str, Any], status: int, code: str
) -> None:
    response = await admin.post(PATH, json={"messages": HELLO, **named})

    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert acme.heard == []


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        pytest.param(answer(401, {"error": {"message": SECRET}}), 502, "upstream_refused", id="the provider's 401 is not ours"),
        pytest.param(answer(429, {"error": {"message": "slow"}}, {"retry-after": "7"}), 429, "upstream_rate_limited", id="too often"),
        pytest.param(answer(500, {"error": {"message": "boom"}}), 502, "upstream_failed", id="a failure"),
        pytest.param(answer(200, {"hello": "world"}), 502, "upstream_bad_response", id="no chat"),
    ],
)
async def test_a_failure_of_the_provider_is_named(admin: httpx.AsyncClient, acme: Upstream, script: Any, status: int, code: str) -> None:
    acme.on("/chat/completions", script)

    response = await admin.post(PATH, json={"messages": HELLO, "provider": "acme"})

    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert SECRET not in response.text
    assert response.headers.get("retry-after") == ("7" if status == 429 else None)


@pytest.mark.parametrize(("scope", "status"), [(Scope.ADMIN, 200), (Scope.READ, 403), (Scope.GATEWAY, 403)])
async def test_it_takes_a_key_of_scope_admin(client: Clients, acme: Upstream, scope: Scope, status: int) -> None:
    key = (await client_keys.issue(SYSTEM, "script", scope)).key

    response = await client(key=key).post(PATH, json={"messages": HELLO, "provider": "acme"})

    assert response.status_code == status
    assert len(acme.heard) == (status == 200)


async def test_whoever_hangs_up_ends_the_call(acme: Upstream) -> None:
    async def silent(line: Line, _: Heard) -> None:
        await line.gone.wait()

    async def leaving() -> dict[str, str]:
        while not acme.heard:  # noqa: ASYNC110 - the other side has no event for us
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    acme.on("/chat/completions", silent)

    with pytest.raises(HTTPException):
        await chat.create_chat(
            SYSTEM, Request({"type": "http"}, leaving), chat.Chat.model_validate({"messages": HELLO, "provider": "acme"})
        )

    assert await acme.all_gone(within=1)


async def test_an_answer_in_one_piece_is_the_models_own(admin: httpx.AsyncClient, acme: Upstream) -> None:
    acme.on("/chat/completions", answer(body=completion("theirs", "Grüß Gott 你好")))

    said = (await admin.post(PATH, json={"messages": HELLO, "provider": "acme"})).json()

    assert (said["content"], said["model"]) == ("Grüß Gott 你好", "alpha")


async def test_the_next_target_of_an_alias_answers(admin: httpx.AsyncClient, acme: Upstream) -> None:
    async def broken_alpha(line: Line, heard: Heard) -> None:
        is_alpha = heard.json["model"] == "alpha"
        await (answer(500, {"error": {"message": "boom"}}) if is_alpha else answer(body=completion("theirs", "OK")))(line, heard)

    acme.on("/chat/completions", broken_alpha)
    await alias(admin, "acme/alpha", "acme/beta/large")
    heard = provider_outcomes.reader()

    said = (await admin.post(PATH, json={"messages": HELLO, "model": "fast"})).json()

    assert (said["provider"], said["model"]) == ("acme", "beta/large")
    assert [asked.json["model"] for asked in acme.heard] == ["alpha", "beta/large"]
    assert [attempt.code for _, attempt in heard.drain()] == ["upstream_failed", ""]
    heard.close()


async def test_limits_and_breaks_of_a_provider_hold_here_too(admin: httpx.AsyncClient, acme: Upstream) -> None:
    version = (await admin.get("/api/v1/providers/acme")).headers["etag"]
    await admin.patch("/api/v1/providers/acme", json={"limits": {"requests_per_minute": 1}}, headers={"if-match": version})

    first, second = [await admin.post(PATH, json={"messages": HELLO, "provider": "acme"}) for _ in range(2)]

    assert (first.status_code, second.status_code) == (200, 429)
    assert second.json()["error"]["code"] == "limit_reached"
    assert len(acme.heard) == 1


async def test_it_is_counted_for_the_key_of_a_script_or_for_nobodys(admin: httpx.AsyncClient, client: Clients, acme: Upstream) -> None:
    script = await client_keys.issue(SYSTEM, "script", Scope.ADMIN)
    recorder, heard = usage.Recorder(), outcomes.reader()

    await admin.post(PATH, json={"messages": HELLO, "provider": "acme"})
    await admin.post(PATH, json={"messages": HELLO, "model": "alpa"})
    await client(key=script.key).post(PATH, json={"messages": HELLO, "model": "acme/alpha"})
    await recorder.stop()

    lines = (await admin.get("/api/v1/usage?by=client_key")).json()["items"]
    assert [(one["id"], one["name"], one["requests"], one["errors"], one["reported"]) for one in lines] == [
        ("", "", 2, 1, 1), (script.client_key.id, "script", 1, 0, 1),
    ]  # fmt: skip
    assert [(one.selector, one.status, one.error) for one in heard.drain()] == [
        ("acme/", 200, ""), ("alpa", 404, "model_not_found"), ("acme/alpha", 200, ""),
    ]  # fmt: skip
    heard.close()


async def alias(admin: httpx.AsyncClient, *targets: str) -> None:
    """Save an alias `fast` that leads to these models, in this order."""
    parts = []
    for place, target in enumerate(targets, start=1):
        provider, model = target.split("/", 1)
        parts.append({"provider": provider, "model": model, "priority": place})
    response = await admin.post("/api/v1/aliases", json={"name": "fast", "targets": parts})
    assert response.status_code == 201, response.text
