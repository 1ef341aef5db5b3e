"""What vendors with a protocol of their own are asked, and how they answer: tools side by side, pictures, JSON, ends, tokens, failures.

The shapes are those that the official SDK's types require.
"""

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from app.domain.errors import BadResponse, Failed, RateLimited, Refused, UpstreamError
from app.domain.providers.provider import ProviderType
from app.upstream.wire import litellm
from tests.fixtures import make, translated, vendors
from tests.fixtures.clients import journey
from tests.fixtures.upstream import Script, Upstream, answer
from tests.fixtures.upstream import events as streamed
from tests.upstream.wire.test_litellm import NATIVE, call, events, failure

pytestmark = pytest.mark.usefixtures("vault", "outgoing", "translated")

ANTHROPIC, BEDROCK, AZURE = ProviderType.ANTHROPIC, ProviderType.BEDROCK, ProviderType.AZURE
CITIES = ["Huế", "Hà Nội"]


async def asked(upstream: Upstream, type_: ProviderType, **fields: Any) -> Any:
    """What the vendor is asked."""
    upstream.on(vendors.PATHS[type_][False], vendors.say(type_))
    await call(translated.endpoint(type_, upstream.origin), translated.ask(**fields))
    return upstream.heard[-1].json


async def answered(upstream: Upstream, type_: ProviderType, script: Script, **fields: Any) -> dict[str, Any]:
    """The answer, which the SDK's types accept."""
    upstream.on(vendors.PATHS[type_][False], script)
    found = json.loads(await call(translated.endpoint(type_, upstream.origin), translated.ask(**fields)))
    ChatCompletion.model_validate(found)
    return found


async def chunks(upstream: Upstream, type_: ProviderType, script: Script, **fields: Any) -> list[dict[str, Any]]:
    """The events of an answer, each of which the SDK's types accept."""
    upstream.on(vendors.PATHS[type_][True], script)
    found = events(await call(translated.endpoint(type_, upstream.origin), translated.ask(stream=True, **fields)))
    for chunk in found:
        ChatCompletionChunk.model_validate(chunk)
    return found


def anthropic(*content: dict[str, Any], stop: str = "end_turn", usage: dict[str, int] | None = None) -> Script:
    """A whole answer of Anthropic's with these blocks."""
    return answer(body={
        "id": "msg_1", "type": "message", "role": "assistant", "model": vendors.MODEL, "content": list(content), "stop_reason": stop,
        "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 4, **(usage or {})},
    })  # fmt: skip


def anthropic_events(*blocks: tuple[dict[str, Any], list[dict[str, Any]]], stop: str = "end_turn", **usage: int) -> list[bytes]:
    """A stream of Anthropic's with these blocks, each with its deltas."""
    tokens = {"input_tokens": 9, "output_tokens": 1, **usage}
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": vendors.MODEL, "content": [], "stop_reason": None}
    found: list[dict[str, Any]] = [{"type": "message_start", "message": {**start, "stop_sequence": None, "usage": tokens}}]
    for index, (block, deltas) in enumerate(blocks):
        found.append({"type": "content_block_start", "index": index, "content_block": block})
        found += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        found.append({"type": "content_block_stop", "index": index})
    found.append({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": 4}})
    return [sse(one) for one in [*found, {"type": "message_stop"}]]


def sse(one: dict[str, Any]) -> bytes:
    return f"event: {one['type']}\ndata: {json.dumps(one, ensure_ascii=False)}\n\n".encode()


def text_block(*texts: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return {"type": "text", "text": ""}, [{"type": "text_delta", "text": text} for text in texts]


def tool_block(number: int, name: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    text = json.dumps(arguments, ensure_ascii=False)
    parts = [text[:5], text[5:]]
    block = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {}}
    return block, [{"type": "input_json_delta", "partial_json": part} for part in parts]


def two_calls(type_: ProviderType, *, stream: bool) -> Script:
    """An answer that calls the tool twice, once for each city."""
    whole: dict[ProviderType, Any] = {
        ANTHROPIC: {
            "id": "msg_1", "type": "message", "role": "assistant", "model": vendors.MODEL, "stop_reason": "tool_use", "stop_sequence": None,
            "content": [{"type": "tool_use", "id": f"t_{n}", "name": "weather", "input": {"city": c}} for n, c in enumerate(CITIES)],
            "usage": {"input_tokens": 9, "output_tokens": 4},
        },
        BEDROCK: {
            "output": {"message": {"role": "assistant", "content": [
                {"toolUse": {"toolUseId": f"t_{n}", "name": "weather", "input": {"city": c}}} for n, c in enumerate(CITIES)
            ]}},
            "stopReason": "tool_use", "usage": {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}, "metrics": {"latencyMs": 5},
        },
        AZURE: {
            "id": "c", "object": "chat.completion", "created": 1, "model": "gpt", "usage": None,
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": None, "tool_calls": [
                {"id": f"t_{n}", "type": "function", "function": {"name": "weather", "arguments": json.dumps({"city": c})}}
                for n, c in enumerate(CITIES)
            ]}}],
        },
    }  # fmt: skip
    if not stream:
        return answer(body=whole[type_])
    if type_ is ANTHROPIC:
        blocks = [tool_block(n, "weather", {"city": city}) for n, city in enumerate(CITIES)]
        return vendors.streamed(type_, anthropic_events(text_block("One ", "moment."), *blocks, stop="tool_use"))
    if type_ is BEDROCK:
        return vendors.streamed(type_, _bedrock_calls())
    return vendors.streamed(type_, _azure_calls())


