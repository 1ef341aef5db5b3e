"""Who may call `/v1`, by which header, for what."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import openai
import pytest

from app import registry
from app.domain.actor import Actor, Scope
from app.relay import outcomes
from app.services import client_keys
from app.storage.tables import ClientKeyRow
from tests.fixtures.rows import rewrite
from tests.fixtures.upstream import Upstream, answer
from tests.gateway.conftest import Gateway

Add = Callable[..., Awaitable[Any]]
ASK = {"model": "acme/alpha", "messages": [{"role": "user", "content": "hi"}]}
PATHS = [("POST", "/v1/chat/completions"), ("POST", "/v1/embeddings"), ("GET", "/v1/models"), ("GET", "/v1/models/acme/alpha")]


async def send(gateway: Gateway, headers: dict[str, str], method: str = "POST", path: str = "/v1/chat/completions") -> tuple[int, str]:
    gateway.http.headers.pop("authorization", None)
    reply = await gateway.http.request(method, path, json=ASK if method == "POST" else None, headers=headers)
    return reply.status_code, (reply.json().get("error") or {}).get("code", "")


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no key"),
        pytest.param({"authorization": "Bearer pb-aaaaaaaaaaaa-" + "x" * 43}, id="well-formed, unknown"),
        pytest.param({"authorization": "Bearer sk-other"}, id="another shape"),
        pytest.param({"authorization": "Basic cGI6cGI="}, id="another scheme"),
        pytest.param({"cookie": "__Host-pb=abc"}, id="a cookie"),
    ],
)
async def test_without_a_valid_key_nothing_is_answered(
    acme: Upstream, gateway: Gateway, method: str, path: str, headers: dict[str, str]
) -> None:
    assert await send(gateway, headers, method, path) == (401, "invalid_api_key")
    assert acme.heard == []


async def test_a_key_with_the_right_id_and_a_wrong_rest_is_refused(acme: Upstream, gateway: Gateway) -> None:
    wrong = gateway.key[:-1] + ("A" if gateway.key[-1] != "A" else "B")

    assert (await send(gateway, {"authorization": f"Bearer {wrong}"}))[0] == 401


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_both_headers_mean_the_same(acme: Upstream, gateway: Gateway, method: str, path: str) -> None:
    for headers in ({"authorization": f"bearer {gateway.key}"}, {"x-api-key": gateway.key}):
        assert (await send(gateway, headers, method, path))[0] == 200
    both = {"authorization": f"Bearer {gateway.key}", "x-api-key": gateway.key}
    assert (await send(gateway, both, method, path))[0] == 200


async def test_two_different_keys_are_400(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    other = (await client_keys.issue(actor, "other", Scope.GATEWAY)).key

    assert (await send(gateway, {"authorization": f"Bearer {gateway.key}", "x-api-key": other}))[0] == 400
    assert acme.heard == []


@pytest.mark.parametrize("scope", [Scope.READ, Scope.ADMIN])
async def test_another_scope_cannot_call_models(acme: Upstream, gateway: Gateway, actor: Actor, scope: Scope) -> None:
    key = (await client_keys.issue(actor, "other", scope)).key

    assert await send(gateway, {"authorization": f"Bearer {key}"}) == (403, "forbidden")


async def test_a_revoked_key_stops_at_once(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "other", Scope.GATEWAY)
    assert (await send(gateway, {"x-api-key": issued.key}))[0] == 200

    await client_keys.revoke(actor, issued.client_key.id)

    assert (await send(gateway, {"x-api-key": issued.key}))[0] == 401


async def test_an_expired_key_is_refused(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    issued = await client_keys.issue(actor, "other", Scope.GATEWAY, expires_at=datetime.now(UTC) + timedelta(days=1))
    await rewrite(ClientKeyRow, ClientKeyRow.name == "other", expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    await registry.shared.rebuild()

    assert (await send(gateway, {"x-api-key": issued.key}))[0] == 401


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
@pytest.mark.parametrize(
    ("limits", "model", "status"),
    [
        pytest.param({"providers": ["acme"]}, "acme/alpha", 200, id="provider allowed"),
        pytest.param({"providers": ["other"]}, "acme/alpha", 404, id="provider not allowed"),
        pytest.param({"providers": ["other"]}, "alpha", 404, id="provider not allowed, bare"),
        pytest.param({"models": ["alpha"]}, "acme/alpha", 200, id="model allowed"),
        pytest.param({"models": ["acme/alpha"]}, "alpha", 200, id="model allowed by its long name"),
        pytest.param({"models": ["alpha"]}, "beta/large", 404, id="model not allowed"),
        pytest.param({"models": ["alpha"]}, "acme/unlisted", 404, id="unlisted model not allowed"),
    ],
)
async def test_a_restriction_holds_for_either_header(
    acme: Upstream, gateway: Gateway, actor: Actor, add: Add, header: str, limits: dict[str, Any], model: str, status: int
) -> None:
    await add("other", acme.base_url, models=[])
    key = (await client_keys.issue(actor, "narrow", Scope.GATEWAY, **limits)).key
    gateway.http.headers.pop("authorization")
    shown = f"Bearer {key}" if header == "authorization" else key

    reply = await gateway.http.post("/v1/chat/completions", json={**ASK, "model": model}, headers={header: shown})

    assert reply.status_code == status
    assert len(acme.heard) == (status == 200)


async def test_a_model_sent_twice_does_not_get_around_a_restriction(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    key = (await client_keys.issue(actor, "narrow", Scope.GATEWAY, models=["alpha"])).key
    body = b'{"model":"beta/large","messages":[],"model":"acme/alpha"}'

    await gateway.http.post("/v1/chat/completions", content=body, headers={"authorization": f"Bearer {key}"})

    assert b"beta" not in acme.heard[0].body


async def test_suggestions_stay_inside_the_keys_scope(
    acme: Upstream, gateway: Gateway, actor: Actor, add: Callable[..., Awaitable[Any]]
) -> None:
    await add("hidden", acme.base_url, models=["alphabet"])
    key = (await client_keys.issue(actor, "narrow", Scope.GATEWAY, providers=["acme"])).key
    sdk = gateway.sdk.with_options(api_key=key)

    with pytest.raises(openai.NotFoundError) as missed:
        await sdk.chat.completions.create(model="alphabe", messages=[{"role": "user", "content": "hi"}])

    assert "hidden" not in str(missed.value)
    assert "acme/alpha" in str(missed.value)


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/v1/chat/completions", 405, "POST"),
        ("OPTIONS", "/v1/chat/completions", 405, "POST"),
        ("POST", "/v1/models", 405, "GET, HEAD"),
        ("DELETE", "/v1/models/acme/alpha", 405, "GET, HEAD"),
        ("PUT", "/v1/providers/acme/models", 405, "GET, HEAD"),
        ("GET", "/v1/nothing", 404, None),
    ],
)
async def test_other_methods_and_paths_are_named(gateway: Gateway, method: str, path: str, status: int, allow: str | None) -> None:
    reply = await gateway.http.request(method, path)

    assert (reply.status_code, reply.json()["error"]["type"]) == (status, "invalid_request_error")
    assert reply.headers.get("allow") == allow
    assert not any(name.startswith("access-control") for name in reply.headers)


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1/models/acme/alpha", "/v1/providers/acme/models", "/v1/models/nobody/none", "/v1/nothing"]
)
async def test_of_what_is_read_the_head_alone_can_be_asked(acme: Upstream, gateway: Gateway, path: str) -> None:
    whole, head = await gateway.http.get(path), await gateway.http.head(path)

    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert [head.headers.get(name) for name in ("content-type", "content-length")] == [
        whole.headers.get(name) for name in ("content-type", "content-length")
    ]


async def test_a_call_leaves_which_key_asked_for_what_and_how_it_ended(acme: Upstream, gateway: Gateway) -> None:
    reader = outcomes.reader()
    await gateway.http.post("/v1/chat/completions", json={"model": "acme/alpha", "messages": []})
    await gateway.http.post("/v1/chat/completions", json={"model": "acme/alpha", "messages": [], "stream": True})
    await gateway.http.post("/v1/chat/completions", json={"model": "nobody/none", "messages": []})
    acme.on("/chat/completions", answer(401, {"error": {"message": "no"}}))
    await gateway.http.post("/v1/chat/completions", json={"model": "acme/alpha", "messages": []})
    await gateway.http.get("/v1/models")
    await gateway.http.get("/v1/models", headers={"authorization": "Bearer pb-wrong"})

    reader.close()
    noted = reader.drain()
    assert [(o.selector, o.model, o.status, o.error, o.stream) for o in noted] == [
        ("acme/alpha", "alpha", 200, "", False),
        ("acme/alpha", "alpha", 200, "", True),
        ("nobody/none", "", 404, "model_not_found", False),
        ("acme/alpha", "alpha", 502, "upstream_refused", False),
        ("", "", 200, "", False),
    ]
    assert [bool(o.provider_id) for o in noted] == [True, True, False, True, False]
    assert len({o.client_key_id for o in noted}) == 1
    assert all(0 <= o.began_ms <= o.total_ms < 5_000 for o in noted)
