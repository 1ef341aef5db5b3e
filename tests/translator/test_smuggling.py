"""Whatever a caller writes into a request, at whatever depth: a call goes where the provider is, and with the provider's key."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.domain.errors import Failed, UpstreamError
from app.domain.providers.provider import ProviderType
from app.upstream import egress
from app.upstream.wire import litellm
from app.upstream.wire.call import Ask
from tests.fixtures import make, translated, vendors
from tests.fixtures.translated import TOOL
from tests.fixtures.upstream import Upstream

pytestmark = pytest.mark.usefixtures("vault", "outgoing", "translated")

# What LiteLLM and the clients below it read as settings of a call, wherever they find it.
SETTINGS = (
    *("api_base", "base_url", "api_key", "api_version", "organization", "extra_headers", "headers", "default_headers", "extra_body"),
    *("custom_llm_provider", "model_list", "fallbacks", "context_window_fallback_dict", "proxy", "proxies", "http_client", "client"),
    *("timeout", "request_timeout", "max_retries", "num_retries", "mock_response", "callbacks", "success_callback", "metadata"),
    *("litellm_params", "litellm_metadata", "litellm_credential_name", "vertex_credentials", "vertex_project", "azure_ad_token"),
    *("aws_access_key_id", "aws_role_name", "aws_bedrock_runtime_endpoint", "aws_sts_endpoint", "aws_region_name", "region_name"),
    *("ssl_verify", "shared_session", "drop_params", "allowed_openai_params", "additional_drop_params", "hf_model_name", "user_config"),
    *("tenant_id", "client_secret", "azure_password", "use_in_pass_through", "server_url", "_skip_mcp_handler", "acompletion"),
)
MAY_BE_SENT = {"host", "content-type", "content-length", "accept", "accept-encoding", "user-agent", "anthropic-version", "anthropic-beta"}
SIGNED = {ProviderType.ANTHROPIC: "x-api-key", ProviderType.BEDROCK: "authorization", ProviderType.AZURE: "api-key"}
NATIVE = pytest.mark.parametrize("type_", vendors.NATIVE)


@pytest.fixture
async def stranger() -> AsyncIterator[Upstream]:
    """A server that would be let through; nobody named it but the caller."""
    server = Upstream()
    await server.start()
    yield server
    await server.stop()


async def call(upstream: Upstream, type_: ProviderType, **fields: Any) -> UpstreamError | None:
    """The error it ended with, or None."""
    endpoint = translated.endpoint(type_, upstream.origin)
    try:
        async with litellm.send(endpoint, endpoint.keys[0], translated.ask(**fields)) as got:
            await got.read()
    except UpstreamError as error:
        return error
    return None


def smuggled(origin: str) -> dict[str, Any]:
    """Every setting, each naming the stranger in a way that fits some of them."""
    values = (origin, {"x-evil": origin, "authorization": "Bearer evil"}, 1, ["openai/gpt"], True)
    return {name: values[n % len(values)] if n % 3 else origin for n, name in enumerate(SETTINGS)}


def places(tricks: dict[str, Any]) -> list[dict[str, Any]]:
    """Requests that carry them, each in another place."""
    hello = {"role": "user", "content": "Hi"}
    tool: dict[str, Any] = {**TOOL, **tricks, "function": {**TOOL["function"], **tricks}}  # type: ignore[dict-item]
    return [
        tricks,
        {"extra_body": tricks, "optional_params": tricks, "kwargs": tricks, "litellm_params": tricks},
        {"messages": [{**hello, **tricks}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi", **tricks}]}]},
        {"tools": [tool], "tool_choice": {"type": "function", "function": {"name": "weather", **tricks}, **tricks}},
        {"tools": [{"type": "mcp", **tricks, "require_approval": "never"}]},
        {"response_format": {"type": "json_object", **tricks}, "stream_options": tricks, "prediction": tricks},
        {"thinking": {"type": "disabled", **tricks}, "web_search_options": tricks, "logit_bias": {}, "user": json.dumps(tricks)},
    ]


@NATIVE
async def test_settings_of_a_call_steer_nothing_wherever_they_stand(upstream: Upstream, stranger: Upstream, type_: ProviderType) -> None:
    egress.approve(frozenset({upstream.origin, stranger.origin}))
    upstream.on("", vendors.say(type_))

    for place in places(smuggled(stranger.origin)):
        failed = await call(upstream, type_, **place)
        assert failed is None or failed.status == 400, (place.keys(), failed, failed.detail)

    assert stranger.connections == 0
    assert len(upstream.heard) >= 6
    for heard in upstream.heard:
        assert (heard.method, heard.path) == ("POST", vendors.PATHS[type_][False])
        assert make.SECRET in heard.headers[SIGNED[type_]]
        assert heard.headers.keys() - MAY_BE_SENT == {SIGNED[type_]} - MAY_BE_SENT
        assert b"evil" not in heard.raw_head


NAMES = (
    "../../admin",
    "..",
    ".",
    "a/../../admin",
    "x?api-version=1",
    "x#y",
    "%2e%2e/admin",
    "http://127.0.0.1:9/v1",
    "x\r\nx-evil: 1",
    "é b",
)


@NATIVE
async def test_a_models_name_stays_one_part_of_the_path(upstream: Upstream, type_: ProviderType) -> None:
    upstream.on("", vendors.say(type_))
    before, _, after = vendors.PATHS[type_][False].partition(vendors.MODEL)

    for model in NAMES:
        failed = await call(upstream, type_, model=model)
        assert failed is None or (failed.status, upstream.heard) == (404, []), model
        for heard in upstream.heard:
            inner = heard.path.removeprefix(before).removesuffix(after)
            assert heard.path == before + inner + after
            assert set("/?#").isdisjoint(inner) and inner not in (".", ".."), (model, heard.path)
            assert b"x-evil: 1" not in heard.raw_head
        upstream.heard.clear()


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param(b'[{"role":"user","content":"\xff\xfe"}]', id="no UTF-8"),
        pytest.param(b'[{"role":"user","content":"\\ud800"}]', id="half of a surrogate pair"),
        pytest.param(b'[{"role":"user","content":' + b"[" * 900 + b"]" * 900 + b"}]", id="deep"),
        pytest.param(b'[{"role":"user","content":1e400}]', id="a number too large"),
        pytest.param(b'{"a":1}', id="no list"),
        pytest.param(b"null", id="nothing"),
    ],
)
async def test_messages_that_are_none_are_the_callers_mistake(upstream: Upstream, messages: bytes) -> None:
    upstream.on("", vendors.say(ProviderType.ANTHROPIC))
    endpoint = translated.endpoint(ProviderType.ANTHROPIC, upstream.origin)
    ask = Ask("/chat/completions", b'{"model":"m","messages":' + messages + b"}")

    with pytest.raises(Failed) as refused:
        async with litellm.send(endpoint, endpoint.keys[0], ask) as got:
            await got.read()

    assert (refused.value.status, refused.value.details["error"]["type"]) == (400, "invalid_request_error")  # type: ignore[index]
    assert upstream.heard == []