def _bedrock_calls() -> list[bytes]:
    found: list[tuple[str, dict[str, Any]]] = [("messageStart", {"role": "assistant"})]
    for n, city in enumerate(CITIES):
        text = json.dumps({"city": city})
        found.append(("contentBlockStart", {"contentBlockIndex": n, "start": {"toolUse": {"toolUseId": f"t_{n}", "name": "weather"}}}))
        found += [("contentBlockDelta", {"contentBlockIndex": n, "delta": {"toolUse": {"input": part}}}) for part in (text[:5], text[5:])]
        found.append(("contentBlockStop", {"contentBlockIndex": n}))
    usage = {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}
    found += [("messageStop", {"stopReason": "tool_use"}), ("metadata", {"usage": usage, "metrics": {"latencyMs": 5}})]
    return [vendors.frame(kind, body) for kind, body in found]


def _azure_calls() -> list[bytes]:
    deltas: list[dict[str, Any]] = []
    for n, city in enumerate(CITIES):
        text = json.dumps({"city": city})
        deltas.append({"index": n, "id": f"t_{n}", "type": "function", "function": {"name": "weather", "arguments": ""}})
        deltas += [{"index": n, "function": {"arguments": part}} for part in (text[:5], text[5:])]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt"}
    found = [{**head, "choices": [{"index": 0, "delta": {"tool_calls": [d]}, "finish_reason": None}]} for d in deltas]
    found[0]["choices"][0]["delta"]["role"] = "assistant"
    found.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    return [b"data: " + json.dumps(one).encode() + b"\n\n" for one in found] + [b"data: [DONE]\n\n"]


@NATIVE
async def test_tools_are_called_side_by_side(upstream: Upstream, type_: ProviderType) -> None:
    found = await answered(upstream, type_, two_calls(type_, stream=False), tools=[translated.TOOL])

    (choice,) = found["choices"]
    calls = choice["message"]["tool_calls"]
    assert [json.loads(called["function"]["arguments"])["city"] for called in calls] == CITIES
    assert len({called["id"] for called in calls}) == 2
    assert choice["finish_reason"] == "tool_calls"


