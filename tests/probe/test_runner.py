"""The ladder, rung by rung, against real servers on loopback."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.probes.probe import FixAction, ProbeResult, ProbeStep, StepName, Verdict
from app.domain.providers.capabilities import Capabilities, Support
from app.domain.providers.preset import Preset
from app.domain.providers.provider import ProviderType
from app.domain.snapshot import Endpoint, Timeouts
from app.probe import messages, runner
from app.upstream import container, egress, session
from tests.fixtures import make
from tests.fixtures.certificates import Authority
from tests.fixtures.upstream import DONE, Heard, Line, Script, Upstream, answer, by_key, completion, delta, events, usual

pytestmark = pytest.mark.usefixtures("vault", "outgoing")


async def climb(endpoint: Endpoint, **options: Any) -> ProbeResult:
    found = [item async for item in runner.run(endpoint, **options)]
    result = found[-1]
    assert isinstance(result, ProbeResult)
    # A rung that came twice is what it was found to be in the end: at its place, or last where it ended the climb.
    told: dict[StepName, ProbeStep] = {}
    for step in (item for item in found[:-1] if isinstance(item, ProbeStep)):
        if step.ok is False:
            told.pop(step.name, None)
        told[step.name] = step
    assert list(told.values()) == result.steps
    return result


def preset(**changes: Any) -> Preset:
    return Preset(id="x", label="X", type=ProviderType.OPENAI, base_url="https://x.example/v1", auth_type="api_key", **changes)


def said(result: ProbeResult) -> dict[str, str]:
    return {step.name: step.message for step in result.steps}


@pytest.fixture
def keyed(upstream: Upstream) -> Endpoint:
    return make.endpoint(upstream.base_url, secret=make.SECRET)


async def test_a_good_provider_is_climbed_to_the_top(upstream: Upstream, keyed: Endpoint) -> None:
    result = await climb(keyed, depth="stream")

    assert result.ok
    assert result.verdict is Verdict.OK
    assert result.error is None
    assert said(result) == {
        "address": "address_ok", "dns": "look_up_not_needed", "port": "port_open", "tls": "not_encrypted", "http": "answers",
        "credential": "key_accepted", "models": "models_listed", "chat": "chat_answered", "stream": "stream_answered",
    }  # fmt: skip
    assert result.proven == [
        StepName.ADDRESS,
        StepName.PORT,
        StepName.HTTP,
        StepName.CREDENTIAL,
        StepName.MODELS,
        StepName.CHAT,
        StepName.STREAM,
    ]
    assert (result.model, result.preview, result.models[0]) == ("alpha-small", "OK", "alpha-small")
    assert result.usage == {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}
    assert result.latency_ms
    assert all(step.ms >= 0 for step in result.steps)


async def test_each_rung_is_handed_out_as_it_happens(upstream: Upstream, keyed: Endpoint) -> None:
    may_answer = asyncio.Event()

    async def waits(line: Line, heard: Heard) -> None:
        await may_answer.wait()
        await answer(body={"data": []})(line, heard)

    upstream.on("/models", waits)
    steps = runner.run(keyed)

    before = [await anext(steps) for _ in range(4)]
    assert not may_answer.is_set()
    may_answer.set()
    after = await anext(steps)
    await steps.aclose()

    assert [step.name for step in before if isinstance(step, ProbeStep)] == ["address", "dns", "port", "tls"]
    assert isinstance(after, ProbeStep)
    assert after.name is StepName.HTTP


@pytest.mark.parametrize(("depth", "last"), [("auth", "credential"), ("models", "models"), ("chat", "chat"), ("stream", "stream")])
async def test_it_climbs_as_far_as_asked(keyed: Endpoint, depth: Any, last: str) -> None:
    assert (await climb(keyed, depth=depth)).steps[-1].name == last


# The key


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("path", ["/models", "/chat/completions"])
async def test_a_refused_key_is_always_a_failure(upstream: Upstream, keyed: Endpoint, status: int, path: str) -> None:
    upstream.on(path, answer(status, {"error": {"message": f"bad key {make.SECRET}"}}))

    result = await climb(keyed)

    assert (result.ok, result.verdict) == (False, Verdict.AUTH_FAILED)
    assert StepName.CREDENTIAL not in result.proven
    assert result.error is not None
    assert (result.error.code, result.error.values["status"]) == ("key_refused", status)
    assert result.error.fix is not None
    assert result.error.fix.action is FixAction.REPLACE_KEY
    assert make.SECRET not in result.model_dump_json()


async def test_a_key_is_checked_where_the_list_is_public(upstream: Upstream, keyed: Endpoint) -> None:
    upstream.on("/key", answer(401, {"error": {"message": "no"}}))

    result = await climb(keyed, preset=preset(key_check="/key"))

    assert (result.verdict, result.steps[-1].name) == (Verdict.AUTH_FAILED, StepName.CREDENTIAL)
    assert [h.path for h in upstream.heard] == ["/v1/key"]


@pytest.mark.parametrize("depth", ["auth", "models"])
@pytest.mark.parametrize("known", [True, False], ids=["the preset knows", "it is asked without the key"])
async def test_an_open_list_says_nothing_about_the_key(upstream: Upstream, keyed: Endpoint, depth: Any, known: bool) -> None:
    upstream.is_public = True
    result = await climb(keyed, preset=preset(model_list_public=True) if known else None, depth=depth)

    assert (result.ok, result.verdict, said(result)["credential"]) == (True, Verdict.KEY_NOT_PROVEN, "list_is_public")
    assert result.error is not None
    assert result.error.fix is not None
    assert (result.error.code, result.error.fix.action) == ("list_is_public", FixAction.TEST_CHAT)
    assert StepName.CREDENTIAL not in result.proven
    assert len(upstream.heard) == (1 if known else 2)


@pytest.mark.parametrize("depth", ["auth", "models", "chat", "stream"])
async def test_a_bad_key_before_an_open_list_is_accepted_at_no_depth(upstream: Upstream, keyed: Endpoint, depth: Any) -> None:
    upstream.is_public = True
    upstream.on("/chat/completions", answer(401, {"error": {"message": "Invalid key"}}))

    result = await climb(keyed, depth=depth)

    assert "key_accepted" not in said(result).values()
    assert StepName.CREDENTIAL not in result.proven
    assert result.verdict is (Verdict.AUTH_FAILED if depth in ("chat", "stream") else Verdict.KEY_NOT_PROVEN)


@pytest.mark.parametrize(
    ("script", "proven"),
    [
        pytest.param(answer(401, {}), True, id="401"),
        pytest.param(answer(403, {}), True, id="403"),
        pytest.param(answer(400, {"error": "no key"}), True, id="400"),
        pytest.param(answer(302, {}, {"location": "https://x.example/login"}), True, id="sent to a sign-in"),
        pytest.param(answer(200, b"<html>Sign in", {"content-type": "text/html"}), True, id="a sign-in page"),
        pytest.param(answer(200, {"data": []}), False, id="public"),
        pytest.param(answer(429, {}), False, id="limited"),
        pytest.param(answer(500, {}), False, id="broken"),
    ],
)
async def test_a_list_proves_the_key_where_it_is_not_answered_without(
    upstream: Upstream, keyed: Endpoint, script: Script, proven: bool
) -> None:
    async def told(line: Line, heard: Heard) -> None:
        await (answer(200, {"data": [{"id": "m"}]}) if "authorization" in heard.headers else script)(line, heard)

    upstream.on("/models", told)

    result = await climb(keyed, depth="auth")

    assert (StepName.CREDENTIAL in result.proven, result.verdict is Verdict.OK) == (proven, proven)


async def test_a_vendor_who_is_known_to_want_a_key_is_not_asked_without_one(upstream: Upstream, keyed: Endpoint) -> None:
    vendor = preset().model_copy(update={"base_url": upstream.base_url})

    result = await climb(keyed, depth="auth", preset=vendor)

    assert (said(result)["credential"], len(upstream.heard)) == ("key_accepted", 1)


async def test_a_key_that_the_list_takes_and_the_chat_refuses_is_refused(upstream: Upstream, keyed: Endpoint) -> None:
    upstream.on("/chat/completions", answer(401, {"error": {"message": "no"}}))

    found = [item async for item in runner.run(keyed)]
    result = await climb(keyed)

    assert [(step.name, step.ok) for step in found if isinstance(step, ProbeStep) and step.name is StepName.CREDENTIAL] == [
        (StepName.CREDENTIAL, True),
        (StepName.CREDENTIAL, False),
    ]
    assert [(step.name, step.message) for step in result.steps if step.ok is False] == [(StepName.CREDENTIAL, "key_refused")]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("path", ["/models", "/chat/completions"])
async def test_without_a_key_there_is_none_that_was_refused(upstream: Upstream, path: str, status: int) -> None:
    upstream.on(path, answer(status, {"error": {"message": "Unauthorized"}}))

    result = await climb(make.endpoint(upstream.base_url))

    assert (result.ok, result.verdict, result.steps[-1].name) == (False, Verdict.NO_CREDENTIAL, StepName.CREDENTIAL)
    assert result.error is not None
    assert result.error.fix is not None
    assert (result.error.code, result.error.fix.action) == ("key_required", FixAction.ADD_KEY)


async def test_a_key_that_passes_its_check_goes_on_to_the_list(upstream: Upstream, keyed: Endpoint) -> None:
    upstream.on("/key", by_key({make.SECRET: answer(200, {"data": {"limit": None}})}))

    result = await climb(keyed, preset=preset(key_check="/key"))

    assert (result.verdict, said(result)["credential"], said(result)["models"]) == (Verdict.OK, "key_accepted", "models_listed")


@pytest.mark.parametrize(
    ("path", "status", "body", "code"),
    [
        pytest.param("/chat/completions", 429, {}, "rate_limited", id="chat"),
        pytest.param("/chat/completions", 429, {"error": {"code": "insufficient_quota"}}, "no_credit", id="quota"),
        pytest.param("/chat/completions", 402, {}, "no_credit", id="payment"),
    ],
)
async def test_a_limit_means_the_key_is_good(upstream: Upstream, keyed: Endpoint, path: str, status: int, body: object, code: str) -> None:
    upstream.on(path, answer(status, body))

    result = await climb(keyed)

    assert (result.ok, result.verdict) == (True, Verdict.LIMITED)
    assert StepName.CREDENTIAL in result.proven
    assert StepName.CHAT not in result.proven
    assert result.error is not None
    assert result.error.code is code


async def test_without_a_key_nothing_is_sent(upstream: Upstream) -> None:
    result = await climb(make.endpoint(upstream.base_url, auth_type="api_key"))

    assert (result.verdict, result.steps[-1].name, result.steps[-1].message) == (Verdict.NO_CREDENTIAL, "credential", "no_credential")
    assert upstream.heard == []


async def test_without_auth_no_key_is_needed(upstream: Upstream) -> None:
    result = await climb(make.endpoint(upstream.base_url))

    assert result.ok
    assert said(result)["credential"] == "key_not_needed"
    assert StepName.CREDENTIAL not in result.proven


# The list of models


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_missing_list_is_amber_and_the_chat_goes_on(upstream: Upstream, keyed: Endpoint, status: int) -> None:
    upstream.on("/models", answer(status, {"error": "no"}))

    result = await climb(keyed, model="alpha")

    assert (result.ok, result.verdict, result.error) == (True, Verdict.NO_MODEL_LIST, None)
    assert (said(result)["credential"], said(result)["models"], said(result)["chat"]) == ("key_accepted", "no_model_list", "chat_answered")
    assert [step.name for step in result.steps].index(StepName.CREDENTIAL) < [step.name for step in result.steps].index(StepName.MODELS)
    assert {StepName.CREDENTIAL, StepName.CHAT} <= set(result.proven)


async def test_a_missing_list_without_a_model_asks_for_one(upstream: Upstream, keyed: Endpoint) -> None:
    upstream.on("/models", answer(404, {}))

    result = await climb(keyed)

    assert (result.ok, result.verdict) == (True, Verdict.NO_MODEL_LIST)
    assert result.error is not None
    assert result.error.fix is not None
    assert result.error.fix.action is FixAction.CHOOSE_MODEL
    assert StepName.CHAT not in result.proven


async def test_an_empty_list_says_so(upstream: Upstream, keyed: Endpoint) -> None:
    upstream.on("/models", answer(200, {"object": "list", "data": []}))

    result = await climb(keyed)

    assert result.ok
    assert result.error is not None
    assert result.error.code == "no_models"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"data": [{"id": "a"}, {"id": "a"}, {"id": 7}, {}]}, id="openai"),
        pytest.param([{"id": "a", "pricing": {}}], id="bare array"),
        pytest.param({"models": [{"name": "a"}]}, id="models"),
    ],
)
async def test_lists_in_use_are_understood(upstream: Upstream, keyed: Endpoint, body: object) -> None:
    upstream.on("/models", answer(200, body))

    assert (await climb(keyed, depth="models")).models == ["a"]


# The default model


@pytest.mark.parametrize("depth", ["chat", "stream"])
async def test_the_default_model_is_the_one_that_is_asked(upstream: Upstream, keyed: Endpoint, depth: Any) -> None:
    async def knows_two(line: Line, heard: Heard) -> None:
        known = heard.json["model"] in ("alpha-small", "beta/large")
        await (usual if known else answer(404, {"error": {"message": "no", "code": "model_not_found"}}))(line, heard)

    upstream.on("/chat/completions", knows_two)

    asked = [await climb(replace(keyed, default_model=model), depth=depth) for model in ("beta/large", "does-not-exist")]

    assert [(result.ok, result.verdict, result.model) for result in asked] == [
        (True, Verdict.OK, "beta/large"),
        (False, Verdict.MODEL_NOT_FOUND, "does-not-exist"),
    ]
    assert asked[1].error is not None
    assert asked[1].error.fix is not None
    assert asked[1].error.fix.action is FixAction.CHOOSE_MODEL


@pytest.mark.parametrize(
    ("listed", "default", "is_there"),
    [
        ("m", "m", True),
        ("models/gemini-2.5-flash", "gemini-2.5-flash", True),
        ("llama3:latest", "llama3", True),
        ("openai/gpt-4o", "openai/gpt-4o:nitro", True),
        ("Qwen/Qwen3", "qwen/qwen3", True),
        ("qwen3:latest", "qwen3:70b", False),
        ("gpt-4o", "gpt-4", False),
    ],
)
async def test_a_default_that_is_not_in_the_list_is_not_green(
    upstream: Upstream, keyed: Endpoint, listed: str, default: str, is_there: bool
) -> None:
    async def told(line: Line, heard: Heard) -> None:
        await (answer(200, {"data": [{"id": listed}]}) if "authorization" in heard.headers else answer(401))(line, heard)

    upstream.on("/models", told)

    result = await climb(replace(keyed, default_model=default), depth="models")

    assert (result.ok, result.verdict) == (True, Verdict.OK if is_there else Verdict.DEFAULT_NOT_LISTED)
    assert (result.error is None) is is_there


# The chat


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"choices": [{"message": {"content": ""}, "finish_reason": "length"}]}, id="length stop"),
        pytest.param({"choices": [{"message": {"content": None, "reasoning": "hmm"}, "finish_reason": "stop"}]}, id="reasoning"),
    ],
)
async def test_an_answer_without_text_is_a_success(upstream: Upstream, keyed: Endpoint, body: object) -> None:
    upstream.on("/chat/completions", answer(200, body))

    result = await climb(keyed)

    assert (result.ok, result.verdict, said(result)["chat"]) == (True, Verdict.OK, "chat_empty")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"error": {"code": "model_not_found", "message": "no"}}),
        (404, {"error": {"message": 'model "ghost" not found, try pulling it first'}}),
        (400, {"error": {"message": "The model `ghost` does not exist or you do not have access to it."}}),
        (404, {"object": "error", "message": "The model `ghost` does not exist."}),
        (400, {"error": {"message": "Invalid model: ghost", "code": "invalid_model"}}),
    ],
)
async def test_an_unknown_model_is_told_from_a_wrong_path(upstream: Upstream, keyed: Endpoint, status: int, body: object) -> None:
    upstream.on("/chat/completions", answer(status, body))

    result = await climb(keyed, model="ghost")

    assert (result.ok, result.verdict) == (False, Verdict.MODEL_NOT_FOUND)
    assert result.error is not None
    assert "ghost" in result.error.message
    assert StepName.MODELS in result.proven


@pytest.mark.parametrize(
    ("path", "code", "fixed"),
    [
        pytest.param("/v1/v1", "version_doubled", "/v1", id="doubled"),
        pytest.param("/v1/openai/v1", "version_doubled", "/v1/openai", id="doubled apart"),
        pytest.param("/api", "version_missing", "/api/v1", id="missing"),
        pytest.param("/v1", "not_found", "", id="perhaps at the root"),
        pytest.param("/openai/v1", "not_found", None, id="just wrong"),
    ],
)
async def test_a_wrong_path_suggests_what_to_mend(upstream: Upstream, path: str, code: str, fixed: str | None) -> None:
    for end in ("/models", "/chat/completions"):
        upstream.on(end, answer(404, {"detail": "Not Found"}))

    result = await climb(make.endpoint(upstream.origin + path, secret=make.SECRET), model="m")

    assert (result.ok, result.verdict) == (False, Verdict.NOT_FOUND)
    assert result.error is not None
    assert result.error.code is code
    assert (result.error.fix and result.error.fix.value) == (upstream.origin + fixed if fixed is not None else None)


async def test_a_doubled_version_is_seen_without_a_model(upstream: Upstream) -> None:
    upstream.on("/models", answer(404, {}))

    result = await climb(make.endpoint(upstream.origin + "/v1/v1", secret=make.SECRET))

    assert (result.verdict, result.error and result.error.code) == (Verdict.NOT_FOUND, "version_doubled")


async def test_the_newer_name_of_the_limit_is_tried_once(upstream: Upstream, keyed: Endpoint) -> None:
    async def picky(line: Line, heard: Heard) -> None:
        if "max_tokens" in heard.json:
            message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
            await answer(400, {"error": {"message": message, "param": "max_tokens"}})(line, heard)
        elif heard.json.get("stream"):
            await events(delta("OK", "stop"), DONE)(line, heard)
        else:
            await answer(body=completion("o1"))(line, heard)

    upstream.on("/chat/completions", picky)

    result = await climb(keyed, model="o1", depth="stream")

    assert result.ok
    assert len([heard for heard in upstream.heard if heard.path.endswith("/chat/completions")]) == 3


@pytest.mark.parametrize(
    ("script", "verdict", "code"),
    [
        pytest.param(answer(500, {"error": "boom"}), Verdict.BAD_RESPONSE, "provider_error", id="500"),
        pytest.param(answer(400, {"error": "temperature"}), Verdict.BAD_RESPONSE, "chat_rejected", id="400"),
        pytest.param(answer(200, {"hello": 1}), Verdict.BAD_RESPONSE, "not_chat", id="no chat"),
        pytest.param(answer(200, {"error": {"code": 401, "message": "no"}}), Verdict.AUTH_FAILED, "key_refused", id="401 inside 200"),
        pytest.param(answer(200, b"<html>"), Verdict.BAD_RESPONSE, "html", id="html"),
    ],
)
async def test_a_bad_chat_has_its_reason(upstream: Upstream, keyed: Endpoint, script: Script, verdict: Verdict, code: str) -> None:
    upstream.on("/chat/completions", script)

    result = await climb(keyed)

    assert (result.ok, result.verdict, result.error and result.error.code) == (False, verdict, code)
    assert result.steps[-1].name is (StepName.CREDENTIAL if code == "key_refused" else StepName.CHAT)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param(events(delta("Hel")), "stream_cut", id="cut"),
        pytest.param(answer(body=completion("m")), "not_streamed", id="in one piece"),
    ],
)
async def test_a_bad_stream_has_its_reason(upstream: Upstream, keyed: Endpoint, script: Script, code: str) -> None:
    async def only_streams(line: Line, heard: Heard) -> None:
        await (script if heard.json.get("stream") else answer(body=completion("m")))(line, heard)

    upstream.on("/chat/completions", only_streams)

    result = await climb(keyed, depth="stream")

    assert (result.ok, result.steps[-1].name, result.error and result.error.code) == (False, StepName.STREAM, code)
    assert StepName.CHAT in result.proven


# The way there


@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param(answer(200, b"<html>hi", {"content-type": "text/html"}), "html", id="html"),
        pytest.param(answer(302, {}, {"location": "https://x.example/a?b"}), "redirected", id="redirect"),
        pytest.param(answer(502, {}), "provider_error", id="502"),
        pytest.param(answer(400, b"The plain HTTP request was sent to HTTPS port"), "tls_expected", id="wants https"),
    ],
)
async def test_a_bad_first_answer_has_its_rung(upstream: Upstream, keyed: Endpoint, script: Script, code: str) -> None:
    upstream.on("/models", script)

    result = await climb(keyed)

    assert (result.ok, result.steps[-1].name) == (False, StepName.HTTP)
    assert (result.verdict, result.error and result.error.code) == (Verdict.BAD_RESPONSE, code)


@pytest.fixture
async def mute() -> AsyncIterator[Upstream]:
    """A port behind which something speaks, but not HTTP."""
    server = Upstream()
    await server.start()

    async def banner(line: Line, _: Heard) -> None:
        await line.raw(b"SSH-2.0-OpenSSH_9.2\r\n")

    server.on("", banner)
    egress.approve(frozenset({server.origin}))
    yield server
    await server.stop()


async def test_a_port_that_speaks_something_else_is_told_from_a_closed_one(mute: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "current", lambda: None)
    endpoint = make.endpoint(mute.base_url)
    other = await climb(endpoint)
    await mute.stop()
    closed = await climb(endpoint)

    assert (other.steps[-1].name, other.verdict, other.error and other.error.code) == (
        StepName.HTTP,
        Verdict.BAD_RESPONSE,
        "not_http",
    )
    assert (closed.steps[-1].name, closed.verdict, closed.error and closed.error.code) == (
        StepName.PORT,
        Verdict.UNREACHABLE,
        "connection_refused",
    )


async def test_an_unknown_host_stops_at_its_rung() -> None:
    result = await climb(make.endpoint("https://nowhere.invalid/v1"))

    assert (result.steps[-1].name, result.verdict) == (StepName.DNS, Verdict.UNREACHABLE)
    assert result.error is not None
    assert "nowhere.invalid" in result.error.message


async def test_a_name_that_is_found_has_a_rung(upstream: Upstream) -> None:
    egress.approve(frozenset({f"http://localhost:{upstream.port}"}))

    result = await climb(make.endpoint(f"http://localhost:{upstream.port}/v1"))

    assert (result.verdict, said(result)["dns"]) == (Verdict.OK, "address_found")
    assert "127.0.0.1" in next(step for step in result.steps if step.name is StepName.DNS).values["addresses"]


@pytest.mark.parametrize(
    ("base_url", "rung", "code"),
    [
        pytest.param("http://169.254.169.254/v1", StepName.ADDRESS, "refused_by_policy", id="metadata"),
        pytest.param("http://127.0.0.1:1/v1", StepName.ADDRESS, "local_not_approved", id="local"),
        pytest.param("http://localhost:1/v1", StepName.DNS, "local_not_approved", id="local by name"),
        pytest.param("http://8.8.8.8/v1", StepName.ADDRESS, "key_in_clear", id="a key in clear"),
    ],
)
async def test_the_policy_refuses_before_a_socket(base_url: str, rung: StepName, code: str) -> None:
    result = await climb(make.endpoint(base_url, secret=make.SECRET))

    assert (result.steps[-1].name, result.verdict, result.error and result.error.code) == (rung, Verdict.REFUSED_BY_POLICY, code)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param({"expired": True}, "tls_expired", id="expired"),
        pytest.param({"self_signed": True}, "tls_self_signed", id="self-signed"),
        pytest.param({"name": "other.example"}, "tls_wrong_name", id="wrong name"),
        pytest.param(None, "tls_not_spoken", id="a plain port"),
        pytest.param({}, None, id="good"),
    ],
)
async def test_tls_has_a_rung_of_its_own(tmp_path: Path, options: dict[str, Any] | None, code: str | None) -> None:
    authority, server = Authority(tmp_path), Upstream()
    await server.start(authority.server(**options) if options is not None else None)
    server.scheme = "https"
    await session.close()
    session.open(ca_file=authority.ca_file)
    egress.approve(frozenset({server.origin}))

    result = await climb(make.endpoint(server.base_url, secret=make.SECRET))
    egress.approve(frozenset())
    await server.stop()

    if code is None:
        assert (result.verdict, said(result)["tls"]) == (Verdict.OK, "secure")
    else:
        assert (result.steps[-1].name, result.verdict, result.error and result.error.code) == (StepName.TLS, Verdict.TLS_FAILED, code)
        assert server.heard == []


async def test_a_time_out_says_whose_limit_it_was(upstream: Upstream) -> None:
    async def silent(line: Line, _: Heard) -> None:
        await asyncio.sleep(30)

    upstream.on("/models", silent)

    result = await climb(make.endpoint(upstream.base_url, timeouts=Timeouts(first_byte=0.2)))

    assert (result.verdict, result.error and result.error.code) == (Verdict.TIMEOUT, "first_byte_timeout")
    assert result.error is not None
    assert "0.2 s, which is the limit" in result.error.message


# What can be shown


async def test_nothing_of_a_result_holds_the_secret(upstream: Upstream, keyed: Endpoint) -> None:
    async def echo(line: Line, heard: Heard) -> None:
        await answer(body=completion("m", text=heard.headers["authorization"]))(line, heard)

    upstream.on("/chat/completions", echo)

    result = await climb(keyed, depth="chat")

    assert result.preview == "Bearer [removed]"
    assert make.SECRET not in result.model_dump_json() + repr(result)
    assert "$API_KEY" in result.curl


async def test_the_result_repeats_the_last_call(upstream: Upstream, keyed: Endpoint) -> None:
    result = await climb(keyed)

    assert result.curl.startswith(f"curl '{upstream.base_url}/chat/completions' -H \"authorization: Bearer $API_KEY\"")
    assert '"model":"alpha-small"' in result.curl


def test_every_fix_has_its_words() -> None:
    assert set(messages.FIXES) == set(FixAction)


async def test_a_result_keeps_the_numbers_of_a_usage_report_only(upstream: Upstream, keyed: Endpoint) -> None:
    usage = {"total_tokens": 6, "details": ["x" * 1_000] * 1_000, "y" * 100: 1, "huge": 10**30, **{f"n{i}": i for i in range(1_000)}}
    upstream.on("/chat/completions", answer(body={**completion("alpha-small"), "usage": usage}))

    result = await climb(keyed)

    assert result.usage is not None
    assert (result.usage["total_tokens"], len(result.usage)) == (6, 20)
    assert all(isinstance(count, int) for count in result.usage.values())


async def test_models_nobody_could_save_are_not_listed(upstream: Upstream, keyed: Endpoint) -> None:
    upstream.on("/models", answer(body={"data": [{"id": name} for name in ("good", "two words", "nul\0", "line\nbreak", "x" * 201)]}))

    assert (await climb(keyed, depth="models")).models == ["good"]


@pytest.mark.parametrize("is_public", [True, False])
async def test_a_path_of_its_own_proves_the_address_and_the_key_where_it_wants_one(upstream: Upstream, is_public: bool) -> None:
    fine = answer(body=b"fine", headers={"content-type": "text/plain"})
    upstream.on("/v1/health", fine if is_public else by_key({make.SECRET: fine}))
    checked = make.endpoint(upstream.base_url, secret=make.SECRET, capabilities=Capabilities(test_path="/health"))

    result = await climb(checked, depth="auth", preset=preset(model_list_public=True, key_check="/key"))

    assert (result.verdict, StepName.CREDENTIAL in result.proven) == ((Verdict.KEY_NOT_PROVEN, False) if is_public else (Verdict.OK, True))
    assert [heard.path for heard in upstream.heard] == ["/v1/health", "/v1/health"]


async def test_a_path_of_its_own_that_refuses_the_key_says_so_and_the_list_is_asked_behind_it(upstream: Upstream) -> None:
    checked = make.endpoint(upstream.base_url, secret=make.SECRET, capabilities=Capabilities(test_path="/health"))
    upstream.on("/v1/health", answer(body={}))
    assert (await climb(checked, depth="models")).models

    upstream.on("/v1/health", answer(401, {"error": "no"}))
    assert (await climb(checked, depth="models")).verdict is Verdict.AUTH_FAILED


async def test_a_provider_that_does_not_stream_is_not_asked_to(upstream: Upstream) -> None:
    silent = make.endpoint(upstream.base_url, secret=make.SECRET, capabilities=Capabilities(streaming=Support.NO))

    result = await climb(silent, depth="stream")

    assert (result.ok, result.verdict, said(result)["stream"]) == (True, Verdict.OK, "stream_not_offered")
    assert StepName.STREAM not in result.proven
    assert not any(heard.body and heard.json.get("stream") for heard in upstream.heard)
