"""The wire `openai` passes fields nobody here knows on to the provider, and none of them steers the call."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.domain.actor import Actor, Scope
from app.services import client_keys
from app.upstream import egress
from tests.fixtures import make
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import Upstream
from tests.gateway.conftest import Gateway
from tests.translator.test_smuggling import places, smuggled

pytestmark = only_sqlite  # nothing here asks the database in words of its own
HELLO = [{"role": "user", "content": "hi"}]


@pytest.fixture
async def stranger(acme: Upstream) -> AsyncIterator[Upstream]:
    """A server that would be let through; nobody named it but the caller."""
    server = Upstream()
    await server.start()
    egress.approve(frozenset({acme.origin, server.origin}))
    yield server
    await server.stop()


async def test_settings_of_a_call_pass_as_they_are_and_steer_nothing(acme: Upstream, stranger: Upstream, gateway: Gateway) -> None:
    for place in places(smuggled(stranger.origin)):
        sent = {"model": "acme/alpha", "messages": HELLO, **place}
        reply = await gateway.http.post("/v1/chat/completions", json=sent)
        assert reply.status_code == 200, reply.text
        assert acme.heard[-1].json == {**sent, "model": "alpha"}

    assert stranger.connections == 0
    for heard in acme.heard:
        assert (heard.method, heard.path) == ("POST", "/v1/chat/completions")
        assert heard.headers["authorization"] == f"Bearer {make.SECRET}"
        assert b"evil" not in heard.raw_head


async def test_of_a_field_sent_twice_everybody_sees_the_same_one(acme: Upstream, gateway: Gateway) -> None:
    body = b'{"model":"nobody/none","stream":true,"messages":[],"mod\\u0065l":"acme/alpha","stream":false}'

    reply = await gateway.http.post("/v1/chat/completions", content=body)

    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    assert acme.heard[-1].body == b'{"model":"alpha","stream":false,"messages":[]}'


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"model":"acme/alpha"', id="cut off"),
        pytest.param(b'{"model":"acme/alpha"} {}', id="two"),
        pytest.param(b"[" * 200_000, id="deep"),
        pytest.param(b'{"model":"acme/alpha","messages":' + b"[" * 200_000 + b"]" * 200_000 + b"}", id="deep inside"),
        pytest.param(b'{"model":"acme/alpha","x":' + b'{"y":' * 100_000 + b"1" + b"}" * 100_001, id="deep objects"),
        pytest.param(b'{"model":"acme/\xff\xfe"}', id="no UTF-8 in the model"),
        pytest.param(b'{"model":"acme/\\ud800"}', id="half of a surrogate pair"),
        pytest.param(b'{"model":7}', id="a number for a model"),
        pytest.param(b'{"model":["acme/alpha"]}', id="a list for a model"),
        pytest.param("﻿{}".encode(), id="a byte order mark"),
        pytest.param(b"\0", id="NUL"),
        pytest.param(b"\xff\xfe{\0}\0", id="UTF-16"),
    ],
)
async def test_a_body_that_is_no_request_is_the_callers_mistake(acme: Upstream, gateway: Gateway, body: bytes) -> None:
    reply = await gateway.http.post("/v1/chat/completions", content=body)

    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")
    assert acme.heard == []


@pytest.mark.parametrize("model", ["acme/../../admin", "acme/x?y=1#z", "acme/x\r\nx-evil: 1", "acme/http://127.0.0.1:9/", "acme/\0"])
async def test_a_models_name_is_data(acme: Upstream, gateway: Gateway, model: str) -> None:
    await gateway.http.post("/v1/chat/completions", json={"model": model, "messages": HELLO})

    heard = acme.heard[-1]
    assert (heard.path, json.loads(heard.body)["model"]) == ("/v1/chat/completions", model.removeprefix("acme/"))
    assert b"evil" not in heard.raw_head


@pytest.mark.parametrize(
    "header",
    [
        {"x-forwarded-host": "evil.example"}, {"forwarded": "host=evil.example"}, {"api-key": "sk-evil"}, {"x-goog-api-key": "sk-evil"},
        {"openai-organization": "evil"}, {"x-litellm-api-base": "http://evil.example"}, {"x-portkey-config": "evil"}, {"cookie": "evil=1"},
        {"proxy-authorization": "Basic ZXZpbA=="}, {"connection": "authorization, evil"}, {"te": "trailers, evil"},
    ],
)  # fmt: skip
async def test_headers_of_a_caller_stay_here(acme: Upstream, gateway: Gateway, header: dict[str, str]) -> None:
    await gateway.http.post("/v1/chat/completions", json={"model": "acme/alpha", "messages": HELLO}, headers=header)

    assert b"evil" not in acme.heard[-1].raw_head
    assert acme.heard[-1].headers["authorization"] == f"Bearer {make.SECRET}"


async def test_a_restricted_key_gets_no_further_by_fields_beside_the_model(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    key = (await client_keys.issue(actor, "narrow", Scope.GATEWAY, models=["alpha"])).key
    tricks: dict[str, Any] = {"models": ["beta/large"], "fallbacks": ["beta/large"], "route": "fallback", "engine": "beta/large"}

    for model in ("beta/large", "acme/beta/large", "acme/alpha ", "acme//alpha", "ACME/alpha", "acme/alpha\0", "acme/"):
        sent = {"model": model, "messages": HELLO, **tricks}
        reply = await gateway.http.post("/v1/chat/completions", json=sent, headers={"authorization": f"Bearer {key}"})
        assert reply.status_code == (200 if model == "acme/" else 404), model

    assert [heard.json["model"] for heard in acme.heard] == ["alpha"]