@NATIVE
async def test_tools_are_called_side_by_side_in_a_stream(upstream: Upstream, type_: ProviderType) -> None:
    found = await chunks(upstream, type_, two_calls(type_, stream=True), tools=[translated.TOOL])

    parts = [part for chunk in found for choice in chunk["choices"] for part in choice["delta"].get("tool_calls") or ()]
    by_place = {place: [part for part in parts if part["index"] == place] for place in sorted({part["index"] for part in parts})}
    assert list(by_place) == [0, 1]
    assert [json.loads("".join(p["function"].get("arguments") or "" for p in some))["city"] for some in by_place.values()] == CITIES
    assert all(some[0]["id"] and some[0]["function"]["name"] == "weather" and some[0]["type"] == "function" for some in by_place.values())
    assert found[0]["choices"][0]["delta"]["role"] == "assistant"
    assert found[-1]["choices"][0]["finish_reason"] == "tool_calls"


@NATIVE
async def test_results_of_several_tools_go_back_together(upstream: Upstream, type_: ProviderType) -> None:
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": "weather", "arguments": json.dumps({"city": city})}}
        for n, city in enumerate(CITIES)
    ]
    results = [{"role": "tool", "tool_call_id": f"call_{n}", "content": f"{28 + n} degrees"} for n in range(2)]

    heard = await asked(
        upstream, type_, messages=[*journey.WEATHER, {"role": "assistant", "content": None, "tool_calls": calls}, *results],
        tools=[translated.TOOL],
    )  # fmt: skip

    if type_ is ANTHROPIC:
        assert heard["messages"][-1]["content"] == [
            {"type": "tool_result", "tool_use_id": "call_0", "content": "28 degrees"},
            {"type": "tool_result", "tool_use_id": "call_1", "content": "29 degrees"},
        ]
        assert [block["input"]["city"] for block in heard["messages"][-2]["content"]] == CITIES
    elif type_ is BEDROCK:
        said = [block["toolResult"] for block in heard["messages"][-1]["content"]]
        assert [(one["toolUseId"], one["content"][0]["text"]) for one in said] == [("call_0", "28 degrees"), ("call_1", "29 degrees")]
    else:
        assert heard["messages"][-2:] == results


@pytest.mark.parametrize(
    ("type_", "choice", "expected"),
    [
        (ANTHROPIC, "required", {"type": "any"}),
        (ANTHROPIC, "none", {"type": "none"}),
        (ANTHROPIC, {"type": "function", "function": {"name": "weather"}}, {"type": "tool", "name": "weather"}),
        (BEDROCK, "required", {"any": {}}),
        (BEDROCK, {"type": "function", "function": {"name": "weather"}}, {"tool": {"name": "weather"}}),
        (AZURE, "none", "none"),
    ],
)
async def test_a_choice_of_tools_is_put_into_the_vendors_words(upstream: Upstream, type_: ProviderType, choice: Any, expected: Any) -> None:
    heard = await asked(upstream, type_, tools=[translated.TOOL], tool_choice=choice)

    assert (heard["toolConfig"]["toolChoice"] if type_ is BEDROCK else heard["tool_choice"]) == expected


async def test_bedrock_has_no_word_for_no_tool_and_is_given_none(upstream: Upstream) -> None:
    heard = await asked(upstream, BEDROCK, tools=[translated.TOOL], tool_choice="none")

    assert "toolConfig" not in heard


