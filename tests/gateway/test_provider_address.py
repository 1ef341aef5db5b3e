"""The address of one provider: its own identifiers, whatever else they mean elsewhere."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.domain.actor import Actor, Scope
from app.domain.providers.provider import ProviderType
from app.services import client_keys, providers
from tests.fixtures import make
from tests.fixtures.databases import only_sqlite
from tests.fixtures.upstream import MODELS, Upstream, answer
from tests.gateway.conftest import Gateway

pytestmark = only_sqlite  # nothing here asks the database in words of its own
HELLO: list[Any] = [{"role": "user", "content": "hi"}]
ADDRESS = "/v1/providers/acme"
CHAT = f"{ADDRESS}/chat/completions"


async def ask(gateway: Gateway, path: str = CHAT, *, key: str = "", **fields: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return await gateway.http.post(path, json={"messages": HELLO, **fields}, headers=headers)


async def test_an_sdk_works_at_the_address_of_one_provider(acme: Upstream, gateway: Gateway) -> None:
    sdk = gateway.sdk.with_options(base_url=f"{gateway.url}{ADDRESS}")

    chat = await sdk.chat.completions.create(model="beta/large", messages=HELLO)
    stream = await sdk.chat.completions.create(model="beta/large", messages=HELLO, stream=True)
    words = [chunk.choices[0].delta.content or "" async for chunk in stream]
    embedding = await sdk.embeddings.create(model="text-embed-1", input="hi", encoding_format="float")
    listed = [model.id async for model in sdk.models.list()]
    one = await sdk.models.retrieve("alpha")

    assert (chat.choices[0].message.content, "".join(words), embedding.data[0].embedding) == ("OK", "Hello", [0.1, 0.2])
    assert (listed, one.id) == (MODELS, "alpha")
    assert [heard.json["model"] for heard in acme.heard if heard.method == "POST"] == ["beta/large", "beta/large", "text-embed-1"]
    assert all(heard.headers["authorization"] == f"Bearer {make.SECRET}" for heard in acme.heard)


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        pytest.param({}, "alpha", id="none: its default"),
        pytest.param({"model": ""}, "alpha", id="empty: its default"),
        pytest.param({"model": None}, "alpha", id="null: its default"),
        pytest.param({"model": "unlisted"}, "unlisted", id="not in the list"),
        pytest.param({"model": "default"}, "default", id="a word that means something elsewhere"),
        pytest.param({"model": "other/alpha"}, "other/alpha", id="what would be another provider elsewhere"),
    ],
)
async def test_a_model_is_the_providers_own_identifier(
    acme: Upstream, gateway: Gateway, add: Callable[..., Awaitable[Any]], model: dict[str, Any], sent: str
) -> None:
    other = Upstream()
    await other.start()
    await add("other", other.base_url, models=["alpha"])

    reply = await ask(gateway, **model)
    await other.stop()

    assert reply.status_code == 200, reply.text
    assert (acme.heard[-1].json["model"], other.heard) == (sent, [])


@pytest.mark.parametrize(
    ("limits", "model", "status"),
    [
        ({"providers": ["acme"]}, "alpha", 200), ({"providers": ["other"]}, "alpha", 404), ({"models": ["alpha"]}, "alpha", 200),
        ({"models": ["alpha"]}, "", 200), ({"models": ["acme/alpha"]}, "alpha", 200), ({"models": ["alpha"]}, "beta/large", 404),
        ({"models": ["beta"]}, "", 404),
    ],
)  # fmt: skip
async def test_the_scope_of_a_key_holds(
    acme: Upstream, gateway: Gateway, actor: Actor, add: Callable[..., Awaitable[Any]], limits: dict[str, Any], model: str, status: int
) -> None:
    await add("other", acme.base_url)
    key = (await client_keys.issue(actor, "narrow", Scope.GATEWAY, **limits)).key

    reply = await ask(gateway, key=key, model=model)

    assert (reply.status_code, len(acme.heard)) == (status, status == 200)


async def test_a_key_for_a_model_learns_of_no_other_and_asks_no_other_provider(
    acme: Upstream, gateway: Gateway, actor: Actor, add: Callable[..., Awaitable[Any]]
) -> None:
    await add("other", acme.base_url)
    bare = {"authorization": f"Bearer {(await client_keys.issue(actor, 'bare', Scope.GATEWAY, models=['beta'])).key}"}
    elsewhere = {"authorization": f"Bearer {(await client_keys.issue(actor, 'elsewhere', Scope.GATEWAY, models=['other/alpha'])).key}"}

    unnamed = await gateway.http.post(CHAT, json={"messages": []}, headers=bare)
    listed = await gateway.http.get(f"{ADDRESS}/models", headers=elsewhere)
    nobody = await gateway.http.get("/v1/providers/acmf/models", headers=elsewhere)

    assert (unnamed.status_code, "alpha" in unnamed.text) == (404, False)
    assert (listed.status_code, listed.text) == (404, nobody.text.replace("acmf", "acme"))
    assert acme.heard == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/v1/providers/nobody/chat/completions", 404, "provider_not_found"),
        ("GET", "/v1/providers/nobody/models", 404, "provider_not_found"),
        ("GET", "/v1/providers/nobody/models/alpha", 404, "provider_not_found"),
        ("GET", CHAT, 405, "method_not_allowed"),
        ("DELETE", f"{ADDRESS}/models", 405, "method_not_allowed"),
        ("GET", ADDRESS, 404, "unknown_url"),
        ("GET", "/v1/providers", 404, "unknown_url"),
        ("POST", "/v1/providers//chat/completions", 404, "unknown_url"),
        ("POST", f"{ADDRESS}/providers/acme/chat/completions", 404, "unknown_url"),
        ("POST", f"{ADDRESS}/files", 404, "unknown_url"),
    ],
)
async def test_what_is_not_there_is_named(acme: Upstream, gateway: Gateway, method: str, path: str, status: int, code: str) -> None:
    reply = await gateway.http.request(method, path, json={"model": "alpha", "messages": HELLO})

    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert acme.heard == []


async def test_a_provider_that_is_off_or_keeps_to_its_list_says_so(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    from app.domain.providers.provider import ProviderPatch

    await providers.update(actor, "acme", ProviderPatch.model_validate({"only_listed_models": True}))
    unlisted = await ask(gateway, model="alpa")
    listed = (await gateway.http.get(f"{ADDRESS}/models")).json()
    await providers.disable(actor, "acme")
    off = [(await ask(gateway, model="alpha")).status_code, (await gateway.http.get(f"{ADDRESS}/models")).status_code]

    assert (unlisted.status_code, "'alpha'" in unlisted.json()["error"]["message"]) == (404, True)
    assert [model["id"] for model in listed["data"]] == ["beta/large"]
    assert off == [503, 503]


async def test_a_list_passes_byte_for_byte_unless_the_key_may_not_see_all_of_it(acme: Upstream, gateway: Gateway, actor: Actor) -> None:
    odd = b'{"data": [{"id":"alpha", "x_vendor": 1.50}, {"id":"secret-model"}] }'
    acme.on("/models", answer(body=odd, headers={"x-request-id": "r1"}))
    narrow = (await client_keys.issue(actor, "narrow", Scope.GATEWAY, models=["alpha"])).key

    whole = await gateway.http.get(f"{ADDRESS}/models")
    part = await gateway.http.get(f"{ADDRESS}/models", headers={"authorization": f"Bearer {narrow}"})

    assert (whole.content, whole.headers["x-request-id"]) == (odd, "r1")
    assert part.json() == {"object": "list", "data": [{"id": "alpha", "object": "model", "created": 0, "owned_by": "acme"}]}


@pytest.mark.parametrize(("status", "ours"), [(401, 502), (404, 404), (429, 429), (500, 502)])
async def test_a_list_that_fails_is_answered_like_a_chat(acme: Upstream, gateway: Gateway, status: int, ours: int) -> None:
    acme.on("/models", answer(status, {"error": {"message": f"no {make.SECRET}"}}))

    reply = await gateway.http.get(f"{ADDRESS}/models")

    assert (reply.status_code, set(reply.json()["error"])) == (ours, {"message", "type", "param", "code"})
    assert make.SECRET not in reply.text


@pytest.mark.parametrize(
    ("type_", "listed"),
    [
        pytest.param(ProviderType.ANTHROPIC, ["claude-1"], id="a list of another shape"),
        pytest.param(ProviderType.BEDROCK, ["native-1"], id="no list: what is listed here"),
    ],
)
async def test_a_vendor_with_a_protocol_of_its_own_has_a_list_too(
    upstream: Upstream, add: Callable[..., Awaitable[Any]], gateway: Gateway, type_: ProviderType, listed: list[str]
) -> None:
    await add("native", upstream.origin, type=type_.value, models=["native-1"])
    upstream.on(
        "/v1/models?limit=1000", answer(body={"data": [{"type": "model", "id": "claude-1", "display_name": "Claude"}], "has_more": False})
    )

    reply = await gateway.http.get("/v1/providers/native/models")

    assert [model["id"] for model in reply.json()["data"]] == listed
    assert reply.json()["data"][0]["owned_by"] == "native"