@NATIVE
async def test_a_picture_in_the_request_is_handed_on(upstream: Upstream, type_: ProviderType) -> None:
    heard = await asked(upstream, type_, messages=journey.LOOK)

    picture = heard["messages"][0]["content"][1]
    assert (
        picture
        == {
            ANTHROPIC: {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": journey.DOT}},
            BEDROCK: {"image": {"source": {"bytes": journey.DOT}, "format": "png"}},
            AZURE: {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{journey.DOT}"}},
        }[type_]
    )


@pytest.mark.parametrize("scheme", ["https", "http"])
@NATIVE
async def test_a_picture_from_elsewhere_is_fetched_by_the_vendor_or_by_nobody(upstream: Upstream, type_: ProviderType, scheme: str) -> None:
    url = f"{scheme}://pictures.example.org/a.png"
    messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]

    if type_ is AZURE or (type_, scheme) == (ANTHROPIC, "https"):
        assert url in json.dumps(await asked(upstream, type_, messages=messages))
    else:
        error = await failure(translated.endpoint(type_, upstream.origin), translated.ask(messages=messages))
        assert (type(error), error.status, error.details["error"]["code"]) == (Failed, 400, "remote_content")
        assert upstream.heard == []


@NATIVE
async def test_the_words_of_the_system_and_the_ends_are_handed_on(upstream: Upstream, type_: ProviderType) -> None:
    heard = await asked(upstream, type_, messages=journey.PIRATE, stop=["END", "\n"], max_tokens=7, temperature=0.2, top_p=0.5)

    system, limits = {
        ANTHROPIC: lambda: (heard["system"][0]["text"], [heard[n] for n in ("stop_sequences", "max_tokens", "temperature", "top_p")]),
        BEDROCK: lambda: (
            heard["system"][0]["text"],
            [heard["inferenceConfig"][n] for n in ("stopSequences", "maxTokens", "temperature", "topP")],
        ),
        AZURE: lambda: (heard["messages"][0]["content"], [heard[n] for n in ("stop", "max_tokens", "temperature", "top_p")]),
    }[type_]()
    assert (system, limits) == ("You are a pirate.", [["END", "\n"], 7, 0.2, 0.5])


async def test_a_deployment_of_any_name_is_sent_every_parameter(upstream: Upstream) -> None:
    fields = {
        "reasoning_effort": "low", "verbosity": "low", "seed": 1, "logprobs": True, "top_logprobs": 2, "service_tier": "auto",
        "parallel_tool_calls": False, "tools": [translated.TOOL], "max_completion_tokens": 9, "n": 2, "user": "u",
        "response_format": {"type": "json_object"}, "modalities": ["text"], "prediction": {"type": "content", "content": "x"},
    }  # fmt: skip

    heard = await asked(upstream, AZURE, **fields)

    assert {name: heard.get(name) for name in fields} == fields


SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "place",
        "strict": True,
        "schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
    },
}


async def test_an_answer_by_a_schema_is_the_content(upstream: Upstream) -> None:
    block = {"type": "tool_use", "id": "toolu_1", "name": "json_tool_call", "input": {"city": "Huế"}}

    found = await answered(upstream, ANTHROPIC, anthropic(block, stop="tool_use"), response_format=SCHEMA)

    (choice,) = found["choices"]
    assert json.loads(choice["message"]["content"]) == {"city": "Huế"}
    assert (choice["finish_reason"], choice["message"].get("tool_calls")) == ("stop", None)


async def test_an_answer_by_a_schema_is_the_content_of_a_stream(upstream: Upstream) -> None:
    script = vendors.streamed(ANTHROPIC, anthropic_events(tool_block(1, "json_tool_call", {"city": "Huế"}), stop="tool_use"))

    found = await chunks(upstream, ANTHROPIC, script, response_format=SCHEMA)

    choices = [chunk["choices"][0] for chunk in found]
    assert json.loads("".join(choice["delta"].get("content") or "" for choice in choices)) == {"city": "Huế"}
    assert not any(choice["delta"].get("tool_calls") for choice in choices)
    assert choices[-1]["finish_reason"] == "stop"


@pytest.mark.parametrize(("reason", "expected"), [
    ("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("refusal", "content_filter"), ("something_new", "stop"),
])  # fmt: skip
async def test_an_end_has_openais_name(upstream: Upstream, reason: str, expected: str) -> None:
    text = {"type": "text", "text": "x"}

    whole = await answered(upstream, ANTHROPIC, anthropic(text, stop=reason))
    stream = await chunks(upstream, ANTHROPIC, vendors.streamed(ANTHROPIC, anthropic_events(text_block("x"), stop=reason)))

    assert (whole["choices"][0]["finish_reason"], stream[-1]["choices"][0]["finish_reason"]) == (expected, expected)


async def test_tokens_read_from_a_cache_are_told(upstream: Upstream) -> None:
    tokens = {"cache_read_input_tokens": 100, "cache_creation_input_tokens": 0}
    stream_options = {"include_usage": True}

    whole = await answered(upstream, ANTHROPIC, anthropic({"type": "text", "text": "x"}, usage=tokens))
    script = vendors.streamed(ANTHROPIC, anthropic_events(text_block("x"), **tokens))
    *_, last = await chunks(upstream, ANTHROPIC, script, stream_options=stream_options)

    expected = {"prompt_tokens": 109, "completion_tokens": 4, "total_tokens": 113, "prompt_tokens_details": {"cached_tokens": 100}}
    assert whole["usage"] == expected
    assert (last["choices"], last["usage"]) == ([], expected)


async def test_thoughts_are_told_apart_from_the_answer(upstream: Upstream) -> None:
    thought = {"type": "thinking", "thinking": "Let me see.", "signature": "s"}
    block = ({"type": "thinking", "thinking": "", "signature": ""}, [{"type": "thinking_delta", "thinking": "Let me see."}])

    whole = await answered(upstream, ANTHROPIC, anthropic(thought, {"type": "text", "text": "Yes"}))
    stream = await chunks(upstream, ANTHROPIC, vendors.streamed(ANTHROPIC, anthropic_events(block, text_block("Yes"))))

    message = whole["choices"][0]["message"]
    deltas = [chunk["choices"][0]["delta"] for chunk in stream]
    assert (message["content"], message["reasoning_content"]) == ("Yes", "Let me see.")
    assert "".join(delta.get("content") or "" for delta in deltas) == "Yes"
    assert "".join(delta.get("reasoning_content") or "" for delta in deltas) == "Let me see."


def error_event(kind: str, message: str = "Overloaded") -> bytes:
    return sse({"type": "error", "error": {"type": kind, "message": message}})


async def test_an_error_in_the_middle_of_a_stream_breaks_it_off(upstream: Upstream) -> None:
    upstream.on("/v1/messages", vendors.streamed(ANTHROPIC, [*anthropic_events(text_block("Hello"))[:3], error_event("overloaded_error")]))
    endpoint = translated.endpoint(ANTHROPIC, upstream.origin)
    seen = b""

    with pytest.raises(UpstreamError) as raised:
        async with litellm.send(endpoint, endpoint.keys[0], translated.ask(stream=True)) as got:
            async for chunk in got.chunks():
                seen += chunk

    assert isinstance(raised.value, BadResponse)
    assert b"Hello" in seen
    assert b"[DONE]" not in seen and b'"finish_reason":"' not in seen


@pytest.mark.parametrize(
    ("event", "kind", "status"),
    [
        (error_event("overloaded_error", f"no: {make.SECRET}"), Failed, 529),
        (error_event("rate_limit_error", f"no: {make.SECRET}"), RateLimited, 429),
        (error_event("authentication_error", f"no: {make.SECRET}"), Refused, 401),
        (error_event("of_tomorrow", f"no: {make.SECRET}"), Failed, 500),
    ],
    ids=["overloaded", "rate limit", "key", "unknown"],
)
async def test_a_stream_that_begins_with_an_error_is_that_refusal(
    upstream: Upstream, event: bytes, kind: type[UpstreamError], status: int
) -> None:
    upstream.on("/v1/messages", streamed(event))

    error = await failure(translated.endpoint(ANTHROPIC, upstream.origin), translated.ask(stream=True))

    assert (type(error), error.status, error.detail) == (kind, status, "no: [removed]")


@pytest.mark.parametrize("event", [b'event: error\ndata: {"error": 1}\n\n', b"event: error\ndata: nonsense\n\n"])
async def test_an_error_that_cannot_be_read_is_an_error_of_the_call(upstream: Upstream, event: bytes) -> None:
    upstream.on("/v1/messages", streamed(event))

    error = await failure(translated.endpoint(ANTHROPIC, upstream.origin), translated.ask(stream=True))

    assert isinstance(error, Failed | BadResponse)


@pytest.mark.parametrize("type_", [ANTHROPIC, BEDROCK])
async def test_more_than_one_answer_is_refused_where_the_vendor_gives_one(upstream: Upstream, type_: ProviderType) -> None:
    error = await failure(translated.endpoint(type_, upstream.origin), translated.ask(n=2))

    assert (type(error), error.status, error.details["error"]["param"], upstream.heard) == (Failed, 400, "n", [])
